/*
 * main_watcher.c - watches a cluster from outside, and judges its availability.
 *
 *   watcher SAMPLES EVERY_MS NAME=URL... [CERTIFICATE KEY]
 *
 * Asks each server for its leader, every EVERY_MS, also while earlier answers are missing, until
 * SIGTERM or SIGINT. A server is silent if there is no complete answer within 2 s (refused, cut,
 * hung). The cluster is led if a server names itself. At the end the program prints, one a line:
 *
 *   led 98.2                   per cent of the looks with a leader
 *   changes 2                  another leader, or the same leader after silence
 *   gaps 2, longest_gap_ms N   times without a leader
 *   gaps_without_change 0
 *   together 0                 looks with two or more silent servers
 *   silence NAME FROM_MS MS    one line for each silence; FROM_MS counts from the start
 *
 * SAMPLES gets a line for each look that differs from the look before. Exit status 1: there was a
 * gap over 5 s, or two servers were silent together. 3: there was only a gap without a change of
 * the leader; a leader that restarts between two looks and is elected again causes such a gap.
 */
#include <inttypes.h>
#include <signal.h>
#include <sys/signalfd.h>
#include "clock.h"
#include "err.h"
#include "http.h"
#include "str.h"

#define SERVERS_MAX 9
#define OPEN_MAX    200 /* requests to one server */
#define SILENT_MS   2000
#define GAP_MAX_MS  5000
#define NOBODY      (-1)

/* The result of a look at one server: the index of the leader, or one of these: */
enum seen { SEEN_PENDING = -4, SEEN_SILENT = -3, SEEN_NO_LEADER = -2, SEEN_STRANGER = -1 };

struct look {
    signed char seen[SERVERS_MAX];
};

struct server {
    char name[16], url[128], host[64];
    int open;
};

struct watcher {
    struct server servers[SERVERS_MAX];
    int n;
    int64_t every_ms, began_ms;
    struct look *looks;
    size_t n_looks, size;
    struct http_tls tls;
    struct http *http;
    FILE *samples;
};

struct question {
    struct watcher *w;
    size_t look;
    int server;
};

static int64_t now_ms(const struct watcher *w)
{
    return clock_mono(clock_system()) - w->began_ms;
}

static int index_of_leader(const struct watcher *w, const struct http_answer *a)
{
    char text[80];
    snprintf(text, sizeof(text), "%.*s", (int)MIN_OF(a->body_len, sizeof(text) - 1),
             (const char *)a->body);
    const char *at = text[0] == '"' ? text + 1 : text;
    size_t n = strcspn(at, ":\"");
    if (a->status != 200 || n == 0)
        return SEEN_NO_LEADER;
    for (int i = 0; i < w->n; i++)
        if (strlen(w->servers[i].host) == n && memcmp(w->servers[i].host, at, n) == 0)
            return i;
    return SEEN_STRANGER;
}

static void on_done(void *ctx, const struct http_answer *a, const struct err *err)
{
    autofree struct question *q = ctx;
    q->w->servers[q->server].open--;
    q->w->looks[q->look].seen[q->server] =
        (signed char)(err != NULL ? SEEN_SILENT : index_of_leader(q->w, a));
}

static void ask_for_leader(struct watcher *w, size_t look, int server)
{
    struct server *s = &w->servers[server];
    struct err err = ERR_INIT;
    char url[192];
    if (s->open >= OPEN_MAX)
        return;
    snprintf(url, sizeof(url), "%s/v1/status/leader?stale", s->url);
    struct question *q = xzalloc(1, sizeof(*q));
    *q = (struct question){w, look, server};
    struct http_request r = {.url = url,
                             .deadline_ms = SILENT_MS,
                             .max = 1024,
                             .tls = &w->tls,
                             .on_done = on_done,
                             .ctx = q};
    if (http_start(w->http, &r, &err) < 0) {
        fprintf(stderr, "watcher: %s\n", err.text);
        free(q);
        return;
    }
    s->open++;
}

static void look_once(struct watcher *w)
{
    if (w->n_looks == w->size) {
        w->size = w->size > 0 ? w->size * 2 : 1024;
        w->looks = realloc(w->looks, w->size * sizeof(*w->looks));
        if (w->looks == NULL)
            abort();
    }
    for (int i = 0; i < SERVERS_MAX; i++)
        w->looks[w->n_looks].seen[i] = SEEN_PENDING;
    w->n_looks++;
    for (int i = 0; i < w->n; i++)
        ask_for_leader(w, w->n_looks - 1, i);
}

static int run_watcher(struct watcher *w, int signals, struct err *err)
{
    bool ending = false, told = false;
    int64_t due = 0;
    if (http_watch(w->http, 0, signals, &told, err) < 0)
        return -1;
    while (!ending || http_open(w->http) > 0) {
        int64_t now = now_ms(w);
        if (!ending && now >= due) {
            look_once(w);
            due = MAX_OF(due + w->every_ms, now);
        }
        if (http_wait(w->http, ending ? SILENT_MS : MAX_OF(due - now_ms(w), (int64_t)0), err) < 0)
            return -1;
        if (told && !ending) {
            ending = true;
            if (http_watch(w->http, 0, -1, &told, err) < 0)
                return -1;
        }
    }
    return 0;
}

/* ---- judging ---- */

/* The server that names itself as the leader, or NOBODY. */
static int leader_at(const struct watcher *w, size_t look)
{
    for (int i = 0; i < w->n; i++)
        if (w->looks[look].seen[i] == i)
            return i;
    return NOBODY;
}

static int silent_at(const struct watcher *w, size_t look)
{
    int n = 0;
    for (int i = 0; i < w->n; i++)
        n += w->looks[look].seen[i] == SEEN_SILENT;
    return n;
}

