/*
 * file.h - files read within a limit, written whole or not at all, and locked.
 *
 * Durable writing (file_replace): temporary name in the same directory, O_EXCL,
 * mode, write, fsync, rename, fsync of the directory. After a crash the name
 * shows the old content or the new, never a mixture; left-over temporary names
 * begin with ".tmp-" and are removed by file_sweep. Reading refuses what is
 * larger than the limit (ERR_LIMIT), what is not a regular file, and symbolic
 * links unless FILE_FOLLOW. All calls retry EINTR. What is absent is ERR_NOTFOUND,
 * a full file system or quota ERR_NOSPACE, the rest ERR_IO with errno. Modes are
 * as given, whatever the umask. Any thread, but two writers of one path race:
 * the last rename wins whole.
 */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include "buf.h"

enum file_flags {
    FILE_FOLLOW = 1,   /* a symbolic link at the end of the path is followed */
    FILE_PRIVATE = 2,  /* refuse (ERR_CONFIG) when group or others may read: for secret keys */
    FILE_OF_GROUP = 4, /* refuse when others may read, or anybody but the owner write */
    FILE_TRUSTED = 8,  /* refuse when it is neither root's nor ours, or when others may write */
};

MUST_CHECK int file_read(const char *path, size_t max, unsigned flags, struct buf *ret,
                         struct err *err);
/* Absent is not an error: *ret_there tells. */
MUST_CHECK int file_read_if(const char *path, size_t max, unsigned flags, struct buf *ret,
                            bool *ret_there, struct err *err);
MUST_CHECK int file_replace(const char *path, const void *p, size_t n, mode_t mode,
                            struct err *err);
/* Creates with O_EXCL; ERR_BUSY when it exists. Durable like file_replace. */
MUST_CHECK int file_create(const char *path, const void *p, size_t n, mode_t mode, struct err *err);
/* unlink + fsync of the directory; absent is fine. */
MUST_CHECK int file_remove(const char *path, struct err *err);
MUST_CHECK int file_sync_dir(const char *dir, struct err *err);
/* Removes ".tmp-*" left in dir by a crash. */
MUST_CHECK int file_sweep(const char *dir, struct err *err);
/* mkdir -p; only the directories it makes get the mode. */
MUST_CHECK int file_make_dirs(const char *dir, mode_t mode, struct err *err);
MUST_CHECK int file_write_all(int fd, const void *p, size_t n, struct err *err);
/* Directory part of path into dst ("." when there is none). */
MUST_CHECK int file_dir_of(const char *path, char *dst, size_t n, struct err *err);

/* Names of files in a directory, sorted by their bytes. NAMES_INIT, file_names, names_free. */
struct names {
    char **items;
    size_t n;
};
#define NAMES_INIT                                                                                 \
    {                                                                                              \
        NULL, 0                                                                                    \
    }
#define auto_names CLEANUP(names_free)
void names_free(struct names *n);
/* Those that end like this and do not begin with a dot; more than max are ERR_LIMIT. flags: of the
 * directory (FILE_TRUSTED). */
MUST_CHECK int file_names(const char *dir, const char *suffix, size_t max, unsigned flags,
                          struct names *ret, struct err *err);

/* An advisory lock (flock) that lives as long as the descriptor. ERR_BUSY, with
 * the holder's pid in the text when the file tells it, when somebody has it.
 * The file is created 0600 and holds the holder's pid as text. */
MUST_CHECK int file_lock(const char *path, int *ret_fd, struct err *err);

#endif
