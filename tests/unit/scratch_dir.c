#include "scratch_dir.h"
#include <ftw.h>
#include "file.h"

char *scratch_open(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = xalloc(256);

    snprintf(dir, 256, "%.200s/scratch.XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(dir) == NULL)
        abort();
    return dir;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void scratch_close(char *dir)
{
    (void)nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
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
