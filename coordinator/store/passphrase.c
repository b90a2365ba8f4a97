#include "passphrase.h"

#include <poll.h>
#include "crypto.h"
#include "file.h"
#include "str.h"

struct passphrase {
    struct passphrase_sources from;
    char *kept;  /* the passphrase of the run; guarded memory */
    char *other; /* a new passphrase, or the second typing; guarded memory */
    bool have;
    bool handed;    /* `kept` came from a descriptor or a credential: ask no person */
    unsigned asked; /* how often the person was asked for the present key */
};

struct passphrase *passphrase_new(const struct passphrase_sources *s)
{
    struct passphrase *p = xzalloc(1, sizeof(*p));
    p->from = *s;
    p->kept = secret_new(PASSPHRASE_SIZE);
    p->other = secret_new(PASSPHRASE_SIZE);
    return p;
}

void passphrase_free(struct passphrase *p)
{
    if (p == NULL)
        return;
    secret_free(p->kept);
    secret_free(p->other);
    free(p);
}

static int check_length(const char *text, const char *where, struct err *err)
{
    size_t n = strnlen(text, PASSPHRASE_SIZE);
    if (n == 0)
        return err_set(err, ERR_REFUSED, 0, "the passphrase from %s is empty", where);
    return n > PASSPHRASE_MAX
               ? err_set(err, ERR_REFUSED, 0, "the passphrase from %s is longer than %d bytes",
                         where, PASSPHRASE_MAX)
               : 0;
}

/* ---- a descriptor ---- */

/* 1: read a byte; 0: end of the input. Reads single bytes, so that the input behind the line is
 * left for other readers of the descriptor. */
static int read_byte(int fd, const struct clock *clock, int64_t end, char *ret, const char *where,
                     struct err *err)
{
    for (;;) {
        int64_t left = end - clock_mono(clock);
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int rc = poll(&p, 1, left > 0 ? (int)left : 0);
        if (rc == 0)
            return err_set(err, ERR_REFUSED, 0, "no passphrase came from %s within %d s", where,
                           PASSPHRASE_MS / 1000);
        ssize_t n = rc < 0 ? -1 : read(fd, ret, 1);
        if (n >= 0)
            return (int)n;
        if (errno != EINTR && errno != EAGAIN)
            return err_set(err, ERR_USAGE, errno, "read a passphrase from %s", where);
    }
}

static int read_passphrase_line(const struct passphrase_sources *s, int fd,
                                char dst[static PASSPHRASE_SIZE], struct err *err)
{
    int64_t end = clock_mono(s->clock) + (s->deadline_ms > 0 ? s->deadline_ms : PASSPHRASE_MS);
    char where[32], c = '\0';
    size_t n = 0;
    int rc = 1;
    snprintf(where, sizeof(where), "descriptor %d", fd);
    while (n <= PASSPHRASE_MAX && (rc = read_byte(fd, s->clock, end, &c, where, err)) == 1 &&
           c != '\n') {
        if (c == '\0')
            return err_set(err, ERR_REFUSED, 0, "the passphrase from %s contains a NUL", where);
        dst[n++] = c;
    }
    dst[n] = '\0';
    crypto_wipe(&c, sizeof(c));
    return rc < 0 ? -1 : check_length(dst, where, err);
}

/* ---- a credential ---- */

static int read_credential(const char *dir, char dst[static PASSPHRASE_SIZE], bool *ret_there,
                           struct err *err)
{
    char path[300];
    struct buf text = BUF_INIT;
    if (snprintf(path, sizeof(path), "%s/" PASSPHRASE_CREDENTIAL, dir) >= (int)sizeof(path))
        return err_set(err, ERR_LIMIT, 0, "path too long: %s", dir);
    int rc =
        file_read_if(path, PASSPHRASE_MAX + 1, FILE_FOLLOW | FILE_OF_GROUP, &text, ret_there, err);
    if (rc == 0 && text.len > 0 && text.data[text.len - 1] == '\n')
        text.data[--text.len] = '\0';
    if (rc == 0 && *ret_there && strcspn(buf_str(&text), "\n") != text.len)
        rc = err_set(err, ERR_REFUSED, 0, "%s is not one line", path);
    if (rc == 0 && *ret_there) {
        memcpy(dst, buf_str(&text), text.len + 1);
        rc = check_length(dst, path, err);
    }
    if (text.data != NULL)
        crypto_wipe(text.data, text.cap);
    buf_free(&text);
    return rc;
}

