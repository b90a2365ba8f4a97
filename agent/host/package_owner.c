#include "package_owner.h"
#include <unistd.h>
#include "file.h"
#include "spawn.h"
#include "str.h"

#define ASK_MS   5000
#define OUT_MAX  (16 * 1024)
#define LOCK_MAX (64 * 1024)

/* ---- reading ---- */

static const char *find_package_line_end(const char *s)
{
    return s + strcspn(s, "\n");
}

/* "diversion by NAME from: PATH", "local diversion from: PATH". */
static bool read_diversion(const char *line, size_t n, char *dst)
{
    static const char by[] = "diversion by ", local[] = "local diversion", from[] = " from: ";

    if (str_starts(line, local)) {
        if (str_starts(line + strlen(local), from))
            snprintf(dst, 64, "local");
        return true;
    }
    if (!str_starts(line, by))
        return false;
    const char *name = line + strlen(by);
    const char *end = memmem(name, n - strlen(by), from, strlen(from));
    if (end != NULL)
        snprintf(dst, 64, "%.*s", (int)MIN_OF((size_t)(end - name), (size_t)63), name);
    return true;
}

void package_read_search(const char *out, char ret_owner[static 64], char ret_diverted[static 64])
{
    ret_owner[0] = ret_diverted[0] = '\0';
    for (const char *s = out; *s != '\0';
         s = find_package_line_end(s) + (*find_package_line_end(s) == '\n')) {
        size_t n = (size_t)(find_package_line_end(s) - s);

        if (read_diversion(s, n, ret_diverted) || str_starts(s, "dpkg-query:"))
            continue;
        /* "nomad: /path", "one, two: /path", "nomad:amd64: /path": the first name is enough. */
        n = MIN_OF(n, strcspn(s, ",: "));
        if (ret_owner[0] == '\0')
            snprintf(ret_owner, 64, "%.*s", (int)MIN_OF(n, (size_t)63), s);
    }
}

/* "nomad-0:1.9.7-1.*", "0:nomad-1.9.7-1.*", "nomad" */
bool package_is_locked(const char *text, const char *name)
{
    size_t n = strlen(name);

    for (const char *s = text; *s != '\0';
         s = find_package_line_end(s) + (*find_package_line_end(s) == '\n')) {
        const char *p = s + strspn(s, " \t");
        size_t epoch = strspn(p, "0123456789");

        if (epoch > 0 && p[epoch] == ':')
            p += epoch + 1;
        if (strncmp(p, name, n) == 0 &&
            (strchr("\r\n \t", p[n]) != NULL ||
             (p[n] == '-' && (p[n + 1] == '*' || (p[n + 1] >= '0' && p[n + 1] <= '9')))))
            return true;
    }
    return false;
}

bool package_read_want(const char *out, char ret_version[static 32])
{
    const char *blank = strchr(out, ' ');
    size_t n = blank != NULL ? strcspn(blank + 1, "\n") : 0;

    snprintf(ret_version, 32, "%.*s", (int)MIN_OF(n, (size_t)30), blank != NULL ? blank + 1 : "");
    return str_starts(out, "hold ");
}

void package_read_file(const char *out, char ret_name[static 64], char ret_full[static 64])
{
    size_t line = strcspn(out, "\n"), word = MIN_OF(line, strcspn(out, " "));

    snprintf(ret_full, 64, "%.*s", (int)MIN_OF(line, (size_t)63), out);
    snprintf(ret_name, 64, "%.*s", (int)MIN_OF(word, (size_t)63), out);
}

/* ---- asking ---- */

/* 0: the program ran and ended; ret_out is its output. */
static int run_package_program(const char *const *argv, int *ret_status, struct buf *ret_out,
                               struct err *err)
{
    struct spawn s = {.argv = argv, .deadline_ms = ASK_MS, .out_max = OUT_MAX, .pass_fd = -1};
    struct spawn_result r = {.out = BUF_INIT};

    if (spawn_run(&s, clock_system(), &r, err) < 0)
        return -1;
    (void)buf_add(ret_out, r.out.data, r.out.len);
    *ret_status = r.exit_code;
    buf_free(&r.out);
    return 0;
}

static void set_owner_unknown(struct host_package *ret, const struct err *err)
{
    ret->owned = TRI_UNKNOWN;
    snprintf(ret->why, sizeof(ret->why), "%.200s", err->text);
}

/* Adds "--opt VALUE" to argv if value is not NULL. Returns the new number of words. */
static size_t add_package_option(const char **argv, size_t n, const char *option, const char *value)
{
    if (value == NULL)
        return n;
    argv[n] = option;
    argv[n + 1] = value;
    return n + 2;
}

/* The other name of the file where /bin and /sbin are links into /usr; "": none. */
static void write_other_name(const char *path, char dst[static 300])
{
    static const char *const dirs[] = {"/bin/", "/sbin/"};

    dst[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        if (str_starts(path, "/usr") && str_starts(path + 4, dirs[i]))
            snprintf(dst, 300, "%s", path + 4);
        else if (str_starts(path, dirs[i]))
            snprintf(dst, 300, "/usr%s", path);
    }
}

