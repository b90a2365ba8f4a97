/*
 * main_wire.c - a cable with delay and loss between two network namespaces.
 *
 *   wire NAME-HERE NAME-THERE NAMESPACE DELAY_MS LOSS_PERCENT
 *
 * Makes a TAP interface here and one in the named namespace (a file), and prints "ready"; the
 * caller brings the interfaces up. Carries every frame from one interface to the other, DELAY_MS
 * later, and drops LOSS_PERCENT of the frames by a fixed sequence. Ends with SIGTERM, and the
 * kernel removes the interfaces. Not every kernel has the netem queueing discipline; this program
 * works with all.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include "cleanup.h"
#include "clock.h"
#include "str.h"

#define FRAME_MAX 2048
#define QUEUE_MAX 4096 /* frames in flight in each direction; more are dropped, as in a router */

struct frame {
    int64_t due_ms;
    size_t n;
    unsigned char bytes[FRAME_MAX];
};

struct direction {
    int from, to;
    struct frame *frames; /* a ring */
    size_t first, count;
};

struct cable {
    struct direction ways[2];
    int64_t delay_ms;
    uint64_t loss, chance;
};

static int open_tap(const char *name)
{
    struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    autoclose int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    str_cut(r.ifr_name, sizeof(r.ifr_name), name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &r) < 0)
        return -1;
    return take_fd(&fd);
}

/* A TAP belongs to the namespace of the process that makes it. */
static int open_tap_there(const char *name, const char *space)
{
    autoclose int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    autoclose int there = open(space, O_RDONLY | O_CLOEXEC);
    if (here < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
        return -1;
    int fd = open_tap(name);
    return setns(here, CLONE_NEWNET) < 0 ? -1 : fd;
}

/* Drops the same frames in every run. */
static bool is_lost(struct cable *c)
{
    c->chance = c->chance * 6364136223846793005u + 1442695040888963407u;
    return (c->chance >> 33) % 100 < c->loss;
}

static void take_in(struct cable *c, struct direction *d)
{
    for (;;) {
        struct frame spare, *f = &spare;
        if (d->count < QUEUE_MAX)
            f = &d->frames[(d->first + d->count) % QUEUE_MAX];
        ssize_t n = read(d->from, f->bytes, FRAME_MAX);
        if (n <= 0)
            return;
        if (f == &spare || is_lost(c))
            continue;
        f->n = (size_t)n;
        f->due_ms = clock_mono(clock_system()) + c->delay_ms;
        d->count++;
    }
}

/* Sends the frames that are due. Returns the time of the next frame, or -1. */
static int64_t hand_out(struct direction *d)
{
    int64_t now = clock_mono(clock_system());
    while (d->count > 0) {
        const struct frame *f = &d->frames[d->first];
        if (f->due_ms > now)
            return f->due_ms - now;
        /* An interface that is down accepts nothing: the frame is lost, as on a cable. */
        if (write(d->to, f->bytes, f->n) < 0 && errno == EAGAIN)
            return 1;
        d->first = (d->first + 1) % QUEUE_MAX;
        d->count--;
    }
    return -1;
}

static int carry_frames(struct cable *c)
{
    for (;;) {
        struct pollfd fds[2];
        int64_t wait = -1;
        for (int i = 0; i < 2; i++) {
            int64_t next = hand_out(&c->ways[i]);
            fds[i] = (struct pollfd){.fd = c->ways[i].from, .events = POLLIN};
            if (next >= 0)
                wait = wait < 0 ? next : MIN_OF(wait, next);
        }
        if (poll(fds, 2, (int)wait) < 0 && errno != EINTR)
            return -1;
        for (int i = 0; i < 2; i++)
            if (fds[i].revents != 0)
                take_in(c, &c->ways[i]);
    }
}

int main(int argc, char **argv)
{
    uint64_t delay = 0, loss = 0;
    if (argc != 6 || str_to_u64(argv[4], 10000, &delay) < 0 ||
        str_to_u64(argv[5], 100, &loss) < 0) {
        fprintf(stderr, "usage: wire NAME-HERE NAME-THERE NAMESPACE DELAY_MS LOSS_PERCENT\n");
        return 2;
    }
    int here = open_tap(argv[1]), there = open_tap_there(argv[2], argv[3]);
    if (here < 0 || there < 0) {
        fprintf(stderr, "wire: cannot make its two ends: %s\n", strerror(errno));
        return 1;
    }
    struct cable c = {.delay_ms = (int64_t)delay, .loss = loss, .chance = 1};
    for (int i = 0; i < 2; i++)
        c.ways[i] = (struct direction){.from = i == 0 ? here : there,
                                       .to = i == 0 ? there : here,
                                       .frames = xzalloc(QUEUE_MAX, sizeof(struct frame))};
    printf("ready\n");
    fflush(stdout);
    return carry_frames(&c) < 0;
}
