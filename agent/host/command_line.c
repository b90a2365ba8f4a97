#include "command_line.h"
#include <string.h>

bool command_line_is_agent(const char *words, size_t n)
{
    size_t first = strnlen(words, n);
    size_t second = first < n ? strnlen(words + first + 1, n - first - 1) : 0;

    return second == strlen("agent") && memcmp(words + first + 1, "agent", second) == 0;
}

bool command_line_has(const char *words, size_t n, const char *name)
{
    size_t len = strlen(name);

    for (size_t at = 0; at < n; at += strnlen(words + at, n - at) + 1) {
        size_t size = strnlen(words + at, n - at), dashes = 0;

        while (dashes < size && words[at + dashes] == '-')
            dashes++;
        const char *word = words + at + dashes;
        size -= dashes;
        if (dashes > 0 && size >= len && memcmp(word, name, len) == 0 &&
            (size == len || word[len] == '='))
            return true;
    }
    return false;
}
