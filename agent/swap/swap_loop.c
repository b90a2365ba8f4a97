#include "swap_loop.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include "agent_child.h"
#include "sd_ready.h"
#include "sd_sockets.h"
#include "orders_received.h"
#include "status_update.h"

#define CONNECTIONS_MAX 8

/* Places in the poll set. A place without a file descriptor is -1; poll skips it. */
enum place {
    PLACE_SIGNAL,
    PLACE_SERVICE,
    PLACE_FETCH,
    PLACE_CHILD,
    PLACE_PAIR,
    PLACE_LISTEN,
    PLACE_CONNECTION = PLACE_LISTEN + SWAP_LISTENERS_MAX,
    PLACE_COUNT = PLACE_CONNECTION + CONNECTIONS_MAX
};

struct loop {
    struct swap *s;
    struct pollfd places[PLACE_COUNT];
    struct agent_child child;
    bool alone;      /* no systemd: caravan-swap starts caravan-agent and stays */
    int64_t busy_ms; /* uptime of the last activity */
    unsigned char *packet;
};

static int64_t loop_uptime(const struct loop *l)
{
    return l->s->host.uptime(l->s->host.ctx);
}

static int watch_signals(struct loop *l, struct err *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_set(err, ERR_IO, errno, "block signals");
    l->places[PLACE_SIGNAL].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (l->places[PLACE_SIGNAL].fd < 0)
        return err_set(err, ERR_IO, errno, "watch signals");
    return 0;
}

static int take_sockets(struct loop *l, struct err *err)
{
    int fds[SWAP_LISTENERS_MAX], n = 0;

    if (sd_sockets_take(SOCK_SEQPACKET, fds, SWAP_LISTENERS_MAX, &n, err) < 0)
        return -1;
    for (int i = 0; i < n; i++)
        l->places[PLACE_LISTEN + i].fd = fds[i];
    l->alone = n == 0;
    return 0;
}

