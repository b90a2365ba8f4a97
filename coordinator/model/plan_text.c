/* The canonical text of a plan, which the digest is over and the ledger stores.
 *
 * One line for each thing: a word, then fields with one blank between them. In a field, each
 * byte that is not a letter, a digit or one of -._:+/ is written as %XX. An empty field is "%". */
#include "plan.h"

#include <inttypes.h>
#include "layout.h"

#define FIELDS_MAX 12

static void add_plan_field(struct buf *b, const char *s)
{
    buf_add_byte(b, ' ');
    if (s[0] == '\0')
        buf_add_byte(b, '%');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            strchr("-._:+/", c) != NULL)
            buf_add_byte(b, c);
        else
            buf_printf(b, "%%%02X", c);
    }
}

/* Numbers of the policy by name. The same table writes and reads them. No number is below 0, not
 * even a signed one. */
static const struct field numbers[] = {
    ROW_UINT("parallel", plan, parallel),
    ROW_UINT("canary", plan, policy.canary),
    ROW_UINT("soak", plan, policy.soak_ms),
    ROW_UINT("settle", plan, policy.settle_ms),
    ROW_UINT("settle-answers", plan, policy.settle_answers),
    ROW_UINT("server-deadline", plan, policy.server_deadline_ms),
    ROW_UINT("client-deadline", plan, policy.client_deadline_ms),
    ROW_UINT("hold", plan, policy.hold_ms),
    ROW_UINT("max-failures", plan, policy.max_failures),
    ROW_UINT("max-skipped", plan, policy.max_skipped),
    ROW("drain", plan, policy.drain, FIELD_BOOL),
    ROW_UINT("drain-deadline", plan, policy.drain_deadline_ms),
    ROW("accept-outage", plan, policy.accept_outage, FIELD_BOOL),
    ROW_UINT("lease", plan, policy.lease_ms),
    ROW_UINT("renew", plan, policy.renew_ms),
    ROW_UINT("stage-deadline", plan, policy.stage_deadline_ms),
    ROW_UINT("stage-parallel", plan, policy.stage_parallel),
    ROW("stage-only", plan, policy.stage_only, FIELD_BOOL),
    ROW_ENUM("server-not-ready", plan, server_on_not_ready, ON_REVERT, ON_REVERT_IF_UNTOUCHED),
    ROW_ENUM("client-not-ready", plan, client_on_not_ready, ON_REVERT, ON_REVERT_IF_UNTOUCHED),
    ROW("bad-leader-pair", plan, bad_leader_pair, FIELD_BOOL),
    ROW("transfer", plan, transfer, FIELD_BOOL),
    ROW("own-build", plan, own_build, FIELD_BOOL),
};

/* More fields, for a plan that replaces servers. */
static const struct field replacing[] = {
    ROW_UINT("replace-watch", plan, policy.replace.watch_ms),
};

/* s server, c client; l leader, k canary, a already on the target, m managed; j joins, o leaves,
 * d dead */
static void flags_text(char dst[static 8], const struct plan_host *h)
{
    static const char *const roles[PLAN_ROLES] = {
        [ROLE_UPGRADE] = "", [ROLE_JOINS] = "j", [ROLE_LEAVES] = "o"};

    snprintf(dst, 8, "%c%s%s%s%s%s%s", h->is_server ? 's' : 'c', h->leader ? "l" : "",
             h->canary ? "k" : "", h->already ? "a" : "", h->managed ? "m" : "", roles[h->role],
             h->dead ? "d" : "");
}

/* If the host has a deadline of its own, the deadline is the last field. */
static void host_text(const struct plan_host *h, struct buf *b)
{
    char digest[65], before[65], flags[8];

    digest_hex(digest, &h->digest);
    digest_hex(before, &h->before);
    flags_text(flags, h);
    const char *fields[] = {h->key,  h->name, h->region, h->from, h->os,
                            h->arch, flags,   digest,    before};
    buf_add_str(b, "host");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        add_plan_field(b, fields[i]);
    if (h->ready_ms > 0)
        buf_printf(b, " %" PRId64, h->ready_ms);
    buf_add_byte(b, '\n');
}

