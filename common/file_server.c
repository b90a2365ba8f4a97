#include "file_server.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "clock.h"
#include "http_range.h"
#include "str.h"

#define HEAD_MAX  (8 * 1024)
#define BLOCK     (32 * 1024)
#define TICK_MS   250 /* time between two searches for slow readers */
#define BURST_MS  250 /* the bytes of this time (at `rate`) may be sent at once */
#define BACKLOG   128
#define ETAG_LEN  (2 + 2 * DIGEST_LEN + 1)
#define RANGE_LEN 80

struct offer {
    int fd;
    char hex[65];
    struct stat st; /* when the file was hashed */
    uint64_t size;
};

/* One connection. */
struct peer {
    struct peer *next, **link;
    int fd;
    bool sending, cut;
    int64_t since;  /* time of the connection, of its request, or of the last check of its speed */
    uint64_t acked; /* bytes that the other end had confirmed at that time */
};

struct file_server {
    struct MHD_Daemon *daemon;
    struct file_server_limits limits;
    const struct clock *clock;
    struct offer *offers;
    size_t n_offers;
    char address[FILE_SERVER_ADDRESS];
    int stop_fd, poll_fd;
    pthread_t thread;
    bool runs;
    /* Only the thread uses what follows, except for the counters. */
    struct peer *peers;
    bool busy;
    int64_t now, filled, looked;
    int64_t left; /* bytes that the rate allows now; <= 0: nothing is sent until it is above 0 */
    atomic_uint_fast64_t answered, refused, shut_out, cut, bytes;
};

/* ---- the files that are offered ---- */

static bool is_unchanged(const struct offer *o)
{
    struct stat st;
    return fstat(o->fd, &st) == 0 && st.st_size == o->st.st_size &&
           st.st_mtim.tv_sec == o->st.st_mtim.tv_sec &&
           st.st_mtim.tv_nsec == o->st.st_mtim.tv_nsec &&
           st.st_ctim.tv_sec == o->st.st_ctim.tv_sec && st.st_ctim.tv_nsec == o->st.st_ctim.tv_nsec;
}

