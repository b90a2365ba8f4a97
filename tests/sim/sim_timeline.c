#include "sim_timeline.h"
#include "str.h"

static const char *const topic_names[SIM_TOPICS] = {"members", "leader", "autopilot", "raft"};

/* Adds a value unless it equals the last value of this host and topic. */
void sim_timeline_add(struct sim_timeline *t, int64_t at_ms, char host, enum sim_topic topic,
                      const char *value)
{
    for (int i = t->n - 1; i >= 0; i--)
        if (t->changes[i].host == host && t->changes[i].topic == topic) {
            if (strcmp(t->changes[i].value, value) == 0)
                return;
            break;
        }
    if (t->n == SIM_CHANGES_MAX)
        return;
    struct sim_change *c = &t->changes[t->n++];
    *c = (struct sim_change){.at_ms = at_ms, .host = host, .topic = topic};
    str_cut(c->value, sizeof(c->value), value);
}

char sim_timeline_part(int host, int x, int before, int after)
{
    if (host == x)
        return 'X';
    if (host == after && after != before)
        return 'N';
    return host == before ? 'L' : 'O';
}

/* ---- the recorded files ---- */

struct parts {
    int x, before, after;
    char versions[2][16]; /* of X: the first version, and another one */
};

static char part_of(const struct parts *p, int host)
{
    return sim_timeline_part(host, p->x, p->before, p->after);
}

/* The number of the host in "s2", "10.99.0.12" or "127.0.0.12:4647"; 0: there is none. */
int sim_timeline_host(const char *s)
{
    const char *dot = strrchr(s, '.');
    if (s[0] == 's')
        return s[1] - '0';
    return dot != NULL ? dot[2] - '0' : 0;
}

/* "s1=alive" or "('s1.global', 'alive', '1.0.18')" of X. */
static void members_value(struct parts *p, const char *rest, char *value, size_t n)
{
    char key[16], status[16] = "", version[16] = "";
    const char *at;
    snprintf(key, sizeof(key), "('s%d.global", p->x);
    at = strstr(rest, key);
    if (at != NULL) {
        if (sscanf(at, "('%*[^']', '%15[^']', '%15[^']'", status, version) != 2)
            return;
        if (p->versions[0][0] == '\0')
            str_cut(p->versions[0], sizeof(p->versions[0]), version);
        bool new_one = strcmp(version, p->versions[0]) != 0;
        snprintf(value, n, "%s%s", status, new_one ? ",new" : "");
        return;
    }
    snprintf(key, sizeof(key), "s%d=", p->x);
    at = strstr(rest, key);
    if (at != NULL && sscanf(at + strlen(key), "%15[a-z]", status) == 1)
        str_cut(value, n, status);
}

static void leader_value(const struct parts *p, const char *rest, char *value, size_t n)
{
    int status = 0;
    char at[32] = "";
    int got = sscanf(rest, "(%d, '%31[^']'", &status, at);
    if (got < 1)
        return;
    if (status != 200)
        str_cut(value, n, "500");
    else if (got == 1)
        str_cut(value, n, "none");
    else
        snprintf(value, n, "%c", part_of(p, sim_timeline_host(at)));
}

static void autopilot_value(const struct parts *p, const char *rest, char *value, size_t n)
{
    int status = 0, tolerance = 0;
    char key[8], mine[40] = "absent";
    if (sscanf(rest, "(%d,", &status) != 1)
        return;
    if (status == 500) {
        str_cut(value, n, "500");
        return;
    }
    const char *at = strstr(rest, "tolerance=");
    if (at != NULL)
        tolerance = at[strlen("tolerance=")] - '0';
    snprintf(key, sizeof(key), "s%d:", p->x);
    const char *x = strstr(rest, key);
    if (x != NULL && sscanf(x + strlen(key), "%39[a-z,]", mine) != 1)
        return;
    if (strstr(rest, "s3:") == NULL)
        str_cut(mine, sizeof(mine), "empty");
    char *leader = strstr(mine, ",leader");
    if (leader != NULL)
        *leader = '\0';
    snprintf(value, n, "%d/%d X:%s", status, tolerance, mine);
}

static void raft_value(const struct parts *p, const char *rest, char *value, size_t n)
{
    char key[8], mine[16] = "absent";
    const char *star = strchr(rest, '*');
    snprintf(key, sizeof(key), "s%d=", p->x);
    const char *x = strstr(rest, key);
    if (x != NULL && sscanf(x + strlen(key), "%15[a-z]", mine) != 1)
        return;
    while (star != NULL && star > rest && *star != '=')
        star--;
    char leader = star != NULL && *star == '=' ? part_of(p, star[-1] - '0') : '?';
    snprintf(value, n, "X:%s leader:%c", mine, leader);
}

