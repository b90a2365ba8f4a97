/*
 * context_fixture.h - a configuration with its own directories, for tests of what a
 * command keeps on disk. Everything below it is removed by context_fixture_end.
 */
#ifndef CONTEXT_FIXTURE_H
#define CONTEXT_FIXTURE_H

#include "coord_conf.h"

struct context_fixture {
    char dir[64];
    struct coord_conf conf;
};

int context_fixture_begin(struct context_fixture *f); /* -1: could not be made */
void context_fixture_end(struct context_fixture *f);
void context_fixture_write(const struct context_fixture *f, const char *name, const void *p,
                           size_t n, char ret_path[static 300]);

#endif
