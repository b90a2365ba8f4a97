/*
 * console_fixture.h - a configuration with its own directories, for tests of what a
 * command keeps on disk. Everything below it is removed by console_fixture_end.
 */
#ifndef CONSOLE_FIXTURE_H
#define CONSOLE_FIXTURE_H

#include "coord_conf.h"

struct console_fixture {
    char dir[64];
    struct coord_conf conf;
};

int console_fixture_begin(struct console_fixture *f); /* -1: could not be made */
void console_fixture_end(struct console_fixture *f);
void console_fixture_write(const struct console_fixture *f, const char *name, const void *p,
                           size_t n, char ret_path[static 300]);

#endif