static int open_offer(const struct served_file *f, struct offer *o, struct err *err)
{
    struct digest digest;
    uint64_t size = 0;

    o->fd = open(f->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (o->fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, errno, "open %s", f->path);
    if (fstat(o->fd, &o->st) < 0)
        return err_set(err, ERR_IO, errno, "stat %s", f->path);
    if (!S_ISREG(o->st.st_mode))
        return err_set(err, ERR_IO, 0, "%s is not a regular file", f->path);
    if ((uint64_t)o->st.st_size != f->size)
        return err_set(err, ERR_CRYPTO, 0, "%s has %lld bytes; %llu were signed", f->path,
                       (long long)o->st.st_size, (unsigned long long)f->size);
    if (digest_fd(o->fd, f->size, &digest, &size, err) < 0)
        return err_wrap(err, "%s", f->path);
    if (size != f->size || !digest_eq(&digest, &f->digest) || !is_unchanged(o))
        return err_set(err, ERR_CRYPTO, 0, "%s contains other bytes than were signed", f->path);
    o->size = size;
    digest_hex(o->hex, &digest);
    return 0;
}

static struct offer *find_offer(const struct file_server *s, const char *path)
{
    for (size_t i = 0; path[0] == '/' && i < s->n_offers; i++)
        if (str_eq(s->offers[i].hex, path + 1))
            return &s->offers[i];
    return NULL;
}

/* ---- one request ---- */

struct sending {
    struct file_server *server;
    const struct offer *offer;
    uint64_t first;
};

static ssize_t read_file_block(void *ctx, uint64_t at, char *dst, size_t max)
{
    struct sending *g = ctx;
    ssize_t n;

    if (!is_unchanged(g->offer))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    do
        n = pread(g->offer->fd, dst, max, (off_t)(g->first + at));
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (g->server->limits.rate > 0)
        g->server->left -= n;
    atomic_fetch_add(&g->server->bytes, (uint_fast64_t)n);
    return n;
}

static enum MHD_Result answer_text(struct file_server *s, struct MHD_Connection *c, unsigned status,
                                   const char *name, const char *value)
{
    static const char text[] = "There is nothing here.\n";
    struct MHD_Response *r = MHD_create_response_from_buffer(
        sizeof(text) - 1, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rv = MHD_NO;

    if (r == NULL)
        return MHD_NO;
    if (MHD_add_response_header(r, "Connection", "close") == MHD_YES &&
        (name == NULL || MHD_add_response_header(r, name, value) == MHD_YES))
        rv = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    atomic_fetch_add(&s->refused, 1);
    return rv;
}

/* With If-Range, the range counts only if the client means this very body. */
static struct http_range read_requested_range(struct MHD_Connection *c, const struct offer *o,
                                              const char *etag)
{
    const char *range = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Range");
    const char *only_if = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-Range");

    return http_range_of(only_if == NULL || str_eq(only_if, etag) ? range : NULL, o->size);
}

static bool add_file_headers(struct MHD_Response *r, const char *etag, const char *range)
{
    return MHD_add_response_header(r, "Connection", "close") == MHD_YES &&
           MHD_add_response_header(r, "Content-Type", "application/octet-stream") == MHD_YES &&
           MHD_add_response_header(r, "Accept-Ranges", "bytes") == MHD_YES &&
           MHD_add_response_header(r, "ETag", etag) == MHD_YES &&
           (range == NULL || MHD_add_response_header(r, "Content-Range", range) == MHD_YES);
}

static enum MHD_Result answer_file(struct file_server *s, struct MHD_Connection *c,
                                   const struct offer *o)
{
    char etag[ETAG_LEN], range[RANGE_LEN];
    struct sending *g;

    snprintf(etag, sizeof(etag), "\"%s\"", o->hex);
    struct http_range want = read_requested_range(c, o, etag);
    bool part = want.kind == HTTP_RANGE_PART;
    snprintf(range, sizeof(range), "bytes */%llu", (unsigned long long)o->size);
    if (want.kind == HTTP_RANGE_OUTSIDE)
        return answer_text(s, c, MHD_HTTP_RANGE_NOT_SATISFIABLE, "Content-Range", range);
    if (part)
        snprintf(range, sizeof(range), "bytes %llu-%llu/%llu", (unsigned long long)want.first,
                 (unsigned long long)want.last, (unsigned long long)o->size);
    g = xalloc(sizeof(*g));
    *g = (struct sending){.server = s, .offer = o, .first = want.first};
    struct MHD_Response *r = MHD_create_response_from_callback(
        o->size > 0 ? want.last - want.first + 1 : 0, BLOCK, read_file_block, g, free);
    if (r == NULL) {
        free(g);
        return MHD_NO;
    }
    enum MHD_Result rv = MHD_NO;
    if (add_file_headers(r, etag, part ? range : NULL))
        rv = MHD_queue_response(c, part ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    atomic_fetch_add(&s->answered, 1);
    return rv;
}

static struct peer *find_connection_peer(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return i != NULL ? i->socket_context : NULL;
}

/* Looks at the URI exactly as it was sent, before libmicrohttpd unescapes or cuts it. */
static void *on_uri(void *ctx, const char *uri, struct MHD_Connection *c)
{
    (void)c;
    return find_offer(ctx, uri);
}

static uint64_t read_bytes_acked(int fd);

static enum MHD_Result on_file_request(void *ctx, struct MHD_Connection *c, const char *path,
                                       const char *method, const char *version, const char *upload,
                                       size_t *upload_size, void **offer)
{
    struct file_server *s = ctx;
    struct peer *p = find_connection_peer(c);
    const struct offer *o = *offer;
    (void)path;
    (void)version;
    (void)upload;
    (void)upload_size;
    if (p != NULL) {
        p->sending = true;
        p->since = s->now;
        p->acked = read_bytes_acked(p->fd);
    }
    if (!str_eq(method, MHD_HTTP_METHOD_GET) && !str_eq(method, MHD_HTTP_METHOD_HEAD))
        return answer_text(s, c, MHD_HTTP_METHOD_NOT_ALLOWED, "Allow", "GET, HEAD");
    if (o == NULL || !is_unchanged(o))
        return answer_text(s, c, MHD_HTTP_NOT_FOUND, NULL, NULL);
    return answer_file(s, c, o);
}

/* ---- connections, and the search for slow ones ---- */

static bool read_peer_address(const struct sockaddr *sa, struct address *ret)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    unsigned char bytes[4];

    if (sa->sa_family == AF_INET) {
        memcpy(&four, sa, sizeof(four));
        memcpy(bytes, &four.sin_addr, sizeof(bytes));
        *ret = address_v4(bytes);
    } else if (sa->sa_family == AF_INET6) {
        memcpy(&six, sa, sizeof(six));
        memcpy(ret->bytes, &six.sin6_addr, sizeof(ret->bytes));
    }
    return sa->sa_family == AF_INET || sa->sa_family == AF_INET6;
}

static enum MHD_Result on_http_accept(void *ctx, const struct sockaddr *sa, socklen_t n)
{
    struct file_server *s = ctx;
    struct address from;
    (void)n;

    if (read_peer_address(sa, &from) && address_list_holds(&s->limits.allow, &from))
        return MHD_YES;
    atomic_fetch_add(&s->shut_out, 1);
    return MHD_NO;
}

static uint64_t read_bytes_acked(int fd)
{
    struct tcp_info info;
    socklen_t n = sizeof(info);

    memset(&info, 0, sizeof(info));
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 ? info.tcpi_bytes_acked : 0;
}

static void add_connected_peer(struct file_server *s, struct MHD_Connection *c, void **context)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct peer *p = xzalloc(1, sizeof(*p));

    p->fd = i != NULL ? i->connect_fd : -1;
    p->since = s->now;
    p->next = s->peers;
    p->link = &s->peers;
    if (p->next != NULL)
        p->next->link = &p->next;
    s->peers = p;
    *context = p;
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct peer *p = *context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        add_connected_peer(ctx, c, context);
    } else if (p != NULL) {
        *p->link = p->next;
        if (p->next != NULL)
            p->next->link = p->link;
        free(p);
        *context = NULL;
    }
}

