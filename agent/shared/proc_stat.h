/*
 * proc_stat.h - the text of /proc/PID/stat (proc(5)).
 *
 * Pure. The second field is the process's name in brackets and may hold anything, also blanks,
 * brackets and line ends; what follows the last bracket counts.
 */
#ifndef PROC_STAT_H
#define PROC_STAT_H

#include <stdint.h>
#include "compiler.h"

struct proc_stat {
    char state;      /* 'R', 'S', ... 'Z' and 'X': it is over */
    uint32_t parent; /* its process id */
    uint64_t start;  /* clock ticks since boot: tells a process from a later one of the same id */
};

/* -1: the text is cut off before what is asked for, or is none. */
MUST_CHECK int proc_stat_parse(const char *text, struct proc_stat *ret);

#endif
