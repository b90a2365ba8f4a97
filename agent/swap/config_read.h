/*
 * config_read.h - Nomad's configuration, as facts_config.c read it for a survey. The files
 * facts_values.c, facts_ready.c, facts_joins.c and facts_paths.c make facts of it. All pointers are
 * borrowed.
 */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include "config_findings.h"

/* The latest change of any file: nanoseconds of the wall clock, and the file. 0: no file. */
struct config_times {
    int64_t written_ns; /* the content of a file changed */
    int64_t touched_ns; /* content, name, owner or mode of a file changed */
    char written[CONFIG_PLACE], touched[CONFIG_PLACE];
};

struct config_read {
    const struct config_findings *f;
    const struct config_times *times;
    const char *words; /* of the command that starts Nomad, each ends in NUL */
    size_t words_len;
    bool whole;      /* these are all words of the command */
    const char *why; /* why something was not read; NULL: everything was read */
};

#endif
