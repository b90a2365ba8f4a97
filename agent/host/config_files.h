/*
 * config_files.h - opens the files of Nomad's configuration, in the order in which Nomad reads
 * them.
 *
 * For a directory: the files that Nomad reads there, sorted by name. Links are followed if only
 * root can write into the directory. If others can write there, a link, or a second name of
 * another user's file, is refused: otherwise a trial could read a file that only root may read,
 * and its output could show that file to people. Any thread.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "fetch_job.h"

struct config_files {
    size_t n;
    int fds[FETCH_FILES_MAX];
    char names[FETCH_FILES_MAX][256]; /* their paths, for people */
};

/* paths: the values of -config, absolute. -1: a file cannot be read or is refused, or there are too
 * many. */
MUST_CHECK int config_files_open(const char *const *paths, size_t n, struct config_files *ret,
                                 struct err *err);
void config_files_close(struct config_files *f);
/* Copies text, and replaces the names that a trial gave to the files (TRIAL_FILE) by their real
 * paths. */
void config_files_put_back(const struct config_files *f, const char *text, struct buf *ret);

#endif