static void read_line(struct parts *p, const char *line, double from_s, double to_s,
                      struct sim_timeline *t)
{
    double at;
    char host[24], topic[16];
    int used = 0;
    if (sscanf(line, "%lf %23s %15s %n", &at, host, topic, &used) < 3 || strcmp(host, "--") == 0)
        return;
    if (at < from_s || at >= to_s || strstr(line, "TimeoutError") != NULL)
        return;
    char value[64] = "";
    const char *rest = line + used;
    for (int i = 0; i < SIM_TOPICS; i++) {
        if (strcmp(topic, topic_names[i]) != 0)
            continue;
        if (strstr(rest, "URLError") != NULL)
            str_cut(value, sizeof(value), "down");
        else if (i == SIM_TOPIC_MEMBERS)
            members_value(p, rest, value, sizeof(value));
        else if (i == SIM_TOPIC_LEADER)
            leader_value(p, rest, value, sizeof(value));
        else if (i == SIM_TOPIC_AUTOPILOT)
            autopilot_value(p, rest, value, sizeof(value));
        else
            raft_value(p, rest, value, sizeof(value));
        if (value[0] != '\0')
            sim_timeline_add(t, (int64_t)(at * 1000), part_of(p, sim_timeline_host(host)),
                             (enum sim_topic)i, value);
    }
}

int sim_timeline_read(const char *path, double from_s, double to_s, int x, int before, int after,
                      struct sim_timeline *ret, struct err *err)
{
    struct parts p = {.x = x, .before = before, .after = after};
    char line[512];
    autofile FILE *f = fopen(path, "r");
    if (f == NULL)
        return err_set(err, ERR_IO, errno, "open %s", path);
    ret->n = 0;
    while (fgets(line, sizeof(line), f) != NULL)
        read_line(&p, line, from_s, to_s, ret);
    return 0;
}

/* ---- the comparison ---- */

static int values_of(const struct sim_timeline *t, char host, int topic,
                     const struct sim_change *ret[static SIM_CHANGES_MAX])
{
    int n = 0;
    for (int i = 0; i < t->n; i++)
        if (t->changes[i].host == host && (int)t->changes[i].topic == topic)
            ret[n++] = &t->changes[i];
    return n;
}

static void list_changes(char *dst, size_t n, const struct sim_change *const *c, int k)
{
    size_t used = 0;
    dst[0] = '\0';
    for (int i = 0; i < k && used + 1 < n; i++)
        used += (size_t)MAX_OF(
            snprintf(dst + used, n - used, "%s[%s]", i > 0 ? " " : "", c[i]->value), 0);
}

/* The change of the model that equals the recorded one in host, topic, value and the number of
 * earlier times of that value. NULL: there is none. */
static const struct sim_change *match_change(const struct sim_timeline *recorded, int i,
                                             const struct sim_timeline *model)
{
    const struct sim_change *r = &recorded->changes[i];
    int nth = 0;
    for (int k = 0; k <= i; k++)
        nth += recorded->changes[k].host == r->host && recorded->changes[k].topic == r->topic &&
               strcmp(recorded->changes[k].value, r->value) == 0;
    for (int k = 0; k < model->n; k++) {
        const struct sim_change *m = &model->changes[k];
        if (m->host == r->host && m->topic == r->topic && strcmp(m->value, r->value) == 0 &&
            --nth == 0)
            return m;
    }
    return NULL;
}

const char *sim_timeline_differs(const struct sim_timeline *recorded,
                                 const struct sim_timeline *model, int64_t apart_ms,
                                 char text[static 400])
{
    const struct sim_change *a[SIM_CHANGES_MAX], *b[SIM_CHANGES_MAX];
    for (const char *host = "XLNO"; *host != '\0'; host++)
        for (int topic = 0; topic < SIM_TOPICS; topic++) {
            int n = values_of(recorded, *host, topic, a), m = values_of(model, *host, topic, b);
            bool same = n == m;
            for (int i = 0; same && i < n; i++)
                same = strcmp(a[i]->value, b[i]->value) == 0;
            if (same || n == 0)
                continue;
            char x[170], y[170];
            list_changes(x, sizeof(x), a, n);
            list_changes(y, sizeof(y), b, m);
            snprintf(text, 400, "%c %s: recorded %s, model %s", *host, topic_names[topic], x, y);
            return text;
        }
    for (int i = 0; i < recorded->n; i++)
        for (int k = i + 1; k < recorded->n; k++) {
            const struct sim_change *one = match_change(recorded, i, model);
            const struct sim_change *two = match_change(recorded, k, model);
            if (recorded->changes[k].at_ms - recorded->changes[i].at_ms < apart_ms || one == NULL ||
                two == NULL || one->at_ms <= two->at_ms)
                continue;
            snprintf(text, 400, "recorded %c %s [%s] before %c %s [%s], model after", one->host,
                     topic_names[one->topic], one->value, two->host, topic_names[two->topic],
                     two->value);
            return text;
        }
    return NULL;
}
