#include "facts_heartbeat.h"
#include "api_place.h"
#include "crypto.h"
#include "file.h"
#include "str.h"

int heartbeat_token_parse(const char *text, size_t n, char dst[static FETCH_TOKEN_MAX],
                          struct err *err)
{
    char token[FETCH_TOKEN_MAX];
    bool fits;

    if (n > 0 && text[n - 1] == '\n')
        n--;
    fits = n > 0 && n < sizeof(token) && memchr(text, '\0', n) == NULL;
    if (fits) {
        memcpy(token, text, n);
        token[n] = '\0';
        fits = fetch_token_fits(token);
    }
    if (fits)
        memcpy(dst, token, n + 1);
    crypto_wipe(token, sizeof(token));
    return fits ? 0
                : err_set(err, ERR_FORMAT, 0, "the file must contain one token and nothing else");
}

static int read_token_file(const char *path, char token[static FETCH_TOKEN_MAX], struct err *err)
{
    auto_buf struct buf b = {.limit = FETCH_TOKEN_MAX};
    int rc = file_read(path, FETCH_TOKEN_MAX, FILE_PRIVATE | FILE_TRUSTED, &b, err);

    if (rc == 0 && (rc = heartbeat_token_parse(buf_str(&b), b.len, token, err)) < 0)
        err_wrap(err, "%s", path);
    crypto_wipe(b.data, b.len);
    return rc < 0 ? err_wrap(err, "[nomad] token_file") : 0;
}

/* Over plain http, any process that listens at the address would get the token. */
static int check_token_place(const struct phases *p, const struct nomad_on_host *f, struct err *err)
{
    const char *url = p->conf.api != NULL ? p->conf.api : "";
    auto_buf struct buf ignored = BUF_INIT;

    if (!str_starts(url, "http://") || api_place_ask(p->host, f->stamp.main_pid, url,
                                                     f->server_id[0] != '\0', &ignored) == API_HERE)
        return 0;
    return err_set(err, ERR_REFUSED, 0,
                   "the token is not sent to %.100s: caravan-swap did not see Nomad's own process "
                   "listen there",
                   url);
}

int facts_token(const struct phases *p, const struct nomad_on_host *f, const char *token_file,
                char token[static FETCH_TOKEN_MAX], struct err *err)
{
    return check_token_place(p, f, err) < 0 ? -1 : read_token_file(token_file, token, err);
}

static int ask_heartbeat(const struct phases *p, const struct nomad_on_host *f,
                         const char *token_file, struct heartbeat *ret, struct err *err)
{
    const struct host *h = p->host;
    char token[FETCH_TOKEN_MAX];
    int64_t at = h->uptime(h->ctx);
    int rc;

    if (f->client_id[0] == '\0')
        return err_set(err, ERR_NOTFOUND, 0, "this host is no client of Nomad");
    if (f->stamp.main_pid == 0)
        return err_set(err, ERR_NOTFOUND, 0, "Nomad does not run");
    if (facts_token(p, f, token_file, token, err) < 0)
        return -1;
    rc = h->heartbeat(h->ctx, token, HEARTBEAT_ASK_MS, ret, err);
    h->ask_end(h->ctx);
    crypto_wipe(token, sizeof(token));
    ret->at_ms = at;
    return rc;
}

bool facts_heartbeat(const struct phases *p, const struct nomad_on_host *f, const char *token_file,
                     struct fact *ret)
{
    struct heartbeat b = {.age_ms = -1};
    struct err err = ERR_INIT;
    char text[HEARTBEAT_TEXT];

    if (token_file[0] == '\0')
        return false;
    *ret = (struct fact){.id = HEARTBEAT_FACT, .value = TRI_UNKNOWN};
    if (ask_heartbeat(p, f, token_file, &b, &err) < 0) {
        str_cut(ret->text, sizeof(ret->text), err.text);
        return true;
    }
    ret->value = TRI_YES;
    heartbeat_text(&b, text);
    str_cut(ret->text, sizeof(ret->text), text);
    return true;
}
