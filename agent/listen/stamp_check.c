#include "stamp_check.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "cleanup.h"
#include "heartbeat_due.h"
#include "proc_stat.h"
#include "str.h"

static bool is_other_file(const struct stamp *s, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno == ENOENT && s->ino != 0;
    int64_t ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
    return st.st_dev != s->dev || st.st_ino != s->ino || ctime_ns != s->ctime_ns;
}

static bool is_other_process(const struct stamp *s)
{
    char path[40], text[1024];
    struct proc_stat now;

    snprintf(path, sizeof(path), "/proc/%u/stat", s->main_pid);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return n < 0 && errno == ESRCH;
    text[n] = '\0';
    return proc_stat_parse(text, &now) == 0 && now.start != s->main_start;
}

enum stamp_age stamp_check(const struct stamp *s, const char *binary)
{
    if (binary[0] == '\0')
        return STAMP_FRESH;
    if (is_other_file(s, binary) || (s->main_pid != 0 && is_other_process(s)))
        return STAMP_OLD;
    return s->main_pid == 0 ? STAMP_MAYBE_OLD : STAMP_FRESH;
}

bool hold_file_changed(const struct receipt_status *told, const char *hold_file)
{
    bool there = access(hold_file, F_OK) == 0;

    if (hold_file[0] == '\0' || (!there && errno != ENOENT))
        return false;
    for (uint32_t i = 0; i < told->n_facts; i++)
        if (str_eq(told->facts[i].id, "held"))
            return told->facts[i].value != (there ? TRI_YES : TRI_NO);
    return false;
}

int64_t facts_valid_ms(const struct receipt_status *told, int64_t uptime_ms)
{
    return uptime_ms > heartbeat_due_ms(told->work.phase, told->facts, told->n_facts)
               ? HEARTBEAT_AGE_MS
               : FACTS_AGE_MS;
}
