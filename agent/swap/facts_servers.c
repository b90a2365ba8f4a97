#include "facts_servers.h"

#include "crypto.h"
#include "facts_heartbeat.h"
#include "law_facts.h"
#include "str.h"

static const char path[] = "/v1/agent/servers";

static int ask_servers_as(const struct phases *p, const struct nomad_on_host *f,
                          const char *token_file, int *ret_status, struct buf *ret, struct err *err)
{
    const struct host *h = p->host;
    char token[FETCH_TOKEN_MAX];
    int rc;

    if (facts_token(p, f, token_file, token, err) < 0)
        return -1;
    buf_clear(ret);
    rc = h->ask_as(h->ctx, token, path, SERVERS_ASK_MS, ret_status, ret, err);
    crypto_wipe(token, sizeof(token));
    return rc;
}

static int ask_servers(const struct phases *p, const struct nomad_on_host *f,
                       const char *token_file, struct buf *ret, struct err *err)
{
    const struct host *h = p->host;
    int status = 0, rc = h->ask(h->ctx, path, SERVERS_ASK_MS, &status, ret, err);
    bool with_token = rc == 0 && status == 403 && token_file[0] != '\0';

    if (with_token)
        rc = ask_servers_as(p, f, token_file, &status, ret, err);
    h->ask_end(h->ctx);
    if (rc < 0)
        return -1;
    if (status == 403)
        return err_set(err, ERR_REFUSED, 0,
                       with_token
                           ? "Nomad answers 403 to the token of [nomad] token_file: it needs "
                             "agent:read"
                           : "Nomad answers 403: it needs a token with agent:read, which root may "
                             "give in [nomad] token_file");
    return status == 200 ? 0 : err_set(err, ERR_NETWORK, 0, "Nomad answers HTTP status %d", status);
}

/* "10.0.0.1:4647, 10.0.0.2:4647" */
static int list_servers(const struct buf *answer, char *dst, size_t n, struct err *err)
{
    char peers[LAW_PEERS_MAX][FETCH_PEER_MAX];
    uint32_t n_peers = 0;
    size_t len = 0;

    dst[0] = '\0';
    if (strlen(buf_str(answer)) != answer->len ||
        law_facts_peers(buf_str(answer), peers, &n_peers) < 0)
        return err_set(err, ERR_FORMAT, 0, "Nomad's answer is no list of servers");
    for (uint32_t i = 0; i < n_peers; i++) {
        if (len + strlen(peers[i]) + 3 > n)
            return err_set(err, ERR_LIMIT, 0, "Nomad knows %u servers, more than a fact can list",
                           n_peers);
        len += (size_t)snprintf(dst + len, n - len, "%s%s", i > 0 ? ", " : "", peers[i]);
    }
    return 0;
}

bool facts_servers(const struct phases *p, const struct nomad_on_host *f, const char *token_file,
                   struct fact *ret)
{
    auto_buf struct buf answer = {.limit = FETCH_ANSWER_MAX};
    struct err err = ERR_INIT;
    bool silent = f->stamp.main_pid == 0 || p->asked.api != TRI_YES;

    if (f->client_id[0] == '\0')
        return false;
    *ret = (struct fact){.id = SERVERS_FACT, .value = TRI_UNKNOWN};
    if (silent)
        str_cut(ret->text, sizeof(ret->text), "Nomad's API does not answer");
    else if (ask_servers(p, f, token_file, &answer, &err) < 0 ||
             list_servers(&answer, ret->text, sizeof(ret->text), &err) < 0)
        str_cut(ret->text, sizeof(ret->text), err.text);
    else
        ret->value = ret->text[0] != '\0' ? TRI_YES : TRI_NO;
    return true;
}