static void ask_dpkg_hold(const struct package_where *w, const char *owner,
                          struct host_package *ret)
{
    const char *argv[8] = {w->dpkg_query};
    auto_buf struct buf out = BUF_INIT;
    char version[32];
    struct err err = ERR_INIT;
    int status = 0;
    size_t n = add_package_option(argv, 1, "--admindir", w->dpkg_admin);

    argv[n++] = "-W";
    argv[n++] = "-f=${db:Status-Want} ${Version}\n";
    argv[n++] = owner;
    if (run_package_program(argv, &status, &out, &err) < 0 || status != 0)
        return;
    bool held = package_read_want(buf_str(&out), version);
    if (version[0] != '\0')
        snprintf(ret->name, sizeof(ret->name), "%.30s %s", owner, version);
    if (held) {
        ret->kept = TRI_YES;
        snprintf(ret->how, sizeof(ret->how), "held");
    }
}

static bool ask_dpkg_owner(const struct package_where *w, const char *path,
                           struct host_package *ret)
{
    const char *argv[8] = {w->dpkg_query};
    auto_buf struct buf out = BUF_INIT;
    char owner[64], diverted[64], other[300];
    struct err err = ERR_INIT;
    int status = 0;
    size_t n = add_package_option(argv, 1, "--admindir", w->dpkg_admin);

    write_other_name(path, other);
    argv[n++] = "-S";
    argv[n++] = path;
    argv[n++] = other[0] != '\0' ? other : NULL;
    if (run_package_program(argv, &status, &out, &err) < 0) {
        if (err.kind != ERR_NOTFOUND)
            set_owner_unknown(ret, &err);
        return err.kind != ERR_NOTFOUND;
    }
    /* Status 1: no package owns one of the names. */
    if (status != 0 && status != 1) {
        (void)err_set(&err, ERR_IO, 0, "dpkg-query ended with status %d", status);
        set_owner_unknown(ret, &err);
        return true;
    }
    package_read_search(buf_str(&out), owner, diverted);
    if (owner[0] == '\0')
        return false;
    ret->owned = TRI_YES;
    snprintf(ret->manager, sizeof(ret->manager), "dpkg");
    str_cut(ret->name, sizeof(ret->name), owner);
    if (diverted[0] != '\0' && !str_eq(diverted, owner)) {
        ret->kept = TRI_YES;
        snprintf(ret->how, sizeof(ret->how), "diverted");
    }
    ask_dpkg_hold(w, owner, ret);
    return true;
}

static void find_version_lock(const struct package_where *w, const char *name,
                              struct host_package *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(w->locks) && w->locks[i] != NULL; i++) {
        auto_buf struct buf text = BUF_INIT;
        struct err err = ERR_INIT;

        if (file_read(w->locks[i], LOCK_MAX, FILE_FOLLOW, &text, &err) < 0 ||
            !package_is_locked(buf_str(&text), name))
            continue;
        ret->kept = TRI_YES;
        snprintf(ret->how, sizeof(ret->how), "locked in %.60s", w->locks[i]);
    }
}

/* rpm would create its database if there is none, so it is asked only where a database exists. */
static bool has_rpm_database(const struct package_where *w)
{
    for (size_t i = 0; i < ARRAY_LEN(w->rpm_files) && w->rpm_files[i] != NULL; i++) {
        if (access(w->rpm_files[i], F_OK) == 0)
            return true;
    }
    return false;
}

static void ask_rpm_owner(const struct package_where *w, const char *path, struct host_package *ret)
{
    const char *argv[8] = {w->rpm};
    auto_buf struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    char name[64];
    int status = 0;
    size_t n = add_package_option(argv, 1, "--dbpath", w->rpm_db);

    argv[n++] = "-qf";
    argv[n++] = "--queryformat=%{NAME} %{VERSION}-%{RELEASE}\n";
    argv[n++] = path;
    if (run_package_program(argv, &status, &out, &err) < 0) {
        if (err.kind != ERR_NOTFOUND)
            set_owner_unknown(ret, &err);
        return;
    }
    if (status != 0)
        return; /* "is not owned by any package" */
    ret->owned = TRI_YES;
    snprintf(ret->manager, sizeof(ret->manager), "rpm");
    package_read_file(buf_str(&out), name, ret->name);
    find_version_lock(w, name, ret);
}

void package_owner(const struct package_where *w, const char *path, struct host_package *ret)
{
    *ret = (struct host_package){.owned = TRI_NO, .kept = TRI_NO};
    if (!ask_dpkg_owner(w, path, ret) && has_rpm_database(w))
        ask_rpm_owner(w, path, ret);
}

void package_where_usual(struct package_where *ret)
{
    *ret = (struct package_where){
        .dpkg_query = "/usr/bin/dpkg-query",
        .rpm = "/usr/bin/rpm",
        .rpm_files = {"/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite",
                      "/var/lib/rpm/Packages", "/var/lib/rpm/Packages.db",
                      "/usr/lib/sysimage/rpm/Packages.db"},
        .locks = {"/etc/dnf/plugins/versionlock.list", "/etc/yum/pluginconf.d/versionlock.list"},
    };
}
