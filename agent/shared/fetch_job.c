#include <inttypes.h>
#include "fetch_job.h"
#include "str.h"

static const char *name_packing(enum packing p)
{
    return p == PACKING_ZIP ? "zip" : "bare";
}

void fetch_get_text(const struct fetch_get *g, struct buf *ret)
{
    char fetch_hex[65], hex[65];

    digest_hex(fetch_hex, &g->fetch_digest);
    digest_hex(hex, &g->digest);
    buf_add_str(ret, "get\n");
    for (uint32_t i = 0; i < g->n_urls; i++)
        buf_printf(ret, "url %s\n", g->urls[i]);
    buf_printf(ret, "fetch %" PRIu64 " %s\npacking %s\nbinary %" PRIu64 " %s\n", g->fetch_size,
               fetch_hex, name_packing(g->packing), g->size, hex);
    buf_printf(ret, "speed %" PRIu64 "\ndeadline %" PRId64 "\ndir %s\ngo\n", g->speed_min,
               g->deadline_ms, g->dir);
}

static int read_url(const char *value, struct fetch_get *g, struct err *err)
{
    if (g->n_urls == URLS_MAX)
        return err_set(err, ERR_LIMIT, 0, "more than %d places to fetch from", URLS_MAX);
    if (value[0] == '\0' || str_copy(g->urls[g->n_urls], URL_MAX_LEN, value) < 0)
        return err_set(err, ERR_FORMAT, 0, "url is empty or longer than %d bytes", URL_MAX_LEN - 1);
    g->n_urls++;
    return 0;
}

static int read_size_digest(const char *value, uint64_t *size, struct digest *digest,
                            struct err *err)
{
    char number[24];
    const char *blank = strchr(value, ' ');
    if (blank == NULL || (size_t)(blank - value) >= sizeof(number))
        return err_set(err, ERR_FORMAT, 0, "not a size and a digest with a blank between: %.100s",
                       value);
    memcpy(number, value, (size_t)(blank - value));
    number[blank - value] = '\0';
    if (str_to_u64(number, INT64_MAX, size) < 0 || *size == 0)
        return err_set(err, ERR_FORMAT, 0, "not a size in bytes: %s", number);
    if (digest_from_hex(blank + 1, digest) < 0)
        return err_set(err, ERR_FORMAT, 0, "not a SHA-256 digest: %.100s", blank + 1);
    return 0;
}

static int read_fetch(const char *value, struct fetch_get *g, struct err *err)
{
    return read_size_digest(value, &g->fetch_size, &g->fetch_digest, err);
}

static int read_binary(const char *value, struct fetch_get *g, struct err *err)
{
    return read_size_digest(value, &g->size, &g->digest, err);
}

static int read_packing(const char *value, struct fetch_get *g, struct err *err)
{
    if (str_eq(value, "bare"))
        g->packing = PACKING_BARE;
    else if (str_eq(value, "zip"))
        g->packing = PACKING_ZIP;
    else
        return err_set(err, ERR_FORMAT, 0, "packing is neither bare nor zip: %.100s", value);
    return 0;
}

static int read_speed(const char *value, struct fetch_get *g, struct err *err)
{
    if (str_to_u64(value, UINT32_MAX, &g->speed_min) < 0)
        return err_set(err, ERR_FORMAT, 0, "not a speed in bytes/s: %.100s", value);
    return 0;
}

static int read_deadline(const char *value, struct fetch_get *g, struct err *err)
{
    uint64_t ms;
    if (str_to_u64(value, UINT32_MAX, &ms) < 0 || ms == 0)
        return err_set(err, ERR_FORMAT, 0, "not a deadline in milliseconds: %.100s", value);
    g->deadline_ms = (int64_t)ms;
    return 0;
}

static int read_dir(const char *value, struct fetch_get *g, struct err *err)
{
    if (value[0] != '/' || str_copy(g->dir, sizeof(g->dir), value) < 0)
        return err_set(err, ERR_FORMAT, 0, "dir is not an absolute path below %zu bytes",
                       sizeof(g->dir));
    return 0;
}

