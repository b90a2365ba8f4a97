#include "signals.h"

#include <ctype.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include "table.h"

int signals_open(struct signals *c, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_set(err, ERR_IO, errno, "block signals");
    *c = (struct signals){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    return c->fd < 0 ? err_set(err, ERR_IO, errno, "watch signals") : 0;
}

void signals_close(struct signals *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

bool signals_read(struct signals *c, enum operator_request *ret)
{
    struct signalfd_siginfo info;
    if (c->fd < 0 || read(c->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return false;
    c->last = (int)info.ssi_signo;
    *ret = c->signals++ == 0 ? REQUEST_PAUSE : REQUEST_LEAVE;
    return true;
}

/* Reads one line. A line that is longer than the buffer is read to its end, and matches no word. */
static bool read_word(char *dst, size_t n)
{
    size_t len = 0;
    int c;
    while ((c = getc(stdin)) != EOF && c != '\n') {
        if (len < n - 1 && !isspace(c))
            dst[len++] = (char)tolower(c);
    }
    dst[len] = '\0';
    return c != EOF;
}

static int find_word(const char *words, const char *word)
{
    for (size_t len; *words != '\0'; words += len) {
        words += strspn(words, " ");
        len = strcspn(words, " ");
        if (word[0] == words[0] &&
            (word[1] == '\0' || (strlen(word) == len && memcmp(word, words, len) == 0)))
            return words[0];
    }
    return QUESTION_OTHER;
}

int question_choose(struct signals *c, const char *question, const char *words, const char *instead,
                    struct err *err)
{
    char word[16];
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_REFUSED, 0,
                       "Caravan cannot ask you, because standard input is not a terminal: %s",
                       instead);
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = c->fd, .events = POLLIN}};
    print_safe(stderr, question);
    fputc(' ', stderr);
    while (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno == EINTR)
        ;
    if (fds[1].revents != 0 || !read_word(word, sizeof(word))) {
        fputc('\n', stderr);
        return QUESTION_NOTHING;
    }
    return find_word(words, word);
}

int question_confirm(struct signals *c, const char *question, struct err *err)
{
    char text[200];
    snprintf(text, sizeof(text), "%s [y/N]", question);
    int rc = question_choose(c, text, "yes", "read what is printed above, then use --yes", err);
    return rc < 0 ? -1 : rc == 'y';
}
