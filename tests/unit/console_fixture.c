#include "console_fixture.h"

#include <ftw.h>
#include "file.h"

static const char *no_env(const char *name)
{
    (void)name;
    return NULL;
}

int console_fixture_begin(struct console_fixture *f)
{
    struct err err = ERR_INIT;
    const char *tmp = getenv("TMPDIR");
    snprintf(f->dir, sizeof f->dir, "%.40s/console-XXXXXX", tmp != NULL ? tmp : "/tmp");
    return mkdtemp(f->dir) == NULL ? -1 : coord_conf_load(f->dir, no_env, &f->conf, &err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void console_fixture_end(struct console_fixture *f)
{
    coord_conf_free(&f->conf);
    nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void console_fixture_write(const struct console_fixture *f, const char *name, const void *p,
                           size_t n, char ret_path[static 300])
{
    struct err err = ERR_INIT;
    snprintf(ret_path, 300, "%s/%s", f->dir, name);
    if (file_replace(ret_path, p, n, 0644, &err) < 0)
        abort();
}
