#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>
#include "nomad_api.h"
#include "fetch_session.h"
#include "file.h"
#include "binary_download.h"
#include "str.h"
#include "trial.h"
#include "unpack.h"

#define JOB_MAX (16 * 1024)

AUTO_DEFINE(http, struct http, http_free)
#define auto_http CLEANUP(cleanup_http)

/* The state of a conversation. Several lines may arrive at once. */
struct talk {
    const struct fetch_session *s;
    const struct agent_conf *conf;
    struct agent_conf named; /* the configuration that a line named */
    struct http *http;
    struct buf got;               /* bytes read */
    size_t used;                  /* bytes of `got` that are already used */
    int files[FETCH_DESCRIPTORS]; /* descriptors that came with the lines */
    size_t n_files;
};

static void close_talk_files(struct talk *t)
{
    while (t->n_files > 0)
        close(t->files[--t->n_files]);
}

/* The kernel closes descriptors that have no room in the control buffer. */
static void take_talk_files(struct talk *t, struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        const unsigned char *at = CMSG_DATA(c);
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        int fd;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n; i++) {
            memcpy(&fd, at + i * sizeof(int), sizeof(fd));
            if (t->n_files < FETCH_DESCRIPTORS)
                t->files[t->n_files++] = fd;
            else
                close(fd);
        }
    }
}

