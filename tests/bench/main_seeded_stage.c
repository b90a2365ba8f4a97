/*
 * main_seeded_stage.c - 1,000 hosts in 4 datacenters stage one release, with seeds and without.
 *
 *     seeded_stage DIR
 *
 * The hosts are simulated. Their orders are real: decide() decides which host begins when, and
 * seeds_lead() chooses the places in each order, both from a world that says which hosts have
 * staged. The bytes are real: HTTP over loopback, from a file_server with a limited rate in the
 * place of the origin, and from one with the same rate for each seed. Every host checks the digest
 * of the bytes that it got. The file is written to DIR. Prints two lines, one with seeds and one
 * without: the seconds, and how many copies of the file the origin has sent.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "built_in.h"
#include "clock.h"
#include "decide.h"
#include "file_server.h"
#include "http.h"
#include "seeds.h"
#include "small_fleet.h"

#define HOSTS       1000
#define DATACENTERS 4
#define FILE_SIZE   (512 * 1024)
#define RATE        (20 * 1024 * 1024) /* bytes a second of the origin, and of each seed */
#define FACTS       (SMALL_FACTS + 1)
#define LIFE_MS     120000

struct bench;

struct sim_host {
    struct bench *b;
    struct host *h;
    struct order_stage *order;
    uint32_t at; /* index of the place that it uses */
    struct digest_state hash;
    char key[UUID_MAX], name[24];
    struct fact_view facts[FACTS];
};

struct bench {
    struct sim_host hosts[HOSTS];
    struct host world_hosts[HOSTS];
    struct world w;
    struct plan plan;
    struct ledger ledger;
    struct evidence evidence;
    enum claim claims[HOSTS];
    struct lease_view lease;
    struct http *http;
    struct digest binary, file; /* here both are digests of the same bytes */
    struct file_server *origin, *seeds[DATACENTERS];
    char bases[DATACENTERS][80], place[URL_MAX_LEN];
    size_t failed;
};

static void die(const struct err *err)
{
    fprintf(stderr, "seeded_stage: %s\n", err->text);
    exit(1);
}

/* ---- the origin and the seeds ---- */

static struct file_server *serve(const char *path, const struct digest *digest)
{
    const struct served_file file = {.path = path, .size = FILE_SIZE, .digest = *digest};
    const struct file_server_limits limits = {.connections = 200,
                                              .per_address = 200,
                                              .rate = RATE,
                                              .floor = 1,
                                              .window_ms = 60000,
                                              .request_ms = 10000};
    struct file_server *s = NULL;
    struct err err = ERR_INIT;

    if (file_server_start("127.0.0.1:0", &file, 1, &limits, &s, &err) < 0)
        die(&err);
    return s;
}

static void make_file(const char *path, struct digest *ret)
{
    static unsigned char bytes[FILE_SIZE];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    crypto_random(bytes, sizeof(bytes));
    crypto_digest(bytes, sizeof(bytes), ret);
    if (fd < 0 || write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes) || close(fd) < 0) {
        perror(path);
        exit(1);
    }
}

/* ---- a fleet ---- */

static void make_host(struct bench *b, size_t i, bool seeded)
{
    static const char *const datacenters[DATACENTERS] = {"dc1", "dc2", "dc3", "dc4"};
    struct sim_host *s = &b->hosts[i];
    size_t dc = i % DATACENTERS;
    bool seed = seeded && i >= HOSTS / 2 && i < HOSTS / 2 + DATACENTERS;

    snprintf(s->key, sizeof(s->key), "%08zx-0000-4000-8000-%012zx", i * 2654435761u % 0xffffffff,
             i);
    snprintf(s->name, sizeof(s->name), "c%zu", i);
    memcpy(s->facts, small_fleet_facts, sizeof(small_fleet_facts));
    s->facts[SMALL_FACTS] =
        (struct fact_view){"seed", seed ? TRI_YES : TRI_NO, seed ? b->bases[dc] : ""};
    s->b = b;
    s->h = &b->world_hosts[i];
    *s->h = (struct host){.key = s->key,
                          .name = s->name,
                          .region = "global",
                          .dc = datacenters[dc],
                          .node_class = "",
                          .node_pool = "",
                          .addr = "127.0.0.1",
                          .server_id = "",
                          .node_id = s->key,
                          .is_client = true,
                          .client = {.status = "ready", .version = SMALL_FROM},
                          .agent = {.enrolled = true,
                                    .address = "127.0.0.1",
                                    .problem = "",
                                    .hello = {.os = "linux", .arch = "amd64"},
                                    .hello_at = 1,
                                    .facts = s->facts,
                                    .n_facts = FACTS,
                                    .failure_text = "",
                                    .evidence = ""}};
}

