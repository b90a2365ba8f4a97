#include <sys/mman.h>
#include <sys/stat.h>
#include "file.h"
#include "fuzz_target.h"
#include "unpack.h"

#define SIGNED 4096

static int memory_file(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0);
    return fd;
}

/* Never writes more bytes than were signed, and succeeds only with exactly the signed bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct unpack u = {.member = "nomad", .size = SIGNED};
    unsigned char wanted[SIGNED];
    struct err err = ERR_INIT;
    struct stat st;
    autoclose int zip = memory_file("zip");
    autoclose int out = memory_file("out");

    memset(wanted, 'n', sizeof(wanted));
    crypto_digest(wanted, sizeof(wanted), &u.digest);
    FUZZ_CHECK(file_write_all(zip, data, size, &err) == 0);
    int rv = unpack_member(zip, &u, out, &err);
    FUZZ_CHECK(fstat(out, &st) == 0 && st.st_size <= SIGNED);
    FUZZ_CHECK(rv == 0 ? st.st_size == SIGNED : err.kind == ERR_FORMAT || err.kind == ERR_CRYPTO);
    return 0;
}
