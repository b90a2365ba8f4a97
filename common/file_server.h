/*
 * file_server.h - serves a few files over HTTP/1.1, each under its SHA-256. Only this file uses
 * libmicrohttpd.
 *
 * The server serves exactly the files that the caller names, as GET or HEAD of "/<64 hexadecimal
 * digits>", whole or one range (http_range.h). It answers any other path with 404 and any other
 * method with 405. No part of a request becomes part of a path. The server opens every file at the
 * start (symbolic links are refused), checks size and digest, and reads the file through that
 * descriptor only. If a file changes later, the server stops serving it and breaks off transfers
 * of it.
 *
 * Only addresses in `allow` may connect (an empty list: every address), for one request a
 * connection. These limits protect the server: the number of connections (in total and from one
 * address), the size of a request's head (8 KiB), the time until a request is whole, and the total
 * rate in bytes a second. The server also closes slow connections: those whose reader took less
 * than `floor` bytes a second over `window_ms`. If half of a reader's share of `rate` is less than
 * `floor`, that half is the minimum.
 *
 * file_server_start binds the socket before it reads a file. It returns when a thread of its own
 * serves all files; signals are blocked in that thread. ERR_USAGE: the address is not ADDRESS:PORT
 * in numbers. ERR_BUSY: another process listens there. ERR_CONFIG: this machine does not have the
 * address. ERR_CRYPTO: a file has another size or digest. ERR_NOTFOUND, ERR_IO: a file cannot be
 * opened or read.
 */
#ifndef FILE_SERVER_H
#define FILE_SERVER_H

#include "address.h"
#include "crypto.h"

#define FILE_SERVER_ADDRESS 64 /* "[address]:port", and a NUL */

struct file_server;

struct served_file {
    const char *path;
    uint64_t size;
    struct digest digest;
};

struct file_server_limits {
    unsigned connections;      /* at the same time */
    unsigned per_address;      /* of these, from one address */
    struct address_list allow; /* others' connections are closed before a byte is read */
    uint64_t rate;             /* bytes a second of all connections together; 0: no limit */
    uint64_t floor;            /* bytes a second; a slower reader is cut off */
    int64_t window_ms;         /* the time over which the speed of a reader is measured */
    int64_t request_ms;        /* from the start of a connection until its request is whole */
};

struct file_server_counts {
    uint64_t answered; /* requests answered with a file or a part of a file */
    uint64_t refused;  /* requests answered with 404, 405 or 416 */
    uint64_t shut_out; /* connections from addresses that are not in `allow` */
    uint64_t cut;      /* connections that were closed because they were too slow */
    uint64_t bytes;    /* bytes of files that were passed to the network */
};

/* listen: "127.0.0.1:4651" or "[::1]:4651"; port 0: any free port. `files` is copied. */
MUST_CHECK int file_server_start(const char *listen, const struct served_file *files, size_t n,
                                 const struct file_server_limits *limits, struct file_server **ret,
                                 struct err *err);
/* Like file_server_start, with a TCP socket that listens already, for example a socket from
 * systemd. The caller keeps fd and closes fd; the socket still listens when the server has stopped.
 * ERR_USAGE: fd is not a listening TCP socket. */
MUST_CHECK int file_server_start_at(int fd, const struct served_file *files, size_t n,
                                    const struct file_server_limits *limits,
                                    struct file_server **ret, struct err *err);
void file_server_stop(struct file_server *s); /* breaks off open transfers; NULL is fine */
const char *file_server_address(const struct file_server *s); /* with the real port */
struct file_server_counts file_server_counts(const struct file_server *s);

#endif
