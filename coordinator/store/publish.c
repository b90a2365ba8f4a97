#include "publish.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include "cleanup.h"
#include "str.h"

#define MEMBER          "nomad"
#define WORD            "abcdefghijklmnopqrstuvwxyz0123456789_"
#define HEAD_LEN        20 /* bytes of an ELF file up to e_machine */
#define ZIP_MEMBERS_MAX 16

AUTO_DEFINE(archive, struct archive, archive_read_free)

static int check_zip_name(const char *path, const char *version, const char *os, const char *arch,
                          struct err *err)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    char want[256];
    int n = snprintf(want, sizeof(want), MEMBER "_%s_%s_%s.zip", version, os, arch);
    if (!str_starts(name, MEMBER "_") || !str_ends(name, ".zip"))
        return 0;
    if (n > 0 && (size_t)n < sizeof(want) && str_eq(name, want))
        return 0;
    return err_set(err, ERR_USAGE, 0, "the file is named %s, but the file of %s %s/%s is named %s",
                   name, version, os, arch, want);
}

/* Compares e_machine of the ELF header with Go's word for the architecture. Files that are not ELF,
 * and words that are not in the table, pass. */
static int check_machine(const unsigned char *head, size_t n, const char *arch, struct err *err)
{
    static const struct {
        const char *arch;
        unsigned machine;
    } machines[] = {{"amd64", 62}, {"386", 3},       {"arm64", 183}, {"arm", 40},
                    {"s390x", 22}, {"riscv64", 243}, {"ppc64le", 21}};
    if (n < HEAD_LEN || memcmp(head, "\177ELF", 4) != 0)
        return 0;
    unsigned machine = head[5] == 2 ? head[18] * 256u + head[19] : head[19] * 256u + head[18];
    for (size_t i = 0; i < ARRAY_LEN(machines); i++)
        if (str_eq(machines[i].arch, arch) && machines[i].machine != machine)
            return err_set(err, ERR_USAGE, 0,
                           "this binary is not for %s (its ELF header says machine %u, %s is %u)",
                           arch, machine, arch, machines[i].machine);
    return 0;
}

static int hash_member(struct archive *a, const char *arch, uint64_t max, struct build *b,
                       struct err *err)
{
    struct digest_state state;
    unsigned char head[HEAD_LEN];
    size_t head_len = 0, n = 0;
    int64_t offset = 0;
    const void *p = NULL;
    int rc;
    digest_init(&state);
    b->size = 0;
    while ((rc = archive_read_data_block(a, &p, &n, &offset)) == ARCHIVE_OK) {
        if (offset < 0 || (uint64_t)offset != b->size)
            return err_set(err, ERR_FORMAT, 0, "the member " MEMBER " of the zip has holes");
        if (n > max - b->size)
            return err_set(err, ERR_LIMIT, 0,
                           "the member " MEMBER " of the zip is larger than %" PRIu64 " bytes",
                           max);
        size_t take = MIN_OF(n, HEAD_LEN - head_len);
        memcpy(head + head_len, p, take);
        head_len += take;
        digest_add(&state, p, n);
        b->size += n;
    }
    if (rc != ARCHIVE_EOF)
        return err_set(err, ERR_FORMAT, 0, "unpack: %s", archive_error_string(a));
    digest_final(&state, &b->digest);
    return check_machine(head, head_len, arch, err);
}

/* Hosts refuse these members (unpack.c of the agent): paths, links, special and encrypted files. */
static int check_zip_member(struct archive_entry *e, struct err *err)
{
    const char *name = archive_entry_pathname(e);
    if (name == NULL || name[0] == '\0' || name[0] == '.' || strpbrk(name, "/\\:") != NULL)
        return err_set(err, ERR_FORMAT, 0, "the zip contains a path: %.100s",
                       name != NULL ? name : "(not text)");
    if (archive_entry_filetype(e) != AE_IFREG || archive_entry_symlink(e) != NULL ||
        archive_entry_hardlink(e) != NULL)
        return err_set(err, ERR_FORMAT, 0, "the zip's member %.100s is no regular file", name);
    if (archive_entry_is_encrypted(e) > 0)
        return err_set(err, ERR_FORMAT, 0, "the zip's member %.100s is encrypted", name);
    return 0;
}

