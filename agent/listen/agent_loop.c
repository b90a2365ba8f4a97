#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include "agent_loop.h"
#include "agent_paths.h"
#include "agent_session.h"
#include "dir_watch.h"
#include "file.h"
#include "link_server.h"
#include "listener.h"
#include "sd_ready.h"
#include "str.h"

struct loop {
    const struct agent_conf *conf;
    const struct log *log;
    char key_path[AGENT_PATH_MAX], trust_path[AGENT_PATH_MAX], view_path[AGENT_PATH_MAX],
        state_path[AGENT_PATH_MAX];
    int signal_fd, watch_fd, pair_fd;
    struct swap_link *swap;
    struct keypair *key;
    struct trust trust;
    struct operators operators; /* root's list */
    struct listener *listener;
    struct link_server *server;
    int used_fd; /* eventfd: an order was answered since memory was last given back */
    bool used;   /* atomic: used_fd has been written */
    bool in_burst;
    int64_t alive_every_ms, alive_at_ms; /* 0: no watchdog */
};

enum woken { WOKEN_STOP, WOKEN_CHANGED, WOKEN_USED, WOKEN_TIME };

#define TIDY_MS 5000

static int open_agent_signals(int *ret_fd, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_set(err, ERR_IO, errno, "block signals");
    *ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret_fd < 0 ? err_set(err, ERR_IO, errno, "listen for signals") : 0;
}

static int wait_for_event(struct loop *l, int timeout_ms, enum woken *ret, struct err *err)
{
    struct pollfd p[] = {
        {l->signal_fd, POLLIN, 0},
        {l->watch_fd, POLLIN, 0},
        {l->pair_fd, POLLRDHUP, 0}, /* only the workers read its packets */
        {l->in_burst ? -1 : l->used_fd, POLLIN, 0},
    };
    int n = poll(p, ARRAY_LEN(p), timeout_ms);
    if (n < 0 && errno != EINTR)
        return err_set(err, ERR_IO, errno, "wait");
    *ret = WOKEN_TIME;
    if (n <= 0)
        return 0;
    if (p[0].revents != 0 || p[2].revents != 0) {
        log_say(l->log, LOG_INFO, EVENT_STOPPED, "%s",
                p[0].revents != 0 ? "stopped by a signal"
                                  : "caravan-swap has ended, so caravan-agent ends too");
        *ret = WOKEN_STOP;
        return 0;
    }
    if (p[3].revents != 0)
        *ret = WOKEN_USED;
    if (p[1].revents == 0)
        return 0;
    *ret = WOKEN_CHANGED;
    return dir_watch_drain(l->watch_fd, err) < 0 ? -1 : 0;
}

/* caravan-swap checked the signatures when it adopted the trust, and only root can write the file.
 */
static int load_trust_in_force(const struct loop *l, struct trust *ret, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    struct container c;
    if (file_read(l->trust_path, TRUST_MAX, 0, &b, err) < 0)
        return -1;
    if (container_split(CONTAINER_TRUST, b.data, b.len, &c, err) < 0 ||
        trust_read(c.body, c.body_len, ret, err) < 0)
        return err_wrap(err, "%s", l->trust_path);
    return 0;
}

static int load_identity(struct loop *l, struct err *err)
{
    if (l->key == NULL && keypair_load_as(l->key_path, FILE_OF_GROUP, &l->key, err) < 0)
        return -1;
    return load_trust_in_force(l, &l->trust, err);
}

/* Reports the reason for waiting, once for each new reason. */
static void report_waiting(const struct loop *l, const struct err *why, char *told, size_t n)
{
    auto_buf struct buf text = BUF_INIT;

    /* EACCES: caravan-swap has written the key, and will change its owner in a moment. */
    if (why->kind != ERR_NOTFOUND && why->sys != EACCES)
        buf_printf(&text, "waiting for key and trust: %s", why->text);
    else if (access(l->conf->anchor, F_OK) < 0)
        buf_printf(&text, "waiting for trust: put the fleet's trust file at %s", l->conf->anchor);
    else
        buf_printf(&text, "waiting for caravan-swap to make this host's key; if this lasts, "
                          "`journalctl -u caravan-swap` shows why");
    if (str_eq(told, buf_str(&text)))
        return;
    str_cut(told, n, buf_str(&text));
    sd_ready(buf_str(&text));
    log_say(l->log, LOG_WARNING, EVENT_WAITING, "%s", buf_str(&text));
}

/* caravan-swap makes the key and adopts the trust when it first starts, and a connection to its
 * socket starts it. It may need something that only people can bring (a trust file, Nomad itself).
 * So this waits without end, with longer and longer pauses. 1: a signal to stop came. */
