#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "http_server.h"
#include "str.h"

struct http_server {
    struct MHD_Daemon *daemon;
};

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "http_server: %s failed\n", what);
        abort();
    }
}

static const char *sent(struct MHD_Connection *c, const char *name)
{
    const char *v = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
    return v != NULL ? v : "-";
}

static struct MHD_Response *reply(const char *text)
{
    return MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                           MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *reply_bytes(const char *count)
{
    uint64_t n = 0;
    must(str_to_u64(count, 100 << 20, &n) == 0, "count");
    autofree char *bytes = xalloc((size_t)n + 1);
    memset(bytes, 'x', (size_t)n);
    bytes[n] = '\0';
    return reply(bytes);
}

static struct MHD_Response *reply_headers(bool many)
{
    struct MHD_Response *r = reply("{}");
    char name[32], value[1024];
    memset(value, 'h', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (int i = 0; many && i < 100; i++) {
        snprintf(name, sizeof(name), "X-Filler-%d", i);
        MHD_add_response_header(r, name, value);
    }
    MHD_add_response_header(r, "Content-Type", "application/json");
    MHD_add_response_header(r, "X-Nomad-Index", "18446744073709551615");
    MHD_add_response_header(r, "X-Nomad-KnownLeader", "false");
    MHD_add_response_header(r, "X-Nomad-LastContact", "37");
    MHD_add_response_header(r, "X-Nomad-NextToken", "next/1");
    MHD_add_response_header(r, "Digest", "sha-256=abc=");
    return r;
}

static struct MHD_Response *reply_self(const char *token, unsigned *ret_status)
{
    static const struct {
        const char *token, *text;
    } rows[] = {
        {"may-read", "{\"config\":{},\"stats\":{\"client\":{\"last_heartbeat\":\"1.2334s\","
                     "\"heartbeat_ttl\":\"15s\"}}}"},
        {"of-a-server", "{\"config\":{},\"stats\":{\"raft\":{}}}"},
        {"of-nobody", "Permission denied"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq(rows[i].token, token))
            return reply(rows[i].text);
    *ret_status = MHD_HTTP_FORBIDDEN;
    return reply("Permission denied");
}

static struct MHD_Response *answer(struct MHD_Connection *c, const char *path, const char *method,
                                   const struct buf *body, unsigned *ret_status)
{
    uint64_t status = MHD_HTTP_OK;
    if (str_starts(path, "/bytes/"))
        return reply_bytes(path + 7);
    if (str_eq(path, "/nomad") || str_eq(path, "/headers"))
        return reply_headers(str_eq(path, "/headers"));
    if (str_eq(path, "/v1/agent/self"))
        return reply_self(sent(c, "X-Nomad-Token"), ret_status);
    if (str_starts(path, "/to/")) {
        struct MHD_Response *r = reply("elsewhere");
        MHD_add_response_header(r, "Location", path + 4);
        *ret_status = MHD_HTTP_FOUND;
        return r;
    }
    if (str_starts(path, "/status/"))
        must(str_to_u64(path + 8, 599, &status) == 0, "status");
    *ret_status = (unsigned)status;
    auto_buf struct buf text = BUF_INIT;
    buf_printf(&text, "%s %s host=%s token=%s type=%s encoding=%s body=%s", method, path,
               sent(c, "Host"), sent(c, "X-Nomad-Token"), sent(c, "Content-Type"),
               sent(c, "Accept-Encoding"), buf_str(body));
    return reply(buf_str(&text));
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **con_cls)
{
    (void)cls;
    (void)version;
    struct buf *body = *con_cls;
    if (body == NULL) {
        *con_cls = xzalloc(1, sizeof(*body));
        return MHD_YES;
    }
    if (*upload_size > 0) {
        buf_add(body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    unsigned status = MHD_HTTP_OK;
    struct MHD_Response *r = answer(c, path, method, body, &status);
    enum MHD_Result rv = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return rv;
}

static void on_completed(void *cls, struct MHD_Connection *c, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)c;
    (void)why;
    if (*con_cls != NULL)
        buf_free(*con_cls);
    free(*con_cls);
}

static int listen_on(const char *socket_path)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    bool local = socket_path != NULL;
    int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (local)
        must(str_copy(un.sun_path, sizeof(un.sun_path), socket_path) == 0, "socket path");
    const struct sockaddr *at = local ? (const struct sockaddr *)&un : (const struct sockaddr *)&in;
    must(bind(fd, at, local ? sizeof(un) : sizeof(in)) == 0, "bind");
    must(listen(fd, 512) == 0, "listen");
    return fd;
}

struct http_server *http_server_start(const char *cert, const char *key, const char *socket_path)
{
    struct http_server *s = xzalloc(1, sizeof(*s));
    int fd = listen_on(socket_path);
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | (cert != NULL ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, NULL, MHD_OPTION_LISTEN_SOCKET,
                                 fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 * 1024),
                                 MHD_OPTION_ARRAY, cert != NULL ? tls : none, MHD_OPTION_END);
    must(s->daemon != NULL, "start");
    return s;
}

void http_server_stop(struct http_server *s)
{
    MHD_stop_daemon(s->daemon);
    free(s);
}

uint16_t http_server_port(const struct http_server *s)
{
    struct sockaddr_in in;
    socklen_t n = sizeof(in);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_LISTEN_FD);
    must(getsockname(info->listen_fd, (struct sockaddr *)&in, &n) == 0, "getsockname");
    return ntohs(in.sin_port);
}

static char *pem_text(const gnutls_datum_t *pem)
{
    char *text = xalloc(pem->size + 1U);
    memcpy(text, pem->data, pem->size);
    text[pem->size] = '\0';
    return text;
}

void http_server_certificate(const char *name, char **ret_cert, char **ret_key)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t cert = NULL;
    gnutls_datum_t pem;
    const unsigned char serial = 1;
    time_t now = time(NULL);
    must(gnutls_x509_privkey_init(&key) == 0 && gnutls_x509_crt_init(&cert) == 0, "init");
    must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0,
         "key");
    must(gnutls_x509_crt_set_version(cert, 3) == 0 && gnutls_x509_crt_set_key(cert, key) == 0 &&
             gnutls_x509_crt_set_serial(cert, &serial, 1) == 0 &&
             gnutls_x509_crt_set_activation_time(cert, now - 3600) == 0 &&
             gnutls_x509_crt_set_expiration_time(cert, now + 3600) == 0 &&
             gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                           (unsigned)strlen(name)) == 0 &&
             gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, name,
                                                  (unsigned)strlen(name), GNUTLS_FSAN_SET) == 0 &&
             gnutls_x509_crt_set_basic_constraints(cert, 1, -1) == 0 &&
             gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0) == 0,
         "certificate");
    must(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &pem) == 0, "export");
    *ret_cert = pem_text(&pem);
    gnutls_free(pem.data);
    must(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem) == 0, "export");
    *ret_key = pem_text(&pem);
    gnutls_free(pem.data);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
}
