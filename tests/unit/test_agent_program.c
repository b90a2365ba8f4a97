/* timeout: 120 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "agent_loop.h"
#include "agent_paths.h"
#include "agent_session.h"
#include "clock.h"
#include "fake_swap.h"
#include "file.h"
#include "free_port.h"
#include "link_client.h"
#include "order_desk.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "spawn.h"
#include "str.h"
#include "swap_channel.h"
#include "swap_status.h"

/* The real program, in the folder beside this test's folder, on its own port. */
struct house {
    struct desk desk;
    char program[256], dir[64], state[96], run[96], conf[96], socket_path[AGENT_PATH_MAX];
    char address[32];
    int port;
    pid_t pid;
    struct fake_swap *swap;
    struct swap_status *shown;
    struct links *links;
    int wake[2];
    /* of the last call */
    struct buf inner, answer;
    struct err err;
    bool over;
};

static void wake(void *ctx)
{
    struct house *h = ctx;
    if (write(h->wake[1], "x", 1) != 1)
        return;
}

static void write_key_and_trust(struct house *h)
{
    char path[AGENT_PATH_MAX];
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    agent_path(path, h->state, TRUST_NAME);
    desk_trust_file(&h->desk, &b);
    assert_int_equal(file_replace(path, b.data, b.len, 0644, &err), 0);
    agent_path(path, h->state, HOST_KEY_NAME);
    assert_int_equal(keypair_save(h->desk.host, path, "test", 0600, &err), 0);
}

static void write_view(struct house *h, uint64_t revision)
{
    char path[AGENT_PATH_MAX];
    struct err err = ERR_INIT;
    agent_path(path, h->run, VIEW_NAME);
    h->shown->status.work.revision = h->shown->hello.view_revision = revision;
    if (swap_status_write(path, h->shown, &err) < 0)
        fail_msg("%s", err.text);
}

static void write_conf(struct house *h)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    buf_printf(&b,
               "[agent]\nlisten = 0.0.0.0:%d\nstate_dir = %s\nrun_dir = %s\n"
               "max_connections = 200\nmax_connections_each = 20\n[trust]\nanchor = %s/anchor\n",
               h->port, h->state, h->run, h->state);
    assert_int_equal(file_replace(h->conf, b.data, b.len, 0644, &err), 0);
}

static int enter(void **state)
{
    struct house *h = xzalloc(1, sizeof(*h));
    struct err err = ERR_INIT;
    ssize_t n = readlink("/proc/self/exe", h->program, sizeof(h->program) - 32);
    char *end = n > 0 ? strrchr(h->program, '/') : NULL;

    if (end == NULL)
        return -1;
    str_cut(end, 32, "/../caravan-agent");
    desk_open(&h->desk);
    scratch_make(h->dir, sizeof(h->dir));
    if (agent_session_read(h->desk.session, &err) < 0)
        return -1;
    snprintf(h->state, sizeof(h->state), "%s/state", h->dir);
    snprintf(h->run, sizeof(h->run), "%s/run", h->dir);
    snprintf(h->conf, sizeof(h->conf), "%s/agent.conf", h->dir);
    agent_path(h->socket_path, h->run, SWAP_SOCKET_NAME);
    if (mkdir(h->state, 0755) < 0 || mkdir(h->run, 0755) < 0 || pipe2(h->wake, O_CLOEXEC) < 0 ||
        links_new(wake, h, &h->links, &err) < 0)
        return -1;
    h->port = free_port();
    snprintf(h->address, sizeof(h->address), "127.0.0.1:%d", h->port);
    h->shown = xzalloc(1, sizeof(*h->shown));
    h->shown->hello.wire_min = h->shown->hello.wire_max = 1;
    h->shown->hello.phase = h->shown->status.work.phase = PHASE_IDLE;
    write_conf(h);
    h->swap = fake_swap_start(h->socket_path, h->desk.host);
    *state = h;
    return 0;
}

static void start(struct house *h, const char *const *env, int pass_fd)
{
    const char *argv[] = {h->program, "--config", h->conf, NULL};
    const struct spawn s = {.argv = argv, .env = env, .pass_fd = pass_fd};
    struct err err = ERR_INIT;
    if (spawn_start(&s, &h->pid, &err) < 0)
        fail_msg("%s", err.text);
}

