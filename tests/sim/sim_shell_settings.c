#include "sim_shell.h"
#include <sys/stat.h>
#include "file.h"
#include "json.h"
#include "str.h"

#define TRAILER      "\nCARAVAN-STANDIN"
#define TRAILER_MAX  16384
#define SETTINGS_MAX 65536

/* "only" is a key of the faults, because servers and clients run the same release file. */
static int read_only(struct sim_settings *s, const struct json *faults, struct err *err)
{
    const char *only = json_str(faults, "only", "");
    if (faults == NULL)
        return 0; /* settings without faults do not change the release's faults */
    if (only[0] != '\0' && !str_eq(only, "server") && !str_eq(only, "client"))
        return err_set(err, ERR_CONFIG, 0, "faults: only %s: server or client", only);
    str_cut(s->only, sizeof(s->only), only);
    return 0;
}

static int read_faults(struct sim_faults *f, const struct json *o, struct err *err)
{
    for (size_t i = 0; i < json_len(o); i++) {
        const char *name;
        const struct json *v = json_pair(o, i, &name);
        if (str_eq(name, "only"))
            continue;
        int64_t value = json_is_bool(v) ? json_bool_of(v, false) : json_int_of(v, 0);
        if (sim_faults_set(f, name, value, err) < 0)
            return -1;
    }
    return 0;
}

static int read_timing(struct sim_timing *t, const struct json *o, struct err *err)
{
    for (size_t i = 0; i < json_len(o); i++) {
        const char *name;
        const struct json *v = json_pair(o, i, &name);
        if (!json_is_int(v) || sim_timing_set(t, name, json_int_of(v, 0)) < 0)
            return err_set(err, ERR_CONFIG, 0, "the stand-in has no duration %s", name);
    }
    return 0;
}

static int read_token(const struct json *o, const char *key, struct sim_id *ret, struct err *err)
{
    const char *text = json_str(o, key, NULL);
    if (text != NULL && sim_id_parse(text, ret) < 0)
        return err_set(err, ERR_CONFIG, 0, "acl.%s is not a UUID", key);
    return 0;
}

/* Applies one document of settings; the trailer and NOMAD_SIM have the same keys. */
static int apply_settings(struct sim_settings *s, const struct json *o, struct err *err)
{
    static const char *const known[] = {"version", "preset", "timing", "faults",  "allocs",
                                        "tasks",   "crowd",  "acl",    "requests"};
    for (size_t i = 0; i < json_len(o); i++) {
        const char *key;
        size_t k = 0;
        (void)json_pair(o, i, &key);
        while (k < ARRAY_LEN(known) && !str_eq(known[k], key))
            k++;
        if (k == ARRAY_LEN(known))
            return err_set(err, ERR_CONFIG, 0, "the stand-in has no setting %s", key);
    }
    const char *preset = json_str(o, "preset", NULL);
    enum sim_preset p;
    if (preset != NULL) {
        if (sim_preset_named(preset, &p) < 0)
            return err_set(err, ERR_CONFIG, 0, "preset %s: real, quick or sparse", preset);
        s->timing = sim_timing_of(p);
    }
    if (json_has(o, "version"))
        str_cut(s->version, sizeof(s->version), json_str(o, "version", ""));
    s->allocs = (int)json_int(o, "allocs", s->allocs);
    s->tasks = json_bool(o, "tasks", s->tasks);
    s->crowd = (int)json_int(o, "crowd", s->crowd);
    s->requests = json_bool(o, "requests", s->requests);
    const struct json *acl = json_get(o, "acl");
    if (read_token(acl, "management", &s->management, err) < 0 ||
        read_token(acl, "read", &s->reader, err) < 0 ||
        read_timing(&s->timing, json_get(o, "timing"), err) < 0 ||
        read_only(s, json_get(o, "faults"), err) < 0)
        return -1;
    return read_faults(&s->faults, json_get(o, "faults"), err);
}

/* Reads the last bytes of the running file, NUL-terminated. */
static int read_tail(struct buf *ret, struct err *err)
{
    autofile FILE *f = fopen("/proc/self/exe", "rb");
    char chunk[TRAILER_MAX];
    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        return err_set(err, ERR_IO, errno, "open /proc/self/exe");
    long size = ftell(f);
    if (fseek(f, MAX_OF(size - TRAILER_MAX, 0), SEEK_SET) != 0)
        return err_set(err, ERR_IO, errno, "seek in /proc/self/exe");
    return buf_add(ret, chunk, fread(chunk, 1, sizeof(chunk), f));
}

static int read_trailer(struct sim_settings *s, struct err *err)
{
    auto_buf struct buf tail = BUF_INIT;
    auto_json struct json *o = NULL;
    const unsigned char *at = NULL, *p;
    if (read_tail(&tail, err) < 0)
        return -1;
    p = tail.data;
    for (size_t left = tail.len; left > 0; at = p, p += strlen(TRAILER)) {
        p = memmem(p, left, TRAILER, strlen(TRAILER));
        if (p == NULL)
            break;
        left = tail.len - (size_t)(p - tail.data) - strlen(TRAILER);
    }
    if (at == NULL)
        return 0;
    at += strlen(TRAILER);
    size_t n = tail.len - (size_t)(at - tail.data);
    if (json_parse(at, n, TRAILER_MAX, &o, err) < 0)
        return err_wrap(err, "the release's trailer");
    return apply_settings(s, o, err);
}

int sim_settings_load(struct sim_settings *ret, struct err *err)
{
    struct sim_settings s = {.timing = sim_timing_of(SIM_QUICK), .allocs = 2, .tasks = true};
    str_cut(s.version, sizeof(s.version), "1.10.5");
    const char *path = getenv("NOMAD_SIM");
    auto_buf struct buf text = BUF_INIT;
    auto_json struct json *o = NULL;
    if (read_trailer(&s, err) < 0)
        return -1;
    if (path != NULL && path[0] != '\0') {
        if (file_read(path, SETTINGS_MAX, FILE_FOLLOW, &text, err) < 0 ||
            json_parse(text.data, text.len, SETTINGS_MAX, &o, err) < 0 ||
            apply_settings(&s, o, err) < 0)
            return err_wrap(err, "NOMAD_SIM=%s", path);
    }
    *ret = s;
    return 0;
}

void sim_settings_faults(struct sim_shell *s)
{
    char path[256];
    struct stat st;
    struct err err = ERR_INIT;
    struct sim_faults f = s->settings.faults;
    snprintf(path, sizeof(path), "%s/faults", s->conf.node.data_dir);
    int64_t stamp = -1;
    if (stat(path, &st) == 0)
        stamp = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    if (stamp == s->faults_stamp)
        return;
    auto_buf struct buf text = BUF_INIT;
    auto_json struct json *o = NULL;
    if (stamp >= 0 && (file_read(path, SETTINGS_MAX, FILE_FOLLOW, &text, &err) < 0 ||
                       json_parse(text.data, text.len, SETTINGS_MAX, &o, &err) < 0 ||
                       read_faults(&f, o, &err) < 0)) {
        sim_shell_log(s, "WARN", "sim: %s: %s", path, err.text);
        return; /* the file may be incomplete: read it again later */
    }
    s->faults_stamp = stamp;
    s->node.faults = f;
    sim_shell_log(s, "INFO", "sim: faults read from %s", path);
}
