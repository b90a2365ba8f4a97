/*
 * proc_stat.h - parses the text of /proc/PID/stat (proc(5)).
 *
 * Pure. The second field is the name of the process in brackets. The name may contain any byte,
 * also blanks, brackets and line ends. So parsing begins after the last closing bracket.
 */
#ifndef PROC_STAT_H
#define PROC_STAT_H

#include <stdint.h>
#include "compiler.h"

struct proc_stat {
    char state;      /* 'R', 'S', ...; 'Z' or 'X': the process has ended */
    uint32_t parent; /* process id of the parent */
    uint64_t start;  /* clock ticks since boot; differs from a later process with the same id */
};

/* -1: the text does not contain these fields, or is cut off before them. */
MUST_CHECK int proc_stat_parse(const char *text, struct proc_stat *ret);

#endif
