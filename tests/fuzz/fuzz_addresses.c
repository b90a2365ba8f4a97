#include "address.h"
#include "coord_conf.h"
#include "fuzz_target.h"
#include "nomad_http.h"
#include "policy.h"
#include "release_store.h"
#include "snapshot.h"
#include "sp.h"
#include "str.h"
#include "token_rule.h"

static void nomad_address(const char *text)
{
    autofree struct coord_conf *conf = xzalloc(1, sizeof(*conf));
    struct nomad_whom whom = {"id", "name", "global"};
    struct nomad_http *n = NULL;
    struct nomad_base b = {.url = ""};
    struct err err = ERR_INIT;

    if (str_copy(conf->address, sizeof(conf->address), text) < 0 ||
        nomad_http_new(conf, NULL, &n, &err) < 0)
        return;
    nomad_base_seed(n, &b);
    FUZZ_CHECK(str_starts(b.url, "http") && !str_ends(b.url, "/"));
    (void)!nomad_base_of(n, &whom, text, &b);
    (void)!nomad_base_at(n, &whom, text, true, &b);
    FUZZ_CHECK(memchr(b.url, 0, sizeof(b.url)) != NULL);
    nomad_http_free(n);
}

/* An address that counts as this machine is one of its three names, followed by a port or
 * nothing. */
static void loopback(const char *text)
{
    const char *host = strstr(text, "://");

    if (!url_is_loopback(text))
        return;
    FUZZ_CHECK(str_starts(host, "://127.") || str_starts(host, "://localhost") ||
               str_starts(host, "://[::1]"));
    FUZZ_CHECK(strpbrk(host + 3, "/@?#%\\ ") == NULL);
}

static void ranges(const char *text)
{
    struct address_list l;
    struct err err = ERR_INIT;

    if (address_list_parse(text, &l, &err) < 0)
        return;
    FUZZ_CHECK(l.n <= ADDRESS_RANGES_MAX);
    for (size_t i = 0; i < l.n; i++)
        FUZZ_CHECK(l.ranges[i].bits <= 128 && address_list_holds(&l, &l.ranges[i].base));
}

static void places(const char *text)
{
    struct stored_release r = {.places = xzalloc(PLACES_MAX, sizeof(*r.places))};
    struct err err = ERR_INIT;

    (void)!release_places_parse(text, &r, &err);
    FUZZ_CHECK(r.n_places <= PLACES_MAX);
    free(r.places);
}

static void words(const char *text)
{
    struct policy p;
    struct digest got;
    struct err err = ERR_INIT;

    policy_default(&p);
    if (policy_parse_parallel(text, &p, &err) == 0)
        FUZZ_CHECK(policy_parallel(&p, 10000) >= 1);
    memset(&got, 7, sizeof(got));
    FUZZ_CHECK(snapshot_wrong(text, &got) != NULL || str_starts(text, "sha-256=BwcHBwcH"));
}

static void heads(const uint8_t *data, size_t size)
{
    uint32_t id;
    size_t n = 0;

    if (size >= SP_HEAD_LEN && sp_read_head(data, 1000, &id, &n))
        FUZZ_CHECK(n <= 1000);
    if (size >= SP_HELLO_LEN)
        (void)sp_is_hello(data, SP_REQ);
}

/* Short texts from configuration files, Nomad's answers and connections of strangers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size);

    nomad_address(text);
    loopback(text);
    ranges(text);
    places(text);
    words(text);
    heads(data, size);
    return 0;
}
