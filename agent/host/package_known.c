#include "package_known.h"
#include <sys/stat.h>
#include "str.h"

#define DPKG_ADMIN "/var/lib/dpkg"

struct stamping {
    struct package_stamp stamps[20];
    size_t n;
};

static void stamp_file(struct stamping *s, const char *path)
{
    struct package_stamp *at = &s->stamps[s->n++];
    struct stat st;

    if (stat(path, &st) == 0)
        *at = (struct package_stamp){.dev = st.st_dev,
                                     .ino = st.st_ino,
                                     .size = (uint64_t)st.st_size,
                                     .changed_ns = st.st_ctim.tv_sec * INT64_C(1000000000) +
                                                   st.st_ctim.tv_nsec};
}

static void take_stamps(struct stamping *s, const struct package_where *w)
{
    static const char *const of_dpkg[] = {"status", "diversions", "updates", "info"};
    const char *admin = w->dpkg_admin != NULL ? w->dpkg_admin : DPKG_ADMIN;
    char path[300];

    for (size_t i = 0; i < ARRAY_LEN(of_dpkg); i++) {
        snprintf(path, sizeof(path), "%.280s/%s", admin, of_dpkg[i]);
        stamp_file(s, path);
    }
    for (size_t i = 0; i < ARRAY_LEN(w->rpm_files) && w->rpm_files[i] != NULL; i++) {
        stamp_file(s, w->rpm_files[i]);
        snprintf(path, sizeof(path), "%.280s-wal", w->rpm_files[i]); /* SQLite writes here first */
        stamp_file(s, path);
    }
    for (size_t i = 0; i < ARRAY_LEN(w->locks) && w->locks[i] != NULL; i++)
        stamp_file(s, w->locks[i]);
}

void package_known_owner(struct package_known *k, const struct package_where *w, const char *path,
                         struct host_package *ret)
{
    struct stamping now = {.n = 0};

    take_stamps(&now, w);
    if (str_eq(k->path, path) && memcmp(k->stamps, now.stamps, sizeof(now.stamps)) == 0) {
        *ret = k->answer;
        return;
    }
    k->path[0] = '\0';
    package_owner(w, path, ret);
    if (ret->owned == TRI_UNKNOWN || ret->kept == TRI_UNKNOWN || strlen(path) >= sizeof(k->path))
        return;
    memcpy(k->stamps, now.stamps, sizeof(k->stamps)); /* taken before the question */
    k->answer = *ret;
    str_cut(k->path, sizeof(k->path), path);
}