static int wait_identity(struct loop *l, struct err *err)
{
    int64_t pause_ms = AGENT_ASK_MS;
    char told[sizeof(((struct err *)0)->text)] = "";
    enum woken woken;
    struct err why = ERR_INIT;

    while (load_identity(l, &why) < 0) {
        if (l->pair_fd < 0 && access(l->conf->anchor, F_OK) == 0)
            (void)swap_link_nudge(l->swap);
        if (pause_ms > AGENT_ASK_MS)
            report_waiting(l, &why, told, sizeof(told));
        /* The next attempt finds a file that was made before the watch began. */
        if (wait_for_event(l, (int)pause_ms, &woken, err) < 0)
            return -1;
        if (woken == WOKEN_STOP)
            return 1;
        pause_ms = MIN_OF(2 * pause_ms, (int64_t)AGENT_ASK_MAX_MS);
        why = (struct err)ERR_INIT;
    }
    return 0;
}

static void load_view(struct loop *l)
{
    autofree struct swap_status *shown = xzalloc(1, sizeof(*shown)); /* too large for the stack */
    struct err err = ERR_INIT;
    if (swap_status_read(l->view_path, shown, &err) == 0) {
        listener_set_status(l->listener, shown, NULL);
        return;
    }
    if (err.kind != ERR_NOTFOUND)
        log_say(l->log, LOG_ERROR, EVENT_NONE, "cannot read caravan-swap's view: %s", err.text);
    listener_set_status(l->listener, NULL,
                        err.kind == ERR_NOTFOUND ? "caravan-swap has not reported its state yet"
                                                 : err.text);
    (void)swap_link_nudge(l->swap);
}

/* If caravan-swap has written another key, this program must start again with that key. */
static int check_same_key(const struct loop *l, struct err *err)
{
    auto_keypair struct keypair *now = NULL;
    struct err unread = ERR_INIT;

    if (keypair_load_as(l->key_path, FILE_OF_GROUP, &now, &unread) < 0 ||
        pubkey_eq(keypair_public(now), keypair_public(l->key)))
        return 0;
    return err_set(err, ERR_STATE, 0,
                   "this host has a new key: caravan-agent ends, to start again with the new key");
}

static void reload_trust_and_view(struct loop *l)
{
    struct trust trust;
    struct err err = ERR_INIT;
    if (load_trust_in_force(l, &trust, &err) < 0) {
        log_say(l->log, LOG_ERROR, EVENT_NONE,
                "cannot read the new trust, so the old trust stays in force: %s", err.text);
    } else {
        bool told = trust.version == l->trust.version &&
                    memcmp(trust.cluster, l->trust.cluster, CLUSTER_ID_LEN) == 0;
        /* Set it also if the version is the same: root may have gone back to an anchor that is a
         * different file of the same version. */
        l->trust = trust;
        listener_set_trust(l->listener, &trust);
        if (!told)
            log_say(l->log, LOG_INFO, EVENT_TRUST_ADOPTED, "trust version %u", trust.version);
    }
    load_view(l);
}

/* The configured number of connections, or fewer if the limit on open files is too low. The server
 * needs two descriptors for each connection, and some more for itself. */
static int count_allowed_connections(const struct loop *l)
{
    const rlim_t spare = 192;
    rlim_t want = 2 * (rlim_t)l->conf->max_connections + spare;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return (int)l->conf->max_connections;
    if (limit.rlim_cur < want) {
        rlim_t was = limit.rlim_cur;
        limit.rlim_cur = MIN_OF(want, limit.rlim_max);
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            limit.rlim_cur = was;
    }
    if (limit.rlim_cur >= want)
        return (int)l->conf->max_connections;
    int room = limit.rlim_cur > spare + 32 ? (int)((limit.rlim_cur - spare) / 2) : 16;
    log_say(l->log, LOG_WARNING, EVENT_NONE,
            "max_connections is %lld, but only %llu files may be open, so at most %d connections "
            "are accepted (LimitNOFILE=%llu is enough)",
            (long long)l->conf->max_connections, (unsigned long long)limit.rlim_cur, room,
            (unsigned long long)want);
    return room;
}

/* Answers a frame. The first answer of a burst wakes the main thread, which gives unused heap back
 * to the kernel some seconds later. */
static int handle_frame(void *ctx, const void *frame, size_t n, struct buf *answer)
{
    struct loop *l = ctx;
    int rv = listener_handle(l->listener, frame, n, answer);
    if (!__atomic_exchange_n(&l->used, true, __ATOMIC_SEQ_CST))
        eventfd_write(l->used_fd, 1);
    return rv;
}

static void give_memory_back(struct loop *l)
{
    eventfd_t ignored;
    eventfd_read(l->used_fd, &ignored);
    __atomic_store_n(&l->used, false, __ATOMIC_SEQ_CST);
    malloc_trim(0);
}

/* Reports to the watchdog. Before that it takes the lock that every worker needs (in
 * listener_set_trust), so a hanging worker stops the reports. Returns the time until the next
 * report in milliseconds; -1: no watchdog. */
static int report_alive(struct loop *l)
{
    int64_t now = clock_mono(clock_system());

    if (l->alive_every_ms == 0)
        return -1;
    if (now >= l->alive_at_ms) {
        listener_set_trust(l->listener, &l->trust);
        sd_alive();
        l->alive_at_ms = now + l->alive_every_ms;
    }
    return (int)(l->alive_at_ms - now);
}

