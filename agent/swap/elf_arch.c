#include "elf_arch.h"
#include <elf.h>
#include <sys/utsname.h>
#include "str.h"

static const struct {
    const char *kernel, *go;
    unsigned char bits, order;
    uint16_t machine;
} machines[] = {
    {"x86_64", "amd64", ELFCLASS64, ELFDATA2LSB, EM_X86_64},
    {"aarch64", "arm64", ELFCLASS64, ELFDATA2LSB, EM_AARCH64},
    {"i686", "386", ELFCLASS32, ELFDATA2LSB, EM_386},
    {"i386", "386", ELFCLASS32, ELFDATA2LSB, EM_386},
    {"armv7l", "arm", ELFCLASS32, ELFDATA2LSB, EM_ARM},
    {"s390x", "s390x", ELFCLASS64, ELFDATA2MSB, EM_S390},
    {"ppc64le", "ppc64le", ELFCLASS64, ELFDATA2LSB, EM_PPC64},
};

const char *elf_arch(const unsigned char header[static ELF_HEADER])
{
    const unsigned char *m = header + 18; /* e_machine */

    if (memcmp(header, ELFMAG, SELFMAG) != 0)
        return "";
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        bool big = header[EI_DATA] == ELFDATA2MSB;
        unsigned machine = (unsigned)m[big ? 0 : 1] << 8 | m[big ? 1 : 0];

        if (machine == machines[i].machine && header[EI_CLASS] == machines[i].bits &&
            header[EI_DATA] == machines[i].order)
            return machines[i].go;
    }
    return "another machine";
}

int elf_arch_of(const struct host *h, int binary, char ret[static 16], struct err *err)
{
    unsigned char header[ELF_HEADER];
    size_t n = 0;

    if (h->read_at(h->ctx, binary, 0, header, sizeof(header), &n, err) < 0)
        return -1;
    str_cut(ret, 16, n == sizeof(header) ? elf_arch(header) : "");
    return 0;
}

enum tri elf_arch_is(const struct host *h, int dir, const char *name, struct err *err)
{
    char arch[16];
    int file = -1, rc;

    if (h->open_through(h->ctx, dir, name, &file, err) < 0)
        return TRI_UNKNOWN;
    rc = elf_arch_of(h, file, arch, err);
    h->close(h->ctx, file);
    return rc < 0 ? TRI_UNKNOWN : arch[0] != '\0' ? TRI_YES : TRI_NO;
}

const char *elf_arch_here(void)
{
    struct utsname u;

    if (uname(&u) == 0) {
        for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
            if (str_eq(u.machine, machines[i].kernel))
                return machines[i].go;
        }
    }
    return "unknown";
}
