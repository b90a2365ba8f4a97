#include <string.h>
#include <sys/mman.h>
#include "file.h"
#include "fuzz_target.h"
#include "publish.h"
#include "unpack.h"

#define MOST (1024 * 1024)

static int memory_file(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0);
    return fd;
}

static bool is_finding(enum err_kind kind)
{
    return kind == ERR_FORMAT || kind == ERR_LIMIT || kind == ERR_USAGE;
}

/* The bytes that are released from a zip are the bytes that every host unpacks from it. */
static void hosts_agree(int zip, const struct build *b)
{
    struct unpack u = {.member = "nomad", .size = b->size, .digest = b->digest};
    struct err err = ERR_INIT;
    autoclose int out = memory_file("out");
    if (b->size == 0) /* a manifest cannot have such a build */
        return;
    if (unpack_member(zip, &u, out, &err) < 0)
        fprintf(stderr, "a host refuses it: %s\n", err.text);
    FUZZ_CHECK(err.kind == ERR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct publish_want want = {NULL, MOST, true};
    struct build b;
    struct err err = ERR_INIT;
    char path[64];
    autoclose int zip = memory_file("zip");

    FUZZ_CHECK(file_write_all(zip, data, size, &err) == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", zip);
    int rc = publish_measure(path, "2.0.5", "linux", "amd64", &want, &b, &err);
    FUZZ_CHECK(rc == 0 ? b.packing == PACKING_ZIP && b.size <= MOST && b.fetch_size == size
                       : is_finding(err.kind));
    if (rc == 0)
        hosts_agree(zip, &b);
    return 0;
}
