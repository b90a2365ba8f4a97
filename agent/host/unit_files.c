#include "unit_files.h"
#include <dirent.h>
#include <sys/stat.h>
#include "file.h"
#include "str.h"

#define UNIT_FILE_MAX (64 * 1024)

/* Behind "KEY =" at the beginning of a line, or NULL. */
static const char *value_of(const char *line, const char *key)
{
    if (!str_starts(line, key))
        return NULL;
    line += strlen(key);
    line += strspn(line, " \t");
    return *line == '=' ? line + 1 : NULL;
}

/* A \ at the end of a line goes on in the next. */
static const char *skip_blanks(const char *s)
{
    for (;;) {
        s += strspn(s, " \t\r");
        if (s[0] != '\\' || s[1 + strspn(s + 1, "\r")] != '\n')
            return s;
        s += 2 + strspn(s + 1, "\r");
    }
}

/* Quotes around a word are no part of it. */
static bool is_word(const char *at, const char *word)
{
    size_t n = strlen(word);

    at += *at == '"' || *at == '\'';
    return strncmp(at, word, n) == 0 && strchr(" \t\r\n\"'\\", at[n]) != NULL;
}

/* With @ the second word is the name that the program is started by. */
static enum tri command_is_agent(const char *command, const char *program)
{
    size_t marks = strspn(command, "@-:+!");
    bool named = memchr(command, '@', marks) != NULL;
    const char *at = command + marks;

    if (!is_word(at, program))
        return TRI_NO;
    for (int i = 0; i < 1 + named; i++)
        at = skip_blanks(at + strcspn(at, " \t\r\n\\"));
    at += *at == '"' || *at == '\'';
    if (*at == '$' || *at == '%')
        return TRI_UNKNOWN;
    return is_word(at, "agent") ? TRI_YES : TRI_NO;
}

enum tri unit_text_starts(const char *text, const char *program)
{
    enum tri starts = TRI_NO;

    for (const char *s = text; s != NULL && starts != TRI_YES; s = strchr(s, '\n')) {
        s += strspn(s, " \t\r\n");
        const char *value = value_of(s, "ExecStart");
        enum tri is = value != NULL ? command_is_agent(skip_blanks(value), program) : TRI_NO;

        starts = is == TRI_NO ? starts : is;
    }
    return starts;
}

static enum tri file_starts(const char *path, const char *program)
{
    auto_buf struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;

    if (file_read(path, UNIT_FILE_MAX, FILE_FOLLOW, &text, &ignored) < 0)
        return TRI_NO;
    return unit_text_starts(buf_str(&text), program);
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A unit of the same name in two places is one unit: the upper one hides the other. */
static bool is_own(const char *path, const char *fragment)
{
    const char *name = strrchr(path, '/'), *own = strrchr(fragment, '/');

    return same_file(path, fragment) || (own != NULL && str_eq(name, own));
}

/* *ret: what was found so far; a unit of which it is not known gives way to one that does. */
static void look_in(const char *dir, const char *program, const char *fragment, char *dst, size_t n,
                    enum tri *ret)
{
    const struct dirent *e;

    autodir DIR *d = opendir(dir);
    while (*ret != TRI_YES && d != NULL && (e = readdir(d)) != NULL) {
        char path[512];
        enum tri starts;

        if (!str_ends(e->d_name, ".service") ||
            snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path) ||
            is_own(path, fragment))
            continue;
        starts = file_starts(path, program);
        if (starts == TRI_YES || (starts == TRI_UNKNOWN && *ret == TRI_NO)) {
            *ret = starts;
            str_cut(dst, n, e->d_name);
        }
    }
}

enum tri unit_files_naming(const char *const *dirs, const char *program, const char *fragment,
                           char *dst, size_t n)
{
    static const char *const usual[] = {"/etc/systemd/system",           "/run/systemd/system",
                                        "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                        "/lib/systemd/system",           NULL};
    enum tri found = TRI_NO;

    if (dirs == NULL)
        dirs = usual;
    dst[0] = '\0';
    for (size_t i = 0; dirs[i] != NULL; i++)
        look_in(dirs[i], program, fragment, dst, n, &found);
    return found;
}