static int measure_members(struct archive *a, const char *arch, uint64_t max, struct build *b,
                           struct err *err)
{
    struct archive_entry *e = NULL;
    bool found = false;
    int rc, n = 0;
    while ((rc = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
        if (n++ == ZIP_MEMBERS_MAX)
            return err_set(err, ERR_FORMAT, 0, "the zip has more than %d members", ZIP_MEMBERS_MAX);
        if (check_zip_member(e, err) < 0)
            return -1;
        if (!str_eq(archive_entry_pathname(e), MEMBER))
            continue;
        if (found)
            return err_set(err, ERR_FORMAT, 0, "the zip contains more than one file " MEMBER);
        found = true;
        if (hash_member(a, arch, max, b, err) < 0)
            return -1;
    }
    if (rc != ARCHIVE_EOF)
        return err_set(err, ERR_FORMAT, 0, "read the zip: %s", archive_error_string(a));
    return found ? 0 : err_set(err, ERR_FORMAT, 0, "the zip has no file " MEMBER " at its top");
}

static int measure_zip(int fd, const char *arch, uint64_t max, struct build *b, struct err *err)
{
    CLEANUP(cleanup_archive) struct archive *a = archive_read_new();
    if (a == NULL)
        die_oom();
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_set(err, ERR_IO, errno, "seek");
    if (archive_read_support_format_zip_seekable(a) != ARCHIVE_OK ||
        archive_read_open_fd(a, fd, 64 * 1024) != ARCHIVE_OK)
        return err_set(err, ERR_FORMAT, 0, "open the zip: %s", archive_error_string(a));
    return measure_members(a, arch, max, b, err);
}

static int measure_file(int fd, const char *arch, const struct publish_want *want, struct build *b,
                        struct err *err)
{
    unsigned char head[HEAD_LEN];
    ssize_t n = pread(fd, head, sizeof(head), 0);
    if (n < 0)
        return err_set(err, ERR_IO, errno, "read");
    if (n < 4)
        return err_set(err, ERR_FORMAT, 0, "the file has less than 4 bytes: it is no binary");
    if (digest_fd(fd, want->max, &b->fetch_digest, &b->fetch_size, err) < 0)
        return -1;
    if (want->digest != NULL && !digest_eq(want->digest, &b->fetch_digest))
        return err_set(err, ERR_CRYPTO, 0,
                       "the SHA-256 of the file is not the one that was signed");
    if (memcmp(head, "PK\003\004", 4) == 0) {
        b->packing = PACKING_ZIP;
        return measure_zip(fd, arch, want->max, b, err);
    }
    if (want->zip)
        return err_set(err, ERR_FORMAT, 0, "the file is no zip");
    b->packing = PACKING_BARE;
    b->digest = b->fetch_digest;
    b->size = b->fetch_size;
    return check_machine(head, (size_t)n, arch, err);
}

int publish_measure(const char *path, const char *version, const char *os, const char *arch,
                    const struct publish_want *want, struct build *ret, struct err *err)
{
    static const struct publish_want any = {NULL, RELEASE_FILE_MAX, false};
    struct build b;
    memset(&b, 0, sizeof(b));
    if (str_copy(b.os, sizeof(b.os), os) < 0 || str_copy(b.arch, sizeof(b.arch), arch) < 0 ||
        os[0] == '\0' || arch[0] == '\0' || os[strspn(os, WORD)] != '\0' ||
        arch[strspn(arch, WORD)] != '\0')
        return err_set(err, ERR_USAGE, 0,
                       "--os and --arch must be words of Go, such as linux and amd64");
    if (check_zip_name(path, version, os, arch, err) < 0)
        return -1;
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, ERR_USAGE, errno, "open %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_USAGE, 0, "%s is not a regular file", path);
    if (measure_file(fd, arch, want != NULL ? want : &any, &b, err) < 0)
        return err_wrap(err, "%s", path);
    *ret = b;
    return 0;
}
