#include "enrolled.h"

#include "agent_place.h"
#include "enrolment.h"
#include "ledger_store.h"
#include "str.h"
#include "table.h"

/* ---- export ---- */

void enrolled_write(const struct known_hosts *known, FILE *out)
{
    autofree const struct known_host **sorted = known_hosts_by_key(known);
    char fingerprint[FINGERPRINT_LEN];
    for (size_t i = 0; i < known->n; i++) {
        const struct known_host *k = sorted[i];
        if (i > 0 && pubkey_eq(&sorted[i - 1]->key, &k->key))
            continue;
        pubkey_fingerprint(fingerprint, &k->key);
        if (known_host_joins(k))
            fprintf(out, "%s %s\n", k->name, fingerprint);
        else
            fprintf(out, "%s %s # %s\n", k->id, fingerprint, k->name);
    }
}

int enrolled_export(struct command_context *c, struct err *err)
{
    if (context_open(c, err) < 0)
        return -1;
    enrolled_write(&c->known, stdout);
    return fflush(stdout) == 0 ? 0 : err_set(err, ERR_IO, errno, "write the fingerprints");
}

/* ---- runs ---- */

static bool is_in_run(const struct ledger *l, const struct known_hosts *known,
                      const struct pubkey *key, bool joiners_only, const char **ret_name)
{
    for (size_t i = 0; i < l->n_hosts; i++) {
        const struct known_host *k = known_hosts_find(known, l->hosts[i].key);
        if (k == NULL || !pubkey_eq(&k->key, key) || (joiners_only && !known_host_joins(k)))
            continue;
        *ret_name = k->name;
        return true;
    }
    return false;
}

static int check_enrolled_run(struct ledger_store *s, const struct stored_run *run,
                              const struct known_hosts *known, const struct pubkey *key,
                              bool joiners_only, struct err *err)
{
    struct ledger l = {.n_hosts = 0};
    const char *name = NULL;
    char id[2 * RUN_ID_LEN + 1];
    if (run_is_over(run->state))
        return 0;
    if (ledger_store_load(s, run->run_id, &l, err) < 0)
        return -1;
    bool planned = is_in_run(&l, known, key, joiners_only, &name);
    ledger_free(&l);
    if (!planned)
        return 0;
    str_hex(id, run->run_id, RUN_ID_LEN);
    return err_set(err, ERR_REFUSED, 0,
                   "run %.8s to %s has not ended, and %s is one of its hosts: first run caravan "
                   "resume %.8s, or caravan abort %.8s",
                   id, run->target, name, id, id);
}

