/*
 * elf_arch.h - which machine an executable is for, in Go's words. "" when the file is no
 * ELF executable (a script); "another machine" for one that has no word here.
 */
#ifndef ELF_ARCH_H
#define ELF_ARCH_H

#include "host.h"

#define ELF_HEADER 20 /* bytes that tell */

const char *elf_arch(const unsigned char header[static ELF_HEADER]);
/* binary: an open file of the host's. */
MUST_CHECK int elf_arch_of(const struct host *h, int binary, char ret[static 16], struct err *err);
/* Is what a name stands for, through links, an ELF executable? TRI_UNKNOWN: err says why that
 * cannot be told (ERR_NOTFOUND: nothing is there). */
enum tri elf_arch_is(const struct host *h, int dir, const char *name, struct err *err);
const char *elf_arch_here(void); /* of this machine's kernel; "unknown" */

#endif
