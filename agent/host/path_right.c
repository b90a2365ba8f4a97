#include "path_right.h"
#include "str.h"

#define CAP_OVERRIDE 1 /* bits of linux/capability.h */
#define CAP_READ     2

static enum tri is_in_group(const struct path_user *u, uint32_t gid)
{
    if (u->gid == gid)
        return TRI_YES;
    for (uint32_t i = 0; i < u->n_groups; i++) {
        if (u->groups[i] == gid)
            return TRI_YES;
    }
    return u->more_groups ? TRI_UNKNOWN : TRI_NO;
}

static enum tri mode_allows(uint32_t bits, uint32_t need)
{
    return (bits & need) == need ? TRI_YES : TRI_NO;
}

enum tri path_may_access(const struct path_user *u, const struct path_owner *o, uint32_t need)
{
    uint32_t only_read = o->dir ? PATH_READ | PATH_ENTER : PATH_READ;
    enum tri group, as_group, as_other;

    if (need == 0)
        return TRI_YES;
    if (o->far && (need & ~(uint32_t)PATH_ENTER) != 0)
        return TRI_UNKNOWN;
    if (u->writes_all || (u->reads_all && (need & ~only_read) == 0))
        return TRI_YES;
    if (u->uid == o->uid)
        return mode_allows(o->mode >> 6, need);
    if (o->listed)
        return TRI_UNKNOWN;
    group = is_in_group(u, o->gid);
    as_group = mode_allows(o->mode >> 3, need);
    as_other = mode_allows(o->mode, need);
    if (group == TRI_UNKNOWN && as_group != as_other)
        return TRI_UNKNOWN;
    return group == TRI_YES ? as_group : as_other;
}

/* ---- /proc/PID/status ---- */

/* Copies the text between "NAME:" and the end of the line. */
static int find_status_line(const char *text, const char *name, char *dst, size_t size)
{
    size_t n = strlen(name);

    for (const char *s = text; s != NULL && *s != '\0'; s = strchr(s, '\n')) {
        size_t len;

        s += *s == '\n';
        len = strcspn(s, "\n");
        if (strncmp(s, name, n) != 0 || s[n] != ':')
            continue;
        if (len - n - 1 >= size)
            return -1;
        memcpy(dst, s + n + 1, len - n - 1);
        dst[len - n - 1] = '\0';
        return 0;
    }
    return -1;
}

/* Takes the next number of the line. -1: there is no other word, or it is not a number. */
static int take_status_number(char **at, uint32_t *ret)
{
    char *word = *at + strspn(*at, " \t");
    size_t n = strcspn(word, " \t");
    uint64_t number = 0;

    if (n == 0)
        return -1;
    *at = word + n + (word[n] != '\0');
    word[n] = '\0';
    if (str_to_u64(word, UINT32_MAX, &number) < 0)
        return -1;
    *ret = (uint32_t)number;
    return 0;
}

static int read_effective_id(const char *text, const char *name, uint32_t *ret)
{
    char line[128];
    char *at = line;
    uint32_t real;

    if (find_status_line(text, name, line, sizeof(line)) < 0 || take_status_number(&at, &real) < 0)
        return -1;
    return take_status_number(&at, ret);
}

static int read_status_groups(const char *text, struct path_user *u)
{
    char line[4096];
    char *at = line;
    uint32_t group;

    if (find_status_line(text, "Groups", line, sizeof(line)) < 0)
        return -1;
    while (take_status_number(&at, &group) == 0) {
        if (u->n_groups < PATH_GROUPS)
            u->groups[u->n_groups++] = group;
        else
            u->more_groups = true;
    }
    return 0;
}

static int read_capabilities(const char *text, struct path_user *u)
{
    unsigned char bytes[8];
    char line[64];
    const char *hex = line;

    if (find_status_line(text, "CapEff", line, sizeof(line)) < 0)
        return -1;
    hex += strspn(hex, " \t");
    if (str_unhex(hex, bytes, sizeof(bytes)) < 0)
        return -1;
    u->writes_all = (bytes[7] >> CAP_OVERRIDE & 1) != 0;
    u->reads_all = (bytes[7] >> CAP_READ & 1) != 0;
    return 0;
}

int path_user_parse(const char *text, struct path_user *ret)
{
    struct path_user u = {.uid = 0};

    if (read_effective_id(text, "Uid", &u.uid) < 0 || read_effective_id(text, "Gid", &u.gid) < 0 ||
        read_status_groups(text, &u) < 0 || read_capabilities(text, &u) < 0)
        return -1;
    *ret = u;
    return 0;
}
