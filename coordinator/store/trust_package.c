#include "trust_package.h"

#include <archive.h>
#include <archive_entry.h>

#include "str.h"

AUTO_DEFINE(writer, struct archive, archive_write_free)

/* One name in an archive; a directory has no content. */
struct member {
    const char *path;
    bool is_dir;
    const void *p;
    size_t n;
};

static la_ssize_t append_archive(struct archive *a, void *ctx, const void *p, size_t n)
{
    if (buf_add(ctx, p, n) == 0)
        return (la_ssize_t)n;
    archive_set_error(a, ENOMEM, "too large");
    return -1;
}

static int add_member(struct archive *a, const struct member *m, int64_t at_s, struct err *err)
{
    struct archive_entry *e = archive_entry_new();

    if (e == NULL)
        die_oom();
    archive_entry_set_pathname(e, m->path);
    archive_entry_set_filetype(e, m->is_dir ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(e, m->is_dir ? 0755 : 0644);
    archive_entry_set_mtime(e, at_s, 0);
    archive_entry_set_uname(e, "root");
    archive_entry_set_gname(e, "root");
    archive_entry_set_size(e, (la_int64_t)m->n);
    bool ok = archive_write_header(a, e) == ARCHIVE_OK &&
              (m->n == 0 || archive_write_data(a, m->p, m->n) == (la_ssize_t)m->n);
    archive_entry_free(e);
    return ok ? 0 : err_set(err, ERR_FORMAT, 0, "pack %s: %s", m->path, archive_error_string(a));
}

/* Every dpkg reads gzip. A time in the gzip header would make packages of equal content differ. */
static bool choose_tar_gz(struct archive *a)
{
    return archive_write_set_format_ustar(a) == ARCHIVE_OK &&
           archive_write_add_filter_gzip(a) == ARCHIVE_OK &&
           archive_write_set_filter_option(a, "gzip", "timestamp", NULL) == ARCHIVE_OK;
}

static bool choose_ar(struct archive *a)
{
    return archive_write_set_format_ar_bsd(a) == ARCHIVE_OK;
}

static int pack_archive(bool (*choose)(struct archive *), const struct member *m, size_t n,
                        int64_t at_s, struct buf *ret, struct err *err)
{
    CLEANUP(cleanup_writer) struct archive *a = archive_write_new();

    if (a == NULL)
        die_oom();
    if (!choose(a) || archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
        archive_write_open(a, ret, NULL, append_archive, NULL) != ARCHIVE_OK)
        return err_set(err, ERR_FORMAT, 0, "begin an archive: %s", archive_error_string(a));
    for (size_t i = 0; i < n; i++)
        if (add_member(a, &m[i], at_s, err) < 0)
            return -1;
    if (archive_write_close(a) != ARCHIVE_OK)
        return err_set(err, ERR_FORMAT, 0, "end an archive: %s", archive_error_string(a));
    return 0;
}

/* The cluster's name may be any text; a control file gets only these characters of it. */
static void add_cluster_name(struct buf *out, const char *name)
{
    for (; *name != '\0'; name++) {
        bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                     (*name >= '0' && *name <= '9') || *name == ' ' || *name == '.';
        buf_add_byte(out, plain ? (unsigned char)*name : '-');
    }
}

static void write_control_file(const struct trust *t, struct buf *out)
{
    char cluster[2 * CLUSTER_ID_LEN + 1];

    str_hex(cluster, t->cluster, CLUSTER_ID_LEN);
    buf_printf(out,
               "Package: caravan-trust\n"
               "Version: %u\n"
               "Architecture: all\n"
               "Multi-Arch: foreign\n"
               "Maintainer: operators of ",
               t->version);
    add_cluster_name(out, t->name);
    buf_printf(out,
               " <root@localhost>\n"
               "Installed-Size: 1\n"
               "Section: admin\n"
               "Priority: optional\n"
               "Enhances: caravan-agent\n"
               "Description: trust file of one Caravan fleet\n"
               " The file names the keys whose orders the agents of this fleet carry out.\n"
               " The fleet has the id\n"
               " %s, called\n \"",
               cluster);
    add_cluster_name(out, t->name);
    buf_printf(out, "\", version %u. Made by \"caravan init\".\n", t->version);
    for (int role = ROLE_NONE + 1; role < ROLE_COUNT; role++) {
        const struct role_keys *r = &t->roles[role];
        char print[FINGERPRINT_LEN];

        buf_add_str(out, r->n > 0 ? " .\n" : "");
        for (uint32_t i = 0; i < r->n; i++) {
            pubkey_fingerprint(print, &r->keys[i]);
            buf_printf(out, " %s %s\n", role_name((enum role)role), print);
        }
    }
}

void trust_package_name(const struct trust *t, char dst[static TRUST_PACKAGE_NAME_MAX])
{
    snprintf(dst, TRUST_PACKAGE_NAME_MAX, "caravan-trust_%u_all.deb", t->version);
}

int trust_package_pack(const struct trust *t, const struct buf *file, int64_t at_s, struct buf *ret,
                       struct err *err)
{
    auto_buf struct buf text = BUF_INIT, control = BUF_INIT, data = BUF_INIT;

    write_control_file(t, &text);
    const struct member about[] = {{"./", true, NULL, 0},
                                   {"./control", false, text.data, text.len}};
    const struct member files[] = {{"./", true, NULL, 0},
                                   {"./etc/", true, NULL, 0},
                                   {"./etc/caravan/", true, NULL, 0},
                                   {"./etc/caravan/trust", false, file->data, file->len}};
    if (pack_archive(choose_tar_gz, about, ARRAY_LEN(about), at_s, &control, err) < 0 ||
        pack_archive(choose_tar_gz, files, ARRAY_LEN(files), at_s, &data, err) < 0)
        return err_wrap(err, "the trust package");
    const struct member deb[] = {{"debian-binary", false, "2.0\n", 4},
                                 {"control.tar.gz", false, control.data, control.len},
                                 {"data.tar.gz", false, data.data, data.len}};
    return pack_archive(choose_ar, deb, ARRAY_LEN(deb), at_s, ret, err);
}
