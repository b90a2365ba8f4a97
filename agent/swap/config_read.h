/*
 * config_read.h - Nomad's configuration as it was read for a survey (facts_config.c), for those who
 * tell facts of it. All pointers are borrowed.
 */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include "config_findings.h"

/* When the files were changed last: nanoseconds of the wall clock, and which. 0: none. */
struct config_times {
    int64_t written_ns, touched_ns; /* content; anything of the file, as its name or owner */
    char written[CONFIG_PLACE], touched[CONFIG_PLACE];
};

struct config_read {
    const struct config_findings *f;
    const struct config_times *times;
    const char *words; /* of the command that starts Nomad, each ending in NUL */
    size_t words_len;
    bool whole;      /* these are all its words */
    const char *why; /* not all was read: why; NULL: all was */
};

#endif
