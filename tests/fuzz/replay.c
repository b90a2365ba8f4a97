/*
 * replay.c - runs a fuzz target as an ordinary test, without libFuzzer.
 *
 *     fuzz_X DIRECTORY|FILE...
 *
 * The target gets every file of the corpus, the first 0 to 511 bytes of it, and versions of it with
 * a changed byte (the same changes every time). Prints TAP. A target that finds something aborts;
 * the last line on standard error names the file.
 */
#include <dirent.h>
#include <sys/stat.h>
#include "buf.h"
#include "file.h"
#include "fuzz_target.h"

#define INPUT_MAX   (256 * 1024)
#define CUTS_MAX    512
#define CHANGES_MAX 512

#pragma weak LLVMFuzzerInitialize

struct replay {
    unsigned files;
    unsigned long inputs;
};

/* Copies the input to a heap block of exactly its size, so that the sanitizer sees every read
 * beyond it. */
static void feed(struct replay *r, const unsigned char *p, size_t n)
{
    autofree unsigned char *copy = xalloc(n);
    if (n > 0)
        memcpy(copy, p, n);
    LLVMFuzzerTestOneInput(copy, n);
    r->inputs++;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static void feed_changed(struct replay *r, struct buf *b)
{
    static const unsigned char changes[] = {0x01, 0x80, 0xff, 0x20};
    uint32_t seed = (uint32_t)b->len;
    for (int i = 0; b->len > 0 && i < CHANGES_MAX; i++) {
        size_t at = next_random(&seed) % b->len;
        unsigned char change = changes[next_random(&seed) % sizeof(changes)];
        b->data[at] ^= change;
        feed(r, b->data, b->len);
        b->data[at] ^= change;
    }
}

static int replay_file(struct replay *r, const char *path)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    if (file_read(path, INPUT_MAX, FILE_FOLLOW, &b, &err) < 0) {
        printf("# %s\n", err.text);
        return -1;
    }
    fprintf(stderr, "at %s\n", path);
    feed(r, b.data, b.len);
    for (size_t n = 0; n < b.len && n < CUTS_MAX; n++)
        feed(r, b.data, n);
    feed_changed(r, &b);
    r->files++;
    return 0;
}

static int replay_path(struct replay *r, const char *path)
{
    struct stat st;
    struct dirent **names = NULL;
    int rv = 0;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return replay_file(r, path);
    int n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        autofree struct dirent *e = names[i];
        autofree char *file = NULL;
        if (e->d_name[0] == '.')
            continue;
        if (asprintf(&file, "%s/%s", path, e->d_name) < 0)
            die_oom();
        rv |= replay_file(r, file);
    }
    free(names);
    return rv;
}

int main(int argc, char **argv)
{
    struct replay r = {0, 0};
    int rv = 0;
    printf("1..1\n");
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        rv |= replay_path(&r, argv[i]);
    bool good = rv == 0 && r.files > 0;
    printf("%s 1 - %lu inputs from %u files\n", good ? "ok" : "not ok", r.inputs, r.files);
    return good ? 0 : 1;
}
