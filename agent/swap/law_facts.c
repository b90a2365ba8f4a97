#include "law_facts.h"
#include <time.h>
#include "str.h"

#define ASK_MS 1500
#define JOINING_MS                                                                                 \
    (60 * 60 * 1000) /* after its deadline; later the server is one like any other                 \
                      */
#define PEER_CHECK_MS                                                                              \
    (LAW_FACTS_MS - 2 * ASK_MS - 1000) /* one second is for caravan-fetch itself */

static bool is_plain_peer(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\\' || (unsigned char)s[i] < 0x21)
            return false;
    }
    return n > 0;
}

static const char *skip_json_blanks(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

int law_facts_peers(const char *text, char ret[static LAW_PEERS_MAX][FETCH_PEER_MAX],
                    uint32_t *ret_n)
{
    const char *s = skip_json_blanks(text);
    uint32_t n = 0;

    if (*s++ != '[')
        return -1;
    for (s = skip_json_blanks(s); *s == '"'; s = skip_json_blanks(s)) {
        size_t len = strcspn(++s, "\"");

        if (n == LAW_PEERS_MAX || len >= FETCH_PEER_MAX || s[len] != '"' || !is_plain_peer(s, len))
            return -1;
        memcpy(ret[n], s, len);
        ret[n++][len] = '\0';
        s = skip_json_blanks(s + len + 1);
        if (*s != ',')
            break;
        s++;
    }
    if (*s != ']' || *skip_json_blanks(s + 1) != '\0')
        return -1;
    *ret_n = n;
    return 0;
}

/* Asks the local Nomad. Returns 0 for an answer of 200 with its text, else -1. */
static int ask_nomad_text(const struct host *h, const char *path, struct buf *ret)
{
    struct err err = ERR_INIT;
    int status = 0;

    ret->limit = FETCH_ANSWER_MAX;
    if (h->ask(h->ctx, path, ASK_MS, &status, ret, &err) < 0 || status != 200)
        return -1;
    return strlen(buf_str(ret)) == ret->len ? 0 : -1;
}

/* The answer is "10.0.0.1:4647" in quotes. An empty text means that Nomad knows no leader. */
static enum tri ask_leader(const struct host *h)
{
    auto_buf struct buf b = BUF_INIT;
    const char *s;

    if (ask_nomad_text(h, "/v1/status/leader?stale", &b) < 0)
        return TRI_UNKNOWN;
    s = skip_json_blanks(buf_str(&b));
    if (s[0] != '"')
        return TRI_UNKNOWN;
    return s[1] != '"' ? TRI_YES : TRI_NO;
}

/* The refusal names the peer that is closest to serving again. */
static bool is_odder_knock(enum peer_check a, enum peer_check b)
{
    static const int ranks[PEER_COUNT] = {
        [PEER_SERVES] = 0, [PEER_UNKNOWN] = 1, [PEER_NOBODY] = 2,
        [PEER_CLOSES] = 3, [PEER_MUTE] = 4,
    };

    return ranks[a] > ranks[b];
}

static void knock_peers(const struct host *h, const char (*peers)[FETCH_PEER_MAX],
                        struct law_facts *f, int64_t left)
{
    enum peer_check answers[LAW_PEERS_MAX];
    struct err err = ERR_INIT;

    if (left <= 0 || h->check_peers(h->ctx, peers, f->peers, MIN_OF(left, (int64_t)PEER_CHECK_MS),
                                    answers, &err) < 0)
        return;
    f->peers_known = TRI_YES;
    f->odd = PEER_SERVES;
    for (uint32_t i = 0; i < f->peers; i++) {
        if (answers[i] == PEER_SERVES)
            f->serving++;
        if (!is_odder_knock(answers[i], f->odd))
            continue;
        f->odd = answers[i];
        str_cut(f->odd_peer, sizeof(f->odd_peer), peers[i]);
    }
}

static void ask_quorum(const struct host *h, struct law_facts *f)
{
    int64_t until = h->uptime(h->ctx) + 2 * ASK_MS + PEER_CHECK_MS;
    char peers[LAW_PEERS_MAX][FETCH_PEER_MAX];
    auto_buf struct buf b = BUF_INIT;

    f->leader = ask_leader(h);
    if (f->leader == TRI_YES && ask_nomad_text(h, "/v1/status/peers?stale", &b) == 0 &&
        law_facts_peers(buf_str(&b), peers, &f->peers) == 0 && f->peers > 0)
        knock_peers(h, (const char(*)[FETCH_PEER_MAX])peers, f, until - h->uptime(h->ctx));
    h->ask_end(h->ctx);
}

static bool is_joining(const struct record *r, int64_t now)
{
    return r->joining != 0 && r->swapped_ms > 0 &&
           now - r->swapped_ms <= (int64_t)r->deadline_ms + JOINING_MS;
}

static enum tri is_file_there(const struct host *h, const char *path)
{
    struct host_stat st;
    struct err err = ERR_INIT;

    if (h->stat(h->ctx, HOST_OWN_PATH, path, &st, &err) < 0)
        return TRI_UNKNOWN;
    return st.there ? TRI_YES : TRI_NO;
}

int law_minute(int64_t wall_s, bool utc)
{
    time_t at = (time_t)wall_s;
    struct tm t;

    tzset(); /* root may have changed the time zone */
    if ((utc ? gmtime_r(&at, &t) : localtime_r(&at, &t)) == NULL)
        return -1;
    return ((t.tm_wday + 6) % 7 * 24 + t.tm_hour) * 60 + t.tm_min;
}

struct law_facts law_facts_gather(const struct phases *p, const struct law *law,
                                  enum law_question question, bool server)
{
    const struct host *h = p->host;
    int64_t now = h->uptime(h->ctx);
    struct law_facts f = {.busy = question != LAW_RENAME && phases_works(p),
                          .server = server,
                          .joining = is_joining(&p->rec, now)};
    struct service_state state;
    struct err err = ERR_INIT;

    f.swapped = p->rec.swapped_ms != 0;
    f.since_swap_ms = p->rec.swapped_ms > 0 ? now - p->rec.swapped_ms : now;
    if (f.busy || question == LAW_STAGE)
        return f;
    f.held = is_file_there(h, p->conf.hold_file);
    f.wall_s = h->wall(h->ctx) / 1000000000;
    f.minute = law_minute(f.wall_s, law->hours != NULL && law->hours->utc);
    if (h->service->state(h->service->self, &state, &err) == 0)
        f.active = state.active;
    if (law_asks_quorum(question) && server && !f.joining && f.active == TRI_YES &&
        f.held == TRI_NO && !law->allow_outage && (question != LAW_STOP || law->allow_stop))
        ask_quorum(h, &f);
    return f;
}
