#include "fetch_call.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "crypto.h"
#include "spawn.h"
#include "str.h"

#define PIECE_WAIT_MS 100
#define SLACK_MS      1000 /* so that caravan-fetch can start, and reports its own deadline first */

/* During a get, caravan-fetch may send NEWS_MAX lines at once, and one more every NEWS_EVERY_MS. (A
 * real one reports its progress four times a second.) A part of a line counts like a line, because
 * it wakes this process too. */
#define NEWS_MAX      200
#define NEWS_EVERY_MS 50

struct fetch_call {
    int fd;
    pid_t pid; /* 0: a socket service */
    struct buf in;
    size_t used; /* bytes of `in` that are already taken */
    struct fetch_news news;
    int64_t begun_ms;  /* when the get began */
    uint64_t said;     /* lines, or parts of lines, since then */
    uint64_t expected; /* size of the member that is unpacked */
    bool bytes;        /* the line before the member's bytes has been read */
};

static int connect_fetch_service(const char *path, int *ret_fd, struct err *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if (str_copy(a.sun_path, sizeof(a.sun_path), path) < 0)
        return err_set(err, ERR_CONFIG, 0, "[fetch] fetch_socket: the path %s is too long", path);
    autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
        return err_set(err, ERR_NETWORK, errno, "connect to caravan-fetch at %s", path);
    *ret_fd = take_fd(&fd);
    return 0;
}

static int start_fetch_child(const struct fetch_who *who, enum fetch_purpose purpose, int *ret_fd,
                             pid_t *ret_pid, struct err *err)
{
    const uid_t uids[FETCH_PURPOSES] = {who->uid, who->ask_uid, who->try_uid, who->verify_uid};
    const gid_t gids[FETCH_PURPOSES] = {who->gid, who->ask_gid, who->try_gid, who->verify_gid};
    const char *argv[] = {who->conf->fetch_program, "--config", who->config, NULL};
    int pair[2];
    int rc;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return err_set(err, ERR_IO, errno, "make a socket pair");
    struct spawn s = {.argv = argv,
                      .pass_fd = -1,
                      .talk_fd = pair[1],
                      .drop = who->drop,
                      .uid = uids[purpose],
                      .gid = gids[purpose]};
    rc = spawn_start(&s, ret_pid, err);
    close(pair[1]);
    if (rc < 0) {
        close(pair[0]);
        return -1;
    }
    *ret_fd = pair[0];
    return 0;
}

