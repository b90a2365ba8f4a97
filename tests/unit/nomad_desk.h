/*
 * nomad_desk.h - a Nomad of canned answers on loopback, for tests of the observer.
 *
 * Every server has an address 127.0.0.1:PORT of its own. Answers are made by a
 * function of the test from the server's number and the path; NULL hangs: the
 * request is held until the desk is stopped or the caller gives up.
 */
#ifndef NOMAD_DESK_H
#define NOMAD_DESK_H

#include <stdint.h>
#include "buf.h"
#include "context_fixture.h"
#include "observer.h"

#define DESK_SERVERS 4

struct nomad_desk;

struct desk_answer {
    int status; /* 0: hang */
    struct buf body;
    char next_token[80];
    uint64_t index;
    /* Of the request. */
    const char *secret; /* X-Nomad-Token; NULL: none */
    const char *region; /* ?region=; NULL: none */
};

typedef void desk_handler(void *ctx, int server, const char *path, const char *token,
                          struct desk_answer *ret);

/* Every failure aborts. */
struct nomad_desk *nomad_desk_start(int servers, desk_handler *handle, void *ctx);
uint16_t nomad_desk_port(const struct nomad_desk *d, int server);
void nomad_desk_stop(struct nomad_desk *d);

/* An observer of such a Nomad: the configuration names its servers s0, s1, ... Every failure
 * aborts. */
struct watched {
    struct nomad_desk *desk;
    struct context_fixture fixture;
    struct http *http;
    struct nomad_http *nomad;
    struct observer *observer;
};

/* token "": none. */
void watched_begin(struct watched *w, int servers, const char *token, desk_handler *handle,
                   void *ctx);
void watched_end(struct watched *w);
const struct world *watched_round(struct watched *w); /* waits for the next observation */

#endif
