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

/* The position after the word at `at`. */
static size_t skip_command_word(const char *words, size_t n, size_t at)
{
    return at + strnlen(words + at, n - at) + 1;
}

static bool is_not_cut(const char *words, size_t n)
{
    return n > 0 && words[n - 1] == '\0';
}

const char *command_line_value(const char *words, size_t n, const char *name, bool flag)
{
    const char *value = NULL;
    size_t len = strlen(name);

    for (size_t at = 0; is_not_cut(words, n) && at < n; at = skip_command_word(words, n, at)) {
        const char *word = words + at;
        size_t dashes = strspn(word, "-"), next = skip_command_word(words, n, at);

        if (dashes == 0 || dashes > 2 || strncmp(word + dashes, name, len) != 0)
            continue;
        word += dashes + len;
        if (*word == '=')
            value = word + 1;
        else if (*word == '\0')
            value = flag ? "true" : next < n ? words + next : NULL;
    }
    return value;
}

/* ---- how Nomad is started next ---- */

static bool has_variable(const char *words, size_t n)
{
    return n > 0 && memchr(words, '$', n) != NULL;
}

/* systemd splits the value of such a word ($NAME alone) at blanks, into any number of words. */
static bool is_word_of_many(const char *word)
{
    return word[0] == '$' && word[1] != '{' && word[1] != '$' && word[1] != '\0';
}

/* A variable inside a word gives exactly one word, with any value. */
static bool word_agrees(const char *unit, const char *running)
{
    size_t literal = strcspn(unit, "$");

    return unit[literal] == '$' ? strncmp(unit, running, literal) == 0 : strcmp(unit, running) == 0;
}

static bool words_agree(const char *unit, size_t n, const char *running, size_t m)
{
    size_t u = 0, r = 0, many = n, mark = 0; /* many: the last word of many; n: none yet */

    while (r < m) {
        if (u < n && is_word_of_many(unit + u)) {
            many = u;
            mark = r;
            u = skip_command_word(unit, n, u);
        } else if (u < n && word_agrees(unit + u, running + r)) {
            u = skip_command_word(unit, n, u);
            r = skip_command_word(running, m, r);
        } else if (many < n) {
            mark = skip_command_word(running, m, mark);
            r = mark;
            u = skip_command_word(unit, n, many);
        } else {
            return false;
        }
    }
    while (u < n && is_word_of_many(unit + u))
        u = skip_command_word(unit, n, u);
    return u >= n;
}

/* Is the unit's program a script or a shell? Then only the running process shows Nomad's words. */
static bool is_unit_script(const char *unit, size_t n, const char *running)
{
    size_t second = skip_command_word(unit, n, 0);

    return !command_line_is_agent(unit, n) &&
           (second >= n || unit[second] != '$' || strcmp(unit, running) != 0);
}

struct command_line_start command_line_of_start(const char *unit, size_t n, const char *running,
                                                size_t m)
{
    const struct command_line_start next = {unit, n, NULL}, now = {running, m, NULL};
    bool runs = is_not_cut(running, m);

    if (!is_not_cut(unit, n))
        return runs ? now
                    : (struct command_line_start){
                          NULL, 0, "the command that starts Nomad on this host is unknown"};
    if (runs && is_unit_script(unit, n, running) && command_line_is_agent(running, m))
        return now;
    if (!has_variable(unit, n))
        return next;
    if (runs && words_agree(unit, n, running, m))
        return now;
    return (struct command_line_start){
        unit, n,
        runs ? "the command of Nomad's unit contains a variable, and the running process was "
               "started "
               "by another command"
             : "the command of Nomad's unit contains a variable, and no running process shows its "
               "value"};
}