/* The exit status, or -signal. */
static int wait_end(struct house *h)
{
    int status;
    assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
    h->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int stop(struct house *h, int sig)
{
    assert_int_equal(kill(h->pid, sig), 0);
    return wait_end(h);
}

static int leave(void **state)
{
    struct house *h = *state;
    const char *argv[] = {"/bin/rm", "-rf", h->dir, NULL};
    struct spawn_result r;
    struct err err = ERR_INIT;

    if (h->pid > 0)
        stop(h, SIGKILL);
    links_free(h->links);
    fake_swap_stop(h->swap);
    desk_close(&h->desk);
    close(h->wake[0]);
    close(h->wake[1]);
    buf_free(&h->inner);
    buf_free(&h->answer);
    free(h->shown);
    const struct spawn rm = {.argv = argv, .deadline_ms = 10000, .out_max = 1024, .pass_fd = -1};
    int rv = spawn_run(&rm, clock_system(), &r, &err);
    buf_free(&r.out);
    free(h);
    return rv;
}

static void on_done(void *ctx, const void *frame, size_t n, const struct err *err)
{
    struct house *h = ctx;
    h->over = true;
    buf_clear(&h->answer);
    if (frame != NULL)
        buf_add(&h->answer, frame, n);
    else
        h->err = *err;
}

/* One call; false: there was no answer. */
static bool call_once(struct house *h, int64_t deadline_ms)
{
    auto_buf struct buf frame = BUF_INIT;
    struct err err = ERR_INIT;

    desk_seal(&h->desk, &h->inner, &frame);
    h->over = false;
    memset(&h->err, 0, sizeof(h->err));
    if (links_call(h->links, h->address, frame.data, frame.len, deadline_ms, on_done, h, &err) < 0)
        fail_msg("%s", err.text);
    links_drain(h->links);
    while (!h->over) {
        struct pollfd p = {h->wake[0], POLLIN, 0};
        char drain[64];
        if (poll(&p, 1, 30000) <= 0 || read(h->wake[0], drain, sizeof(drain)) <= 0)
            fail_msg("a call without an end");
        links_drain(h->links);
    }
    return h->err.kind == ERR_NONE;
}

/* Sends an order as a coordinator does: the same bytes again until there is an answer. */
static struct receipt *send_inner(struct house *h, const struct keypair *by, int64_t within_ms)
{
    int64_t until = clock_mono(clock_system()) + within_ms;
    struct err err = ERR_INIT;

    while (!call_once(h, 2000)) {
        if (clock_mono(clock_system()) > until)
            return NULL;
        clock_sleep(clock_system(), 20); /* the coordinator waits between two tries */
    }
    struct receipt *r = desk_receipt(&h->desk, by, &h->inner, h->answer.data, h->answer.len, &err);
    if (r == NULL)
        fail_msg("%s", err.text);
    return r;
}

static struct receipt *say(struct house *h, struct order *o, const struct keypair *by)
{
    desk_inner(o, by, &h->inner);
    free(o);
    return send_inner(h, by, 20000);
}

static struct receipt *hello(struct house *h)
{
    struct order *o = desk_order(&h->desk, MSG_HELLO, 0, 0);
    o->u.hello.wire_min = o->u.hello.wire_max = 1;
    return say(h, o, h->desk.operator);
}

static enum refusal lease(struct house *h, enum lease_op op, char run, uint64_t expect)
{
    struct order *o = desk_order(&h->desk, MSG_LEASE, expect > 0 ? 1 : 0, expect);
    o->u.lease.op = op;
    o->u.lease.run_id[0] = (unsigned char)run;
    o->u.lease.expect = expect;
    o->u.lease.ttl_ms = 60000;
    struct receipt *r = say(h, o, h->desk.operator);
    assert_non_null(r);
    enum refusal refusal = r->u.done.refusal;
    free(r);
    return refusal;
}

static struct receipt *swap(struct house *h, uint64_t sequence)
{
    struct order *o = desk_order(&h->desk, MSG_SWAP, 1, sequence);
    o->u.swap.on_not_ready = ON_REVERT;
    return say(h, o, h->desk.operator);
}

static void up(struct house *h)
{
    write_key_and_trust(h);
    write_view(h, 1);
    start(h, NULL, -1);
    struct receipt *r = NULL;
    for (int i = 0; i < 5 && r == NULL; i++) /* on a busy machine the answer may come late */
        r = hello(h);
    if (r == NULL)
        fail_msg("no answer: %s", h->err.text);
    free(r);
}

/* ---- */

static void answers_and_ends_when_told(void **state)
{
    struct house *h = *state;
    up(h);
    struct receipt *r = hello(h);
    assert_int_equal(r->u.hello.view_revision, 1);
    assert_memory_equal(r->head.session, h->desk.session, SESSION_LEN);
    free(r);
    assert_int_equal(stop(h, SIGTERM), 0);
}

/* Root starts again with another trust file, as after the loss of root keys: both files are first
 * versions, and the agent was not restarted. */
static void takes_another_trust_of_the_same_version(void **state)
{
    struct house *h = *state;
    char path[AGENT_PATH_MAX];
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    up(h);
    h->desk.trust.cluster[0] ^= 1;
    desk_trust_file(&h->desk, &b);
    agent_path(path, h->state, TRUST_NAME);
    assert_int_equal(file_replace(path, b.data, b.len, 0644, &err), 0);
    struct receipt *r = hello(h);
    if (r == NULL)
        fail_msg("who is trusted now gets no answer");
    free(r);
}

static void waits_for_key_and_trust(void **state)
{
    struct house *h = *state;
    char anchor[AGENT_PATH_MAX];
    struct err err = ERR_INIT;
    write_view(h, 1);
    agent_path(anchor, h->state, "anchor");
    assert_int_equal(file_replace(anchor, "x", 1, 0644, &err), 0);
    start(h, NULL, -1);
    /* The agent asks by connecting to swap, and this connection starts swap. */
    int64_t until = clock_mono(clock_system()) + 20000;
    while (fake_swap_connections(h->swap) == 0 && clock_mono(clock_system()) < until)
        clock_sleep(clock_system(), 10);
    assert_true(fake_swap_connections(h->swap) > 0);
    write_key_and_trust(h);
    struct receipt *r = hello(h);
    assert_non_null(r);
    free(r);
}

static void a_lease_outlives_a_kill(void **state)
{
    struct house *h = *state;
    up(h);
    assert_int_equal(lease(h, LEASE_TAKE, 'a', 0), REFUSAL_NONE);
    assert_int_equal(lease(h, LEASE_TAKE, 'b', 1), REFUSAL_LEASE);
    stop(h, SIGKILL);
    start(h, NULL, -1);
    assert_int_equal(lease(h, LEASE_TAKE, 'b', 1), REFUSAL_LEASE);
    assert_int_equal(lease(h, LEASE_RENEW, 'a', 1), REFUSAL_NONE);
}

static void orders_reach_swap_and_back(void **state)
{
    struct house *h = *state;
    up(h);
    struct receipt *r = swap(h, 1);
    assert_int_equal(r->u.done.refusal, REFUSAL_LEASE);
    free(r);
    assert_int_equal(lease(h, LEASE_TAKE, 'a', 0), REFUSAL_NONE);
    r = swap(h, 2);
    assert_string_equal(r->u.done.text, "by the fake");
    free(r);
    fake_swap_stop(h->swap); /* swap exits when it is idle, and is started again */
    h->swap = fake_swap_start(h->socket_path, h->desk.host);
    r = swap(h, 3);
    assert_string_equal(r->u.done.text, "by the fake");
    free(r);
}

/* Asks for a status that the agent holds back for this time while nothing changes. */
static void ask_held_status(struct house *h, uint32_t wait_ms)
{
    autofree struct order *o = desk_order(&h->desk, MSG_STATUS, 0, 0);
    auto_buf struct buf frame = BUF_INIT;
    struct err err = ERR_INIT;

    o->u.status.after = 1;
    o->u.status.wait_ms = wait_ms;
    desk_frame(&h->desk, o, h->desk.observer, &h->inner, &frame);
    assert_int_equal(
        links_call(h->links, h->address, frame.data, frame.len, 28000, on_done, h, &err), 0);
}

/* Nobody polls: the held status is sent because the view was replaced. */
static void a_new_view_ends_the_waiting(void **state)
{
    struct house *h = *state;
    struct err err = ERR_INIT;

    up(h);
    ask_held_status(h, 25000);
    h->over = false;
    links_drain(h->links);
    int64_t before = clock_mono(clock_system());
    write_view(h, 2);
    while (!h->over) {
        struct pollfd p = {h->wake[0], POLLIN, 0};
        char drain[64];
        if (poll(&p, 1, 30000) <= 0 || read(h->wake[0], drain, sizeof(drain)) <= 0)
            fail_msg("no end");
        links_drain(h->links);
    }
    assert_in_range(clock_mono(clock_system()) - before, 0, 20000);
    struct receipt *r =
        desk_receipt(&h->desk, h->desk.observer, &h->inner, h->answer.data, h->answer.len, &err);
    assert_non_null(r);
    assert_int_equal(r->u.status.work.revision, 2);
    receipt_done_with(r);
    free(r);
}

static void a_damaged_view_is_unknown(void **state)
{
    struct house *h = *state;
    char path[AGENT_PATH_MAX];
    struct err err = ERR_INIT;
    up(h);
    agent_path(path, h->run, VIEW_NAME);
    assert_int_equal(file_replace(path, "CRVV nonsense", 13, 0644, &err), 0);
    uint64_t revision = 1;
    int64_t until = clock_mono(clock_system()) + 20000;
    while (revision != 0 && clock_mono(clock_system()) < until) {
        struct receipt *r = hello(h);
        revision = r->u.hello.view_revision;
        free(r);
    }
    assert_int_equal(revision, 0);
    write_view(h, 9);
    while (revision != 9 && clock_mono(clock_system()) < until) {
        struct receipt *r = hello(h);
        revision = r->u.hello.view_revision;
        free(r);
    }
    assert_int_equal(revision, 9);
}

static void damaged_state_is_not_forgotten(void **state)
{
    struct house *h = *state;
    char path[AGENT_PATH_MAX];
    struct err err = ERR_INIT;
    up(h);
    assert_int_equal(lease(h, LEASE_TAKE, 'a', 0), REFUSAL_NONE);
    stop(h, SIGKILL);
    agent_path(path, h->state, AGENT_STATE_NAME);
    assert_int_equal(file_replace(path, "CRVA?", 5, 0600, &err), 0);
    start(h, NULL, -1);
    assert_int_equal(wait_end(h), 1);
}

/* Without systemd: the other end of the agent's socket pair, for swap. */
static void a_pair_is_used_and_ends_it(void **state)
{
    struct house *h = *state;
    static const char *const env[] = {SWAP_FD_ENV "=3", NULL};
    int pair[2];
    unsigned char packet[SWAP_PACKET_MAX];
    auto_buf struct buf frame = BUF_INIT;
    struct err err = ERR_INIT;

    write_key_and_trust(h);
    write_view(h, 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    start(h, env, pair[1]);
    close(pair[1]);
    assert_int_equal(lease(h, LEASE_TAKE, 'a', 0), REFUSAL_NONE);
    struct order *o = desk_order(&h->desk, MSG_SWAP, 1, 1);
    o->u.swap.on_not_ready = ON_REVERT;
    desk_inner(o, h->desk.operator, & h->inner);
    desk_seal(&h->desk, &h->inner, &frame);
    free(o);
    assert_int_equal(
        links_call(h->links, h->address, frame.data, frame.len, 20000, on_done, h, &err), 0);
    struct pollfd p[] = {{pair[0], POLLIN, 0}, {h->wake[0], POLLIN, 0}};
    do {
        char drain[64];
        links_drain(h->links);
        if (poll(p, 2, 20000) <= 0 || (p[1].revents != 0 && read(p[1].fd, drain, 64) <= 0))
            fail_msg("the order does not arrive");
    } while (p[0].revents == 0);
    ssize_t n = recv(pair[0], packet, sizeof(packet), 0);
    assert_true(n > 0);
    const struct swap_packet parts = swap_packet_split(packet, (size_t)n);
    assert_int_equal(parts.n, h->inner.len);
    assert_memory_equal(parts.order, h->inner.data, parts.n);
    assert_true(parts.n_lease > 0);
    close(pair[0]);
    assert_int_equal(wait_end(h), 0);
    assert_int_equal(fake_swap_count(h->swap), 0);
}

static void ends_in_time_with_a_status_held(void **state)
{
    struct house *h = *state;

    up(h);
    ask_held_status(h, STATUS_WAIT_MAX_MS);
    links_drain(h->links);
    free(hello(h)); /* the child exists, or starts during the end: both processes must end */
    int64_t before = clock_mono(clock_system());
    assert_int_equal(stop(h, SIGTERM), 0);
    assert_in_range(clock_mono(clock_system()) - before, 0, 10000);
}

/* ---- strangers ---- */

/* More connections than the agent has descriptors. */
#define STRANGERS 1200
#define NOISY     200

static const unsigned char sp_req[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

/* Connects from many addresses: from 127.0.1.1 on, eight connections each. Does not wait until the
 * agent accepts: the kernel queues the other connections. */
static int stranger(struct house *h, int i)
{
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr = {htonl(0x7f000101u + (unsigned)i / 8)}};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)h->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
        (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS))
        fail_msg("stranger %d cannot connect", i);
    return fd;
}

