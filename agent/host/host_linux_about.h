/*
 * host_linux_about.h - the part of host_linux that knows the host: who else uses the
 * binary, whose it is, and what its file system, packages and clock have to say.
 */
#ifndef HOST_LINUX_ABOUT_H
#define HOST_LINUX_ABOUT_H

#include "host_linux.h"

void host_linux_about(struct host *h);

/* Parts, for the tests. */
void host_linux_way(const char *name, const char *target, struct host_way *ret);
MUST_CHECK int host_linux_users(const char *proc, uint64_t dev, uint64_t ino, uint32_t except,
                                struct host_users *ret, struct err *err);
MUST_CHECK int host_linux_names(const char *path, struct host_names *ret, struct err *err);
/* dirs: NULL at the end. Files *.service in them. */
void host_linux_unit_naming(const char *const *dirs, const char *program, const char *fragment,
                            char *dst, size_t n);
/* Does a unit file's text start this program? */
bool unit_text_starts(const char *text, const char *program);

#endif
