#include "scratch_dir.h"
#include <ftw.h>
#include <unistd.h>
#include "file.h"

#define PROGRAM_MAX (64 << 20)

static void name_new(char *dst, size_t n)
{
    const char *base = getenv("TMPDIR");

    if (snprintf(dst, n, "%s/caravan.XXXXXX", base != NULL ? base : "/tmp") >= (int)n)
        abort();
}

void scratch_make(char *dst, size_t n)
{
    name_new(dst, n);
    if (mkdtemp(dst) == NULL)
        abort();
}

char *scratch_open(void)
{
    char *dir = xalloc(256);

    scratch_make(dir, 256);
    return dir;
}

void scratch_enter(void)
{
    char dir[256];

    scratch_make(dir, sizeof(dir));
    if (chdir(dir) < 0)
        abort();
}

void scratch_file(char *dst, size_t n)
{
    int fd;

    name_new(dst, n);
    fd = mkstemp(dst);
    if (fd < 0 || close(fd) < 0)
        abort();
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void scratch_remove(const char *dir)
{
    (void)nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
}

void scratch_close(char *dir)
{
    scratch_remove(dir);
    free(dir);
}

void scratch_path(const char *dir, const char *name, char dst[static 300])
{
    snprintf(dst, 300, "%s/%s", dir, name);
}

void scratch_write(const char *dir, const char *name, const char *text, unsigned mode)
{
    char path[300];
    struct err err = ERR_INIT;

    scratch_path(dir, name, path);
    if (file_replace(path, text, strlen(text), mode, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

void scratch_program(const char *dir, const char *name, char *dst, size_t n)
{
    char self[256] = "", built[400];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    auto_buf struct buf all = BUF_INIT;
    struct err err = ERR_INIT;

    const char *last = len > 0 ? strrchr(self, '/') : NULL;
    snprintf(built, sizeof(built), "%.*s/../%s", last != NULL ? (int)(last - self) : 0, self, name);
    if (snprintf(dst, n, "%s/%s", dir, name) >= (int)n ||
        file_read(built, PROGRAM_MAX, 0, &all, &err) < 0 ||
        file_replace(dst, all.data, all.len, 0755, &err) < 0) {
        fprintf(stderr, "%s: %s\n", built, err.text);
        abort();
    }
}
