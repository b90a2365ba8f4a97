/* Which servers and clients get the token: the rule as a table, and the rule on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "http_server.h"
#include "nomad_http.h"
#include "scratch_dir.h"

#define SECRET "11111111-2222-3333-4444-555555555555"

static const struct {
    enum token_role role;
    bool mapped;
    const char *url, *tls_name, *region;
    enum token_way way, in_clear; /* way: by default; in_clear: with token_in_clear */
} rows[] = {
#define NONE    TOKEN_NOT, TOKEN_NOT
#define SENT    TOKEN_SENT, TOKEN_SENT
#define CLEAR   TOKEN_CLEAR, TOKEN_CLEAR
#define ALLOWED TOKEN_NOT, TOKEN_CLEAR
    /* NOMAD_ADDR, which the operator named. */
    {TOKEN_NOMAD_ADDR, false, "https://nomad.example:4646", "", "", SENT},
    {TOKEN_NOMAD_ADDR, false, "https://10.0.0.1:4646", "server.global.nomad", "global", SENT},
    {TOKEN_NOMAD_ADDR, false, "http://127.0.0.1:4646", "", "", SENT},
    {TOKEN_NOMAD_ADDR, false, "http://10.0.0.1:4646", "", "", CLEAR},
    /* Mapped servers. */
    {TOKEN_SERVER, true, "https://10.0.0.1:4646", "", "global", SENT},
    {TOKEN_SERVER, true, "http://localhost:4646", "", "global", SENT},
    {TOKEN_SERVER, true, "http://10.0.0.1:4646", "", "global", CLEAR},
    /* Servers that Nomad's lists name, with TLS: only with a certificate for the name of that
     * region's servers. */
    {TOKEN_SERVER, false, "https://10.0.0.1:4646", "server.global.nomad", "global", SENT},
    {TOKEN_SERVER, false, "https://127.0.0.1:4646", "server.global.nomad", "global", SENT},
    {TOKEN_SERVER, false, "https://10.0.0.1:4646", "server.global.nomad", "europe", NONE},
    {TOKEN_SERVER, false, "https://10.0.0.1:4646", "client.global.nomad", "global", NONE},
    {TOKEN_SERVER, false, "https://10.0.0.1:4646", "nomad.example", "global", NONE},
    {TOKEN_SERVER, false, "https://10.0.0.1:4646", "", "global", NONE},
    {TOKEN_SERVER, false, "https://127.0.0.1:4646", "", "global", NONE},
    {TOKEN_SERVER, false, "https://10.0.0.1:4646", "server..nomad", "", NONE},
    /* Without TLS: only on this machine, or if token_in_clear allows it. */
    {TOKEN_SERVER, false, "http://127.0.0.1:4646", "", "global", SENT},
    {TOKEN_SERVER, false, "http://127.45.6.78:4646", "", "global", SENT},
    {TOKEN_SERVER, false, "http://[::1]:4646", "", "global", SENT},
    {TOKEN_SERVER, false, "http://10.0.0.1:4646", "", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://10.0.0.1:4646", "server.global.nomad", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://[::2]:4646", "", "global", ALLOWED},
    /* Addresses that only look like this machine. */
    {TOKEN_SERVER, false, "http://127.0.0.1.example.com:4646", "", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://127.0.0.1@10.0.0.1:4646", "", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://127.0.0.1:4646@10.0.0.1", "", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://0127.0.0.1:4646", "", "global", ALLOWED}, /* octal: 87.0.0.1 */
    {TOKEN_SERVER, false, "http://127.1:4646", "", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://2130706433:4646", "", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://localhost.example.com:4646", "", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://localhost:4646@10.0.0.1", "", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://[::1].example.com:4646", "", "global", ALLOWED},
    {TOKEN_SERVER, false, "http://127.0.0.1/@10.0.0.1:4646", "", "global", ALLOWED},
    /* Clients: never, whatever names them. */
    {TOKEN_CLIENT, false, "https://10.0.0.1:4646", "client.global.nomad", "global", NONE},
    {TOKEN_CLIENT, false, "https://10.0.0.1:4646", "server.global.nomad", "global", NONE},
    {TOKEN_CLIENT, true, "https://10.0.0.1:4646", "", "global", NONE},
    {TOKEN_CLIENT, true, "http://127.0.0.1:4646", "", "global", NONE},
    {TOKEN_CLIENT, false, "http://127.0.0.1:4646", "", "global", NONE},
    {TOKEN_CLIENT, false, "http://10.0.0.1:4646", "", "global", NONE},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct token_peer p = {.role = rows[i].role,
                                     .mapped = rows[i].mapped,
                                     .url = rows[i].url,
                                     .tls_name = rows[i].tls_name,
                                     .region = rows[i].region};
        if (token_rule(&p, false) != rows[i].way || token_rule(&p, true) != rows[i].in_clear)
            fail_msg("row %zu, %s: %d, allowed in clear %d", i, rows[i].url, token_rule(&p, false),
                     token_rule(&p, true));
    }
    const struct token_peer local = {
        .role = TOKEN_SERVER, .mapped = true, .url = "http://localhost", .socket = true};
    assert_int_equal(token_rule(&local, false), TOKEN_SENT);
}

/* ---- on the wire ---- */

struct desk {
    struct coord_conf conf;
    struct http *http;
    struct nomad_http *nomad;
    char got[400];
};

static struct desk *desk_new(const char *address)
{
    struct desk *d = xzalloc(1, sizeof(*d));
    struct err err = ERR_INIT;
    str_cut(d->conf.address, sizeof(d->conf.address), address);
    str_cut(d->conf.token, sizeof(d->conf.token), SECRET);
    assert_int_equal(http_new(&d->http, &err), 0);
    assert_int_equal(nomad_http_new(&d->conf, d->http, &d->nomad, &err), 0);
    return d;
}

static void desk_free(struct desk *d)
{
    nomad_http_free(d->nomad);
    http_free(d->http);
    free(d);
}

static void answered(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct desk *d = ctx;
    size_t n = answer != NULL ? MIN_OF(answer->body_len, sizeof(d->got) - 1) : 0;
    if (n > 0)
        memcpy(d->got, answer->body, n);
    d->got[n] = '\0';
    if (err != NULL)
        str_cut(d->got, sizeof(d->got), err->text);
}

/* The token that the server received, or the reason why nothing was sent. */
static const char *ask(struct desk *d, const struct nomad_base *b)
{
    struct err err = ERR_INIT;
    d->got[0] = '\0';
    nomad_ask(d->nomad,
              &(struct nomad_request){
                  .base = b, .path = "/echo", .deadline_ms = 5000, .on_done = answered, .ctx = d});
    while (nomad_open(d->nomad) > 0)
        assert_true(http_wait(d->http, 5000, &err) >= 0);
    return d->got;
}

static bool saw(struct desk *d, const struct nomad_base *b)
{
    return strstr(ask(d, b), SECRET) != NULL;
}

/* One server on loopback serves as NOMAD_ADDR, as a member, as a client, and as a mapped client. */
static void test_sent(void **state)
{
    struct http_server *server = http_server_start(NULL, NULL, NULL);
    char addr[64], at[64];
    struct nomad_base b;
    (void)state;
    snprintf(at, sizeof(at), "127.0.0.1:%u", http_server_port(server));
    snprintf(addr, sizeof(addr), "http://%s", at);
    struct desk *d = desk_new(addr);
    nomad_base_seed(d->nomad, &b);
    assert_true(saw(d, &b));
    const struct nomad_whom s = {"s1-id", "s1", "global"}, c = {"c1-id", "c1", "global"};
    assert_int_equal(nomad_base_of(d->nomad, &s, "127.0.0.1", &b), 0);
    assert_true(saw(d, &b));
    assert_int_equal(nomad_base_at(d->nomad, &c, at, false, &b), 0);
    assert_false(saw(d, &b));
    assert_non_null(strstr(d->got, "token=-"));
    struct address_pair pair = {(char[]){"c1"}, addr};
    d->conf.servers = (struct address_map){&pair, 1};
    assert_int_equal(nomad_base_at(d->nomad, &c, "10.0.0.1:1", false, &b), 0);
    assert_false(saw(d, &b));
    assert_non_null(strstr(d->got, "token=-"));
    /* An address for which no rule was applied gets no token. */
    struct nomad_base bare = {.token = TOKEN_NOT};
    str_cut(bare.url, sizeof(bare.url), addr);
    assert_false(saw(d, &bare));
    desk_free(d);
    http_server_stop(server);
}

/* A member whose certificate is not that of its region's servers gets no request at all. */
static void one_certificate(const char *name, const char *region, bool want)
{
    char *cert = NULL, *key = NULL, *dir = scratch_open(), path[300], addr[64];
    struct err err = ERR_INIT;
    struct nomad_base b;
    http_server_certificate(name, &cert, &key);
    struct http_server *server = http_server_start(cert, key, NULL);
    /* NOMAD_ADDR gives scheme and port; its address differs from that of the member. */
    snprintf(addr, sizeof(addr), "https://127.0.0.9:%u", http_server_port(server));
    struct desk *d = desk_new(addr);
    nomad_http_free(d->nomad);
    scratch_write(dir, "ca.pem", cert, 0600);
    scratch_path(dir, "ca.pem", path);
    assert_int_equal(str_copy(d->conf.ca_file, sizeof(d->conf.ca_file), path), 0);
    assert_int_equal(nomad_http_new(&d->conf, d->http, &d->nomad, &err), 0);
    const struct nomad_whom s = {"s1-id", "s1", region};
    assert_int_equal(nomad_base_of(d->nomad, &s, "127.0.0.1", &b), 0);
    if (saw(d, &b) != want)
        fail_msg("certificate of %s, region %s: %s", name, region, d->got);
    if (!want)
        assert_non_null(strstr(d->got, "its certificate must be for server."));
    desk_free(d);
    http_server_stop(server);
    scratch_close(dir);
    free(cert);
    free(key);
}

static void test_certificates(void **state)
{
    (void)state;
    one_certificate("server.global.nomad", "global", true);
    one_certificate("client.global.nomad", "global", false);
    one_certificate("server.global.nomad", "europe", false);
    one_certificate("127.0.0.1", "global", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_sent),
        cmocka_unit_test(test_certificates),
    };
    return cmocka_run_group_tests_name("token_rule", tests, NULL, NULL);
}