static void numbers_text(const struct plan *p, const struct field *rows, size_t n, struct buf *b)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "number %s %" PRIu64 "\n", rows[i].name,
                   layout_load((const char *)p + rows[i].offset, rows[i].size));
}

void plan_text(const struct plan *p, struct buf *ret)
{
    buf_add_str(ret, "caravan-plan 1\ntarget");
    add_plan_field(ret, p->target);
    buf_add_byte(ret, '\n');
    numbers_text(p, numbers, ARRAY_LEN(numbers), ret);
    if (p->replaces)
        numbers_text(p, replacing, ARRAY_LEN(replacing), ret);
    for (size_t i = 0; i < p->policy.n_accepted; i++) {
        buf_add_str(ret, "accept");
        add_plan_field(ret, p->policy.accepted[i]);
        buf_add_byte(ret, '\n');
    }
    for (size_t i = 0; i < p->n_regions; i++) {
        buf_add_str(ret, "region");
        add_plan_field(ret, p->regions[i].name);
        buf_printf(ret, " %" PRIu32 " %d\n", p->regions[i].voters, p->regions[i].planned);
    }
    for (size_t i = 0; i < p->n_hosts; i++)
        host_text(&p->hosts[i], ret);
}

/* ---- reading it back ---- */

/* Undoes add_plan_field in place. */
static int unescape_field(char *s)
{
    char *to = s;

    if (str_eq(s, "%")) {
        *s = '\0';
        return 0;
    }
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (*s == '%') {
            char hex[3] = {s[1], s[1] != '\0' ? s[2] : '\0', '\0'};
            if (str_unhex(hex, &c, 1) < 0)
                return -1;
            s += 2;
        }
        *to++ = (char)c;
    }
    *to = '\0';
    return 0;
}

static int split_fields(char *line, char *fields[static FIELDS_MAX], size_t *ret_n)
{
    size_t n = 0;
    char *at = line;

    while (at != NULL) {
        if (n == FIELDS_MAX)
            return -1;
        fields[n] = at;
        at = strchr(at, ' ');
        if (at != NULL)
            *at++ = '\0';
        if (unescape_field(fields[n++]) < 0)
            return -1;
    }
    *ret_n = n;
    return 0;
}

/* Numbers of earlier versions' policies; they are read and ignored. */
static const char *const past_numbers[] = {"autopilot-off"};

/* NULL: no number has this name. */
static const struct field *number_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (str_eq(name, numbers[i].name))
            return &numbers[i];
    for (size_t i = 0; i < ARRAY_LEN(replacing); i++)
        if (str_eq(name, replacing[i].name))
            return &replacing[i];
    return NULL;
}

static int read_plan_number(struct plan *p, char **f, size_t n)
{
    const struct field *row;
    struct err err = ERR_INIT;
    uint64_t v = 0;

    if (n != 3 || str_to_u64(f[2], INT64_MAX, &v) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(past_numbers); i++)
        if (str_eq(f[1], past_numbers[i]))
            return 0;
    row = number_named(f[1]);
    if (row == NULL || layout_range(row, v, &err) < 0)
        return -1;
    layout_store((char *)p + row->offset, row->size, v);
    return 0;
}

static int read_plan_region(struct plan *p, char **f, size_t n)
{
    uint64_t voters = 0, planned = 0;
    struct plan_region *r = &p->regions[p->n_regions];

    if (n != 4 || str_copy(r->name, sizeof(r->name), f[1]) < 0 ||
        str_to_u64(f[2], UINT32_MAX, &voters) < 0 || str_to_u64(f[3], 1, &planned) < 0)
        return -1;
    r->voters = (uint32_t)voters;
    r->planned = planned == 1;
    p->n_regions++;
    return 0;
}

