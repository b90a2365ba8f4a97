/*
 * seed_serve.h - the files that caravan-swap keeps in one directory, served to other hosts.
 *
 * Served is, under its digest, every regular file of the directory whose name is the SHA-256 of its
 * bytes in 64 hexadecimal digits; what has other bytes than its name says stops the server
 * before it serves anything. All else that lies there is nothing: links, directories, other names.
 * How it is served, and what a reader may not do: file_server.h.
 *
 * It ends, with 0, as soon as a file comes or goes, for what it knows is then not what lies there,
 * and when nobody has been answered for idle_ms; so systemd's socket, which waits meanwhile, starts
 * it anew at the next connection. What is under way when a file comes or goes breaks off.
 */
#ifndef SEED_SERVE_H
#define SEED_SERVE_H

#include "file_server.h"

#define SEED_FILES_MAX 16 /* caravan-swap keeps one */

struct seed_serve {
    int fd; /* listens; stays the caller's */
    const char *dir;
    struct file_server_limits limits;
    int64_t idle_ms;
};

MUST_CHECK int seed_serve(const struct seed_serve *s, struct err *err);

#endif
