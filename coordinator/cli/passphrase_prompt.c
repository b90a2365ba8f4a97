#include "passphrase_prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include "crypto.h"
#include "file.h"
#include "str.h"

#define TERMINAL "/dev/tty"

struct quiet_terminal {
    int fd, signals; /* -1: not open */
    struct termios before;
    sigset_t mask;
    bool changed;
};

bool passphrase_prompt_can_ask(void)
{
    autoclose int fd = open(TERMINAL, O_RDWR | O_CLOEXEC | O_NOCTTY);
    return fd >= 0;
}

static int silence_terminal(struct quiet_terminal *t, struct err *err)
{
    struct termios quiet;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    t->fd = open(TERMINAL, O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (t->fd < 0 || tcgetattr(t->fd, &t->before) < 0)
        return err_set(err, ERR_REFUSED, errno, "nobody can be asked for the passphrase");
    if (sigprocmask(SIG_BLOCK, &set, &t->mask) < 0)
        return err_set(err, ERR_IO, errno, "block signals");
    t->changed = true;
    t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    quiet = t->before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    quiet.c_lflag |= ICANON | ISIG;
    quiet.c_cc[VQUIT] = quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
    return t->signals < 0 || tcsetattr(t->fd, TCSAFLUSH, &quiet) < 0
               ? err_set(err, ERR_IO, errno, "keep the terminal from showing the passphrase")
               : 0;
}

static void restore_terminal(struct quiet_terminal *t)
{
    if (t->changed) {
        (void)!tcsetattr(t->fd, TCSAFLUSH, &t->before);
        (void)!write(t->fd, "\n", 1);
    }
    if (t->signals >= 0)
        close(t->signals);
    if (t->changed)
        sigprocmask(SIG_SETMASK, &t->mask, NULL);
    if (t->fd >= 0)
        close(t->fd);
}

/* One line; what is longer than a passphrase stays longer than one, and is refused for it. */
static int read_typed(struct quiet_terminal *t, char dst[static PASSPHRASE_SIZE], struct err *err)
{
    struct pollfd fds[] = {{.fd = t->fd, .events = POLLIN}, {.fd = t->signals, .events = POLLIN}};
    struct signalfd_siginfo info;
    while (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno == EINTR)
        ;
    if (fds[1].revents != 0 && read(t->signals, &info, sizeof(info)) > 0)
        return err_set(err, ERR_STATE, 0, "interrupted; nothing was changed");
    ssize_t n = read(t->fd, dst, PASSPHRASE_SIZE - 1);
    if (n <= 0)
        return err_set(err, ERR_REFUSED, n < 0 ? errno : 0, "no passphrase was typed");
    if (dst[n - 1] == '\n')
        n--;
    dst[n] = '\0';
    return 0;
}

int passphrase_prompt_ask(void *ctx, const char *prompt, char dst[static PASSPHRASE_SIZE],
                          struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    struct quiet_terminal t = {.fd = -1, .signals = -1};
    (void)ctx;
    str_escape(&text, prompt, strlen(prompt));
    buf_add_str(&text, ": ");
    int rc = silence_terminal(&t, err);
    if (rc == 0)
        rc = file_write_all(t.fd, text.data, text.len, err);
    if (rc == 0)
        rc = read_typed(&t, dst, err);
    restore_terminal(&t);
    return rc;
}
