#include "context_fixture.h"

#include "file.h"
#include "scratch_dir.h"

static const char *no_env(const char *name)
{
    (void)name;
    return NULL;
}

int context_fixture_begin(struct context_fixture *f)
{
    struct err err = ERR_INIT;
    scratch_make(f->dir, sizeof(f->dir));
    return coord_conf_load(f->dir, no_env, &f->conf, &err);
}

void context_fixture_end(struct context_fixture *f)
{
    coord_conf_free(&f->conf);
    scratch_remove(f->dir);
}

void context_fixture_write(const struct context_fixture *f, const char *name, const void *p,
                           size_t n, char ret_path[static 300])
{
    struct err err = ERR_INIT;
    snprintf(ret_path, 300, "%s/%s", f->dir, name);
    if (file_replace(ret_path, p, n, 0644, &err) < 0)
        abort();
}