/* How many bytes a reader must take in window_ms. If the rate makes all readers slow, half of a
 * fair share is enough. */
static uint64_t compute_least_bytes(const struct file_server *s)
{
    uint64_t sending = 0, floor = s->limits.floor;

    for (const struct peer *p = s->peers; p != NULL; p = p->next)
        sending += p->sending;
    if (s->limits.rate > 0 && sending > 0)
        floor = MIN_OF(floor, s->limits.rate / (2 * sending));
    return floor * (uint64_t)s->limits.window_ms / 1000;
}

/* Shuts the socket down; libmicrohttpd notices that and closes the connection. Linger 0: close does
 * not wait for the other end. */
static void cut_off_peer(struct file_server *s, struct peer *p)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    (void)!setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    shutdown(p->fd, SHUT_RDWR);
    p->cut = true;
    atomic_fetch_add(&s->cut, 1);
}

static void look_at_peer(struct file_server *s, struct peer *p, uint64_t least)
{
    if (p->cut || s->now - p->since < (p->sending ? s->limits.window_ms : s->limits.request_ms))
        return;
    uint64_t acked = read_bytes_acked(p->fd);
    if (!p->sending || acked - p->acked < least) {
        cut_off_peer(s, p);
        return;
    }
    p->acked = acked;
    p->since = s->now;
}

static void look_at_peers(struct file_server *s)
{
    if (s->now - s->looked < TICK_MS)
        return;
    s->looked = s->now;
    uint64_t least = compute_least_bytes(s);
    for (struct peer *p = s->peers; p != NULL; p = p->next)
        look_at_peer(s, p, least);
}

/* ---- the thread ---- */

static void refill_rate(struct file_server *s)
{
    int64_t most = (int64_t)(s->limits.rate / 1000 * BURST_MS) + BLOCK;
    int64_t more = (int64_t)s->limits.rate * MIN_OF(s->now - s->filled, (int64_t)60000) / 1000;

    s->left = MIN_OF(s->left + more, most);
    s->filled = s->now;
}

/* How many milliseconds to wait; -1: no limit. While the rate is used up, only time can end the
 * wait. */
