#include "key_list.h"

#include <ctype.h>
#include "agent_place.h"
#include "file.h"
#include "str.h"

#define PREFIX "SHA256:"
#define DIGITS 32

static bool is_fingerprint(const char *s)
{
    return str_starts(s, PREFIX) && strlen(s) == FINGERPRINT_LEN - 1 &&
           strspn(s + strlen(PREFIX), "0123456789abcdef") == DIGITS;
}

static bool is_plain_line(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isprint((unsigned char)s[i]) && s[i] != '\t')
            return false;
    return true;
}

/* Two spellings of one address must be the same host: use the canonical spelling. */
static int take_host(const char *word, char dst[static NAME_MAX_LEN], struct err *err)
{
    struct agent_place at;
    struct err unused = ERR_INIT;
    if (agent_place(word, &at, &unused) == 0)
        word = at.name;
    if (str_copy(dst, NAME_MAX_LEN, word) < 0)
        return err_set(err, ERR_CONFIG, 0, "the host's name is longer than %d bytes",
                       NAME_MAX_LEN - 1);
    return 0;
}

/* 0: the line is empty or a comment; 1: the line names a host. */
static int parse_key_line(char *line, struct key_line *ret, struct err *err)
{
    char *save = NULL, *host = strtok_r(line, " \t\r", &save);
    const char *print = strtok_r(NULL, " \t\r", &save), *more = strtok_r(NULL, " \t\r", &save);
    if (host == NULL || host[0] == '#')
        return 0;
    if (print == NULL || !is_fingerprint(print))
        return err_set(err, ERR_CONFIG, 0,
                       "the second word is not a fingerprint (\"" PREFIX
                       "\" and %d digits 0-9a-f). A line is a host and its "
                       "fingerprint, as `caravan-agent --fingerprint` prints them",
                       DIGITS);
    if (more != NULL && more[0] != '#')
        return err_set(err, ERR_CONFIG, 0, "there is a third word: a remark must begin with #");
    str_cut(ret->fingerprint, sizeof(ret->fingerprint), print);
    return take_host(host, ret->host, err) < 0 ? -1 : 1;
}

static int take_key_line(struct key_list *l, size_t *cap, const char *text, size_t n,
                         unsigned number, struct err *err)
{
    char line[KEY_LIST_LINE + 1];
    if (n > KEY_LIST_LINE)
        return err_set(err, ERR_CONFIG, 0, "the line is longer than %d bytes", KEY_LIST_LINE);
    if (n > 0 && text[n - 1] == '\r')
        n--;
    if (!is_plain_line(text, n))
        return err_set(err, ERR_CONFIG, 0, "the line is not plain text");
    memcpy(line, text, n);
    line[n] = '\0';
    if (l->n == *cap) {
        *cap = *cap == 0 ? 64 : *cap * 2;
        l->items = xrealloc(l->items, *cap * sizeof(*l->items));
    }
    l->items[l->n].number = number;
    int rc = parse_key_line(line, &l->items[l->n], err);
    if (rc == 1 && ++l->n > KEY_LIST_HOSTS)
        return err_set(err, ERR_CONFIG, 0, "more than %d hosts", KEY_LIST_HOSTS);
    return rc < 0 ? -1 : 0;
}

static int take_key_lines(struct key_list *l, const char *text, size_t n, struct err *err)
{
    unsigned number = 0;
    size_t cap = 0;
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end != NULL ? (size_t)(end - text) - at : n - at;
        if (take_key_line(l, &cap, text + at, len, ++number, err) < 0)
            return err_wrap(err, "%s, line %u", l->name, number);
        at += len + 1;
    }
    return 0;
}

/* ---- a host or a fingerprint may occur only once ---- */

static int by_host(const void *a, const void *b)
{
    const struct key_line *x = a, *y = b;
    int order = strcmp(x->host, y->host);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static int by_fingerprint(const void *a, const void *b)
{
    const struct key_line *x = a, *y = b;
    int order = strcmp(x->fingerprint, y->fingerprint);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static int check_fingerprints(struct key_list *l, struct err *err)
{
    if (l->n > 0)
        qsort(l->items, l->n, sizeof(*l->items), by_fingerprint);
    for (size_t i = 1; i < l->n; i++)
        if (str_eq(l->items[i - 1].fingerprint, l->items[i].fingerprint))
            return err_set(
                err, ERR_CONFIG, 0,
                "%s, line %u: %s has the same fingerprint as %s (line %u). Either both "
                "names are the same host: remove one line. Or one machine is a copy of "
                "the other: start caravan-swap on the copy, which makes a new key there, "
                "and collect the fingerprints again",
                l->name, l->items[i].number, l->items[i].host, l->items[i - 1].host,
                l->items[i - 1].number);
    return 0;
}

static int check_hosts(struct key_list *l, struct err *err)
{
    if (l->n > 0)
        qsort(l->items, l->n, sizeof(*l->items), by_host);
    for (size_t i = 1; i < l->n; i++)
        if (str_eq(l->items[i - 1].host, l->items[i].host))
            return err_set(err, ERR_CONFIG, 0,
                           "%s, line %u: %s is named in line %u, too: keep the right line. If two "
                           "hosts have the same name, write their Nomad ids",
                           l->name, l->items[i].number, l->items[i].host, l->items[i - 1].number);
    return 0;
}

int key_list_parse(const char *name, const char *text, size_t n, struct key_list *ret,
                   struct err *err)
{
    struct key_list l = {.items = NULL};
    str_cut(l.name, sizeof(l.name), name);
    /* check_hosts comes last, because it leaves the list sorted by host. */
    if (take_key_lines(&l, text, n, err) < 0 || check_fingerprints(&l, err) < 0 ||
        check_hosts(&l, err) < 0) {
        key_list_free(&l);
        return -1;
    }
    *ret = l;
    return 0;
}

void key_list_free(struct key_list *l)
{
    free(l->items);
    memset(l, 0, sizeof(*l));
}

static int to_host(const void *host, const void *line)
{
    return strcmp(host, ((const struct key_line *)line)->host);
}

size_t key_list_find(const struct key_list *l, const char *host)
{
    const struct key_line *k =
        l->n > 0 ? bsearch(host, l->items, l->n, sizeof(*l->items), to_host) : NULL;
    return k != NULL ? (size_t)(k - l->items) : l->n;
}

/* ---- reading the file ---- */

static int read_input(struct buf *text, struct err *err)
{
    char piece[65536];
    for (;;) {
        ssize_t got = read(STDIN_FILENO, piece, sizeof(piece));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, ERR_IO, errno, "read standard input");
        if (got == 0)
            return 0;
        if (text->len + (size_t)got > KEY_LIST_SIZE)
            return err_set(err, ERR_LIMIT, 0, "standard input is larger than %u MiB",
                           KEY_LIST_SIZE / (1024 * 1024));
        buf_add(text, piece, (size_t)got);
    }
}

int key_list_load(const char *path, struct key_list *ret, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    bool input = str_eq(path, "-");
    int rc = input ? read_input(&text, err)
                   : file_read(path, KEY_LIST_SIZE, FILE_FOLLOW | FILE_TRUSTED, &text, err);
    if (rc < 0)
        return err_wrap(err, "--from");
    return key_list_parse(input ? "standard input" : path, buf_str(&text), text.len, ret, err);
}
