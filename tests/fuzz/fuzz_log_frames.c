#include "fuzz_target.h"
#include "log_frames.h"

struct seen {
    size_t lines, bytes;
};

static void on_line(void *ctx, const char *line)
{
    struct seen *s = ctx;

    FUZZ_CHECK(line[0] != '\0' && strnlen(line, LOG_LINE_MAX + 1) <= LOG_LINE_MAX);
    (void)log_sign_of(line);
    s->lines++;
    s->bytes += strlen(line);
}

static int feed(const uint8_t *data, size_t size, size_t cut, struct seen *seen)
{
    struct log_frames f = {.on_line = on_line, .ctx = seen};
    struct err err = ERR_INIT;
    int rv = log_frames_add(&f, data, cut, &err);

    if (rv == 0)
        rv = log_frames_add(&f, data + cut, size - cut, &err);
    FUZZ_CHECK(rv == 0 || err.kind == ERR_FORMAT || err.kind == ERR_LIMIT);
    log_frames_reset(&f);
    return rv;
}

/* The bytes of a server's monitor give the same lines, however the network divides them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole = {0, 0}, halves = {0, 0};

    int rv = feed(data, size, 0, &whole);
    FUZZ_CHECK(feed(data, size, size / 2, &halves) == rv);
    FUZZ_CHECK(whole.lines == halves.lines && whole.bytes == halves.bytes);
    return 0;
}
