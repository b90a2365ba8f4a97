/* LD_PRELOAD library for replace_refused.sh: the wall clock of this process is CLOCK_AHEAD seconds
 * ahead of the machine's. Others are as they are. */
#define _GNU_SOURCE 1
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *t)
{
    const char *ahead = getenv("CLOCK_AHEAD");
    int rv = (int)syscall(SYS_clock_gettime, id, t);

    if (rv == 0 && id == CLOCK_REALTIME && ahead != NULL)
        t->tv_sec += strtol(ahead, NULL, 10);
    return rv;
}
