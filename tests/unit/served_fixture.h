/*
 * served_fixture.h - one file behind common/file_server, and plain sockets that ask for it.
 */
#ifndef SERVED_FIXTURE_H
#define SERVED_FIXTURE_H

#include "file_server.h"

struct served {
    char *dir;
    char path[300], url_path[80]; /* "/<digest>" */
    unsigned char *bytes;
    size_t len;
    struct served_file file;
    struct file_server *server;
    int port;
};

/* Writes the file of len bytes; nothing listens yet. */
void served_open(struct served *s, size_t len);
void served_start(struct served *s, const struct file_server_limits *limits); /* 127.0.0.1 */
void served_close(struct served *s);

/* Connects from this address (NULL: any), with the smallest possible receive buffer. */
int served_connect(const struct served *s, const char *from);
/* Sends all bytes, or as many as the server accepts before it ends the connection. */
void served_send(int fd, const void *p, size_t n);
/* Reads until the other end closes; aborts after 20 s. False: the connection was reset. */
bool served_read_all(int fd, struct buf *ret);
/* Sends one request on a connection of its own: method, path unchanged, further header lines
 * ("Range: bytes=0-\r\n"; "" none). *ret: head and body. Returns the status; 0: there was no
 * answer. */
int served_ask(const struct served *s, const char *method, const char *path, const char *headers,
               struct buf *ret);
/* The value of a header ("" none), and the body of an answer. */
void served_header(const struct buf *answer, const char *name, char *dst, size_t n);
const unsigned char *served_body(const struct buf *answer, size_t *ret_len);
/* Polls until done returns true; aborts after 20 s. */
void served_until(bool (*done)(void *ctx), void *ctx);

#endif
