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

/* Behind the word at `at`. */
static size_t behind(const char *words, size_t n, size_t at)
{
    return at + strnlen(words + at, n - at) + 1;
}

static bool is_whole(const char *words, size_t n)
{
    return n > 0 && words[n - 1] == '\0';
}

const char *command_line_value(const char *words, size_t n, const char *name, bool flag)
{
    const char *value = NULL;
    size_t len = strlen(name);

    for (size_t at = 0; is_whole(words, n) && at < n; at = behind(words, n, at)) {
        const char *word = words + at;
        size_t dashes = strspn(word, "-"), next = behind(words, n, at);

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

/* ---- how it is started next ---- */

static bool has_variable(const char *words, size_t n)
{
    return n > 0 && memchr(words, '$', n) != NULL;
}

/* systemd cuts such a word at its blanks: none to many words come of it. */
static bool is_many(const char *word)
{
    return word[0] == '$' && word[1] != '{' && word[1] != '$' && word[1] != '\0';
}

/* Of a variable within a word one word comes, whatever it holds. */
static bool one_agrees(const char *unit, const char *running)
{
    size_t literal = strcspn(unit, "$");

    return unit[literal] == '$' ? strncmp(unit, running, literal) == 0 : strcmp(unit, running) == 0;
}

static bool agrees(const char *unit, size_t n, const char *running, size_t m)
{
    size_t u = 0, r = 0, many = n, mark = 0; /* many: the last such word; n: none yet */

    while (r < m) {
        if (u < n && is_many(unit + u)) {
            many = u;
            mark = r;
            u = behind(unit, n, u);
        } else if (u < n && one_agrees(unit + u, running + r)) {
            u = behind(unit, n, u);
            r = behind(running, m, r);
        } else if (many < n) {
            mark = behind(running, m, mark);
            r = mark;
            u = behind(unit, n, many);
        } else {
            return false;
        }
    }
    while (u < n && is_many(unit + u))
        u = behind(unit, n, u);
    return u >= n;
}

/* A script, or a shell: what it makes of its words only the process tells that came of it. */
static bool is_script(const char *unit, size_t n, const char *running)
{
    size_t second = behind(unit, n, 0);

    return !command_line_is_agent(unit, n) &&
           (second >= n || unit[second] != '$' || strcmp(unit, running) != 0);
}

struct command_line_start command_line_of_start(const char *unit, size_t n, const char *running,
                                                size_t m)
{
    const struct command_line_start next = {unit, n, NULL}, now = {running, m, NULL};
    bool runs = is_whole(running, m);

    if (!is_whole(unit, n))
        return runs ? now
                    : (struct command_line_start){NULL, 0, "what starts Nomad here is not known"};
    if (runs && is_script(unit, n, running) && command_line_is_agent(running, m))
        return now;
    if (!has_variable(unit, n))
        return next;
    if (runs && agrees(unit, n, running, m))
        return now;
    return (struct command_line_start){
        unit, n,
        runs
            ? "its unit's command holds a variable, and the process that runs was started otherwise"
            : "its unit's command holds a variable, and no process tells what is in it"};
}