/* Most connections complete nng's handshake and then are idle; some send nothing at all. The last
 * send garbage, a length beyond every limit, or a whole frame without a signature. */
static void stranger_says(int fd, int i, bool silent)
{
    static const char too_long[] = "\0\0\0\0\x7f\xff\xff\xff";
    static const char unsigned_frame[] = "\0\0\0\0\0\0\0\x0d\x80\0\0\1CRVN\1\0\0\0\0";
    unsigned char noise[256];
    const struct {
        const void *bytes;
        size_t n;
    } says[] = {{noise, sizeof(noise)}, {too_long, 8}, {unsigned_frame, 21}};
    ssize_t sent = 0;

    crypto_random(noise, sizeof(noise));
    if (!silent)
        sent += send(fd, sp_req, sizeof(sp_req), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (!silent && i >= STRANGERS - NOISY)
        sent += send(fd, says[i % 3].bytes, says[i % 3].n, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* the agent has already closed some */
}

/* The agent has 1,024 descriptors; this program needs more. */
static void start_with_1024_files(struct house *h, struct rlimit *ret_ours)
{
    struct rlimit more, few = {1024, 1024};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, ret_ours), 0);
    if (ret_ours->rlim_max < STRANGERS + 200)
        skip_because("too few descriptors are allowed here");
    more = *ret_ours;
    more.rlim_cur = MIN_OF(more.rlim_max, (rlim_t)4096);
    write_key_and_trust(h);
    write_view(h, 1);
    start(h, NULL, -1);
    assert_int_equal(prlimit(h->pid, RLIMIT_NOFILE, &few, NULL), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &more), 0);
    free(hello(h));
}

