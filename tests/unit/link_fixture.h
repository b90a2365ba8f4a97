/*
 * link_fixture.h - a listener that answers, and a caller that waits.
 *
 * The handler returns the received frame. It refuses a frame that begins with "drop" without an
 * answer, and answers a frame that begins with "hold" when the test calls fixture_release.
 */
#ifndef LINK_FIXTURE_H
#define LINK_FIXTURE_H

#include <pthread.h>
#include <stdbool.h>
#include "link_client.h"
#include "link_server.h"

struct fixture {
    struct link_server *server;
    struct links *links;
    char address[64]; /* of the listener */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool woken, released;
    int held, handled; /* number of frames that the handler received, and that it has finished */
};

/* The result of a call. */
struct outcome {
    bool done;
    enum err_kind kind; /* ERR_NONE: answered */
    char text[480];
    struct buf answer;
    int64_t took_ms, started_ms;
    struct fixture *fixture;
};

int64_t fixture_ms(void);
/* Starts on a free port of 127.0.0.1, or of host. Sets the handler and the address in config. */
void fixture_listen(struct fixture *f, struct link_server_config config, const char *host);
void fixture_init(struct fixture *f);
void fixture_done(struct fixture *f);
void fixture_release(struct fixture *f);
void fixture_wait_held(struct fixture *f, int n); /* The handler has n frames at this moment. */

void fixture_call(struct fixture *f, const char *address, const void *frame, size_t n,
                  int64_t deadline_ms, struct outcome *o);
/* Drains until o is done, at most 20 s. False: it is not done. */
bool fixture_wait(struct fixture *f, struct outcome *o);
/* Calls and waits for the result. */
void fixture_ask(struct fixture *f, const char *frame, int64_t deadline_ms, struct outcome *o);

#endif