static void make_plan(struct bench *b)
{
    static const unsigned char run_id[RUN_ID_LEN] = {7};
    struct plan *p = &b->plan;

    *p =
        (struct plan){.hazards = built_in(), .n_hosts = HOSTS, .n_clients = HOSTS, .n_todo = HOSTS};
    str_cut(p->target, sizeof(p->target), SMALL_TO);
    policy_default(&p->policy);
    p->hosts = arena_array(&p->arena, HOSTS, sizeof(*p->hosts));
    for (size_t i = 0; i < HOSTS; i++) {
        struct plan_host *ph = &p->hosts[i];
        str_cut(ph->key, sizeof(ph->key), b->hosts[i].key);
        str_cut(ph->name, sizeof(ph->name), b->hosts[i].name);
        str_cut(ph->region, sizeof(ph->region), "global");
        str_cut(ph->from, sizeof(ph->from), SMALL_FROM);
        ph->digest = b->binary;
        ph->managed = true;
        b->claims[i] = CLAIM_HELD;
    }
    plan_index_keys(p);
    ledger_init(&b->ledger, p, run_id);
    b->ledger.state = RUN_STAGING;
    b->lease = (struct lease_view){.all = true, .majority = true, .claims = b->claims};
}

static void begin(struct bench *b, const char *path, bool seeded)
{
    struct err err = ERR_INIT;

    memset(b, 0, sizeof(*b));
    make_file(path, &b->file);
    b->binary = b->file;
    b->origin = serve(path, &b->file);
    for (size_t d = 0; d < DATACENTERS; d++) {
        b->seeds[d] = serve(path, &b->file);
        snprintf(b->bases[d], sizeof(b->bases[d]), "http://%s/", file_server_address(b->seeds[d]));
    }
    char hex[65];
    digest_hex(hex, &b->file);
    snprintf(b->place, sizeof(b->place), "http://%s/%s", file_server_address(b->origin), hex);
    for (size_t i = 0; i < HOSTS; i++)
        make_host(b, i, seeded);
    b->w = (struct world){.hosts = b->world_hosts, .n_hosts = HOSTS, .problem = ""};
    world_index(&b->w);
    make_plan(b);
    if (http_new(&b->http, &err) < 0)
        die(&err);
}

static void end(struct bench *b)
{
    http_free(b->http);
    file_server_stop(b->origin);
    for (size_t d = 0; d < DATACENTERS; d++)
        file_server_stop(b->seeds[d]);
    for (size_t i = 0; i < HOSTS; i++)
        free(b->hosts[i].order);
    plan_free(&b->plan);
    ledger_free(&b->ledger);
    evidence_free(&b->evidence);
    arena_free(&b->w.arena);
}

/* ---- the hosts ---- */

static void fetch(struct sim_host *s);

static int on_data(void *ctx, const void *p, size_t n)
{
    digest_add(&((struct sim_host *)ctx)->hash, p, n);
    return 0;
}

static void on_done(void *ctx, const struct http_answer *a, const struct err *err)
{
    struct sim_host *s = ctx;
    struct digest got;

    digest_final(&s->hash, &got);
    if (err == NULL && a->status == 200 && digest_eq(&got, &s->b->file)) {
        s->h->agent.work.phase = PHASE_STAGED;
        return;
    }
    s->b->failed++;
    if (++s->at < s->order->n_urls)
        fetch(s);
    else
        s->h->agent.work.phase = PHASE_FAILED;
}