static ssize_t receive_input(struct talk *t, void *p, size_t n)
{
    union {
        struct cmsghdr align;
        unsigned char bytes[CMSG_SPACE(sizeof(int) * FETCH_DESCRIPTORS)];
    } control;
    struct iovec io = {p, n};
    struct msghdr m = {.msg_iov = &io,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    ssize_t got = recvmsg(t->s->in, &m, MSG_CMSG_CLOEXEC);

    if (got < 0 && errno == ENOTSOCK)
        return read(t->s->in, p, n);
    if (got > 0)
        take_talk_files(t, &m);
    return got;
}

static int read_more_input(struct talk *t, struct err *err)
{
    unsigned char piece[1024];
    struct pollfd p = {t->s->in, POLLIN, 0};

    int n = poll(&p, 1, FETCH_IDLE_MS);
    if (n == 0)
        return err_set(err, ERR_TIMEOUT, 0, "no question came for %d min", FETCH_IDLE_MS / 60000);
    if (n < 0 && errno != EINTR)
        return err_set(err, ERR_IO, errno, "wait for a line");
    if (n < 0)
        return 1;
    ssize_t got = receive_input(t, piece, sizeof(piece));
    if (got < 0 && errno != EINTR && errno != EAGAIN)
        return err_set(err, ERR_IO, errno, "read a line");
    if (got > 0)
        buf_add(&t->got, piece, (size_t)got);
    return got != 0;
}

/* 1: *ret is a line without its end, valid until the next call. 0: the input has ended. */
static int take_talk_line(struct talk *t, const char **ret, struct err *err)
{
    for (;;) {
        size_t left = t->got.len - t->used;
        char *at = t->got.data != NULL ? (char *)t->got.data + t->used : NULL;
        char *stop = left > 0 ? memchr(at, '\n', left) : NULL;
        if (stop != NULL) {
            *stop = '\0';
            t->used += (size_t)(stop - at) + 1;
            if (strlen(at) != (size_t)(stop - at))
                return err_set(err, ERR_FORMAT, 0, "NUL in a line");
            *ret = at;
            return 1;
        }
        if (left >= FETCH_LINE_MAX)
            return err_set(err, ERR_LIMIT, 0, "a line of more than %d bytes", FETCH_LINE_MAX - 1);
        if (t->used > 0) {
            memmove(t->got.data, at, left);
            t->got.len = left;
            t->used = 0;
        }
        int rv = read_more_input(t, err);
        if (rv <= 0)
            return rv;
    }
}

static int send_escaped_line(const struct fetch_session *s, const char *word, const char *text,
                             struct err *err)
{
    auto_buf struct buf line = BUF_INIT;
    buf_add_str(&line, word);
    str_escape(&line, text, strnlen(text, TEXT_MAX - 1));
    buf_add_byte(&line, '\n');
    return file_write_all(s->out, line.data, line.len, err);
}

/* Ignores an error: the next line, or the end of the input, shows a broken output too. */
static void report_get_progress(void *ctx, uint64_t done, uint64_t total)
{
    const struct talk *t = ctx;
    struct err ignored = ERR_INIT;
    char numbers[48];
    snprintf(numbers, sizeof(numbers), "%" PRIu64 " %" PRIu64, done, total);
    if (send_escaped_line(t->s, "progress ", numbers, &ignored) < 0)
        return;
}

/* Logs why a place was given up, for people. caravan-swap gets only the failure of the last place.
 */
static void log_given_up_place(void *ctx, enum failure why, const char *text)
{
    const struct talk *t = ctx;

    if (t->s->log != NULL)
        log_say(t->s->log, LOG_WARNING, EVENT_NONE,
                "a place was given up (%s), the next one is tried: %.300s", failure_name(why),
                text);
}

static int read_get_job(struct talk *t, struct fetch_get *ret, struct err *err)
{
    auto_buf struct buf text = {.limit = JOB_MAX};
    const char *line;
    int rv;

    while ((rv = take_talk_line(t, &line, err)) > 0 && !str_eq(line, "go"))
        if (buf_printf(&text, "%s\n", line) < 0)
            return err_set(err, ERR_LIMIT, 0, "the get job has more than %d bytes", JOB_MAX);
    if (rv < 0)
        return -1;
    if (rv == 0)
        return err_set(err, ERR_FORMAT, 0, "the get job has no line \"go\"");
    return fetch_get_parse(buf_str(&text), text.len, ret, err);
}

/* Returns 0: the session is over. */
static int run_get(struct talk *t, const char *rest, struct err *err)
{
    struct fetch_get job;
    char path[BINARY_PATH_MAX];
    char word[64];
    enum failure failure;
    struct err why = ERR_INIT;

    if (rest[0] != '\0')
        return err_set(err, ERR_FORMAT, 0, "the line \"get\" has more words");
    if (read_get_job(t, &job, err) < 0)
        return -1;
    const struct binary_download g = {
        .job = &job,
        .clock = t->s->clock,
        .allow_file = t->conf->allow_file_urls,
        .url_prefixes = t->conf->url_prefixes,
        .stop_fd = t->s->in,
        .progress = report_get_progress,
        .left = log_given_up_place,
        .ctx = t,
    };
    if (binary_download_run(&g, path, &failure, &why) == 0)
        return send_escaped_line(t->s, "done ", path, err);
    snprintf(word, sizeof(word), "failed %s ", failure_name(failure));
    return send_escaped_line(t->s, word, why.text, err);
}

int fetch_ms_parse(const char **rest, int64_t *ret, struct err *err)
{
    char number[16];
    uint64_t ms;
    const char *blank = strchr(*rest, ' ');
    size_t n = blank != NULL ? (size_t)(blank - *rest) : sizeof(number);
    if (n >= sizeof(number))
        return err_set(err, ERR_FORMAT, 0, "not a deadline and a question: %.100s", *rest);
    memcpy(number, *rest, n);
    number[n] = '\0';
    if (str_to_u64(number, UINT32_MAX, &ms) < 0 || ms == 0)
        return err_set(err, ERR_FORMAT, 0, "not a deadline in milliseconds: %s", number);
    *ret = (int64_t)ms;
    *rest = blank + 1;
    return 0;
}

/* Takes a word, up to a blank or the end of the line. */
static int take_question_word(const char **rest, char *dst, size_t size)
{
    size_t n = strcspn(*rest, " ");

    if (n == 0 || n >= size)
        return -1;
    memcpy(dst, *rest, n);
    dst[n] = '\0';
    *rest += n;
    return 0;
}

/* "MS SIZE SHA256HEX" */
int fetch_unzip_parse(const char *rest, uint64_t *ret_size, struct digest *ret_digest,
                      struct err *err)
{
    char number[24];
    const char *all = rest;
    int64_t ms = 0; /* not used: caravan-swap and the wall have deadlines of their own */

    if (fetch_ms_parse(&rest, &ms, err) < 0)
        return -1;
    if (take_question_word(&rest, number, sizeof(number)) < 0 || *rest++ != ' ' ||
        str_to_u64(number, INT64_MAX, ret_size) < 0 || *ret_size == 0 ||
        digest_from_hex(rest, ret_digest) < 0)
        return err_set(err, ERR_FORMAT, 0, "the question unzip has no size and digest: %.100s",
                       all);
    return 0;
}

int fetch_knock_parse(const char *rest, int64_t *ret_ms,
                      struct checked_peer ret[static FETCH_PEERS_MAX], uint32_t *ret_n,
                      struct err *err)
{
    const char *first;
    uint32_t n = 0;

    if (fetch_ms_parse(&rest, ret_ms, err) < 0)
        return -1;
    first = rest--;
    for (; *rest != '\0' || n == 0; n++) {
        if (n == FETCH_PEERS_MAX)
            return err_set(err, ERR_LIMIT, 0, "more than %d servers in one question",
                           FETCH_PEERS_MAX);
        rest++;
        if (take_question_word(&rest, ret[n].host, sizeof(ret[n].host)) < 0 || *rest++ != ' ' ||
            take_question_word(&rest, ret[n].port, sizeof(ret[n].port)) < 0)
            return err_set(err, ERR_FORMAT, 0, "the question knock has no address and port: %.100s",
                           first);
    }
    *ret_n = n;
    return 0;
}

/* token NULL: none. */
static int answer_api_question(struct talk *t, const char *rest, const char *token, struct err *err)
{
    auto_buf struct buf body = BUF_INIT;
    auto_buf struct buf line = BUF_INIT;
    struct err why = ERR_INIT;
    int64_t ms;
    int status;

    if (fetch_ms_parse(&rest, &ms, err) < 0)
        return -1;
    if (t->http == NULL && http_new(&t->http, err) < 0)
        return -1;
    if (nomad_api_get(t->http, t->conf, rest, token, ms, &status, &body, &why) < 0)
        return send_escaped_line(t->s, "none ", why.text, err) < 0 ? -1 : 1;
    buf_printf(&line, "answer %d %zu\n", status, body.len);
    buf_add(&line, body.data, body.len);
    return file_write_all(t->s->out, line.data, line.len, err) < 0 ? -1 : 1;
}

static int run_ask(struct talk *t, const char *rest, struct err *err)
{
    return answer_api_question(t, rest, NULL, err);
}

/* The token has a line of its own. An older caravan-fetch that does not know the question prints
 * the question's line in its error, and never reads the token. */
static int take_token_line(struct talk *t, char token[static FETCH_TOKEN_MAX], struct err *err)
{
    const char *line = NULL;
    int rv = take_talk_line(t, &line, err);

    if (rv < 0)
        return -1;
    if (rv == 0 || !fetch_token_fits(line))
        return err_set(err, ERR_FORMAT, 0, "the question has no valid token");
    str_cut(token, FETCH_TOKEN_MAX, line);
    return 0;
}

static int run_ask_as(struct talk *t, const char *rest, struct err *err)
{
    char token[FETCH_TOKEN_MAX];
    int rv;

    if (take_token_line(t, token, err) < 0)
        return -1;
    rv = answer_api_question(t, rest, token, err);
    crypto_wipe(token, sizeof(token));
    return rv;
}

static int run_heartbeat(struct talk *t, const char *rest, struct err *err)
{
    char token[FETCH_TOKEN_MAX], numbers[48];
    struct heartbeat b;
    struct err why = ERR_INIT;
    uint64_t ms;
    int rv;

    if (str_to_u64(rest, UINT32_MAX, &ms) < 0 || ms == 0)
        return err_set(err, ERR_FORMAT, 0, "not a deadline in milliseconds: %.100s", rest);
    if (take_token_line(t, token, err) < 0 || (t->http == NULL && http_new(&t->http, err) < 0))
        return -1;
    rv = nomad_api_get_heartbeat(t->http, t->conf, token, (int64_t)ms, &b, &why);
    crypto_wipe(token, sizeof(token));
    if (rv < 0)
        return send_escaped_line(t->s, "none ", why.text, err) < 0 ? -1 : 1;
    snprintf(numbers, sizeof(numbers), "%" PRId64 " %" PRId64, b.age_ms, b.ttl_ms);
    return send_escaped_line(t->s, "heartbeat ", numbers, err) < 0 ? -1 : 1;
}

static int run_knock(struct talk *t, const char *rest, struct err *err)
{
    struct checked_peer peers[FETCH_PEERS_MAX];
    enum peer_check heard[FETCH_PEERS_MAX];
    auto_buf struct buf line = BUF_INIT;
    uint32_t n;
    int64_t ms;

    if (fetch_knock_parse(rest, &ms, peers, &n, err) < 0)
        return -1;
    peer_check_all(peers, n, ms, heard);
    buf_add_str(&line, "heard");
    for (uint32_t i = 0; i < n; i++)
        buf_printf(&line, " %s", peer_check_word(heard[i]));
    buf_add_byte(&line, '\n');
    return file_write_all(t->s->out, line.data, line.len, err) < 0 ? -1 : 1;
}

/* No order chooses the address or the question: the address is root's. */
static int run_metadata(struct talk *t, const char *rest, struct err *err)
{
    struct checked_peer peer = {.port = "80"};
    enum peer_check heard = PEER_UNKNOWN;
    uint64_t ms;

    if (str_to_u64(rest, UINT32_MAX, &ms) < 0 || ms == 0)
        return err_set(err, ERR_FORMAT, 0, "not a deadline in milliseconds: %.100s", rest);
    str_cut(peer.host, sizeof(peer.host), t->conf->metadata_address);
    if (peer.host[0] != '\0')
        heard = peer_check_reach(&peer, (int64_t)ms);
    auto_buf struct buf line = BUF_INIT;
    buf_printf(&line, "heard %s\n", peer_check_word(heard));
    return file_write_all(t->s->out, line.data, line.len, err) < 0 ? -1 : 1;
}

/* Reports why a trial did not come to its end. */
static int report_trial_error(const struct talk *t, const struct err *why, struct err *err)
{
    return send_escaped_line(t->s,
                             why->kind == ERR_STATE     ? "none "
                             : why->kind == ERR_TIMEOUT ? "late "
                                                        : "broken ",
                             why->text, err);
}

/* Reports the result of a trial, and frees it. */
static int report_trial(const struct talk *t, struct trial_answer *a, struct err *err)
{
    auto_buf struct buf line = BUF_INIT;

    buf_printf(&line, "ran %u %d %zu\n", a->exit_code < 0 ? 255U : (unsigned)a->exit_code,
               a->exit_code < 0 ? a->signal : 0, a->said.len);
    buf_add(&line, a->said.data, a->said.len);
    buf_free(&a->said);
    return file_write_all(t->s->out, line.data, line.len, err);
}

/* Returns 0: the session is over. */
static int run_try(struct talk *t, const char *rest, struct err *err)
{
    struct trial_answer a = {.said = BUF_INIT};
    struct trial_job j = {.dir = TRIAL_DIR};
    struct err why = ERR_INIT;
    int rv;

    if (fetch_ms_parse(&rest, &j.deadline_ms, err) < 0)
        return -1;
    j.validate = str_eq(rest, "validate");
    if ((!j.validate && !str_eq(rest, "version")) || t->n_files < (j.validate ? 2U : 1U))
        return err_set(err, ERR_FORMAT, 0, "not a trial: %.60s with %zu files", rest, t->n_files);
    j.binary = t->files[0];
    j.files = t->files + 1;
    j.n_files = t->n_files - 1;
    rv = t->s->walled ? 0 : trial_build_wall(&why);
    if (rv == 0)
        rv = trial_run(&j, t->s->clock, &a, &why);
    return rv < 0 ? report_trial_error(t, &why, err) : report_trial(t, &a, err);
}

static int run_verify(struct talk *t, const char *rest, struct err *err)
{
    struct trial_answer a = {.said = BUF_INIT};
    struct trial_job j = {.dir = TRIAL_DIR, .binary = -1};
    struct err why = ERR_INIT;
    uint64_t ms = 0;
    int rv;

    if (str_to_u64(rest, UINT32_MAX, &ms) < 0 || ms == 0 || t->n_files != 3)
        return err_set(err, ERR_FORMAT, 0, "not a signature: %.60s with %zu files", rest,
                       t->n_files);
    j.deadline_ms = (int64_t)ms;
    j.files = t->files;
    j.n_files = t->n_files;
    rv = t->s->walled ? 0 : trial_build_wall(&why);
    if (rv == 0)
        rv = trial_verify(&j, t->s->clock, &a, &why);
    return rv < 0 ? report_trial_error(t, &why, err) : report_trial(t, &a, err);
}

/* Unpacks once to /dev/null, so that an error of the zip is reported before the first byte is sent.
 * Nothing here is trusted: caravan-swap hashes the bytes that it receives. */
static int check_unzip(const struct talk *t, const struct unpack *u, struct err *why)
{
    autoclose int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (!t->s->walled && trial_build_wall(why) < 0)
        return -1;
    if (nowhere < 0)
        return err_set(why, ERR_STATE, errno, "open /dev/null");
    return unpack_member(t->files[0], u, nowhere, why);
}

static int run_unzip(struct talk *t, const char *rest, struct err *err)
{
    struct unpack u = {.member = FETCH_MEMBER};
    struct err why = ERR_INIT;
    char number[24];

    if (fetch_unzip_parse(rest, &u.size, &u.digest, err) < 0)
        return -1;
    if (t->n_files != 1)
        return err_set(err, ERR_FORMAT, 0, "unzip with %zu files", t->n_files);
    if (check_unzip(t, &u, &why) < 0)
        return report_trial_error(t, &why, err);
    snprintf(number, sizeof(number), "%" PRIu64, u.size);
    if (send_escaped_line(t->s, "bytes ", number, err) < 0)
        return -1;
    return unpack_member(t->files[0], &u, t->s->out, err);
}

static int run_conf(struct talk *t, const char *rest, struct err *err)
{
    if (rest[0] != '/')
        return err_set(err, ERR_FORMAT, 0, "not a path: %.100s", rest);
    if (t->http != NULL)
        return err_set(err, ERR_FORMAT, 0, "the line \"conf\" came after the first question");
    if (agent_conf_load(rest, &t->named, err) < 0)
        return -1;
    t->conf = &t->named;
    return 1;
}

static const struct {
    const char *word;
    /* Returns 1: read the next line; 0: the session is over. */
    int (*run)(struct talk *t, const char *rest, struct err *err);
} words[] = {
    {"conf ", run_conf},
    {"get", run_get},
    {"ask ", run_ask},
    {"knock ", run_knock},
    {"metadata ", run_metadata},
    {"try ", run_try},
    {"verify ", run_verify},
    {"unzip ", run_unzip},
    {"heartbeat ", run_heartbeat},
    {"ask-as ", run_ask_as},
};

static int run_question(struct talk *t, const char *line, struct err *err)
{
    /* A copy, because the next read moves the buffer of the line. */
    char copy[FETCH_LINE_MAX + 1];
    str_cut(copy, sizeof(copy), line);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_starts(copy, words[i].word))
            return words[i].run(t, copy + strlen(words[i].word), err);
    return err_set(err, ERR_FORMAT, 0, "not a question: %.100s", copy);
}

int fetch_session_run(const struct fetch_session *s, struct err *err)
{
    auto_http struct http *h = NULL;
    struct talk t = {.s = s, .conf = s->conf, .http = NULL, .got = BUF_INIT, .used = 0};
    const char *line;
    int rv;

    do {
        rv = take_talk_line(&t, &line, err);
        if (rv > 0)
            rv = run_question(&t, line, err);
    } while (rv > 0);
    h = t.http;
    close_talk_files(&t);
    buf_free(&t.got);
    return rv;
}