void fetch_call_end(struct fetch_call *c)
{
    if (c == NULL)
        return;
    close(c->fd);
    if (c->pid > 0) {
        kill(-c->pid, SIGKILL);
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    buf_free(&c->in);
    free(c);
}

int fetch_call_fd(const struct fetch_call *c)
{
    return c != NULL ? c->fd : -1;
}

/* ---- bytes ---- */

static int send_fetch_lines(struct fetch_call *c, const struct buf *text, struct err *err)
{
    size_t at = 0;

    while (at < text->len) {
        ssize_t n = send(c->fd, text->data + at, text->len - at, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return err_set(err, ERR_STATE, errno, "send to caravan-fetch");
        at += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Reads the bytes that are there. 1: bytes came; 0: no bytes came until the deadline. */
static int receive_from_fetch(struct fetch_call *c, int64_t until, struct err *err)
{
    unsigned char chunk[16 * 1024];
    struct pollfd p = {c->fd, POLLIN, 0};
    int64_t left = until - clock_mono(clock_system());
    ssize_t n;

    if (poll(&p, 1, left > 0 ? (int)MIN_OF(left, (int64_t)60000) : 0) <= 0)
        return 0;
    n = recv(c->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return err_set(err, ERR_STATE, n < 0 ? errno : 0, "caravan-fetch closed the connection");
    if (c->used > 0) {
        memmove(c->in.data, c->in.data + c->used, c->in.len - c->used);
        c->in.len -= c->used;
        c->used = 0;
    }
    if (buf_add(&c->in, chunk, (size_t)n) < 0)
        return err_set(err, ERR_STATE, 0, "caravan-fetch sent more than was asked for");
    return 1;
}

/* 1: `line` contains a line, without its line end. 0: no whole line has arrived yet. */
static int take_fetch_line(struct fetch_call *c, char line[static FETCH_LINE_MAX], struct err *err)
{
    size_t left = c->in.len - c->used;
    const unsigned char *p = left > 0 ? c->in.data + c->used : NULL;
    const unsigned char *nl = p != NULL ? memchr(p, '\n', left) : NULL;
    size_t n = nl != NULL ? (size_t)(nl - p) : left;

    if (n >= FETCH_LINE_MAX || (n > 0 && memchr(p, '\0', n) != NULL))
        return err_set(err, ERR_STATE, 0, "caravan-fetch sent a line that is too long, or a NUL");
    if (nl == NULL)
        return 0;
    memcpy(line, p, n);
    line[n] = '\0';
    c->used += n + 1;
    return 1;
}

static int wait_for_fetch_line(struct fetch_call *c, int64_t until,
                               char line[static FETCH_LINE_MAX], struct err *err)
{
    int rc;

    while ((rc = take_fetch_line(c, line, err)) == 0) {
        if (clock_mono(clock_system()) >= until)
            return err_set(err, ERR_STATE, 0, "caravan-fetch did not answer in time");
        if (receive_from_fetch(c, until, err) < 0)
            return -1;
    }
    return rc < 0 ? -1 : 0;
}

static int take_fetch_bytes(struct fetch_call *c, size_t n, int64_t until, struct buf *ret,
                            struct err *err)
{
    while (c->in.len - c->used < n) {
        if (clock_mono(clock_system()) >= until)
            return err_set(err, ERR_STATE, 0, "caravan-fetch did not answer in time");
        if (receive_from_fetch(c, until, err) < 0)
            return -1;
    }
    if (buf_add(ret, c->in.data + c->used, n) < 0)
        return err_set(err, ERR_LIMIT, 0, "the answer has %zu bytes, which is too much", n);
    c->used += n;
    return 0;
}

/* ---- begin ---- */

/* Names the configuration file to a socket service. A child gets it on its command line. */
static int send_conf_path(struct fetch_call *c, const char *config, struct err *err)
{
    auto_buf struct buf line = BUF_INIT;

    buf_printf(&line, "conf %s\n", config);
    return send_fetch_lines(c, &line, err);
}

int fetch_call_begin(const struct fetch_who *who, enum fetch_purpose purpose,
                     struct fetch_call **ret, struct err *err)
{
    struct fetch_call c = {.fd = -1};
    char socket_path[160];
    int rc;

    agent_conf_socket(who->conf, purpose, socket_path);
    bool by_socket = socket_path[0] != '\0';
    rc = by_socket ? connect_fetch_service(socket_path, &c.fd, err)
                   : start_fetch_child(who, purpose, &c.fd, &c.pid, err);

    if (rc < 0)
        return -1;
    c.in.limit = FETCH_ANSWER_MAX + 2 * FETCH_LINE_MAX;
    /* A process behind the wall does not need the configuration, so it does not get its path. */
    if (by_socket && purpose != FETCH_TRIES && purpose != FETCH_VERIFIES &&
        send_conf_path(&c, who->config, err) < 0) {
        close(c.fd);
        return -1;
    }
    *ret = xzalloc(1, sizeof(c));
    **ret = c;
    return 0;
}

/* ---- get ---- */

int fetch_call_get(struct fetch_call *c, const struct fetch_get *job, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;

    fetch_get_text(job, &text);
    c->begun_ms = clock_mono(clock_system());
    c->said = 0;
    return send_fetch_lines(c, &text, err);
}

static enum failure failure_of(const char *name)
{
    for (int f = FAILURE_NONE + 1; f < FAILURE_COUNT; f++) {
        if (str_eq(failure_name((enum failure)f), name))
            return (enum failure)f;
    }
    return FAILURE_IO;
}

static int read_two_numbers(char *text, uint64_t *a, uint64_t *b)
{
    char *second = strchr(text, ' ');

    if (second == NULL)
        return -1;
    *second++ = '\0';
    return str_to_u64(text, UINT64_MAX, a) < 0 || str_to_u64(second, UINT64_MAX, b) < 0 ? -1 : 0;
}

int fetch_news_parse(const char *line, struct fetch_news *ret, struct err *err)
{
    struct fetch_news n = {.state = FETCH_WORKING, .done = ret->done, .total = ret->total};
    char copy[FETCH_LINE_MAX];
    char *rest;

    str_cut(copy, sizeof(copy), line);
    rest = strchr(copy, ' ');
    if (rest == NULL)
        return err_set(err, ERR_FORMAT, 0, "caravan-fetch answered \"%.60s\"", line);
    *rest++ = '\0';
    if (str_eq(copy, "progress") && read_two_numbers(rest, &n.done, &n.total) == 0) {
        *ret = n;
        return 0;
    }
    if (str_eq(copy, "done") && str_copy(n.path, sizeof(n.path), rest) == 0) {
        n.state = FETCH_DONE;
        *ret = n;
        return 0;
    }
    if (!str_eq(copy, "failed"))
        return err_set(err, ERR_FORMAT, 0, "caravan-fetch answered \"%.60s\"", line);
    n.state = FETCH_FAILED;
    str_cut(n.text, sizeof(n.text), strchr(rest, ' ') != NULL ? strchr(rest, ' ') + 1 : "");
    rest[strcspn(rest, " ")] = '\0';
    n.failure = failure_of(rest);
    *ret = n;
    return 0;
}

/* Limits the lines: each line makes caravan-swap write the view again, and each byte wakes it. */
static int limit_news(struct fetch_call *c, struct err *err)
{
    int64_t since = clock_mono(clock_system()) - c->begun_ms;

    if (++c->said > NEWS_MAX + (uint64_t)MAX_OF(since, (int64_t)0) / NEWS_EVERY_MS)
        return err_set(err, ERR_STATE, 0, "caravan-fetch sends too many lines");
    return 0;
}

int fetch_call_poll(struct fetch_call *c, struct fetch_news *ret, struct err *err)
{
    char line[FETCH_LINE_MAX];
    int rc = 1;

    while (c->news.state == FETCH_WORKING && rc > 0) {
        rc = take_fetch_line(c, line, err);
        if (rc > 0 && fetch_news_parse(line, &c->news, err) < 0)
            return -1;
        if (rc == 0)
            rc = receive_from_fetch(c, 0, err);
        if (rc < 0 || (rc > 0 && limit_news(c, err) < 0))
            return -1;
    }
    *ret = c->news;
    return 0;
}

/* ---- questions ---- */

static int ask_fetch_line(struct fetch_call *c, const struct buf *ask_for_body, int64_t until,
                          char line[static FETCH_LINE_MAX], struct err *err)
{
    if (send_fetch_lines(c, ask_for_body, err) < 0)
        return -1;
    return wait_for_fetch_line(c, until, line, err);
}

int fetch_answer_parse(char *line, int *ret_status, size_t *ret_len, struct err *err)
{
    static const char none[] = "none ", answer[] = "answer ";
    uint64_t status = 0, len = 0;

    if (str_starts(line, none))
        return err_set(err, ERR_NETWORK, 0, "%.200s", line + strlen(none));
    if (!str_starts(line, answer) || read_two_numbers(line + strlen(answer), &status, &len) < 0 ||
        status > 999 || len > FETCH_ANSWER_MAX)
        return err_set(err, ERR_STATE, 0, "caravan-fetch answered \"%.60s\"", line);
    *ret_status = (int)status;
    *ret_len = (size_t)len;
    return 0;
}

static int ask_for_body(struct fetch_call *c, const struct buf *q, int64_t deadline_ms,
                        int *ret_status, struct buf *ret_body, struct err *err)
{
    int64_t until = clock_mono(clock_system()) + deadline_ms + SLACK_MS;
    char line[FETCH_LINE_MAX];
    int status = 0;
    size_t len = 0;

    if (ask_fetch_line(c, q, until, line, err) < 0)
        return -1;
    if (fetch_answer_parse(line, &status, &len, err) < 0)
        return -1;
    if (take_fetch_bytes(c, len, until, ret_body, err) < 0)
        return -1;
    *ret_status = status;
    return 0;
}

int fetch_call_ask(struct fetch_call *c, const char *path, int64_t deadline_ms, int *ret_status,
                   struct buf *ret_body, struct err *err)
{
    auto_buf struct buf q = BUF_INIT;

    (void)buf_printf(&q, "ask %lld %s\n", (long long)deadline_ms, path);
    return ask_for_body(c, &q, deadline_ms, ret_status, ret_body, err);
}

int fetch_call_ask_as(struct fetch_call *c, const char *token, const char *path,
                      int64_t deadline_ms, int *ret_status, struct buf *ret_body, struct err *err)
{
    auto_buf struct buf q = {.limit = FETCH_LINE_MAX};
    int rc;

    if (!fetch_token_fits(token))
        return err_set(err, ERR_FORMAT, 0, "that is no token");
    (void)buf_printf(&q, "ask-as %lld %s\n%s\n", (long long)deadline_ms, path, token);
    rc = ask_for_body(c, &q, deadline_ms, ret_status, ret_body, err);
    crypto_wipe(q.data, q.len);
    return rc;
}

int fetch_heartbeat_parse(char *line, struct heartbeat *ret, struct err *err)
{
    static const char none[] = "none ", heard[] = "heartbeat ";
    uint64_t age = 0, ttl = 0;

    if (str_starts(line, none))
        return err_set(err, ERR_NETWORK, 0, "%.200s", line + strlen(none));
    if (!str_starts(line, heard) || read_two_numbers(line + strlen(heard), &age, &ttl) < 0 ||
        age > HEARTBEAT_MOST_MS || ttl > HEARTBEAT_MOST_MS || ttl == 0)
        return err_set(err, ERR_STATE, 0, "caravan-fetch answered \"%.60s\"", line);
    *ret = (struct heartbeat){.age_ms = (int64_t)age, .ttl_ms = (int64_t)ttl};
    return 0;
}

int fetch_call_heartbeat(struct fetch_call *c, const char *token, int64_t deadline_ms,
                         struct heartbeat *ret, struct err *err)
{
    auto_buf struct buf q = {.limit = FETCH_LINE_MAX};
    int64_t until = clock_mono(clock_system()) + deadline_ms + SLACK_MS;
    char line[FETCH_LINE_MAX];
    int rc;

    if (!fetch_token_fits(token))
        return err_set(err, ERR_FORMAT, 0, "that is no token");
    (void)buf_printf(&q, "heartbeat %lld\n%s\n", (long long)deadline_ms, token);
    rc = ask_fetch_line(c, &q, until, line, err);
    crypto_wipe(q.data, q.len);
    return rc < 0 ? -1 : fetch_heartbeat_parse(line, ret, err);
}

int fetch_address_split(const char *address, char host[static 128], char port[static 8])
{
    const char *colon = strrchr(address, ':');
    uint64_t number = 0;
    size_t n;

    if (colon == NULL || str_copy(port, 8, colon + 1) < 0 || str_to_u64(port, 65535, &number) < 0 ||
        number == 0)
        return -1;
    if (address[0] == '[' && colon[-1] == ']')
        address++;
    n = (size_t)(colon - address);
    if (n == 0 || n >= 128)
        return -1;
    memcpy(host, address, n);
    host[n] = '\0';
    host[strcspn(host, "] \t\r\n")] = '\0';
    return host[0] != '\0' ? 0 : -1;
}

static int add_knock_address(struct buf *ask_for_body, const char *address, struct err *err)
{
    char host[128], port[8];

    if (fetch_address_split(address, host, port) < 0)
        return err_set(err, ERR_FORMAT, 0, "\"%.60s\" is not an address with a port", address);
    (void)buf_printf(ask_for_body, " %s %s", host, port);
    return 0;
}

int fetch_call_check_peers(struct fetch_call *c, const char (*addresses)[FETCH_PEER_MAX],
                           uint32_t n, int64_t deadline_ms, enum peer_check *ret, struct err *err)
{
    auto_buf struct buf q = {.limit = FETCH_LINE_MAX};
    int64_t until = clock_mono(clock_system()) + deadline_ms + SLACK_MS;
    char line[FETCH_LINE_MAX];

    (void)buf_printf(&q, "knock %lld", (long long)deadline_ms);
    for (uint32_t i = 0; i < n; i++)
        if (add_knock_address(&q, addresses[i], err) < 0)
            return -1;
    if (n == 0 || n > FETCH_PEERS_MAX || buf_add_byte(&q, '\n') < 0)
        return err_set(err, ERR_LIMIT, 0, "cannot ask %u servers at once (1 to %d)", n,
                       FETCH_PEERS_MAX);
    if (ask_fetch_line(c, &q, until, line, err) < 0)
        return -1;
    return fetch_peers_parse(line, n, ret, err);
}

int fetch_call_metadata(struct fetch_call *c, int64_t deadline_ms, enum peer_check *ret,
                        struct err *err)
{
    auto_buf struct buf q = BUF_INIT;
    int64_t until = clock_mono(clock_system()) + deadline_ms + SLACK_MS;
    char line[FETCH_LINE_MAX];

    (void)buf_printf(&q, "metadata %lld\n", (long long)deadline_ms);
    if (ask_fetch_line(c, &q, until, line, err) < 0)
        return -1;
    return fetch_peers_parse(line, 1, ret, err);
}

/* ---- trials ---- */

static int send_open_files(struct fetch_call *c, const struct buf *line, const int *files, size_t n,
                           struct err *err)
{
    union {
        struct cmsghdr align;
        unsigned char bytes[CMSG_SPACE(sizeof(int) * (1 + FETCH_FILES_MAX))];
    } control = {.bytes = {0}};
    struct iovec io = {line->data, line->len};
    struct msghdr m = {.msg_iov = &io,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = CMSG_SPACE(sizeof(int) * n)};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);

    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int) * n);
    memcpy(CMSG_DATA(h), files, sizeof(int) * n);
    if (sendmsg(c->fd, &m, MSG_NOSIGNAL) != (ssize_t)line->len)
        return err_set(err, ERR_STATE, errno, "pass files to caravan-fetch");
    return 0;
}

static int read_trial_result(struct fetch_call *c, char *numbers, int64_t until,
                             struct fetch_ran *ret, struct err *err)
{
    uint64_t status = 0, number = 0, len = 0;
    char *second = strchr(numbers, ' ');

    if (second == NULL)
        return -1;
    *second++ = '\0';
    if (str_to_u64(numbers, 255, &status) < 0 || read_two_numbers(second, &number, &len) < 0 ||
        number > 64 || len > FETCH_SAID_MAX)
        return -1;
    *ret = (struct fetch_ran){
        .exit_code = number != 0 ? -1 : (int)status, .signal = (int)number, .said = BUF_INIT};
    return take_fetch_bytes(c, len, until, &ret->said, err);
}

static int set_trial_error(const char *answer, struct err *err)
{
    static const struct {
        const char *word;
        enum err_kind kind;
    } words[] = {{"none ", ERR_STATE}, {"late ", ERR_TIMEOUT}, {"broken ", ERR_REFUSED}};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_starts(answer, words[i].word))
            return err_set(err, words[i].kind, 0, "%.200s", answer + strlen(words[i].word));
    return err_set(err, ERR_STATE, 0, "caravan-fetch did not report the result of the trial");
}

static int run_trial(struct fetch_call *c, const struct buf *line, const int *files, size_t n,
                     struct fetch_ran *ret, struct err *err)
{
    int64_t until = clock_mono(clock_system()) + FETCH_TRY_MS + 5LL * SLACK_MS;
    char answer[FETCH_LINE_MAX];

    if (send_open_files(c, line, files, n, err) < 0 ||
        wait_for_fetch_line(c, until, answer, err) < 0)
        return -1;
    if (!str_starts(answer, "ran ") ||
        read_trial_result(c, answer + strlen("ran "), until, ret, err) < 0)
        return set_trial_error(answer, err);
    return 0;
}

int fetch_call_try(struct fetch_call *c, bool validate, const int *files, size_t n,
                   struct fetch_ran *ret, struct err *err)
{
    auto_buf struct buf line = BUF_INIT;

    if (n == 0 || n > 1 + FETCH_FILES_MAX)
        return err_set(err, ERR_LIMIT, 0, "Nomad's configuration has more than %d files",
                       FETCH_FILES_MAX);
    (void)buf_printf(&line, "try %d %s\n", FETCH_TRY_MS, validate ? "validate" : "version");
    return run_trial(c, &line, files, n, ret, err);
}

int fetch_call_verify(struct fetch_call *c, const int files[static 3], struct fetch_ran *ret,
                      struct err *err)
{
    auto_buf struct buf line = BUF_INIT;

    (void)buf_printf(&line, "verify %d\n", FETCH_TRY_MS);
    return run_trial(c, &line, files, 3, ret, err);
}

int fetch_call_unzip(struct fetch_call *c, int zip, uint64_t size, const struct digest *digest,
                     struct err *err)
{
    auto_buf struct buf line = BUF_INIT;
    char hex[65];

    digest_hex(hex, digest);
    c->expected = size;
    (void)buf_printf(&line, "unzip %d %llu %s\n", FETCH_UNZIP_MS, (unsigned long long)size, hex);
    return send_open_files(c, &line, &zip, 1, err);
}

/* 1: the line before the bytes has been read; 0: the line has not arrived yet. */
static int read_bytes_line(struct fetch_call *c, struct err *err)
{
    static const char bytes[] = "bytes ";
    char line[FETCH_LINE_MAX];
    uint64_t n = 0;
    int rc = take_fetch_line(c, line, err);

    if (rc == 0)
        rc = receive_from_fetch(c, clock_mono(clock_system()) + PIECE_WAIT_MS, err) < 0
                 ? -1
                 : take_fetch_line(c, line, err);
    if (rc <= 0)
        return rc;
    if (!str_starts(line, bytes))
        return set_trial_error(line, err);
    if (str_to_u64(line + strlen(bytes), UINT64_MAX, &n) < 0 || n != c->expected)
        return err_set(err, ERR_STATE, 0, "caravan-fetch answered \"%.60s\"", line);
    c->bytes = true;
    return 1;
}

int fetch_call_piece(struct fetch_call *c, void *p, size_t n, size_t *ret_n, struct err *err)
{
    int rc;

    *ret_n = 0;
    if (c == NULL)
        return err_set(err, ERR_STATE, 0, "nothing is being unpacked");
    rc = c->bytes ? 1 : read_bytes_line(c, err);
    if (rc > 0 && c->in.len == c->used &&
        receive_from_fetch(c, clock_mono(clock_system()) + PIECE_WAIT_MS, err) < 0)
        return -1;
    if (rc <= 0)
        return rc;
    *ret_n = MIN_OF(n, c->in.len - c->used);
    if (*ret_n > 0)
        memcpy(p, c->in.data + c->used, *ret_n);
    c->used += *ret_n;
    return 0;
}
