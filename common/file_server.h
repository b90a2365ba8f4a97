/*
 * file_server.h - a few files over HTTP/1.1, each under its SHA-256: libmicrohttpd, and only here.
 *
 * Serves exactly the files it was given, as GET or HEAD of "/<64 hexadecimal digits>", whole or one
 * range (http_range.h). Anything else is 404, and 405 for another method: there is no directory and
 * no way from a request to a path. Every file is opened at the start (no symbolic link), must have
 * its size and digest, and is read through that descriptor alone; one that was changed since is not
 * served any more, and what was under way of it breaks off.
 *
 * Whom `allow` holds may ask, once a connection; an empty list holds everybody. They are kept from
 * doing harm by limits on connections (all together, and from one address), on the head of a
 * request (8 KiB), on the time until a request is whole, and on all bytes a second; and who takes
 * less than `floor` bytes a second, or half of its share of `rate` where that is less, over
 * `window_ms`, is cut off.
 *
 * file_server_start binds before it reads a file, and returns when all is served by a thread of its
 * own. ERR_USAGE: not ADDRESS:PORT in numbers; ERR_BUSY: somebody listens there; ERR_CONFIG: there
 * is no such address here; ERR_CRYPTO: a file is not what was said; ERR_NOTFOUND, ERR_IO. Signals
 * are blocked in the thread.
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
    unsigned connections;      /* at once */
    unsigned per_address;      /* of them */
    struct address_list allow; /* who may connect; others' connections end before a byte is read */
    uint64_t rate;             /* bytes a second, all together; 0: any */
    uint64_t floor;            /* bytes a second below which a reader is cut off */
    int64_t window_ms;
    int64_t request_ms; /* from the connection until its request is whole */
};

struct file_server_counts {
    uint64_t answered; /* with a file or a part of one */
    uint64_t refused;  /* with 404, 405 or 416 */
    uint64_t shut_out; /* connections: not from whom `allow` holds */
    uint64_t cut;      /* connections: too slow */
    uint64_t bytes;    /* of files, handed to the network */
};

/* listen: "127.0.0.1:4651", "[::1]:4651"; port 0: any free one. files are copied. */
MUST_CHECK int file_server_start(const char *listen, const struct served_file *files, size_t n,
                                 const struct file_server_limits *limits, struct file_server **ret,
                                 struct err *err);
/* The same at a TCP socket that listens already, such as systemd hands over: fd stays the caller's,
 * who closes it, and goes on listening when the server has stopped. ERR_USAGE: fd is none. */
MUST_CHECK int file_server_start_at(int fd, const struct served_file *files, size_t n,
                                    const struct file_server_limits *limits,
                                    struct file_server **ret, struct err *err);
void file_server_stop(struct file_server *s); /* NULL is fine; what is under way breaks off */
const char *file_server_address(const struct file_server *s); /* as bound */
struct file_server_counts file_server_counts(const struct file_server *s);

#endif
