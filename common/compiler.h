/*
 * compiler.h - attributes that let the compiler check the code.
 *
 * Every function that can fail has MUST_CHECK; every function with a format string has PRINTF. The
 * attributes are GNU attributes (gcc 12, clang 14). They cost nothing at run time.
 */
#ifndef COMPILER_H
#define COMPILER_H

#include "banned.h"

#define MUST_CHECK   __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NORETURN     __attribute__((noreturn))
#define UNUSED       __attribute__((unused))
#define CLEANUP(fn)  __attribute__((cleanup(fn), unused)) /* runs fn when the scope ends */
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

#endif