struct row {
    const char *word;
    int (*read)(const char *value, struct fetch_get *g, struct err *err);
    bool repeats;
};

static const struct row rows[] = {
    {"url", read_url, true},          {"fetch", read_fetch, false},
    {"packing", read_packing, false}, {"binary", read_binary, false},
    {"speed", read_speed, false},     {"deadline", read_deadline, false},
    {"dir", read_dir, false},
};

static int read_get_line(const char *line, struct fetch_get *g, unsigned *seen, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n = strlen(rows[i].word);
        if (strncmp(line, rows[i].word, n) != 0 || line[n] != ' ')
            continue;
        if ((*seen & 1U << i) != 0 && !rows[i].repeats)
            return err_set(err, ERR_FORMAT, 0, "the get job has two lines \"%s\"", rows[i].word);
        *seen |= 1U << i;
        return rows[i].read(line + n + 1, g, err);
    }
    return err_set(err, ERR_FORMAT, 0, "not a line of a get job: %.100s", line);
}

static int check_get_job(const struct fetch_get *g, unsigned seen, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if ((seen & 1U << i) == 0)
            return err_set(err, ERR_FORMAT, 0, "the get job has no line \"%s\"", rows[i].word);
    if (g->packing == PACKING_BARE &&
        (g->size != g->fetch_size || !digest_eq(&g->digest, &g->fetch_digest)))
        return err_set(err, ERR_FORMAT, 0,
                       "the packing is bare, so \"fetch\" and \"binary\" must be the same");
    return 0;
}

int fetch_get_parse(const char *text, size_t n, struct fetch_get *ret, struct err *err)
{
    struct fetch_get g;
    unsigned seen = 0;
    const char *end = text + n;

    memset(&g, 0, sizeof(g));
    while (text < end) {
        char line[FETCH_LINE_MAX];
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop != NULL ? stop : end) - text);
        if (len >= sizeof(line))
            return err_set(err, ERR_LIMIT, 0, "a line of more than %d bytes", FETCH_LINE_MAX - 1);
        if (memchr(text, '\0', len) != NULL || memchr(text, '\r', len) != NULL)
            return err_set(err, ERR_FORMAT, 0, "NUL or carriage return in a line");
        if (len > 0)
            memcpy(line, text, len);
        line[len] = '\0';
        if (read_get_line(line, &g, &seen, err) < 0)
            return -1;
        text += len + 1;
    }
    if (check_get_job(&g, seen, err) < 0)
        return -1;
    *ret = g;
    return 0;
}

bool fetch_token_fits(const char *token)
{
    size_t n = 0;

    while (n < FETCH_TOKEN_MAX && token[n] > ' ' && token[n] <= '~')
        n++;
    return n > 0 && n < FETCH_TOKEN_MAX && token[n] == '\0';
}

static const char *const peer_check_words[PEER_COUNT] = {
    [PEER_UNKNOWN] = "unknown", [PEER_SERVES] = "serves", [PEER_MUTE] = "mute",
    [PEER_CLOSES] = "closes",   [PEER_NOBODY] = "nobody",
};

const char *peer_check_word(enum peer_check k)
{
    return peer_check_words[k];
}

static int read_knock_word(const char *word, size_t len, enum peer_check *ret)
{
    for (int k = 0; k < PEER_COUNT; k++) {
        if (strlen(peer_check_words[k]) == len && memcmp(peer_check_words[k], word, len) == 0) {
            *ret = (enum peer_check)k;
            return 0;
        }
    }
    return -1;
}

int fetch_peers_parse(const char *line, uint32_t n, enum peer_check *ret, struct err *err)
{
    static const char heard[] = "heard";
    const char *s = line + strlen(heard);
    uint32_t i = 0;

    for (; str_starts(line, heard) && i < n && *s == ' '; i++) {
        size_t len = strcspn(++s, " ");

        if (read_knock_word(s, len, &ret[i]) < 0)
            break;
        s += len;
    }
    if (i != n || !str_starts(line, heard) || *s != '\0')
        return err_set(err, ERR_STATE, 0, "caravan-fetch answered \"%.60s\"", line);
    return 0;
}
