#include "control.h"

#include <signal.h>
#include <sys/signalfd.h>

int control_open(struct control *c, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_set(err, ERR_IO, errno, "block signals");
    *c = (struct control){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    return c->fd < 0 ? err_set(err, ERR_IO, errno, "watch signals") : 0;
}

void control_close(struct control *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

bool control_read(struct control *c, enum control *ret)
{
    struct signalfd_siginfo info;
    if (c->fd < 0 || read(c->fd, &info, sizeof info) != (ssize_t)sizeof info)
        return false;
    c->last = (int)info.ssi_signo;
    *ret = c->signals++ == 0 ? CONTROL_PAUSE : CONTROL_LEAVE;
    return true;
}

int control_confirm(const char *question, struct err *err)
{
    char line[16];
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_REFUSED, 0,
                       "nobody can be asked, for standard input is no terminal: look at the plan "
                       "and give --yes");
    fprintf(stderr, "%s [y/N] ", question);
    if (fgets(line, sizeof line, stdin) == NULL)
        return 0;
    return line[0] == 'y' || line[0] == 'Y';
}
