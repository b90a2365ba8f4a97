#include "unit_files.h"
#include <dirent.h>
#include <sys/stat.h>
#include "file.h"
#include "str.h"

#define UNIT_FILE_MAX (64 * 1024)

/* The text after "KEY =", if the line begins with that; else NULL. */
static const char *find_unit_value(const char *line, const char *key)
{
    if (!str_starts(line, key))
        return NULL;
    line += strlen(key);
    line += strspn(line, " \t");
    return *line == '=' ? line + 1 : NULL;
}

/* After a \ at the end of a line, the value goes on in the next line. */
static const char *skip_unit_blanks(const char *s)
{
    for (;;) {
        s += strspn(s, " \t\r");
        if (s[0] != '\\' || s[1 + strspn(s + 1, "\r")] != '\n')
            return s;
        s += 2 + strspn(s + 1, "\r");
    }
}

/* Ignores quotes around the word. */
static bool is_unit_word(const char *at, const char *word)
{
    size_t n = strlen(word);

    at += *at == '"' || *at == '\'';
    return strncmp(at, word, n) == 0 && strchr(" \t\r\n\"'\\", at[n]) != NULL;
}

/* With @ before the program, the second word is the program's name (argv[0]), not an argument. */
static enum tri command_is_agent(const char *command, const char *program)
{
    size_t marks = strspn(command, "@-:+!");
    bool named = memchr(command, '@', marks) != NULL;
    const char *at = command + marks;

    if (!is_unit_word(at, program))
        return TRI_NO;
    for (int i = 0; i < 1 + named; i++)
        at = skip_unit_blanks(at + strcspn(at, " \t\r\n\\"));
    at += *at == '"' || *at == '\'';
    if (*at == '$' || *at == '%')
        return TRI_UNKNOWN;
    return is_unit_word(at, "agent") ? TRI_YES : TRI_NO;
}

enum tri unit_text_starts(const char *text, const char *program)
{
    enum tri starts = TRI_NO;

    for (const char *s = text; s != NULL && starts != TRI_YES; s = strchr(s, '\n')) {
        s += strspn(s, " \t\r\n");
        const char *value = find_unit_value(s, "ExecStart");
        enum tri is = value != NULL ? command_is_agent(skip_unit_blanks(value), program) : TRI_NO;

        starts = is == TRI_NO ? starts : is;
    }
    return starts;
}

static enum tri unit_file_starts(const char *path, const char *program)
{
    auto_buf struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;

    if (file_read(path, UNIT_FILE_MAX, FILE_FOLLOW, &text, &ignored) < 0)
        return TRI_NO;
    return unit_text_starts(buf_str(&text), program);
}

static bool is_same_unit_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Two files with the same name are one unit: the one in the earlier directory hides the other. */
static bool is_own_unit(const char *path, const char *fragment)
{
    const char *name = strrchr(path, '/'), *own = strrchr(fragment, '/');

    return is_same_unit_file(path, fragment) || (own != NULL && str_eq(name, own));
}

/* *ret: the result so far. A TRI_YES replaces a TRI_UNKNOWN, and dst then names that unit. */
static void look_in_unit_dir(const char *dir, const char *program, const char *fragment, char *dst,
                             size_t n, enum tri *ret)
{
    const struct dirent *e;

    autodir DIR *d = opendir(dir);
    while (*ret != TRI_YES && d != NULL && (e = readdir(d)) != NULL) {
        char path[512];
        enum tri starts;

        if (!str_ends(e->d_name, ".service") ||
            snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path) ||
            is_own_unit(path, fragment))
            continue;
        starts = unit_file_starts(path, program);
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
        look_in_unit_dir(dirs[i], program, fragment, dst, n, &found);
    return found;
}
