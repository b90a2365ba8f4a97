#include "vendor.h"
#include "openpgp_armor.h"
#include "sha256sums.h"

/* A user who can write a keyring decides which programs root runs. */
static int check_keyring_owner(const struct host *h, const char *path, struct err *err)
{
    struct host_attributes a;

    if (h->attributes(h->ctx, HOST_OWN_PATH, path, &a, err) < 0)
        return err_wrap(err, "the keyring %s", path);
    if ((a.uid != 0 && a.uid != geteuid()) || (a.mode & 022) != 0)
        return err_set(err, ERR_CONFIG, 0,
                       "others than root may write to the keyring %s: run chown root and chmod "
                       "go-w on it",
                       path);
    return 0;
}

static int add_keyring_file(const struct host *h, const char *path, struct buf *ret,
                            struct err *err)
{
    auto_buf struct buf file = BUF_INIT;
    bool there = false;

    if (path == NULL || path[0] == '\0')
        return 0;
    if (check_keyring_owner(h, path, err) < 0 ||
        host_read(h, path, KEYRING_FILE_MAX / 2, &file, &there, err) < 0)
        return -1;
    if (!there)
        return err_set(err, ERR_NOTFOUND, 0, "the keyring %s does not exist", path);
    if (openpgp_dearmor(OPENPGP_KEYS, file.data, file.len, ret, err) < 0)
        return err_wrap(err, "the keyring %s", path);
    return 0;
}

static int read_keyrings(const struct host *h, const char *const paths[static 2], struct buf *ret,
                         struct err *err)
{
    if (add_keyring_file(h, paths[0], ret, err) < 0 || add_keyring_file(h, paths[1], ret, err) < 0)
        return -1;
    if (ret->len == 0)
        return err_set(err, ERR_CONFIG, 0, "agent.conf names no keyring for this check");
    return 0;
}

static int ask_gpgv(const struct host *h, const char *const paths[static 2],
                    const struct vendor_job *job, struct gpgv_verdict *ret, struct err *err)
{
    auto_buf struct buf keyring = BUF_INIT, signature = BUF_INIT, text = BUF_INIT,
                        status = BUF_INIT;
    const struct host_signed what = {&keyring, &signature, &text};

    status.limit = GPGV_OUT_MAX;
    if (read_keyrings(h, paths, &keyring, err) < 0 ||
        buf_add(&text, job->sums, job->sums_len) < 0 ||
        openpgp_dearmor(OPENPGP_SIGNATURES, job->sig, job->sig_len, &signature, err) < 0 ||
        h->verify(h->ctx, &what, &status, err) < 0)
        return -1;
    gpgv_judge(buf_str(&status), status.len, ret);
    return 0;
}

static int ask_both_orders(const struct host *h, const struct vendor_keys *keys,
                           const struct vendor_job *job, char ret_key[static OPENPGP_FPR],
                           struct err *err)
{
    const char *const orders[][2] = {{keys->vendor, keys->own}, {keys->own, keys->vendor}};
    bool both = keys->own != NULL && keys->own[0] != '\0';
    struct gpgv_verdict v, other;

    if (ask_gpgv(h, orders[0], job, &v, err) < 0 ||
        (both && ask_gpgv(h, orders[1], job, &other, err) < 0))
        return -1;
    if (both)
        gpgv_join(&v, &other);
    if (!v.good)
        return err_set(err, ERR_CRYPTO, 0, "the signature of SHA256SUMS is not accepted: %s",
                       v.why);
    memcpy(ret_key, v.key, OPENPGP_FPR);
    return 0;
}

int vendor_check(const struct host *h, const struct vendor_keys *keys, const struct vendor_job *job,
                 const struct digest *zip, char ret_key[static OPENPGP_FPR], struct err *err)
{
    struct digest named;

    if (ask_both_orders(h, keys, job, ret_key, err) < 0 ||
        sha256sums_find((const char *)job->sums, job->sums_len, job->zip, &named, err) < 0)
        return -1;
    if (!digest_eq(&named, zip))
        return err_set(err, ERR_CRYPTO, 0, "SHA256SUMS has another digest for %s than the manifest",
                       job->zip);
    return 0;
}

int vendor_ready(const struct host *h, const struct vendor_keys *keys, struct err *err)
{
    auto_buf struct buf keyring = BUF_INIT;
    const char *const paths[] = {keys->vendor, keys->own};
    struct host_stat st;

    if (read_keyrings(h, paths, &keyring, err) < 0 ||
        h->stat_through(h->ctx, HOST_OWN_PATH, GPGV_PROGRAM, &st, err) < 0)
        return -1;
    return st.there
               ? 0
               : err_set(err, ERR_NOTFOUND, 0,
                         "gpgv is not installed here: install the package gpgv (%s)", GPGV_PROGRAM);
}