/* Each packet contains one order. An empty answer means: there is no receipt for this order. */
static void serve_packet(struct loop *l, struct pollfd *p)
{
    auto_buf struct buf receipt = BUF_INIT;
    ssize_t n = recv(p->fd, l->packet, SWAP_PACKET_MAX + 1, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close(p->fd);
        p->fd = -1;
        /* A caravan-agent that closes the pair is about to end. Its pidfd reports the end. */
        if (p == &l->places[PLACE_PAIR])
            l->child.fd = -1;
        return;
    }
    l->busy_ms = loop_uptime(l);
    if (n <= (ssize_t)SWAP_PACKET_MAX) {
        const struct swap_packet packet = swap_packet_split(l->packet, (size_t)n);
        swap_answer_order(l->s, &packet, &receipt);
    }
    /* caravan-agent may have ended. The record keeps the receipt for a repeat of the order. */
    if (send(p->fd, receipt.data, receipt.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_say(l->s->log, LOG_WARNING, EVENT_NONE, "caravan-agent did not accept a receipt");
    status_update_if_old(l->s, SURVEY_REST_MS);
}

static void greet_connection(struct loop *l, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    l->busy_ms = loop_uptime(l);
    for (int i = PLACE_CONNECTION; i < PLACE_COUNT; i++) {
        if (l->places[i].fd < 0) {
            l->places[i].fd = fd;
            swap_tidy(l->s);
            status_update_if_old(l->s, SURVEY_GREET_MS);
            return;
        }
    }
    close(fd);
}

static void refresh_places(struct loop *l)
{
    const struct swap *s = l->s;
    bool works = phases_works(&s->phases);

    l->places[PLACE_SERVICE].fd = works ? s->host.service->fd(s->host.service->self) : -1;
    l->places[PLACE_FETCH].fd = works ? fetch_call_fd(s->ports.fetching) : -1;
    if (l->alone) {
        agent_child_tend(&l->child, loop_uptime(l));
        l->places[PLACE_CHILD].fd = l->child.pidfd;
        l->places[PLACE_PAIR].fd = l->child.fd;
    }
    for (int i = 0; i < PLACE_COUNT; i++) {
        l->places[i].events = POLLIN;
        l->places[i].revents = 0;
    }
}

static int64_t next_event(const struct loop *l)
{
    const struct phases *p = &l->s->phases;
    int64_t now = loop_uptime(l);

    if (phases_works(p))
        return p->now.wake_ms > now ? p->now.wake_ms - now : 0;
    if (status_awaits_units(l->s))
        return BOUND_LOOK_MS;
    if (!l->alone)
        return MAX_OF(l->busy_ms + SWAP_IDLE_MS - now, (int64_t)0);
    if (l->child.pid == 0)
        return MIN_OF(MAX_OF(l->child.again_ms - now, (int64_t)0), (int64_t)SWAP_LOOK_MS);
    return SWAP_LOOK_MS;
}

static int64_t next_wake(const struct loop *l)
{
    return MIN_OF(next_event(l), status_update_due(l->s));
}

static void step_if_due(struct loop *l)
{
    struct phases *p = &l->s->phases;
    bool event = l->places[PLACE_SERVICE].revents != 0 || l->places[PLACE_FETCH].revents != 0;

    if (!phases_works(p))
        return;
    l->busy_ms = loop_uptime(l);
    if (event || p->now.wake_ms <= l->busy_ms)
        phases_step(p);
    if (!phases_works(p))
        status_update(l->s);
}

/* False: the loop ends. */
static bool turn_loop(struct loop *l)
{
    bool rests = !phases_works(&l->s->phases);
    int64_t wait_ms;

    refresh_places(l);
    wait_ms = next_wake(l);
    if (poll(l->places, PLACE_COUNT, (int)MIN_OF(wait_ms, (int64_t)60000)) < 0 && errno != EINTR)
        return false;
    if (l->places[PLACE_SIGNAL].revents != 0)
        return false;
    for (int i = PLACE_PAIR; i < PLACE_COUNT; i++) {
        if (l->places[i].fd < 0 || l->places[i].revents == 0)
            continue;
        if (i >= PLACE_LISTEN && i < PLACE_CONNECTION)
            greet_connection(l, l->places[i].fd);
        else
            serve_packet(l, &l->places[i]);
    }
    step_if_due(l);
    if (rests && status_awaits_units(l->s))
        status_update_units(l->s);
    if (rests && (l->alone || status_update_due(l->s) == 0))
        status_update_if_old(l->s, SURVEY_REST_MS);
    if (rests && l->alone)
        swap_tidy(l->s);
    return l->alone || !rests || status_awaits_units(l->s) ||
           loop_uptime(l) - l->busy_ms < SWAP_IDLE_MS;
}

static int run_loop(struct loop *l, struct err *err)
{
    struct log_about about;

    if (watch_signals(l, err) < 0 || take_sockets(l, err) < 0)
        return -1;
    swap_tidy(l->s);
    agent_child_init(&l->child, &l->s->agent, l->s->log);
    sd_ready("ready for orders");
    about = swap_about(l->s);
    log_say_about(l->s->log, LOG_INFO, EVENT_STARTED, &about, "%s, %s", about.phase,
                  l->alone ? "without systemd" : "for systemd's socket");
    while (turn_loop(l))
        ;
    swap_tidy(l->s);
    sd_stopping();
    agent_child_end(&l->child);
    return 0;
}

int swap_loop_run(struct swap *s, struct err *err)
{
    struct loop l = {.s = s, .busy_ms = s->host.uptime(s->host.ctx)};
    int rc;

    for (int i = 0; i < PLACE_COUNT; i++)
        l.places[i].fd = -1;
    l.packet = xalloc(SWAP_PACKET_MAX + 1);
    rc = run_loop(&l, err);
    for (int i = PLACE_CONNECTION; i < PLACE_COUNT; i++)
        cleanup_close(&l.places[i].fd);
    cleanup_close(&l.places[PLACE_SIGNAL].fd);
    free(l.packet);
    return rc;
}