static int read_plan_host(struct plan_host *h, char **f, size_t n)
{
    if (n < 10 || n > 11 || str_copy(h->key, sizeof(h->key), f[1]) < 0 ||
        str_copy(h->name, sizeof(h->name), f[2]) < 0 ||
        str_copy(h->region, sizeof(h->region), f[3]) < 0 ||
        str_copy(h->from, sizeof(h->from), f[4]) < 0 || str_copy(h->os, sizeof(h->os), f[5]) < 0 ||
        str_copy(h->arch, sizeof(h->arch), f[6]) < 0 || digest_from_hex(f[8], &h->digest) < 0 ||
        digest_from_hex(f[9], &h->before) < 0 ||
        (n == 11 && (str_to_i64(f[10], &h->ready_ms) < 0 || h->ready_ms <= 0)))
        return -1;
    h->is_server = strchr(f[7], 's') != NULL;
    h->leader = strchr(f[7], 'l') != NULL;
    h->canary = strchr(f[7], 'k') != NULL;
    h->already = strchr(f[7], 'a') != NULL;
    h->managed = strchr(f[7], 'm') != NULL;
    h->dead = strchr(f[7], 'd') != NULL;
    h->role = strchr(f[7], 'j') != NULL   ? ROLE_JOINS
              : strchr(f[7], 'o') != NULL ? ROLE_LEAVES
                                          : ROLE_UPGRADE;
    return 0;
}

static int add_read_host(struct plan *p, char **f, size_t n)
{
    struct plan_host *h = &p->hosts[p->n_hosts];

    if (read_plan_host(h, f, n) < 0)
        return -1;
    p->replaces = p->replaces || h->role != ROLE_UPGRADE;
    p->n_servers += h->is_server;
    p->n_clients += !h->is_server;
    p->n_todo += !h->already;
    p->n_hosts++;
    return 0;
}

static int read_accepted_id(struct plan *p, char **f, size_t n)
{
    if (n != 2 || p->policy.n_accepted == FILTER_VALUES)
        return -1;
    p->policy.accepted[p->policy.n_accepted++] = f[1]; /* in the arena */
    return 0;
}

static int read_plan_line(struct plan *p, char *line)
{
    char *f[FIELDS_MAX] = {NULL};
    size_t n = 0;

    if (split_fields(line, f, &n) < 0 || n == 0)
        return -1;
    if (str_eq(f[0], "target") && n == 2)
        return str_copy(p->target, sizeof(p->target), f[1]);
    if (str_eq(f[0], "number"))
        return read_plan_number(p, f, n);
    if (str_eq(f[0], "accept"))
        return read_accepted_id(p, f, n);
    if (str_eq(f[0], "region"))
        return read_plan_region(p, f, n);
    if (str_eq(f[0], "host"))
        return add_read_host(p, f, n);
    return -1;
}

int plan_text_host(char *line, struct plan_host *ret)
{
    char *f[FIELDS_MAX] = {NULL};
    size_t n = 0;

    if (strncmp(line, "host ", 5) != 0)
        return 0;
    memset(ret, 0, sizeof(*ret));
    return split_fields(line, f, &n) < 0 || read_plan_host(ret, f, n) < 0 ? -1 : 1;
}

int plan_read(const char *text, size_t n, const struct hazards *hazards, struct plan *ret,
              struct err *err)
{
    size_t lines = 0, line = 1;

    memset(ret, 0, sizeof(*ret));
    policy_default(&ret->policy);
    ret->hazards = hazards;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    if (lines == 0 || text[n - 1] != '\n' || strncmp(text, "caravan-plan 1\n", 15) != 0)
        return err_set(err, ERR_FORMAT, 0, "this is no plan of version 1");
    ret->hosts = arena_array(&ret->arena, lines, sizeof(*ret->hosts));
    ret->regions = arena_array(&ret->arena, lines, sizeof(*ret->regions));
    char *copy = arena_strndup(&ret->arena, text, n);
    for (char *at = copy + 15, *end; *at != '\0'; at = end + 1) {
        line++;
        end = strchr(at, '\n');
        if (end == NULL)
            break;
        *end = '\0';
        if (read_plan_line(ret, at) < 0) {
            plan_free(ret);
            return err_set(err, ERR_FORMAT, 0, "plan, line %zu", line);
        }
    }
    plan_index_keys(ret);
    ret->policy.parallel = ret->parallel;
    crypto_digest(text, n, &ret->digest);
    return 0;
}
