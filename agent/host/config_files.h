/*
 * config_files.h - the files of Nomad's configuration, open, in the order in which Nomad reads
 * them.
 *
 * Of a directory those that Nomad reads there, by name. Links are followed where the directory
 * is root's alone. Where others may write into it, a link, or a second name of another user's
 * file, could show a trial (and what it says, people) what only root may read: that is refused.
 * Any thread.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "fetch_job.h"

struct config_files {
    size_t n;
    int fds[FETCH_FILES_MAX];
    char names[FETCH_FILES_MAX][256]; /* as people know them */
};

/* paths: of -config, absolute. -1: one cannot be read, or there are too many. */
MUST_CHECK int config_files_open(const char *const *paths, size_t n, struct config_files *ret,
                                 struct err *err);
void config_files_close(struct config_files *f);
/* text without the names that a trial gave the files (TRY_FILE), with their own. */
void config_files_put_back(const struct config_files *f, const char *text, struct buf *ret);

#endif