struct verdict_seen {
    size_t led, changes, gaps, unexplained, together;
    int64_t longest_ms;
};

/* Was the server silent between these looks, both included? */
static bool was_silent(const struct watcher *w, int server, size_t from, size_t to)
{
    for (size_t i = from; i <= to && i < w->n_looks; i++)
        if (w->looks[i].seen[server] == SEEN_SILENT)
            return true;
    return false;
}

static void end_gap(const struct watcher *w, struct verdict_seen *v, int before, int after,
                    size_t from, size_t to)
{
    size_t first = from > 5 ? from - 5 : 0;
    v->gaps++;
    v->longest_ms = MAX_OF(v->longest_ms, (int64_t)(to - from) * w->every_ms);
    if (before != NOBODY && after != NOBODY &&
        (before != after || was_silent(w, before, first, to)))
        v->changes++;
    else
        v->unexplained++;
}

static struct verdict_seen judge_looks(const struct watcher *w)
{
    struct verdict_seen v = {0};
    int last = NOBODY;
    size_t gap = 0, gap_from = 0;
    for (size_t i = 0; i < w->n_looks; i++) {
        int leader = leader_at(w, i);
        v.together += silent_at(w, i) > 1;
        v.led += leader != NOBODY;
        if (leader == NOBODY) {
            gap_from = gap == 0 ? i : gap_from;
            gap++;
            continue;
        }
        if (gap > 0)
            end_gap(w, &v, last, leader, gap_from, i);
        else
            v.changes += last != NOBODY && last != leader;
        gap = 0;
        last = leader;
    }
    if (gap > 0)
        end_gap(w, &v, last, NOBODY, gap_from, w->n_looks);
    return v;
}

static void print_silences(const struct watcher *w, int server)
{
    size_t from = 0, n = 0;
    for (size_t i = 0; i <= w->n_looks; i++) {
        if (i < w->n_looks && w->looks[i].seen[server] == SEEN_SILENT) {
            from = n == 0 ? i : from;
            n++;
        } else if (n > 0) {
            printf("silence %s %" PRId64 " %" PRId64 "\n", w->servers[server].name,
                   (int64_t)from * w->every_ms, (int64_t)n * w->every_ms);
            n = 0;
        }
    }
}

static void write_samples(const struct watcher *w)
{
    for (size_t i = 0; i < w->n_looks; i++) {
        const struct look *l = &w->looks[i];
        if (i > 0 && memcmp(l, l - 1, sizeof(*l)) == 0)
            continue;
        fprintf(w->samples, "%8" PRId64, (int64_t)i * w->every_ms);
        for (int s = 0; s < w->n; s++) {
            static const char *const words[] = {"pending", "silent", "no-leader", "stranger"};
            int seen = l->seen[s];
            fprintf(w->samples, " %s:%s", w->servers[s].name,
                    seen >= 0 ? w->servers[seen].name : words[seen - SEEN_PENDING]);
        }
        fputc('\n', w->samples);
    }
}

static int print_verdict(const struct watcher *w)
{
    struct verdict_seen v = judge_looks(w);
    write_samples(w);
    printf("led %.1f\nchanges %zu\ngaps %zu\nlongest_gap_ms %" PRId64
           "\ngaps_without_change %zu\ntogether %zu\n",
           w->n_looks > 0 ? 100.0 * (double)v.led / (double)w->n_looks : 0.0, v.changes, v.gaps,
           v.longest_ms, v.unexplained, v.together);
    for (int i = 0; i < w->n; i++)
        print_silences(w, i);
    if (v.longest_ms > GAP_MAX_MS || v.together > 0)
        return 1;
    return v.unexplained > 0 ? 3 : 0;
}

/* ---- arguments ---- */

static int read_server(struct watcher *w, const char *text)
{
    const char *eq = strchr(text, '='), *host = eq != NULL ? strstr(eq, "://") : NULL;
    struct server *s = &w->servers[w->n];
    if (host == NULL || w->n == SERVERS_MAX)
        return -1;
    host += 3;
    snprintf(s->name, sizeof(s->name), "%.*s", (int)(eq - text), text);
    str_cut(s->url, sizeof(s->url), eq + 1);
    snprintf(s->host, sizeof(s->host), "%.*s", (int)strcspn(host, ":/"), host);
    w->n++;
    return 0;
}

static int read_arguments(struct watcher *w, int argc, char **argv)
{
    uint64_t every = 0;
    int i = 3;
    if (argc < 4 || str_to_u64(argv[2], 10000, &every) < 0 || every == 0)
        return -1;
    w->every_ms = (int64_t)every;
    while (i < argc && strstr(argv[i], "://") != NULL)
        if (read_server(w, argv[i++]) < 0)
            return -1;
    w->tls.skip_verify = true; /* the watcher does not check the server's identity */
    if (i + 2 == argc) {
        w->tls.client_cert = argv[i];
        w->tls.client_key = argv[i + 1];
        i += 2;
    }
    w->samples = fopen(argv[1], "we");
    return i == argc && w->n > 0 && w->samples != NULL ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct watcher w = {.began_ms = 0};
    struct err err = ERR_INIT;
    sigset_t set;
    if (read_arguments(&w, argc, argv) < 0) {
        fprintf(stderr, "usage: watcher SAMPLES EVERY_MS NAME=URL... [CERTIFICATE KEY]\n");
        return 2;
    }
    w.began_ms = clock_mono(clock_system());
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || http_new(&w.http, &err) < 0 || run_watcher(&w, signals, &err) < 0) {
        fprintf(stderr, "watcher: %s\n", err.text);
        return 2;
    }
    int rv = print_verdict(&w);
    fclose(w.samples);
    http_free(w.http);
    free(w.looks);
    return rv;
}
