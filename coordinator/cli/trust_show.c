#include "trust_show.h"

#include "str.h"
#include "table.h"

/* "2026-12-31", or "never". */
static void expiry_text(int64_t expires_s, char dst[static 11])
{
    char text[21] = "never";
    if (expires_s != 0)
        clock_rfc3339(text, MIN_OF(expires_s, INT64_MAX / 1000) * 1000);
    str_cut(dst, 11, text);
}

/* ---- the file ---- */

static void add_trust_row(struct table *table, const struct trust *t, enum role role, uint32_t i,
                          int64_t wall_s)
{
    char name[KEY_NAME_MAX], print[FINGERPRINT_LEN], expiry[11], text[40], rule[40] = "";
    const struct role_keys *r = &t->roles[role];
    bool expired = trust_key_time(t, role, i, wall_s) == KEY_EXPIRED;
    trust_key_name(t, role, i, name);
    pubkey_fingerprint(print, &r->keys[i]);
    expiry_text(r->about[i].expires_s, expiry);
    snprintf(text, sizeof(text), "%s%s", expired ? "EXPIRED " : "", expiry);
    if (i == 0 && (role == ROLE_ROOT || role == ROLE_RELEASE))
        snprintf(rule, sizeof(rule), "%u of %u must sign", (unsigned)r->threshold, (unsigned)r->n);
    table_row(table, expired ? COLOR_RED : COLOR_NONE,
              (const char *[]){role_name(role), name, print, text, rule});
}

void trust_show(const struct command_context *c, const struct trust *t)
{
    static const enum role order[] = {ROLE_ROOT, ROLE_RELEASE, ROLE_OPERATOR, ROLE_OBSERVER};
    char cluster[2 * CLUSTER_ID_LEN + 1], made[21];
    struct table table;
    str_hex(cluster, t->cluster, CLUSTER_ID_LEN);
    fputs("Cluster ", stdout);
    print_safe(stdout, t->name);
    printf(", id %s\nTrust version %u", cluster, (unsigned)t->version);
    if (t->created_s > 0) {
        clock_rfc3339(made, t->created_s * 1000);
        printf(", made at %s", made);
    }
    printf(", format %u, %s\n\n", t->format == 2 ? 2u : 1u,
           t->solo ? "solo: one person holds all keys" : "split");
    table_init(&table, (const char *[]){"ROLE", "NAME", "FINGERPRINT", "EXPIRES", ""}, 5);
    for (size_t k = 0; k < ARRAY_LEN(order); k++)
        for (uint32_t i = 0; i < t->roles[order[k]].n; i++)
            add_trust_row(&table, t, order[k], i, clock_wall(c->clock) / 1000);
    table_print(&table, context_has_color(c, stdout), stdout);
    table_free(&table);
}

/* ---- the signatures ---- */

static void write_signer_name(const struct trust *first, const struct trust *second,
                              const struct pubkey *key, char dst[static FINGERPRINT_LEN])
{
    enum role role;
    uint32_t i;
    if (trust_find_key(first, key, &role, &i))
        trust_key_name(first, role, i, dst);
    else if (second != NULL && trust_find_key(second, key, &role, &i))
        trust_key_name(second, role, i, dst);
    else
        pubkey_fingerprint(dst, key);
}

void trust_show_signers(const struct trust_draft *d, const struct trust *now)
{
    char name[FINGERPRINT_LEN];
    struct err why = ERR_INIT;
    fputs("Signed by: ", stdout);
    for (size_t i = 0; i < d->d.n_sigs; i++) {
        write_signer_name(&d->t, now, &d->d.sigs[i].key, name);
        printf("%s%s", i > 0 ? ", " : "", name);
    }
    puts(d->d.n_sigs == 0 ? "no key yet" : "");
    if (trust_draft_check(d, now, &why) < 0 && d->d.n_sigs > 0)
        printf("Missing: %s\n", why.text);
    if (d->d.passed_over[0] != '\0') {
        fputs("Not used on this machine: ", stdout);
        print_safe(stdout, d->d.passed_over);
        putchar('\n');
    }
}

/* ---- the changes ---- */

static void print_key_change(const char *what, const struct trust *t, enum role role, uint32_t i)
{
    char name[KEY_NAME_MAX], print[FINGERPRINT_LEN], expiry[11];
    trust_key_name(t, role, i, name);
    pubkey_fingerprint(print, &t->roles[role].keys[i]);
    expiry_text(t->roles[role].about[i].expires_s, expiry);
    printf("  %s %s key %s, %s, expires: %s\n", what, role_name(role), name, print, expiry);
}

static bool same_entry(const struct trust *a, enum role role, uint32_t i, const struct trust *b,
                       uint32_t k)
{
    char name[KEY_NAME_MAX], other[KEY_NAME_MAX];
    trust_key_name(a, role, i, name);
    trust_key_name(b, role, k, other);
    return pubkey_eq(&a->roles[role].keys[i], &b->roles[role].keys[k]) && str_eq(name, other) &&
           a->roles[role].about[i].expires_s == b->roles[role].about[k].expires_s;
}

/* Prints the keys of `from` that `to` does not have with the same role, name and expiry day. */
static void print_other_keys(const char *what, const struct trust *from, const struct trust *to)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++)
        for (uint32_t i = 0; i < from->roles[r].n; i++) {
            bool there = false;
            for (uint32_t k = 0; k < to->roles[r].n; k++)
                there |= same_entry(from, r, i, to, k);
            if (!there)
                print_key_change(what, from, r, i);
        }
}

void trust_show_changes(const struct trust *now, const struct trust *next)
{
    printf("Version %u, made from version %u:\n", (unsigned)next->version, (unsigned)now->version);
    print_other_keys("removes", now, next);
    print_other_keys("adds", next, now);
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++)
        if (now->roles[r].threshold != next->roles[r].threshold)
            printf("  %s: %u must sign, not %u\n", role_name(r), (unsigned)next->roles[r].threshold,
                   (unsigned)now->roles[r].threshold);
    if (now->solo != next->solo)
        puts(next->solo ? "  one person holds all keys (solo)" : "  several people hold the keys");
    if (!str_eq(now->name, next->name)) {
        fputs("  the new name of the cluster is ", stdout);
        print_safe(stdout, next->name);
        putchar('\n');
    }
}

const char *trust_copy_words(const char *file)
{
    return str_eq(file, "/etc/caravan/trust") ? "to the same place on each host"
                                              : "to each host as /etc/caravan/trust";
}