/* ---- a person ---- */

static int ask_person(const struct passphrase *p, const char *prompt,
                      char dst[static PASSPHRASE_SIZE], struct err *err)
{
    return p->from.ask(p->from.ctx, prompt, dst, err) < 0 ? -1
                                                          : check_length(dst, "the terminal", err);
}

static int ask_twice(struct passphrase *p, char *dst, char *room, struct err *err)
{
    if (ask_person(p, "New passphrase", dst, err) < 0 ||
        ask_person(p, "The same once more", room, err) < 0)
        return -1;
    bool same = strcmp(dst, room) == 0;
    crypto_wipe(room, PASSPHRASE_SIZE);
    return same ? 0
                : err_set(err, ERR_REFUSED, 0,
                          "the two passphrases are not the same: run the command again");
}

#define HAND_OVER                                                                                  \
    "and there is no terminal to ask for it: pass the passphrase with --passphrase-fd N (one "     \
    "line) or as the systemd credential " PASSPHRASE_CREDENTIAL

/* ---- the sources in their order ---- */

/* 1: read a passphrase; 0: there is no descriptor and no credential, so that a person must be
 * asked. */
static int take_automatic(struct passphrase *p, struct err *err)
{
    bool there = p->from.fd >= 0;
    if (there && read_passphrase_line(&p->from, p->from.fd, p->kept, err) < 0)
        return -1;
    if (!there && p->from.credentials != NULL &&
        read_credential(p->from.credentials, p->kept, &there, err) < 0)
        return -1;
    p->have = p->handed = there;
    return there;
}

static int ask_for(struct passphrase *p, const char *path, struct err *err)
{
    char prompt[400];
    if (p->handed)
        return err_set(err, ERR_REFUSED, 0,
                       "the passphrase from the descriptor or credential does not open %s", path);
    if (p->from.ask == NULL)
        return err_set(err, ERR_REFUSED, 0, "%s is encrypted with a passphrase, " HAND_OVER, path);
    if (p->asked == PASSPHRASE_TRIES)
        return err_set(
            err, ERR_REFUSED, 0,
            "none of %d passphrases opens %s. Nobody can recover a forgotten passphrase: "
            "replace the key by a new one (`caravan trust rotate`)",
            PASSPHRASE_TRIES, path);
    snprintf(prompt, sizeof(prompt), "%sPassphrase of %.300s", p->asked > 0 ? "Wrong. " : "", path);
    p->asked++;
    if (ask_person(p, prompt, p->kept, err) < 0)
        return -1;
    p->have = true;
    return 0;
}

int passphrase_of_run(struct passphrase *p, const char *path, bool again, const char **ret,
                      struct err *err)
{
    if (!again)
        p->asked = 0;
    if (!p->have && take_automatic(p, err) < 0)
        return -1;
    if ((!p->have || again) && ask_for(p, path, err) < 0)
        return -1;
    *ret = p->kept;
    return 0;
}

int passphrase_of_new_keys(struct passphrase *p, const char **ret, struct err *err)
{
    *ret = NULL;
    if (p->from.none)
        return 0;
    int rc = p->handed ? 1 : take_automatic(p, err);
    if (rc == 0 && p->from.ask == NULL)
        return err_set(err, ERR_REFUSED, 0,
                       "secret keys are encrypted with a passphrase, " HAND_OVER
                       ". With --no-passphrase the keys are not encrypted: anybody who can read "
                       "the files can use them");
    if (rc < 0 || (rc == 0 && ask_twice(p, p->kept, p->other, err) < 0))
        return err_wrap(err, "no key was made (--no-passphrase makes keys without a passphrase)");
    p->have = true;
    *ret = p->kept;
    return 0;
}

int passphrase_choose(struct passphrase *p, const char **ret, struct err *err)
{
    if (p->from.new_fd >= 0) {
        if (read_passphrase_line(&p->from, p->from.new_fd, p->other, err) < 0)
            return -1;
    } else if (p->from.ask == NULL) {
        return err_set(err, ERR_REFUSED, 0,
                       "there is no terminal to ask for the new passphrase: pass it with "
                       "--new-passphrase-fd N (one line)");
    } else {
        char *room = secret_new(PASSPHRASE_SIZE);
        int rc = ask_twice(p, p->other, room, err);
        secret_free(room);
        if (rc < 0)
            return -1;
    }
    *ret = p->other;
    return 0;
}
