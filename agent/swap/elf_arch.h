/*
 * elf_arch.h - the architecture of an executable, by Go's name ("amd64"). "": the file is no ELF
 * executable (a script). "another machine": this file knows no name for the architecture.
 */
#ifndef ELF_ARCH_H
#define ELF_ARCH_H

#include "host.h"

#define ELF_HEADER 20 /* the first bytes of the file, which suffice */

const char *elf_arch(const unsigned char header[static ELF_HEADER]);
/* binary: an open file of *h. */
MUST_CHECK int elf_arch_of(const struct host *h, int binary, char ret[static 16], struct err *err);
/* Is the file of this name, through links, an ELF executable? TRI_UNKNOWN: err gives the reason
 * (ERR_NOTFOUND: the file does not exist). */
enum tri elf_arch_is(const struct host *h, int dir, const char *name, struct err *err);
const char *elf_arch_here(void); /* of this machine's kernel, or "unknown" */

#endif