static void timed_hello(struct house *h, int strangers, int64_t *worst)
{
    int64_t before = clock_mono(clock_system());
    struct receipt *r = hello(h);
    if (r == NULL)
        fail_msg("no answer with %d strangers there: %s", strangers, h->err.text);
    free(r);
    int64_t took = clock_mono(clock_system()) - before;
    *worst = MAX_OF(*worst, took);
}

static void crowd(struct house *h, bool silent)
{
    static int fds[STRANGERS];
    struct rlimit ours;
    int64_t worst = 0;

    start_with_1024_files(h, &ours);
    for (int i = 0; i < STRANGERS; i++) {
        fds[i] = stranger(h, i);
        stranger_says(fds[i], i, silent);
        if (i % 100 == 99)
            timed_hello(h, i + 1, &worst);
    }
    for (int i = 0; i < 5; i++)
        timed_hello(h, STRANGERS, &worst);
    /* Without a place the caller would wait until the agent finds an idle connection, or closes
     * one. */
    assert_in_range(worst, 0, AGENT_IDLE_MS / 5);
    print_message("# slowest hello among %d strangers: %d ms\n", STRANGERS, (int)worst);
    for (int i = 0; i < STRANGERS; i++)
        close(fds[i]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &ours), 0);
    assert_int_equal(stop(h, SIGTERM), 0);
}

static void strangers_crowd_nobody_out(void **state)
{
    crowd(*state, false);
}

static void silent_strangers_crowd_nobody_out(void **state)
{
    crowd(*state, true);
}

#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(answers_and_ends_when_told),
        T(waits_for_key_and_trust),
        T(takes_another_trust_of_the_same_version),
        T(a_lease_outlives_a_kill),
        T(orders_reach_swap_and_back),
        T(a_new_view_ends_the_waiting),
        T(a_damaged_view_is_unknown),
        T(damaged_state_is_not_forgotten),
        T(a_pair_is_used_and_ends_it),
        T(ends_in_time_with_a_status_held),
        T(strangers_crowd_nobody_out),
        T(silent_strangers_crowd_nobody_out),
    };
    return cmocka_run_group_tests_name("agent_program", tests, NULL, NULL);
}
