#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include "clock.h"
#include "file.h"
#include "scratch_dir.h"
#include "served_fixture.h"
#include "str.h"

#define PATIENCE_MS 20000

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "served_fixture: %s: %s\n", what, strerror(errno));
    abort();
}

void served_open(struct served *s, size_t len)
{
    struct err err = ERR_INIT;
    char hex[65];

    memset(s, 0, sizeof(*s));
    must(crypto_init(&err) == 0, "crypto");
    s->dir = scratch_open();
    s->len = len;
    s->bytes = xalloc(len + 1);
    for (size_t i = 0; i < len; i++)
        s->bytes[i] = (unsigned char)(i * 31 + i / 255 + i / 65536);
    scratch_path(s->dir, "nomad.zip", s->path);
    must(file_replace(s->path, s->bytes, len, 0644, &err) == 0, err.text);
    s->file = (struct served_file){.path = s->path, .size = len};
    crypto_digest(s->bytes, len, &s->file.digest);
    digest_hex(hex, &s->file.digest);
    snprintf(s->url_path, sizeof(s->url_path), "/%s", hex);
}

void served_start(struct served *s, const struct file_server_limits *limits)
{
    struct err err = ERR_INIT;
    uint64_t port = 0;

    must(file_server_start("127.0.0.1:0", &s->file, 1, limits, &s->server, &err) == 0, err.text);
    must(str_to_u64(strrchr(file_server_address(s->server), ':') + 1, UINT16_MAX, &port) == 0,
         file_server_address(s->server));
    s->port = (int)port;
}

void served_close(struct served *s)
{
    file_server_stop(s->server);
    scratch_close(s->dir);
    free(s->bytes);
}

int served_connect(const struct served *s, const char *from)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)s->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in own = {.sin_family = AF_INET};
    const int small = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(fd >= 0, "socket");
    must(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0, "receive buffer");
    if (from != NULL) {
        must(inet_pton(AF_INET, from, &own.sin_addr) == 1, from);
        must(bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0, from);
    }
    must(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0, "connect");
    return fd;
}

void served_send(int fd, const void *p, size_t n)
{
    const unsigned char *at = p;

    while (n > 0) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        n -= (size_t)sent;
    }
}

bool served_read_all(int fd, struct buf *ret)
{
    unsigned char piece[16 * 1024];
    int64_t until = clock_mono(clock_system()) + PATIENCE_MS;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = until - clock_mono(clock_system());
        must(left > 0 && poll(&p, 1, (int)left) == 1, "the other end neither speaks nor closes");
        ssize_t n = recv(fd, piece, sizeof(piece), 0);
        if (n <= 0)
            return n == 0;
        must(buf_add(ret, piece, (size_t)n) == 0, "room");
    }
}

int served_ask(const struct served *s, const char *method, const char *path, const char *headers,
               struct buf *ret)
{
    auto_buf struct buf request = BUF_INIT;
    uint64_t status = 0;
    char digits[4] = "";

    buf_printf(&request, "%s %s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n%s\r\n", method,
               path, headers);
    int fd = served_connect(s, NULL);
    served_send(fd, request.data, request.len);
    (void)!served_read_all(fd, ret);
    close(fd);
    if (!str_starts(buf_str(ret), "HTTP/1.1 ") || ret->len < 12)
        return 0;
    memcpy(digits, ret->data + 9, 3);
    must(str_to_u64(digits, 599, &status) == 0, digits);
    return (int)status;
}

void served_header(const struct buf *answer, const char *name, char *dst, size_t n)
{
    auto_buf struct buf want = BUF_INIT;

    dst[0] = '\0';
    buf_printf(&want, "\r\n%s: ", name);
    const char *at = strcasestr(buf_str(answer), buf_str(&want));
    if (at == NULL)
        return;
    at += want.len;
    size_t len = strcspn(at, "\r");
    must(len < n, "a header that fits");
    memcpy(dst, at, len);
    dst[len] = '\0';
}

const unsigned char *served_body(const struct buf *answer, size_t *ret_len)
{
    const unsigned char *at =
        answer->len > 0 ? memmem(answer->data, answer->len, "\r\n\r\n", 4) : NULL;

    *ret_len = at != NULL ? answer->len - (size_t)(at + 4 - answer->data) : 0;
    return at != NULL ? at + 4 : NULL;
}

void served_until(bool (*done)(void *ctx), void *ctx)
{
    int64_t until = clock_mono(clock_system()) + PATIENCE_MS;

    while (!done(ctx)) {
        must(clock_mono(clock_system()) < until, "what is waited for does not come");
        poll(NULL, 0, 5);
    }
}
