/*
 * compiler.h - what the compiler can check for us.
 *
 * Every fallible function carries MUST_CHECK, every formatter PRINTF. The
 * attributes are GNU ones (gcc 12, clang 14); nothing here has run-time cost.
 */
#ifndef COMPILER_H
#define COMPILER_H

#include "banned.h"

#define MUST_CHECK   __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NORETURN     __attribute__((noreturn))
#define UNUSED       __attribute__((unused))
#define CLEANUP(fn)  __attribute__((cleanup(fn), unused)) /* also to guard a scope */
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

#endif