static int check_enrolled_runs(struct command_context *c, const struct pubkey *key,
                               bool joiners_only, struct err *err)
{
    struct ledger_store *store = NULL;
    autofree struct stored_run *runs = NULL;
    size_t n = 0;
    int rc = ledger_store_open_if(&c->conf, c->clock, &store, err);
    if (rc == 0 && store != NULL)
        rc = ledger_store_runs(store, &runs, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = check_enrolled_run(store, &runs[i], &c->known, key, joiners_only, err);
    ledger_store_close(store);
    return rc;
}

/* ---- forget ---- */

static void show_lines(const struct command_context *c, const struct pubkey *key)
{
    struct table t;
    char fingerprint[FINGERPRINT_LEN];
    pubkey_fingerprint(fingerprint, key);
    table_init(&t, (const char *[]){"HOST", "ENROLLED AS", "FINGERPRINT"}, 3);
    for (size_t i = 0; i < c->known.n; i++)
        if (pubkey_eq(&c->known.items[i].key, key))
            table_row(&t, COLOR_NONE,
                      (const char *[]){c->known.items[i].name, c->known.items[i].id, fingerprint});
    table_print(&t, context_has_color(c, stdout), stdout);
    table_free(&t);
}

int enrolled_key_of(const struct known_hosts *known, const char *host, struct pubkey *ret,
                    struct err *err)
{
    struct agent_place at;
    struct err unused = ERR_INIT;
    const char *address = agent_place(host, &at, &unused) == 0 ? at.name : host;
    const struct known_host *found = known_hosts_find(known, host);
    for (size_t i = 0; found == NULL && i < known->n; i++)
        if (str_eq(known->items[i].name, host) || str_eq(known->items[i].name, address))
            found = &known->items[i];
    if (found == NULL)
        return err_set(err, ERR_NOTFOUND, 0, "no host is enrolled as %s", host);
    for (size_t i = 0; !str_eq(found->id, host) && i < known->n; i++)
        if (str_eq(known->items[i].name, found->name) &&
            !pubkey_eq(&known->items[i].key, &found->key))
            return err_set(err, ERR_USAGE, 0,
                           "hosts with different keys are enrolled as %s (%s, %s): give the Nomad "
                           "id of the host that you mean",
                           found->name, found->id, known->items[i].id);
    *ret = found->key;
    return 0;
}

/* Finds the key of host. If no host is enrolled by this address, Nomad says whose address it is. */
static int key_at(struct command_context *c, const char *host, struct pubkey *ret, struct err *err)
{
    struct agent_place place;
    struct err unused = ERR_INIT;
    const struct world *w = NULL;
    struct host h;
    if (enrolled_key_of(&c->known, host, ret, err) == 0)
        return 0;
    if (err->kind != ERR_NOTFOUND || agent_place(host, &place, &unused) < 0)
        return -1;
    *err = (struct err)ERR_INIT;
    if (context_look(c, NULL, PATIENCE_MS, &w, err) < 0)
        return err_wrap(err, "no host is enrolled by the address %s; ask Nomad whose address it is",
                        host);
    enrolment_host_at(&c->conf, w, &place, &h);
    const char *id = h.server_id[0] != '\0' ? h.server_id : h.node_id;
    return enrolled_key_of(&c->known, h.joins ? host : id, ret, err);
}

/* Asks the question. 1: yes; 0: no. */
static int ask_if_sure(struct command_context *c, const char *question, struct err *err)
{
    if (c->opt.yes)
        return 1;
    int rc = question_choose(&c->signals, question, "yes no", "use --yes if you are sure", err);
    return rc < 0 ? -1 : rc == 'y';
}

int enrolled_forget(struct command_context *c, const char *host, struct err *err)
{
    struct pubkey key;
    if (context_open(c, err) < 0 || key_at(c, host, &key, err) < 0 ||
        check_enrolled_runs(c, &key, false, err) < 0)
        return -1;
    show_lines(c, &key);
    int rc = ask_if_sure(c, "Forget this key? [yes / NO]", err);
    if (rc == 0)
        return err_set(err, ERR_REFUSED, 0, "Caravan did not forget the key");
    if (rc < 0)
        return -1;
    (void)known_hosts_remove(&c->known, &key);
    if (known_hosts_save(&c->known, err) < 0)
        return -1;
    fputs("Forgotten: ", stdout);
    print_safe(stdout, host);
    fputs(
        ". caravan-agent is still on that host: while Nomad lists the host, `caravan enroll` asks "
        "it again.\n",
        stdout);
    return 0;
}

/* ---- rekey ---- */

static int set_several(const char *host, struct err *err)
{
    return err_set(err, ERR_USAGE, 0,
                   "Nomad lists several hosts as %s: give the Nomad id of the host that you mean",
                   host);
}

static int find_listed(const struct world *w, const char *host, const struct host **ret,
                       struct err *err)
{
    *ret = NULL;
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        bool id = str_eq(h->server_id, host) || str_eq(h->node_id, host);
        if (world_has_left(w, h) || (!id && !str_eq(h->name, host)))
            continue;
        if (*ret != NULL)
            return set_several(host, err);
        *ret = h;
    }
    return 0;
}

/* ret borrows texts of place. */
static int find_rekey_host(const struct command_context *c, const struct world *w, const char *host,
                           struct agent_place *place, struct host *ret, struct err *err)
{
    const struct host *h = NULL;
    struct err unused = ERR_INIT;
    if (find_listed(w, host, &h, err) < 0)
        return -1;
    if (h != NULL)
        *ret = *h;
    else if (agent_place(host, place, &unused) == 0)
        enrolment_host_at(&c->conf, w, place, ret);
    else
        return err_set(err, ERR_NOTFOUND, 0,
                       "Nomad lists no host as %s: give its name, its Nomad id, or its address",
                       host);
    return 0;
}

