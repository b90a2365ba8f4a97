#include "account_names.h"
#include <grp.h>
#include <pwd.h>
#include "file.h"
#include "str.h"

#define SWITCH     "/etc/nsswitch.conf"
#define SWITCH_MAX (64 * 1024)

static bool is_local_source(const char *word, size_t n)
{
    static const char *const own[] = {"files", "compat", "systemd", "db"};

    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (strlen(own[i]) == n && strncmp(word, own[i], n) == 0)
            return true;
    }
    return false;
}

static bool are_local_sources(const char *words)
{
    for (words += strspn(words, " \t"); strchr("\r\n#", *words) == NULL;
         words += strspn(words, " \t")) {
        size_t n = strcspn(words, " \t\r\n#");

        if (!is_local_source(words, n))
            return false;
        words += n;
    }
    return true;
}

/* If there is no line for this kind, the C library asks only the files. */
bool account_sources_own(const char *text, const char *kind)
{
    size_t n = strlen(kind);

    for (const char *s = text; s != NULL; s = strchr(s, '\n')) {
        s += strspn(s, " \t\r\n");
        if (strncmp(s, kind, n) == 0 && s[n + strspn(s + n, " \t")] == ':')
            return are_local_sources(strchr(s, ':') + 1);
    }
    return true;
}

static bool account_is_found(bool group, const char *name)
{
    return group ? getgrnam(name) != NULL : getpwnam(name) != NULL;
}

enum tri account_exists(bool group, const char *name)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    uint64_t number = 0;

    if (str_to_u64(name, UINT32_MAX, &number) == 0 || account_is_found(group, name))
        return TRI_YES;
    if (file_read(SWITCH, SWITCH_MAX, FILE_FOLLOW, &text, &err) < 0)
        return err.kind == ERR_NOTFOUND ? TRI_NO : TRI_UNKNOWN;
    return account_sources_own(buf_str(&text), group ? "group" : "passwd") ? TRI_NO : TRI_UNKNOWN;
}
