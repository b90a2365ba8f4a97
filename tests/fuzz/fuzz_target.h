/*
 * fuzz_target.h - what a fuzz target defines.
 *
 * tests/fuzz/fuzz_X.c defines LLVMFuzzerTestOneInput (and, if it must prepare
 * something once, LLVMFuzzerInitialize). A wrong result aborts: FUZZ_CHECK. `make
 * fuzz` explores with libFuzzer; `make test` replays tests/fuzz/corpus/X/ and small
 * changes of it with replay.c.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as a text of exactly its size: what is read behind its NUL is found. The caller frees.
 */
__attribute__((unused)) static char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1);

    if (text == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    return text;
}

/* A target of two ways: the first byte even or odd; the rest is the input. */
#define FUZZ_TWO_WAYS(even, odd)                                                                   \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        if (size > 0)                                                                              \
            (data[0] % 2 == 0 ? even : odd)(data + 1, size - 1);                                   \
        return 0;                                                                                  \
    }

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
