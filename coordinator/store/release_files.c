#include "release_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include "file.h"

#define PIECE (256 * 1024)

int release_file_path(const struct coord_conf *c, const char *version, const struct build *b,
                      char dst[static 300], struct err *err)
{
    if (release_zip_path(c, version, b->os, b->arch, dst, err) < 0)
        return -1;
    if (b->packing == PACKING_BARE)
        dst[strlen(dst) - strlen(".zip")] = '\0';
    return 0;
}

static int copy_build_file(int from, int to, const struct build *b, struct err *err)
{
    autofree unsigned char *piece = xalloc(PIECE);
    struct digest_state hash;
    struct digest digest;
    uint64_t done = 0;
    ssize_t n;

    digest_init(&hash);
    while (done <= b->fetch_size && (n = read(from, piece, PIECE)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_IO, errno, "read");
        if (file_write_all(to, piece, (size_t)n, err) < 0)
            return -1;
        digest_add(&hash, piece, (size_t)n);
        done += (uint64_t)n;
    }
    digest_final(&hash, &digest);
    return done == b->fetch_size && digest_eq(&digest, &b->fetch_digest)
               ? 0
               : err_set(err, ERR_CRYPTO, 0, "the file has changed since it was measured");
}

static int keep_as(const char *tmp, const char *path, int from, const struct build *b,
                   struct err *err)
{
    autoclose int to = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (to < 0)
        return err_set(err, errno == ENOSPC ? ERR_NOSPACE : ERR_IO, errno, "create %s", tmp);
    if (copy_build_file(from, to, b, err) < 0)
        return -1;
    if (fchmod(to, 0644) < 0 || fsync(to) < 0 || rename(tmp, path) < 0)
        return err_set(err, ERR_IO, errno, "write %s", path);
    return 0;
}

int release_file_keep(const struct coord_conf *c, const char *version, const struct build *b,
                      const char *from, struct err *err)
{
    char path[300], dir[300], tmp[340];

    if (release_file_path(c, version, b, path, err) < 0 ||
        file_dir_of(path, dir, sizeof(dir), err) < 0)
        return -1;
    autoclose int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "open %s", from);
    snprintf(tmp, sizeof(tmp), "%s/.tmp-%ld", dir, (long)getpid());
    if (keep_as(tmp, path, fd, b, err) < 0) {
        unlink(tmp);
        return err_wrap(err, "keep %s", from);
    }
    return file_sync_dir(dir, err);
}

bool release_file_exists(const struct coord_conf *c, const char *version, const struct build *b)
{
    struct err unused = ERR_INIT;
    struct stat st;
    char path[300];

    return release_file_path(c, version, b, path, &unused) == 0 && lstat(path, &st) == 0 &&
           S_ISREG(st.st_mode);
}

size_t release_places_of(const struct stored_release *r, const struct build *b)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_places; i++)
        n += str_eq(r->places[i].os, b->os) && str_eq(r->places[i].arch, b->arch);
    return n;
}
