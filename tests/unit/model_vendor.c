#include "model_vendor.h"
#include "str.h"

#define POLLS_UNZIP 2 /* the file before its first piece */
#define PIECE       500

const struct vendor_keys model_vendor_keys = {.vendor = MODEL_KEYS, .own = ""};

static int port_verify(void *ctx, const struct host_signed *what, struct buf *ret_status,
                       struct err *err)
{
    struct model_host *m = ctx;

    if (what->keyring->len == 0 || what->signature->len == 0 || what->text->len == 0)
        abort();
    m->vendor.verified++;
    if (m->vendor.no_gpgv)
        return err_set(err, ERR_STATE, 0, "gpgv is not installed here");
    if (m->vendor.late_gpgv)
        return err_set(err, ERR_TIMEOUT, 0, "gpgv did not end in time");
    const char *says = m->vendor.verified > 1 && m->vendor.status_again != NULL
                           ? m->vendor.status_again
                           : m->vendor.status;
    (void)buf_add_str(ret_status, says != NULL ? says : MODEL_GOOD);
    return model_step(m, err);
}

static int port_unzip_begin(void *ctx, int zip, uint64_t size, const struct digest *digest,
                            struct err *err)
{
    struct model_host *m = ctx;

    (void)digest;
    if (size != MODEL_BINARY || !str_eq(model_kind(&m->fs.files[m->fs.handles[zip]]), "zip"))
        abort();
    m->vendor.unzipped++;
    m->vendor.polls = POLLS_UNZIP;
    m->vendor.at = 0;
    return model_step(m, err);
}

static int port_unzip_read(void *ctx, void *p, size_t n, size_t *ret_n, struct err *err)
{
    struct model_host *m = ctx;
    char binary[MODEL_BINARY];

    *ret_n = 0;
    if (model_step(m, err) < 0)
        return -1;
    if (m->vendor.bad_zip)
        return err_set(err, ERR_REFUSED, 0, "the zip holds nomad twice");
    if (m->vendor.polls > 0) {
        m->vendor.polls--;
        return 0;
    }
    model_binary(m->vendor.unzips != NULL ? m->vendor.unzips : m->offer, binary);
    *ret_n = MIN_OF(MIN_OF(n, (size_t)PIECE), sizeof(binary) - m->vendor.at);
    if (m->vendor.stops_at != 0 && m->vendor.at + *ret_n > m->vendor.stops_at)
        return err_set(err, ERR_STATE, 0, "caravan-fetch hung up");
    memcpy(p, binary + m->vendor.at, *ret_n);
    m->vendor.at += *ret_n;
    return 0;
}

static void port_unzip_end(void *ctx)
{
    (void)ctx;
}

void model_vendor_ports(struct host *h)
{
    h->verify = port_verify;
    h->unzip_begin = port_unzip_begin;
    h->unzip_read = port_unzip_read;
    h->unzip_end = port_unzip_end;
}

void model_vendor_open(struct model_host *m)
{
    static const char keys[] = "\x99keys";

    model_fs_put(&m->fs, MODEL_KEYS, keys, sizeof(keys) - 1, 0644);
    m->brings = "zip";
}

void model_vendor_manifest(struct manifest *m)
{
    static const unsigned char sig[] = {0x88, 's', 'i', 'g'};
    struct build *b = &m->builds[0];
    char zip[MODEL_BINARY], hex[65], name[VENDOR_NAME_MAX];

    model_binary("zip", zip);
    b->packing = PACKING_ZIP;
    b->fetch_size = sizeof(zip);
    crypto_digest(zip, sizeof(zip), &b->fetch_digest);
    digest_hex(hex, &b->fetch_digest);
    vendor_zip_name(name, m->version, b->os, b->arch);
    m->sums_len = (size_t)snprintf((char *)m->sums, sizeof(m->sums), "%s  %s\n", hex, name);
    memcpy(m->sums_sig, sig, sizeof(sig));
    m->sums_sig_len = sizeof(sig);
}

void model_vendor_stage(struct order_stage *st, const struct keypair *by, const char *arch,
                        const struct digest *digest)
{
    struct manifest m = {.version = "1.1.0", .created_s = 1, .n_builds = 1};

    m.builds[0] = (struct build){.os = "linux", .size = MODEL_BINARY, .digest = *digest};
    str_cut(m.builds[0].arch, sizeof(m.builds[0].arch), arch);
    model_vendor_manifest(&m);
    desk_manifest(st, by, &m);
}
