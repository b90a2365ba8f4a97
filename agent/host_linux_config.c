/* Nomad's configuration files on this host, looked through for keys. */
#include "host_linux_config.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_trial.h"
#include "file.h"

#define CMDLINE_MAX    (64 * 1024)
#define FILE_MAX       (1024 * 1024)
#define FILES_MAX      64
#define PLUGINS_LISTED 64

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* As Nomad does: .hcl and .json, but no editors' leftovers. */
static bool is_leftover(const char *name)
{
    return str_ends(name, "~") || str_ends(name, ".bak") || str_ends(name, ".orig") ||
           str_ends(name, ".rpmnew") || str_ends(name, ".rpmsave") ||
           str_ends(name, ".dpkg-dist") || str_ends(name, ".dpkg-old") ||
           (name[0] == '#' && str_ends(name, "#")) || str_starts(name, ".#");
}

static bool is_config(const char *name)
{
    return !is_leftover(name) && (str_ends(name, ".hcl") || str_ends(name, ".json"));
}

static void lost(struct host_config *ret, const char *path, const char *why)
{
    if (ret->read == TRI_YES || ret->read == TRI_UNKNOWN)
        snprintf(ret->why, sizeof(ret->why), "%.160s: %.80s", path, why);
    ret->read = TRI_NO;
}

static void scan_file(const char *path, struct host_config *ret)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;

    if (ret->files == FILES_MAX) {
        lost(ret, path, "there are too many files");
        return;
    }
    ret->files++;
    if (file_read(path, FILE_MAX, 0, &text, &err) < 0) {
        lost(ret, path, err.text);
        return;
    }
    if (ret->read == TRI_UNKNOWN)
        ret->read = TRI_YES;
    config_keys_scan((const char *)text.data, text.len, base_name(path), &ret->keys);
}

static void scan_dir(const char *dir, struct host_config *ret)
{
    DIR *d = opendir(dir);
    char path[512];

    if (d == NULL) {
        lost(ret, dir, "it cannot be read");
        return;
    }
    if (ret->read == TRI_UNKNOWN)
        ret->read = TRI_YES;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        int n = snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (n < 0 || (size_t)n >= sizeof(path) || e->d_type == DT_DIR)
            continue;
        if (is_config(e->d_name)) {
            scan_file(path, ret);
        } else if (is_leftover(e->d_name) &&
                   (strstr(e->d_name, ".hcl") != NULL || strstr(e->d_name, ".json") != NULL)) {
            if (ret->leftovers++ == 0)
                str_cut(ret->leftover, sizeof(ret->leftover), e->d_name);
        }
    }
    closedir(d);
}

static void scan_paths(const char *words, size_t n, struct host_config *ret)
{
    const char *paths[CONFIG_TRIAL_PATHS], *why = "";
    bool more = false;
    size_t count = config_trial_paths(words, n, paths, &more, &why);
    struct stat st;

    if (count == 0)
        snprintf(ret->why, sizeof(ret->why), "%.250s", why);
    for (size_t i = 0; i < count; i++) {
        if (stat(paths[i], &st) < 0)
            lost(ret, paths[i], "it cannot be looked at");
        else if (S_ISDIR(st.st_mode))
            scan_dir(paths[i], ret);
        else
            scan_file(paths[i], ret);
    }
}

/* Files that could be executed in the plugin directory and have no block. */
static void look_for_plugins(const char *data_dir, struct host_config *ret)
{
    char dir[300];
    const struct config_keys *k = &ret->keys;

    if (k->plugin_dir[0] != '\0')
        str_cut(dir, sizeof(dir), k->plugin_dir);
    else
        snprintf(dir, sizeof(dir), "%.250s/plugins", data_dir);
    DIR *d = data_dir[0] != '\0' || k->plugin_dir[0] != '\0' ? opendir(dir) : NULL;
    ret->plugins = d != NULL || errno == ENOENT ? TRI_NO : TRI_UNKNOWN;
    size_t listed = 0;
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL && listed < PLUGINS_LISTED;) {
        struct stat st;
        bool named = false;
        if (fstatat(dirfd(d), e->d_name, &st, 0) < 0 || !S_ISREG(st.st_mode) ||
            (st.st_mode & 0111) == 0)
            continue;
        listed++;
        for (size_t i = 0; i < k->n_plugins; i++)
            named = named || str_eq(k->plugins[i], e->d_name);
        if (named)
            continue;
        /* where blocks could hide, the lack of one is not known */
        if (k->odd || ret->read != TRI_YES)
            ret->plugins = ret->plugins == TRI_YES ? TRI_YES : TRI_UNKNOWN;
        else
            ret->plugins = TRI_YES;
        str_cut(ret->plugin, sizeof(ret->plugin), e->d_name);
    }
    if (d != NULL)
        closedir(d);
}

static bool has_program(const char *name)
{
    static const char *const dirs[] = {"/usr/sbin", "/sbin", "/usr/bin", "/usr/local/sbin"};
    char path[64];

    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static void port_config(void *ctx, const char *data_dir, struct host_config *ret)
{
    struct host_linux *l = ctx;
    autofree struct service_about *about = xzalloc(1, sizeof(*about));
    auto_buf struct buf cmdline = BUF_INIT;
    struct service_state state = {.main_pid = 0};
    struct err err = ERR_INIT;
    char proc[64];

    memset(ret, 0, sizeof(*ret));
    ret->read = TRI_UNKNOWN;
    str_cut(ret->why, sizeof(ret->why), "what starts Nomad here is not known");
    if (l->service.about(l->service.self, about, &err) == 0 && about->words_len > 0)
        scan_paths(about->words, about->words_len, ret);
    if (ret->read == TRI_UNKNOWN && l->service.state(l->service.self, &state, &err) == 0 &&
        state.main_pid != 0) {
        snprintf(proc, sizeof(proc), "/proc/%u/cmdline", state.main_pid);
        if (file_read(proc, CMDLINE_MAX, 0, &cmdline, &err) == 0)
            scan_paths((const char *)cmdline.data, cmdline.len, ret);
    }
    errno = 0;
    look_for_plugins(data_dir, ret);
    ret->dmidecode = has_program("dmidecode") ? TRI_YES : TRI_NO;
}

void host_linux_config(struct host *h)
{
    h->config = port_config;
}
