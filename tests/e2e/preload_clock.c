/* LD_PRELOAD library: the wall clock of this process is CLOCK_AHEAD seconds ahead of the machine's,
 * or as many as the file CLOCK_AHEAD_FILE says at that moment. Others are as they are. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long ahead_by_file(const char *path)
{
    char text[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    const char *ahead = getenv("CLOCK_AHEAD"), *file = getenv("CLOCK_AHEAD_FILE");
    int rv = (int)syscall(SYS_clock_gettime, id, t);

    if (rv == 0 && id == CLOCK_REALTIME && ahead != NULL)
        t->tv_sec += strtol(ahead, NULL, 10);
    if (rv == 0 && id == CLOCK_REALTIME && file != NULL)
        t->tv_sec += ahead_by_file(file);
    return rv;
}
