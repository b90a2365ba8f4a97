#include "unit_files.h"
#include <dirent.h>
#include <sys/stat.h>
#include "file.h"
#include "str.h"

#define UNIT_FILE_MAX (64 * 1024)

bool unit_text_starts(const char *text, const char *program)
{
    static const char key[] = "ExecStart";
    size_t n = strlen(program);

    for (const char *s = text; s != NULL; s = strchr(s, '\n')) {
        s += strspn(s, " \t\r\n");
        if (!str_starts(s, key))
            continue;
        s += strlen(key);
        s += strspn(s, " \t");
        if (*s++ != '=')
            continue;
        s += strspn(s, " \t@-:+!\"");
        if (strncmp(s, program, n) == 0 && strchr(" \t\r\n\"", s[n]) != NULL)
            return true;
    }
    return false;
}

static bool file_starts(const char *path, const char *program)
{
    auto_buf struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;

    return file_read(path, UNIT_FILE_MAX, FILE_FOLLOW, &text, &ignored) == 0 &&
           unit_text_starts(buf_str(&text), program);
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

static bool look_in(const char *dir, const char *program, const char *fragment, char *dst, size_t n)
{
    const struct dirent *e;

    autodir DIR *d = opendir(dir);
    while (d != NULL && (e = readdir(d)) != NULL) {
        char path[512];

        if (!str_ends(e->d_name, ".service") ||
            snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path) ||
            is_own(path, fragment) || !file_starts(path, program))
            continue;
        str_cut(dst, n, e->d_name);
        return true;
    }
    return false;
}

void unit_files_naming(const char *const *dirs, const char *program, const char *fragment,
                       char *dst, size_t n)
{
    static const char *const usual[] = {"/etc/systemd/system",           "/run/systemd/system",
                                        "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                        "/lib/systemd/system",           NULL};

    if (dirs == NULL)
        dirs = usual;
    dst[0] = '\0';
    for (size_t i = 0; dirs[i] != NULL; i++) {
        if (look_in(dirs[i], program, fragment, dst, n))
            return;
    }
}
