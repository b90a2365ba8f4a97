#include "seed.h"
#include "agent_store.h"
#include "str.h"
#include "url_plain.h"

#define NEW_NAME ".new"

const char *seed_base(const char *url, char dst[static TEXT_MAX])
{
    char plain[URL_MAX_LEN];
    const char *why = url_plain(url, plain);

    if (why != NULL)
        return why;
    if (!str_starts(plain, "http://") && !str_starts(plain, "https://"))
        return "it begins with neither http:// nor https://";
    if (strchr(plain, '?') != NULL)
        return "it has a query";
    size_t n = strlen(plain);
    if (n + 1 >= TEXT_MAX)
        return "it is too long";
    snprintf(dst, TEXT_MAX, "%.254s%s", plain, plain[n - 1] == '/' ? "" : "/");
    return NULL;
}

void seed_path(const char *dir, const struct digest *digest, char dst[static SEED_PATH_MAX])
{
    char hex[65];

    digest_hex(hex, digest);
    snprintf(dst, SEED_PATH_MAX, "%.240s/%s", dir, hex);
}

void seed_path_new(const char *dir, char dst[static SEED_PATH_MAX])
{
    snprintf(dst, SEED_PATH_MAX, "%.240s/" NEW_NAME, dir);
}

static int give_seed_name(const struct host *host, int at, const struct digest *digest,
                          struct err *err)
{
    char hex[65];

    digest_hex(hex, digest);
    return host->rename(host->ctx, at, NEW_NAME, hex, err) < 0
               ? -1
               : host->sync_dir(host->ctx, at, ".", err);
}

int seed_keep(const struct host *host, const char *dir, int h, const struct digest *digest,
              struct err *err)
{
    int at = -1, rc;

    if (host->sync(host->ctx, h, err) < 0 || host->open_dir(host->ctx, dir, "", &at, err) < 0)
        return -1;
    rc = give_seed_name(host, at, digest, err);
    host->close(host->ctx, at);
    return rc;
}

static int sweep_seed_dir(const struct host *host, int at, const struct digest *but,
                          struct err *err)
{
    autofree struct host_names *names = xzalloc(1, sizeof(*names));
    char hex[65] = "";

    if (but != NULL)
        digest_hex(hex, but);
    if (host->list(host->ctx, at, names, err) < 0)
        return -1;
    for (uint32_t i = 0; i < names->n; i++)
        if (!str_eq(names->list[i].name, hex) &&
            host->unlink(host->ctx, at, names->list[i].name, err) < 0)
            return -1;
    return 0;
}

int seed_sweep(const struct host *host, const char *dir, const struct digest *but, struct err *err)
{
    int at = -1, rc;

    if (host->open_dir(host->ctx, dir, "", &at, err) < 0)
        return err->kind == ERR_NOTFOUND ? 0 : -1;
    rc = sweep_seed_dir(host, at, but, err);
    host->close(host->ctx, at);
    return rc;
}

enum tri seed_leased(const char *agent_state, const struct lease_now *now)
{
    autofree struct agent_state *state = xzalloc(1, sizeof(*state));
    struct lease_state lease;
    struct err err = ERR_INIT;

    if (agent_state[0] == '\0')
        return TRI_NO;
    if (agent_store_load(agent_state, state, &err) < 0)
        return TRI_UNKNOWN;
    lease_describe(&state->lease, now, &lease);
    return lease.held ? TRI_YES : TRI_NO;
}
