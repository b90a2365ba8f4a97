#include "control.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

int control_open(struct signals *c, struct err *err)
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

void control_close(struct signals *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

bool control_read(struct signals *c, enum control *ret)
{
    struct signalfd_siginfo info;
    if (c->fd < 0 || read(c->fd, &info, sizeof info) != (ssize_t)sizeof info)
        return false;
    c->last = (int)info.ssi_signo;
    *ret = c->signals++ == 0 ? CONTROL_PAUSE : CONTROL_LEAVE;
    return true;
}

int control_confirm(struct signals *c, const char *question, struct err *err)
{
    char line[16];
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_REFUSED, 0,
                       "nobody can be asked, for standard input is no terminal: look at the plan "
                       "and give --yes");
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = c->fd, .events = POLLIN}};
    fprintf(stderr, "%s [y/N] ", question);
    while (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno == EINTR)
        ;
    if (fds[1].revents != 0 || fgets(line, sizeof line, stdin) == NULL) {
        fputc('\n', stderr);
        return 0;
    }
    return line[0] == 'y' || line[0] == 'Y';
}