static int64_t compute_wait_ms(const struct file_server *s)
{
    MHD_UNSIGNED_LONG_LONG timeout = 0;

    if (s->left <= 0)
        return MIN_OF(1 - s->left * 1000 / (int64_t)s->limits.rate, (int64_t)TICK_MS);
    if (MHD_get_timeout(s->daemon, &timeout) == MHD_YES && timeout < TICK_MS)
        return (int64_t)timeout;
    return s->busy ? TICK_MS : -1;
}

static void *serve_files(void *ctx)
{
    struct file_server *s = ctx;

    for (;;) {
        struct pollfd fds[] = {{.fd = s->stop_fd, .events = POLLIN},
                               {.fd = s->left > 0 ? s->poll_fd : -1, .events = POLLIN}};
        if (poll(fds, ARRAY_LEN(fds), (int)compute_wait_ms(s)) < 0 && errno != EINTR)
            break;
        if (fds[0].revents != 0)
            break;
        s->now = clock_mono(s->clock);
        refill_rate(s);
        /* Stay busy for one more round after the last connection has closed: a full libmicrohttpd
         * accepts no new connection before MHD_run was called again. */
        s->busy = s->peers != NULL;
        if (s->left > 0 && MHD_run(s->daemon) != MHD_YES)
            break;
        s->busy |= s->peers != NULL;
        look_at_peers(s);
    }
    return NULL;
}

/* ---- start and stop ---- */

static int split_listen_address(const char *at, char host[static FILE_SERVER_ADDRESS],
                                const char **ret_port)
{
    const char *colon = strrchr(at, ':');
    size_t six = at[0] == '[', n = colon != NULL ? (size_t)(colon - at) : 0;

    if (n <= 2 * six || n >= FILE_SERVER_ADDRESS || (six && at[n - 1] != ']'))
        return -1;
    memcpy(host, at + six, n - 2 * six);
    host[n - 2 * six] = '\0';
    *ret_port = colon + 1;
    return six == (strchr(host, ':') != NULL) ? 0 : -1;
}

static int bind_fd(int fd, const struct addrinfo *a)
{
    const int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -1;
    if (a->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
        return -1;
    return bind(fd, a->ai_addr, a->ai_addrlen) < 0 ? -1 : listen(fd, BACKLOG);
}

static int listen_at_numbers(const char *at, int *ret_fd, int *ret_family, struct err *err)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    char host[FILE_SERVER_ADDRESS];
    const char *port = NULL;
    struct addrinfo *a = NULL;
    uint64_t number = 0;

    if (split_listen_address(at, host, &port) < 0 || str_to_u64(port, UINT16_MAX, &number) < 0 ||
        getaddrinfo(host, port, &hints, &a) != 0)
        return err_set(err, ERR_USAGE, 0, "%s is not ADDRESS:PORT in numbers", at);
    autoclose int fd =
        socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    *ret_family = a->ai_family;
    int rc = fd < 0 ? -1 : bind_fd(fd, a);
    int sys = errno;
    freeaddrinfo(a);
    if (rc < 0)
        return err_set(err, sys == EADDRINUSE ? ERR_BUSY : ERR_CONFIG, sys, "listen at %s", at);
    *ret_fd = take_fd(&fd);
    return 0;
}

