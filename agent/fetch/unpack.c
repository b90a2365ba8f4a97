#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include "file.h"
#include "str.h"
#include "unpack.h"

#define BLOCK (64 * 1024)

AUTO_DEFINE(archive, struct archive, archive_read_free)
#define auto_archive CLEANUP(cleanup_archive)

static const char *explain_archive_error(struct archive *a)
{
    const char *text = archive_error_string(a);
    return text != NULL ? text : "cannot be read";
}

static int open_release_zip(int fd, struct archive **ret, struct err *err)
{
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_set(err, ERR_IO, errno, "read the zip");
    auto_archive struct archive *a = archive_read_new();
    if (a == NULL)
        die_oom();
    if (archive_read_support_format_zip_seekable(a) != ARCHIVE_OK ||
        archive_read_open_fd(a, fd, BLOCK) != ARCHIVE_OK)
        return err_set(err, ERR_FORMAT, 0, "the zip: %s", explain_archive_error(a));
    *ret = take_ptr(&a);
    return 0;
}

static bool is_plain_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strpbrk(name, "/\\:") == NULL;
}

static int check_zip_entry(struct archive_entry *e, struct err *err)
{
    const char *name = archive_entry_pathname(e);
    if (name == NULL || !is_plain_name(name))
        return err_set(err, ERR_FORMAT, 0, "the zip contains a path: %.100s",
                       name != NULL ? name : "(not text)");
    if (archive_entry_filetype(e) != AE_IFREG || archive_entry_symlink(e) != NULL ||
        archive_entry_hardlink(e) != NULL)
        return err_set(err, ERR_FORMAT, 0, "the zip's member %.100s is not a regular file", name);
    if (archive_entry_is_encrypted(e) > 0)
        return err_set(err, ERR_FORMAT, 0, "the zip's member %.100s is encrypted", name);
    return 0;
}

/* Copies one block to out_fd. 1: there may be more blocks; 0: the member has ended. */
static int copy_zip_block(struct archive *a, const struct unpack *u, int out_fd, uint64_t *done,
                          struct digest_state *hash, struct err *err)
{
    static const char what[] = "unpack";
    unsigned char block[BLOCK];

    if (u->stop != NULL && u->stop(u->ctx))
        return err_set(err, ERR_STATE, 0, "%s %s: stopped on request", what, u->member);
    la_ssize_t n = archive_read_data(a, block, sizeof(block));
    if (n < 0)
        return err_set(err, ERR_FORMAT, 0, "%s %s: %s", what, u->member, explain_archive_error(a));
    if (n == 0)
        return 0;
    if ((uint64_t)n > u->size - *done)
        return err_set(err, ERR_CRYPTO, 0, "%s %s: larger than the %llu bytes that were signed",
                       what, u->member, (unsigned long long)u->size);
    if (file_write_all(out_fd, block, (size_t)n, err) < 0)
        return err_wrap(err, "%s %s", what, u->member);
    digest_add(hash, block, (size_t)n);
    *done += (uint64_t)n;
    return 1;
}

static int copy_zip_member(struct archive *a, struct archive_entry *e, const struct unpack *u,
                           int out_fd, struct err *err)
{
    struct digest_state hash;
    struct digest digest;
    uint64_t done = 0;
    int more;

    if (archive_entry_size_is_set(e) && (uint64_t)archive_entry_size(e) != u->size)
        return err_set(err, ERR_CRYPTO, 0, "the zip's %s has %lld bytes; %llu were signed",
                       u->member, (long long)archive_entry_size(e), (unsigned long long)u->size);
    digest_init(&hash);
    do {
        more = copy_zip_block(a, u, out_fd, &done, &hash, err);
    } while (more > 0);
    if (more < 0)
        return -1;
    digest_final(&hash, &digest);
    if (done != u->size || !digest_eq(&digest, &u->digest))
        return err_set(err, ERR_CRYPTO, 0, "the zip's %s is not the binary that was signed",
                       u->member);
    return 0;
}

int unpack_member(int zip_fd, const struct unpack *u, int out_fd, struct err *err)
{
    auto_archive struct archive *a = NULL;
    struct archive_entry *e;
    bool found = false;
    int rv;

    if (open_release_zip(zip_fd, &a, err) < 0)
        return -1;
    for (int i = 0; (rv = archive_read_next_header(a, &e)) == ARCHIVE_OK; i++) {
        if (i == UNPACK_MEMBERS_MAX)
            return err_set(err, ERR_FORMAT, 0, "the zip has more than %d members",
                           UNPACK_MEMBERS_MAX);
        if (check_zip_entry(e, err) < 0)
            return -1;
        if (!str_eq(archive_entry_pathname(e), u->member))
            continue;
        if (found)
            return err_set(err, ERR_FORMAT, 0, "the zip contains %s twice", u->member);
        found = true;
        if (copy_zip_member(a, e, u, out_fd, err) < 0)
            return -1;
    }
    if (rv != ARCHIVE_EOF)
        return err_set(err, ERR_FORMAT, 0, "the zip: %s", explain_archive_error(a));
    if (!found)
        return err_set(err, ERR_FORMAT, 0, "the zip does not contain %s", u->member);
    return 0;
}
