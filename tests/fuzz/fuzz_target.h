/*
 * fuzz_target.h - the functions that a fuzz target defines, and help for them.
 *
 * tests/fuzz/fuzz_X.c defines LLVMFuzzerTestOneInput and, if it must prepare something once,
 * LLVMFuzzerInitialize. A target aborts when a result is wrong (FUZZ_CHECK). `make fuzz` looks for
 * new inputs with libFuzzer. `make test` replays tests/fuzz/corpus/X/, with small changes of these
 * inputs (replay.c).
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as a text in a block of exactly its size, so that the sanitizer finds reads after its
 * NUL. The caller frees the text. */
__attribute__((unused)) static char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1);

    if (text == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    return text;
}

/* A target with two functions: the first byte, even or odd, selects one; the rest is its input. */
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
            fprintf(stderr, "%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
