/*
 * main_seed_play.c - a host that is a seed, for a test: it tells that it is one, and how it serves.
 *
 *     seed_play FILE MANNER VIEW COPY ADDRESS      until it is ended by SIGTERM
 *
 * Keeps COPY as what caravan-swap tells in VIEW, and the fact `seed` with it; the agent that reads
 * COPY in its place tells it on. Serves FILE at the place that it tells, at ADDRESS, well or badly:
 * MANNER is a path of place_fixture.h without its slash (ok, other, half). Prints at its end how
 * often it was asked for something.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include "dir_watch.h"
#include "file.h"
#include "place_fixture.h"
#include "str.h"
#include "swap_status.h"

#define FILE_MAX ((size_t)256 << 20)

static void die(const struct err *err)
{
    fprintf(stderr, "seed_play: %s\n", err->text);
    exit(1);
}

static void put_fact(struct receipt_status *s, const char *base)
{
    uint32_t i = 0;

    while (i < s->n_facts && !str_eq(s->facts[i].id, "seed"))
        i++;
    if (i == FACTS_MAX)
        return;
    s->n_facts = MAX_OF(s->n_facts, i + 1);
    s->facts[i] = (struct fact){.id = "seed", .value = TRI_YES};
    str_cut(s->facts[i].text, sizeof(s->facts[i].text), base);
}

/* There is none before caravan-swap has told one. */
static void copy_view(const char *from, const char *to, const char *base)
{
    autofree struct swap_status *v = xzalloc(1, sizeof(*v));
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    if (swap_status_read(from, v, &err) < 0)
        return;
    put_fact(&v->status, base);
    if (swap_status_pack(v, &b, &err) < 0 || file_replace(to, b.data, b.len, 0644, &err) < 0)
        die(&err); /* readable by all: the agent has a user of its own */
}

static int watch(const char *view)
{
    struct err err = ERR_INIT;
    char dir[4096];
    int fd;

    str_cut(dir, sizeof(dir), view);
    *strrchr(dir, '/') = '\0';
    if (dir_watch_open(&fd, &err) < 0 || dir_watch_add(fd, dir, &err) < 0)
        die(&err);
    return fd;
}

static int ended(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    char base[100];

    if (argc != 6 || strchr(argv[3], '/') == NULL) {
        fprintf(stderr, "usage: seed_play FILE MANNER VIEW COPY ADDRESS\n");
        return 2;
    }
    if (file_read(argv[1], FILE_MAX, 0, &body, &err) < 0)
        die(&err);
    struct pollfd fds[] = {{.fd = ended(), .events = POLLIN},
                           {.fd = watch(argv[3]), .events = POLLIN}};
    struct place *place = place_start_at(argv[5], body.data, body.len);
    snprintf(base, sizeof(base), "http://%s:%d/%s/", argv[5], place_port(place), argv[2]);
    do {
        copy_view(argv[3], argv[4], base);
        if (fds[1].revents != 0 && dir_watch_drain(fds[1].fd, &err) < 0)
            die(&err);
    } while (poll(fds, ARRAY_LEN(fds), -1) > 0 && fds[0].revents == 0);
    printf("%u requests\n", place_requests(place));
    place_stop(place);
    return 0;
}
