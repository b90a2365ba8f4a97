/*
 * passphrase.h - the passphrase of a run: read once, kept in guarded memory, tried for each key.
 *
 * The passphrase comes from the first source that exists: a file descriptor (one line), the systemd
 * credential "caravan-passphrase" in the directory that systemd names, or a person at the terminal
 * (the callback `ask`, NULL when there is no terminal). Without any source the result is
 * ERR_REFUSED, and the text names the possible sources. Only a person is asked a second time. A
 * passphrase has 1 to PASSPHRASE_MAX bytes, none of them a NUL or a line break. No error text
 * contains a passphrase.
 */
#ifndef PASSPHRASE_H
#define PASSPHRASE_H

#include <stdbool.h>
#include "clock.h"
#include "err.h"

#define PASSPHRASE_MAX        1024
#define PASSPHRASE_SIZE       (PASSPHRASE_MAX + 2) /* room for one byte too many, and a NUL */
#define PASSPHRASE_MS         30000                /* deadline for a line from a descriptor */
#define PASSPHRASE_CREDENTIAL "caravan-passphrase"
#define PASSPHRASE_TRIES      3

/* Prints "prompt: " and reads the person's answer into dst, without its line break. */
typedef int passphrase_ask(void *ctx, const char *prompt, char dst[static PASSPHRASE_SIZE],
                           struct err *err);

struct passphrase_sources {
    int fd;                  /* -1: none */
    int new_fd;              /* for a new passphrase (passphrase_choose); -1: none */
    bool none;               /* new keys are not encrypted */
    const char *credentials; /* directory of the systemd credentials; NULL: none */
    passphrase_ask *ask;
    void *ctx;
    const struct clock *clock;
    int64_t deadline_ms; /* for one line from a descriptor; 0: PASSPHRASE_MS */
};

struct passphrase;

struct passphrase *passphrase_new(const struct passphrase_sources *s);
void passphrase_free(struct passphrase *p); /* NULL is fine */

/* The passphrase of the run. path: the key file, named in questions and errors. again: the last
 * passphrase did not open this key. *ret is valid until the next call. ERR_REFUSED: there is no
 * source, or the person was asked PASSPHRASE_TRIES times for this key. */
MUST_CHECK int passphrase_of_run(struct passphrase *p, const char *path, bool again,
                                 const char **ret, struct err *err);
/* A passphrase for new keys, from the same sources; a person types it twice. It becomes the
 * passphrase of the run. *ret NULL: the keys are not to be encrypted. */
MUST_CHECK int passphrase_of_new_keys(struct passphrase *p, const char **ret, struct err *err);
/* A new passphrase for an existing key: from new_fd, or from a person, who types it twice. */
MUST_CHECK int passphrase_choose(struct passphrase *p, const char **ret, struct err *err);

#endif
