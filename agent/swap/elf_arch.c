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

int elf_arch_of(const struct host *h, const char *path, char ret[static 16], struct err *err)
{
    unsigned char header[ELF_HEADER];
    size_t n = 0;
    int handle = -1, rc;

    if (h->open(h->ctx, path, &handle, err) < 0)
        return -1;
    rc = h->read_at(h->ctx, handle, 0, header, sizeof(header), &n, err);
    h->close(h->ctx, handle);
    if (rc == 0)
        str_cut(ret, 16, n == sizeof(header) ? elf_arch(header) : "");
    return rc;
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