/* Only a known key may be exchanged, and only for an authentic key that no other host has. */
static int check_verdict(const struct enrolment *e, struct err *err)
{
    const char *name = e->host->name;
    if (e->verdict == ENROL_SILENT)
        return err_set(err, ERR_NETWORK, 0,
                       "host %s gave no authentic answer: %s. Check that caravan-agent runs there",
                       name, e->why);
    if (e->verdict == ENROL_UNREADY || (e->verdict == ENROL_CHANGED && !enrolment_ready(e)))
        return err_set(err, ERR_NETWORK, 0,
                       "the agent of host %s does not know the Nomad id of its host yet: check "
                       "that Nomad runs there, wait some seconds, and try again",
                       name);
    if (e->verdict == ENROL_NEW)
        return err_set(err, ERR_REFUSED, 0,
                       "no key of host %s is known, so no key can have changed. To enroll the "
                       "host: caravan enroll",
                       name);
    if (e->verdict != ENROL_CHANGED)
        return err_set(err, ERR_REFUSED, 0, "host %s: %s. Caravan changed nothing", name, e->why);
    return 0;
}

/* keys NULL: the operator sees both fingerprints and compares them. */
static int accept_key(struct command_context *c, const struct world *w, struct enrolment *e,
                      const struct key_list *keys, struct err *err)
{
    if (keys == NULL) {
        int rc = ask_if_sure(c, "Accept the new key in place of the known key? [yes / NO]", err);
        return rc == 0 ? err_set(err, ERR_REFUSED, 0, "nothing was changed") : rc < 0 ? -1 : 0;
    }
    autofree unsigned *named = enrolment_named(&c->conf, w, e, 1, keys);
    enrolment_compare(e, 1, keys, named);
    if (e->compared)
        return 0;
    return err_set(
        err, ERR_REFUSED, 0,
        "%s has no line that names host %s, and no other host, with the new fingerprint: "
        "nothing was changed. Find out which machine answers there, or collect the "
        "fingerprint on the host again",
        keys->name, e->host->name);
}

/* Fills ret with the other keys by which this host is known. Returns their number. */
static size_t old_keys(const struct known_hosts *known, const struct enrolment *e,
                       struct pubkey ret[static ENROLMENT_LINES])
{
    const struct known_host *lines[ENROLMENT_LINES];
    size_t n = 0;
    enrolment_lines(known, e, lines);
    for (size_t i = 0; i < ENROLMENT_LINES; i++)
        if (lines[i] != NULL && !pubkey_eq(&lines[i]->key, &e->key))
            ret[n++] = lines[i]->key;
    return n;
}

static void show_exchange(const struct enrolment *e, const struct pubkey *old, size_t n)
{
    char fingerprint[FINGERPRINT_LEN];
    fputs("Host ", stdout);
    print_safe(stdout, e->host->name);
    printf(", whose agent answers at %s:\n", e->address);
    for (size_t i = 0; i < n; i++) {
        pubkey_fingerprint(fingerprint, &old[i]);
        if (i == 0 || !pubkey_eq(&old[i], &old[i - 1]))
            printf("  known  %s\n", fingerprint);
    }
    pubkey_fingerprint(fingerprint, &e->key);
    printf("  now    %s\n", fingerprint);
}

static int exchange_key(struct command_context *c, const struct world *w, struct enrolment *e,
                        const struct key_list *keys, struct err *err)
{
    struct pubkey old[ENROLMENT_LINES];
    size_t n = old_keys(&c->known, e, old);
    show_exchange(e, old, n);
    for (size_t i = 0; i < n; i++)
        if (check_enrolled_runs(c, &old[i], true, err) < 0)
            return -1;
    if (accept_key(c, w, e, keys, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        (void)known_hosts_remove(&c->known, &old[i]);
    if (enrolment_remember(&c->known, e, err) < 0 || known_hosts_save(&c->known, err) < 0)
        return -1;
    printf("The new key is accepted%s.\n", c->opt.yes ? ", but nobody compared it" : "");
    return 0;
}

int enrolled_rekey(struct command_context *c, const char *host, const struct key_list *keys,
                   struct err *err)
{
    const struct world *w = NULL;
    struct agent_place place;
    struct host h;
    autofree struct enrolment *e = NULL;
    if (context_open(c, err) < 0 || context_look(c, NULL, PATIENCE_MS, &w, err) < 0 ||
        find_rekey_host(c, w, host, &place, &h, err) < 0 || enrolment_ask(c, &h, 1, &e, err) < 0)
        return -1;
    enrolment_judge(e, 1, &c->known, w);
    if (e->verdict == ENROL_KNOWN) {
        puts("The key of this host has not changed. There is nothing to accept.");
        return 0;
    }
    return check_verdict(e, err) < 0 ? -1 : exchange_key(c, w, e, keys, err);
}