static void fetch(struct sim_host *s)
{
    struct err err = ERR_INIT;
    const struct http_request r = {.url = s->order->urls[s->at],
                                   .deadline_ms = LIFE_MS,
                                   .max = FILE_SIZE,
                                   .on_data = on_data,
                                   .on_done = on_done,
                                   .ctx = s};

    digest_init(&s->hash);
    if (http_start(s->b->http, &r, &err) < 0)
        die(&err);
}

static void obey(struct bench *b, size_t i, int64_t now)
{
    struct sim_host *s = &b->hosts[i];
    struct ledger_host *lh = &b->ledger.hosts[i];
    struct work_state *work = &s->h->agent.work;

    s->order = xzalloc(1, sizeof(*s->order));
    s->order->n_urls = 1;
    str_cut(s->order->urls[0], URL_MAX_LEN, b->place);
    seeds_lead(&b->w, s->h, &b->binary, &b->file, s->order);
    lh->state = HOST_STAGING;
    lh->attempts = 1;
    lh->answered = true;
    lh->effect_ms = now;
    lh->call.sequence = work->order_sequence = 1;
    work->phase = PHASE_FETCHING;
    work->target = b->binary;
    fetch(s);
}

/* ---- the run ---- */

static void look(struct bench *b, int64_t now)
{
    b->w.begun_ms = b->w.ended_ms = now;
    for (size_t i = 0; i < HOSTS; i++)
        b->world_hosts[i].agent.hello_at = b->world_hosts[i].agent.status_at = now;
}

/* False: all hosts have staged. */
static bool tick(struct bench *b, int64_t now)
{
    static struct decision d;
    const struct situation s = {.world = &b->w,
                                .plan = &b->plan,
                                .ledger = &b->ledger,
                                .evidence = &b->evidence,
                                .lease = &b->lease,
                                .now = now};

    look(b, now);
    decide(&s, &d);
    for (size_t i = 0; i < d.n_intents; i++) {
        size_t k = plan_index(&b->plan, d.intents[i].key);
        if (d.intents[i].kind == INTENT_STAGE)
            obey(b, k, now);
        else if (d.intents[i].kind == INTENT_MARK)
            b->ledger.hosts[k].state = d.intents[i].state;
        else if (d.intents[i].kind == INTENT_RUN && d.intents[i].run == RUN_SERVERS)
            return false;
        else if (d.intents[i].kind == INTENT_STOP) {
            fprintf(stderr, "seeded_stage: stopped: %s\n", d.intents[i].text);
            exit(1);
        }
    }
    return true;
}

static double measure(struct bench *b, const char *path, const char *what, bool seeded)
{
    struct err err = ERR_INIT;

    begin(b, path, seeded);
    const struct clock *clock = clock_system();
    int64_t begun = clock_mono(clock), now = begun;
    b->evidence.begun_ms = b->evidence.progress_ms = begun;
    while (tick(b, now)) {
        if (http_wait(b->http, 20, &err) < 0)
            die(&err);
        now = MAX_OF(clock_mono(clock), now + 1);
        if (now - begun > LIFE_MS) {
            fprintf(stderr, "seeded_stage: not done in time\n");
            exit(1);
        }
    }
    double copies = (double)file_server_counts(b->origin).bytes / FILE_SIZE;
    double seconds = (double)(now - begun) / 1000;
    printf("  %s: %.1f s; %.2f copies left the origin, %.2f a datacenter", what, seconds, copies,
           copies / DATACENTERS);
    if (b->failed > 0)
        printf("; %zu places failed", b->failed);
    printf("\n");
    fflush(stdout);
    end(b);
    return seconds;
}

int main(int argc, char **argv)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    char path[4096];
    struct err err = ERR_INIT;

    if (argc != 2) {
        fprintf(stderr, "usage: seeded_stage DIR\n");
        return 2;
    }
    if (crypto_init(&err) < 0)
        die(&err);
    snprintf(path, sizeof(path), "%s/release.zip", argv[1]);
    double seeded = measure(b, path, "a seed in each datacenter", true);
    double bare = measure(b, path, "all from the origin", false);
    printf("  the seeds take %.2f of the time\n", seeded / bare);
    free(b);
    return 0;
}
