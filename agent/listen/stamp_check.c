#include "stamp_check.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "cleanup.h"
#include "str.h"

static bool other_file(const struct stamp *s, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno == ENOENT && s->ino != 0;
    int64_t ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
    return st.st_dev != s->dev || st.st_ino != s->ino || ctime_ns != s->ctime_ns;
}

/* Field 22 of /proc/PID/stat; the name in field 2 may hold blanks and parentheses. */
static bool start_of(const char *text, uint64_t *ret)
{
    const char *p = strrchr(text, ')');
    for (int field = 2; p != NULL && field < 22; field++) {
        p = strchr(p, ' ');
        if (p != NULL)
            p++;
    }
    if (p == NULL)
        return false;
    char number[24];
    str_cut(number, sizeof(number), p);
    number[strcspn(number, " ")] = '\0';
    return str_to_u64(number, UINT64_MAX, ret) == 0;
}

static bool other_process(const struct stamp *s)
{
    char path[40], text[1024];
    uint64_t start;

    snprintf(path, sizeof(path), "/proc/%u/stat", s->main_pid);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return n < 0 && errno == ESRCH;
    text[n] = '\0';
    return start_of(text, &start) && start != s->main_start;
}

enum stamp_age stamp_check(const struct stamp *s, const char *binary)
{
    if (binary[0] == '\0')
        return STAMP_FRESH;
    if (other_file(s, binary) || (s->main_pid != 0 && other_process(s)))
        return STAMP_OLD;
    return s->main_pid == 0 ? STAMP_MAYBE_OLD : STAMP_FRESH;
}
