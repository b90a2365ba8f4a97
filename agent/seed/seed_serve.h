/*
 * seed_serve.h - serves the files of one directory, which caravan-swap fills, to other hosts.
 *
 * Every regular file whose name is the SHA-256 of its bytes, in 64 hexadecimal digits, is served
 * under that digest. If a file has other bytes than its name says, the server does not start.
 * Links, directories and other names are ignored. file_server.h says how files are served, and
 * what a reader may not do.
 *
 * The server ends with 0 as soon as a file comes or goes, because its list is then out of date,
 * and when it has answered nobody for idle_ms. systemd's socket keeps waiting, and starts the
 * server again at the next connection. Answers that are under way when a file comes or goes are
 * broken off.
 */
#ifndef SEED_SERVE_H
#define SEED_SERVE_H

#include "file_server.h"

#define SEED_FILES_MAX 16 /* caravan-swap keeps one */

struct seed_serve {
    int fd; /* the listening socket; the caller closes it */
    const char *dir;
    struct file_server_limits limits;
    int64_t idle_ms;
};

MUST_CHECK int seed_serve(const struct seed_serve *s, struct err *err);

#endif
