/*
 * main_gate_watch.c - measures the time between the moment when the next step was possible and the
 * moment when Caravan began it.
 *
 *     gate_watch VERSION SERVERS CLIENTS LOG...     SERVERS, CLIENTS: addresses with commas
 *
 * Every 10 ms, it asks Nomad the questions that an operator would ask before the next step,
 * independently of Caravan, and reads the logs of the agents for accepted orders. A step is
 * possible since all of this has been true: all servers name the same leader; all members are
 * alive; as many members run VERSION as servers have accepted a swap order; autopilot is healthy
 * with a failure tolerance; and as many nodes are ready on VERSION, with healthy drivers, as
 * clients have accepted a swap order. For each swap order except the first, it prints a line: the
 * milliseconds from possible to accepted, and the log. -1: the order was accepted before these
 * questions saw that the step was possible (they were asked a moment too late). Ends when its
 * standard input ends.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "clock.h"
#include "http.h"
#include "json.h"
#include "str.h"

#define HOSTS_MAX 64
#define PERIOD_MS 10
#define ASK_MS    1000
#define ORDER     "swap order"

struct tail {
    const char *path;
    off_t at;
    char line[400];
    size_t n;
};

struct watch {
    struct http *http;
    const char *version;
    char *servers[HOSTS_MAX], *clients[HOSTS_MAX];
    size_t n_servers, n_clients;
    struct tail tails[HOSTS_MAX];
    size_t n_tails;
    size_t servers_told, clients_told; /* number of accepted swap orders */
    int64_t possible;                  /* since when a step is possible; 0: not now */
};

static size_t split(char *text, char *ret[HOSTS_MAX])
{
    char *save = NULL;
    size_t n = 0;
    for (char *p = strtok_r(text, ",", &save); p != NULL && n < HOSTS_MAX;
         p = strtok_r(NULL, ",", &save))
        ret[n++] = p;
    return n;
}

/* The answer as JSON; NULL: no answer, or another status than 200. */
static struct json *get(struct watch *w, const char *address, const char *path)
{
    char url[200];
    struct http_answer a;
    struct json *root = NULL;
    struct err err = ERR_INIT;

    snprintf(url, sizeof(url), "http://%s:4646%s", address, path);
    const struct http_request r = {.url = url, .deadline_ms = ASK_MS, .max = 8 << 20};
    if (http_do(w->http, &r, &a, &err) < 0 || a.status != 200 ||
        json_parse(a.body, a.body_len, 8 << 20, &root, &err) < 0)
        return NULL;
    return root;
}

static bool leader_is(struct watch *w, const char *address, char leader[64])
{
    auto_json struct json *v = get(w, address, "/v1/status/leader?stale");
    const char *says = json_text_of(v, "");
    if (says[0] == '\0' || (leader[0] != '\0' && !str_eq(says, leader)))
        return false;
    str_cut(leader, 64, says);
    return true;
}

static bool members_say(struct watch *w, const char *address)
{
    auto_json struct json *v = get(w, address, "/v1/agent/members");
    const struct json *all = json_get(v, "Members");
    size_t alive = 0, on_version = 0;
    for (size_t i = 0; i < json_len(all); i++) {
        const struct json *m = json_item(all, i);
        alive += str_eq(json_str(m, "Status", ""), "alive");
        on_version += str_eq(json_str(json_get(m, "Tags"), "build", ""), w->version);
    }
    return alive == w->n_servers && on_version == w->servers_told;
}

static bool autopilot_says(struct watch *w, const char *address)
{
    auto_json struct json *v = get(w, address, "/v1/operator/autopilot/health");
    return json_bool(v, "Healthy", false) && json_int(v, "FailureTolerance", 0) > 0;
}

static bool servers_hold(struct watch *w)
{
    char leader[64] = "";
    for (size_t i = 0; i < w->n_servers; i++)
        if (!leader_is(w, w->servers[i], leader) || !members_say(w, w->servers[i]) ||
            !autopilot_says(w, w->servers[i]))
            return false;
    return true;
}

static bool drivers_are_well(const struct json *drivers)
{
    for (size_t i = 0; i < json_len(drivers); i++) {
        const char *name;
        const struct json *d = json_pair(drivers, i, &name);
        if (json_bool(d, "Detected", false) && !json_bool(d, "Healthy", false))
            return false;
    }
    return true;
}

static bool clients_hold(struct watch *w)
{
    auto_json struct json *v = get(w, w->servers[0], "/v1/nodes");
    size_t n = 0;
    for (size_t i = 0; i < json_len(v); i++) {
        const struct json *node = json_item(v, i);
        n += str_eq(json_str(node, "Status", ""), "ready") &&
             str_eq(json_str(node, "Version", ""), w->version) &&
             drivers_are_well(json_get(node, "Drivers"));
    }
    return n == w->clients_told;
}

/* The directory of the log has the name of the host: s1, c1. */
static bool is_server(const char *path)
{
    const char *host = strrchr(path, '/');
    while (host != NULL && host > path && host[-1] != '/')
        host--;
    return host != NULL && host[0] == 's';
}

static void order_taken(struct watch *w, const struct tail *t, int64_t now)
{
    if (w->servers_told + w->clients_told > 0)
        printf("%lld %s\n", (long long)(w->possible > 0 ? now - w->possible : -1), t->path);
    *(is_server(t->path) ? &w->servers_told : &w->clients_told) += 1;
    w->possible = 0;
}

static void read_tail(struct watch *w, struct tail *t, int64_t now)
{
    char piece[4096];
    autoclose int fd = open(t->path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, piece, sizeof(piece), t->at);

    for (ssize_t i = 0; i < n; i++) {
        if (piece[i] != '\n') {
            if (t->n < sizeof(t->line) - 1)
                t->line[t->n++] = piece[i];
            continue;
        }
        t->line[t->n] = '\0';
        t->n = 0;
        if (strstr(t->line, ORDER) != NULL && strstr(t->line, "accepted") != NULL)
            order_taken(w, t, now);
    }
    t->at += n > 0 ? n : 0;
}

static void look(struct watch *w)
{
    const struct clock *clock = clock_system();

    for (size_t i = 0; i < w->n_tails; i++)
        read_tail(w, &w->tails[i], clock_mono(clock));
    int64_t now = clock_mono(clock);
    if (w->servers_told == 0 || !servers_hold(w) || !clients_hold(w))
        w->possible = 0;
    else if (w->possible == 0)
        w->possible = now;
}

int main(int argc, char **argv)
{
    struct watch w = {.version = argc > 1 ? argv[1] : ""};
    struct err err = ERR_INIT;
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    char c;

    if (argc < 5 || argc - 4 > HOSTS_MAX) {
        fprintf(stderr, "usage: gate_watch VERSION SERVERS CLIENTS LOG...\n");
        return 2;
    }
    w.n_servers = split(argv[2], w.servers);
    w.n_clients = split(argv[3], w.clients);
    w.n_tails = (size_t)argc - 4;
    for (size_t i = 0; i < w.n_tails; i++)
        w.tails[i].path = argv[4 + i];
    if (http_new(&w.http, &err) < 0) {
        fprintf(stderr, "gate_watch: %s\n", err.text);
        return 1;
    }
    while (poll(&in, 1, PERIOD_MS) == 0 || read(STDIN_FILENO, &c, 1) > 0)
        look(&w);
    http_free(w.http);
    return 0;
}
