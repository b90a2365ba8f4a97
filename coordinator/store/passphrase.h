/*
 * passphrase.h - the passphrase of a run: asked for once, kept in guarded memory, tried for each
 * key.
 *
 * Sources, the first that is there: a descriptor (one line), the systemd credential
 * "caravan-passphrase" in the directory that systemd names, a person (the callback, which is NULL
 * where nobody can be asked). Without any of them ERR_REFUSED tells which there are. Only a person
 * is asked again. A passphrase has 1 to PASSPHRASE_MAX bytes, none of them a NUL or a line break,
 * and is never part of a text of an error.
 */
#ifndef PASSPHRASE_H
#define PASSPHRASE_H

#include <stdbool.h>
#include "clock.h"
#include "err.h"

#define PASSPHRASE_MAX        1024
#define PASSPHRASE_SIZE       (PASSPHRASE_MAX + 2) /* a line break, or what is too long, and NUL */
#define PASSPHRASE_MS         30000                /* for a line from a descriptor */
#define PASSPHRASE_CREDENTIAL "caravan-passphrase"
#define PASSPHRASE_TRIES      3

/* Asks a person "prompt: "; a text without its line break into dst. */
typedef int passphrase_ask(void *ctx, const char *prompt, char dst[static PASSPHRASE_SIZE],
                           struct err *err);

struct passphrase_sources {
    int fd;                  /* -1: none */
    int new_fd;              /* for a new one (passphrase_choose); -1: none */
    bool none;               /* new keys get none */
    const char *credentials; /* directory; NULL: none */
    passphrase_ask *ask;
    void *ctx;
    const struct clock *clock;
    int64_t deadline_ms; /* for a line from a descriptor; 0: PASSPHRASE_MS */
};

struct passphrase;

struct passphrase *passphrase_new(const struct passphrase_sources *s);
void passphrase_free(struct passphrase *p); /* NULL is fine */

/* The one of the run; path names the key in a question. ret is valid until the next call.
 * again: the one that is there did not open this key. ERR_REFUSED when nobody can be asked, or
 * a person was asked PASSPHRASE_TRIES times for one key. */
MUST_CHECK int passphrase_of_run(struct passphrase *p, const char *path, bool again,
                                 const char **ret, struct err *err);
/* One for keys that are made: from the same sources, a person twice. NULL in *ret where none is
 * wanted. From then on the one of the run. */
MUST_CHECK int passphrase_of_new_keys(struct passphrase *p, const char **ret, struct err *err);
/* Another one for a key that is there: from new_fd or a person, twice. */
MUST_CHECK int passphrase_choose(struct passphrase *p, const char **ret, struct err *err);

#endif
