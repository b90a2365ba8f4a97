/*
 * file.h - reads files within a limit, writes files whole or not at all, and locks files.
 *
 * file_replace writes durably: it creates a temporary file in the same directory (O_EXCL), writes
 * the content, sets the mode, calls fsync, renames the file, and calls fsync for the directory.
 * After a crash the path shows the old content or the new content, never a mixture. Temporary files
 * that a crash left behind have names that begin with ".tmp-"; file_sweep removes them. Reading
 * refuses a file larger than the limit (ERR_LIMIT), anything but a regular file, and symbolic links
 * unless FILE_FOLLOW is set. All calls retry after EINTR. ERR_NOTFOUND: the file does not exist.
 * ERR_NOSPACE: the file system or the quota is full. ERR_IO: any other failure, with errno. Files
 * get exactly the given mode; the umask has no effect. Any thread may call these functions. If two
 * threads or processes replace the same file at the same time, the last one wins; the file is whole
 * in any case.
 */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include "buf.h"

enum file_flags {
    FILE_FOLLOW = 1, /* follow a symbolic link at the end of the path */
    FILE_PRIVATE =
        2, /* refuse (ERR_CONFIG) a file that the group or others may read: secret keys */
    FILE_OF_GROUP = 4, /* refuse a file that others may read, or that the group may write */
    FILE_TRUSTED = 8,  /* refuse a file that belongs neither to root nor to this process's user, or
                          that others may write */
};

MUST_CHECK int file_read(const char *path, size_t max, unsigned flags, struct buf *ret,
                         struct err *err);
/* Like file_read, but a file that does not exist is not an error: then *ret_there is false. */
MUST_CHECK int file_read_if(const char *path, size_t max, unsigned flags, struct buf *ret,
                            bool *ret_there, struct err *err);
MUST_CHECK int file_replace(const char *path, const void *p, size_t n, mode_t mode,
                            struct err *err);
/* Writes a new file, as durably as file_replace. ERR_BUSY: the file exists already. */
MUST_CHECK int file_create(const char *path, const void *p, size_t n, mode_t mode, struct err *err);
/* Removes a file and calls fsync for its directory. No error when the file does not exist. */
MUST_CHECK int file_remove(const char *path, struct err *err);
MUST_CHECK int file_sync_dir(const char *dir, struct err *err);
/* Removes the temporary files (".tmp-*") that a crash left in dir. */
MUST_CHECK int file_sweep(const char *dir, struct err *err);
/* Makes dir and its parents, like mkdir -p. Only new directories get the mode. */
MUST_CHECK int file_make_dirs(const char *dir, mode_t mode, struct err *err);
MUST_CHECK int file_write_all(int fd, const void *p, size_t n, struct err *err);
/* Writes the directory part of path into dst; "." when the path contains no slash. */
MUST_CHECK int file_dir_of(const char *path, char *dst, size_t n, struct err *err);

/* The names of files in a directory, sorted by their bytes. Calling sequence: NAMES_INIT,
 * file_names, names_free. */
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
/* Lists the names that end with suffix and do not begin with a dot. ERR_LIMIT: there are more than
 * max. flags: 0 or FILE_TRUSTED, for the directory. */
MUST_CHECK int file_names(const char *dir, const char *suffix, size_t max, unsigned flags,
                          struct names *ret, struct err *err);

/* Takes an advisory lock (flock). The process holds the lock until it closes the descriptor. The
 * file gets mode 0600 and contains the pid of the process that holds the lock, as text. ERR_BUSY:
 * another process holds the lock; the error names its pid when the file contains one. */
MUST_CHECK int file_lock(const char *path, int *ret_fd, struct err *err);

#endif