static int wait_for_change(struct loop *l, enum woken *ret, struct err *err)
{
    if (wait_for_event(l, report_alive(l), ret, err) < 0)
        return -1;
    if (*ret != WOKEN_USED)
        return 0;
    l->in_burst = true; /* so that wait_event does not poll the readable descriptor */
    int rv = wait_for_event(l, TIDY_MS, ret, err);
    l->in_burst = false;
    give_memory_back(l);
    return rv;
}

static int start_listener(struct loop *l, struct err *err)
{
    struct listener_config c = {
        .key = l->key,
        .max_lease_ms = (uint64_t)l->conf->max_lease_ms,
        .max_held = AGENT_CONTEXTS / 4,
        .state_path = l->state_path,
        .swap = l->swap,
        .binary = l->conf->binary,
        .hold_file = l->conf->hold_file,
        .operators = &l->operators,
        .keeps_for_others = l->conf->seed_url[0] != '\0',
        .clock = clock_system(),
        .log = l->log,
    };
    struct link_server_config s = {
        .address = l->conf->listen,
        .contexts = AGENT_CONTEXTS,
        .max_pipes = count_allowed_connections(l),
        .max_pipes_each = (int)l->conf->max_connections_each,
        .allow_from = l->conf->allow_from,
        .idle_ms = AGENT_IDLE_MS,
        .handle = handle_frame,
    };
    char dir[AGENT_PATH_MAX];

    agent_path(dir, l->conf->state_dir, AGENT_DIR_NAME);
    if (agent_session_read(c.session, err) < 0 || file_make_dirs(dir, 0700, err) < 0 ||
        file_sweep(dir, err) < 0 || operators_parse(l->conf->operators, &l->operators, err) < 0 ||
        listener_new(&c, &l->listener, err) < 0)
        return -1;
    listener_set_trust(l->listener, &l->trust);
    load_view(l);
    s.ctx = l;
    if (link_server_start(&s, &l->server, err) < 0)
        return err_wrap(err, "listen on %s", l->conf->listen);
    return 0;
}

static void report_started(const struct loop *l)
{
    char text[200], fingerprint[FINGERPRINT_LEN];
    pubkey_fingerprint(fingerprint, keypair_public(l->key));
    snprintf(text, sizeof(text), "listening on %s, host key %s, cluster %.64s", l->conf->listen,
             fingerprint, l->trust.name);
    log_say(l->log, LOG_INFO, EVENT_STARTED, "%s%s", text, l->trust.solo ? " (solo keys)" : "");
    sd_ready(text);
}

static int serve_orders(struct loop *l, struct err *err)
{
    enum woken woken = WOKEN_CHANGED;
    int rv = wait_identity(l, err);
    if (rv != 0)
        return rv < 0 ? -1 : 0;
    if (start_listener(l, err) < 0)
        return -1;
    report_started(l);
    l->alive_every_ms = sd_alive_every_ms();
    while (woken != WOKEN_STOP) {
        if (wait_for_change(l, &woken, err) < 0)
            return -1;
        if (woken == WOKEN_CHANGED && check_same_key(l, err) < 0)
            return -1;
        if (woken == WOKEN_CHANGED)
            reload_trust_and_view(l);
    }
    return 0;
}

static int open_loop(struct loop *l, struct err *err)
{
    char socket_path[AGENT_PATH_MAX];
    const char *state = l->conf->state_dir, *run = l->conf->run_dir;

    agent_path(l->key_path, state, HOST_KEY_NAME);
    agent_path(l->trust_path, state, TRUST_NAME);
    agent_path(l->state_path, state, AGENT_STATE_NAME);
    agent_path(l->view_path, run, VIEW_NAME);
    agent_path(socket_path, run, SWAP_SOCKET_NAME);
    l->used_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->used_fd < 0)
        return err_set(err, ERR_IO, errno, "make an eventfd");
    l->swap = swap_link_new(socket_path, l->pair_fd, clock_system());
    if (open_agent_signals(&l->signal_fd, err) < 0 || dir_watch_open(&l->watch_fd, err) < 0 ||
        dir_watch_add(l->watch_fd, state, err) < 0 || dir_watch_add(l->watch_fd, run, err) < 0)
        return -1;
    return 0;
}

int agent_loop_run(const struct agent_conf *conf, int swap_fd, const struct log *log,
                   struct err *err)
{
    struct loop l = {.conf = conf,
                     .log = log,
                     .signal_fd = -1,
                     .watch_fd = -1,
                     .used_fd = -1,
                     .pair_fd = swap_fd};
    int rv = open_loop(&l, err);
    if (rv == 0)
        rv = serve_orders(&l, err);
    sd_stopping();
    if (l.listener != NULL)
        listener_stop(l.listener);
    link_server_stop(l.server);
    listener_free(l.listener);
    swap_link_free(l.swap);
    keypair_free(l.key);
    if (l.signal_fd >= 0)
        close(l.signal_fd);
    if (l.watch_fd >= 0)
        close(l.watch_fd);
    if (l.used_fd >= 0)
        close(l.used_fd);
    return rv;
}