static int name_bound_address(struct file_server *s, int fd, struct err *err)
{
    struct sockaddr_storage sa;
    socklen_t n = sizeof(sa);
    char host[48], port[8];

    if (getsockname(fd, (struct sockaddr *)&sa, &n) < 0 ||
        getnameinfo((struct sockaddr *)&sa, n, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return err_set(err, ERR_IO, errno, "find the address of the listening socket");
    bool six = sa.ss_family == AF_INET6;
    snprintf(s->address, sizeof(s->address), "%s%s%s:%s", six ? "[" : "", host, six ? "]" : "",
             port);
    return 0;
}

/* Takes ownership of the socket. */
static int start_daemon(struct file_server *s, int fd, int family, struct err *err)
{
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | (family == AF_INET6 ? MHD_USE_IPv6 : 0), 0, on_http_accept, s,
        on_file_request, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        s->limits.connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT, s->limits.per_address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX, MHD_OPTION_URI_LOG_CALLBACK, on_uri,
        s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
    if (s->daemon == NULL) {
        close(fd);
        return err_set(err, ERR_IO, 0, "start the file server");
    }
    s->poll_fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return 0;
}

static int start_thread(struct file_server *s, struct err *err)
{
    sigset_t all, was;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    int rc = pthread_create(&s->thread, NULL, serve_files, s);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    s->runs = rc == 0;
    return s->runs ? 0 : err_set(err, ERR_IO, rc, "start a thread");
}

/* Makes a descriptor of our own for the socket of the caller. The descriptor must not block in
 * accept: the client that was waiting may have closed its connection. */
static int adopt_socket(int fd, int *ret_fd, int *ret_family, struct err *err)
{
    struct sockaddr_storage sa;
    socklen_t n = sizeof(sa), n_listens = sizeof(int);
    int listens = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n_listens) < 0 || listens == 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &n) < 0 ||
        (sa.ss_family != AF_INET && sa.ss_family != AF_INET6))
        return err_set(err, ERR_USAGE, 0, "descriptor %d is not a listening TCP socket", fd);
    *ret_family = sa.ss_family;
    *ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (*ret_fd < 0 || fcntl(*ret_fd, F_SETFL, O_NONBLOCK) < 0)
        return err_set(err, ERR_IO, errno, "take over the listening socket");
    return 0;
}

/* at NULL: use the socket `from`. */
static int start_server(struct file_server *s, const char *at, int from,
                        const struct served_file *files, struct err *err)
{
    int family = AF_UNSPEC;
    autoclose int fd = -1;

    s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->stop_fd < 0)
        return err_set(err, ERR_IO, errno, "eventfd");
    if ((at == NULL ? adopt_socket(from, &fd, &family, err)
                    : listen_at_numbers(at, &fd, &family, err)) < 0 ||
        name_bound_address(s, fd, err) < 0)
        return -1;
    for (size_t i = 0; i < s->n_offers; i++)
        if (open_offer(&files[i], &s->offers[i], err) < 0)
            return -1;
    if (start_daemon(s, take_fd(&fd), family, err) < 0)
        return -1;
    s->now = s->filled = clock_mono(s->clock);
    s->left = BLOCK;
    return start_thread(s, err);
}

static int make_server(const char *at, int from, const struct served_file *files, size_t n,
                       const struct file_server_limits *limits, struct file_server **ret,
                       struct err *err)
{
    struct file_server *s = xzalloc(1, sizeof(*s));

    s->limits = *limits;
    s->clock = clock_system();
    s->stop_fd = -1;
    s->offers = xzalloc(n + 1, sizeof(*s->offers));
    s->n_offers = n;
    for (size_t i = 0; i < n; i++)
        s->offers[i].fd = -1;
    if (start_server(s, at, from, files, err) < 0) {
        file_server_stop(s);
        return -1;
    }
    *ret = s;
    return 0;
}

int file_server_start(const char *listen, const struct served_file *files, size_t n,
                      const struct file_server_limits *limits, struct file_server **ret,
                      struct err *err)
{
    return make_server(listen, -1, files, n, limits, ret, err);
}

int file_server_start_at(int fd, const struct served_file *files, size_t n,
                         const struct file_server_limits *limits, struct file_server **ret,
                         struct err *err)
{
    return make_server(NULL, fd, files, n, limits, ret, err);
}

void file_server_stop(struct file_server *s)
{
    const uint64_t one = 1;

    if (s == NULL)
        return;
    if (s->runs && write(s->stop_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
        pthread_join(s->thread, NULL);
    if (s->daemon != NULL)
        MHD_stop_daemon(s->daemon);
    for (size_t i = 0; i < s->n_offers; i++)
        if (s->offers[i].fd >= 0)
            close(s->offers[i].fd);
    if (s->stop_fd >= 0)
        close(s->stop_fd);
    free(s->offers);
    free(s);
}

const char *file_server_address(const struct file_server *s)
{
    return s->address;
}

struct file_server_counts file_server_counts(const struct file_server *s)
{
    return (struct file_server_counts){.answered = atomic_load(&s->answered),
                                       .refused = atomic_load(&s->refused),
                                       .shut_out = atomic_load(&s->shut_out),
                                       .cut = atomic_load(&s->cut),
                                       .bytes = atomic_load(&s->bytes)};
}
