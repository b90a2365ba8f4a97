#include "trust_push.h"

#include "commands.h"
#include "ledger_record.h"
#include "str.h"
#include "table.h"
#include "trust_edit.h"
#include "trust_files.h"

#define PUSH_OPEN 64    /* orders under way at once */
#define PUSH_MS   60000 /* the longest silence of all hosts together */

/* One enrolled host, and how far it is. */
struct pushed {
    char key[UUID_MAX], name[NAME_MAX_LEN];
    uint32_t version; /* that it tells; 0: it gave no answer */
    bool old_format;  /* it reads only format 1 */
    bool forked;      /* it has another file than this machine, of the same version */
    bool open, failed;
    char why[ERR_TEXT];
    char clock[TEXT_MAX]; /* what is wrong with its clock; "" nothing */
    unsigned char nonce[NONCE_LEN];
    struct stored_record record; /* of the order that is under way */
};

struct push {
    struct command_context *c;
    struct trust_kept kept;
    struct pushed *hosts;
    size_t n;
    size_t open;
    struct ledger_store *store; /* NULL: nothing is kept, which was said */
    struct digest last_kept;    /* of the trust order that was kept last: the next one follows it */
};

/* ---- who is there ---- */

static struct pushed *find(const struct push *p, const char *key)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->hosts[i].key, key))
            return &p->hosts[i];
    return NULL;
}

/* ours: the mark of this machine's trust file. */
static void add_host(struct push *p, const struct host *h, const char *ours)
{
    const struct fact_view *format = agent_fact(&h->agent, TRUST_FORMAT_FACT);
    struct pushed *r = &p->hosts[p->n++];
    str_cut(r->key, sizeof(r->key), h->key);
    str_cut(r->name, sizeof(r->name), h->name);
    if (h->agent.hello_at == 0) {
        str_cut(r->why, sizeof(r->why),
                h->agent.problem[0] != '\0' ? h->agent.problem : "no answer");
        return;
    }
    r->version = h->agent.hello.trust_version;
    const struct fact_view *clock = agent_fact(&h->agent, TRUST_CLOCK_FACT);
    if (clock != NULL && clock->value == TRI_NO)
        str_cut(r->clock, sizeof(r->clock), clock->text);
    r->old_format = format == NULL && h->agent.n_facts > 0;
    const struct fact_view *mark = agent_fact(&h->agent, TRUST_FILE_FACT);
    r->forked = r->version == p->c->trust.version && mark != NULL && !str_eq(mark->text, ours);
}

/* Enrolled, and Nomad does not list it now: also such a host may come back with the old trust. */
static void add_unlisted(struct push *p, const struct world *w)
{
    autofree const struct known_host **sorted = known_hosts_by_key(&p->c->known);
    for (size_t i = 0, next; i < p->c->known.n; i = next) {
        bool listed = false;
        for (next = i; next < p->c->known.n && pubkey_eq(&sorted[next]->key, &sorted[i]->key);
             next++)
            listed |= world_host(w, sorted[next]->id) != NULL;
        if (listed)
            continue;
        struct pushed *r = &p->hosts[p->n++];
        str_cut(r->key, sizeof(r->key), sorted[i]->id);
        str_cut(r->name, sizeof(r->name), sorted[i]->name);
        str_cut(r->why, sizeof(r->why), "Nomad does not list it now");
    }
}

static int look(struct push *p, struct err *err)
{
    const struct world *w = NULL;
    char ours[TRUST_MARK_LEN];
    if (context_open(p->c, err) < 0)
        return -1;
    trust_mark(&p->c->trust, ours);
    agents_ask_facts(p->c->agents);
    if (context_look(p->c, NULL, PATIENCE_MS, &w, err) < 0)
        return -1;
    p->hosts = xzalloc(w->n_hosts + p->c->known.n + 1, sizeof(*p->hosts));
    for (size_t i = 0; i < w->n_hosts; i++)
        if (w->hosts[i].agent.enrolled)
            add_host(p, &w->hosts[i], ours);
    add_unlisted(p, w);
    return 0;
}

/* ---- what is said of many ---- */

typedef bool push_test(const struct pushed *h, uint32_t version);

static bool has_it(const struct pushed *h, uint32_t version)
{
    return h->version == version && !h->forked;
}

static bool is_forked(const struct pushed *h, uint32_t version)
{
    return h->version == version && h->forked;
}

static bool is_silent(const struct pushed *h, uint32_t version)
{
    (void)version;
    return h->version == 0;
}

static bool is_behind(const struct pushed *h, uint32_t version)
{
    return h->version > 0 && h->version < version;
}

static bool is_ahead(const struct pushed *h, uint32_t version)
{
    return h->version > version;
}

static size_t count(const struct push *p, push_test *test, uint32_t version)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += test(&p->hosts[i], version);
    return n;
}

/* All of them, by name: whoever reads it has to go there. */
static void tell_each(const struct push *p, push_test *test, uint32_t version)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct pushed *h = &p->hosts[i];
        if (!test(h, version))
            continue;
        fputs("  ", stdout);
        print_safe(stdout, h->name);
        if (h->version > 0)
            printf(": version %u", (unsigned)h->version);
        if (h->why[0] != '\0') {
            fputs(": ", stdout);
            print_safe(stdout, h->why);
        }
        putchar('\n');
    }
}

static void tell_clocks(const struct push *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->hosts[i].clock[0] == '\0')
            continue;
        fputs("Host ", stdout);
        print_safe(stdout, p->hosts[i].name);
        fputs(": ", stdout);
        print_safe(stdout, p->hosts[i].clock);
        putchar('\n');
    }
}

static void tell_all(const struct push *p, uint32_t version)
{
    size_t behind = count(p, is_behind, version), silent = count(p, is_silent, version);
    size_t ahead = count(p, is_ahead, version), forked = count(p, is_forked, version);
    printf("%zu of %zu enrolled %s trust version %u.\n", count(p, has_it, version), p->n,
           str_count(p->n, "host has", "hosts have"), (unsigned)version);
    if (behind > 0)
        printf("%zu %s an older version, and %s who was removed since:\n", behind,
               str_count(behind, "host has", "hosts have"), str_count(behind, "obeys", "obey"));
    tell_each(p, is_behind, version);
    if (silent > 0)
        printf("%zu %s not be asked, and may obey who was removed:\n", silent,
               str_count(silent, "host could", "hosts could"));
    tell_each(p, is_silent, version);
    if (forked > 0)
        printf("%zu %s another version %u, which the roots signed as well, and %s who is named "
               "there. Make version %u on one machine, and push it:\n",
               forked, str_count(forked, "host has", "hosts have"), (unsigned)version,
               str_count(forked, "obeys", "obey"), (unsigned)version + 1);
    tell_each(p, is_forked, version);
    if (ahead > 0)
        printf("%zu %s a newer version: get the trust file from the machine that made it:\n", ahead,
               str_count(ahead, "host has", "hosts have"));
    tell_each(p, is_ahead, version);
    tell_clocks(p);
}

void trust_push_show(struct command_context *c, uint32_t version)
{
    struct push p = {.c = c};
    struct err err = ERR_INIT;
    putchar('\n');
    if (look(&p, &err) < 0) {
        fputs("Hosts were not asked: ", stdout);
        print_safe(stdout, err.text);
        putchar('\n');
    } else {
        tell_all(&p, version);
    }
    free(p.hosts);
}

/* ---- the orders ---- */

/* The container of this version among those that are kept here. */
static int find_version(const struct push *p, uint32_t version, struct trust_at *ret,
                        struct trust *ret_t, struct err *err)
{
    const unsigned char *at = p->kept.sequence.data;
    size_t n = p->kept.sequence.len;
    int rc;
    while ((rc = trust_sequence_next(&at, &n, ret, ret_t, err)) > 0)
        if (ret_t->version == version)
            return 0;
    if (rc < 0)
        return -1;
    return err_set(err, ERR_NOTFOUND, 0,
                   "version %u is not kept here any more: on the host root goes back to the "
                   "anchor (LOST KEYS in caravan(1))",
                   (unsigned)version);
}

/* ---- the record: a trust that is revoked must not wait for a full disk ---- */

static void not_kept(struct push *p, const struct err *why)
{
    fputs("caravan: warning: trust orders go out that are not kept in the record: ", stderr);
    print_safe(stderr, why->text);
    fputc('\n', stderr);
    ledger_store_close(p->store);
    p->store = NULL;
}

/* All versions that are kept here: a host judges an order by the one that it has. */
static int keep_versions(struct push *p, struct err *err)
{
    const unsigned char *at = p->kept.sequence.data;
    size_t n = p->kept.sequence.len;
    struct trust_at one;
    struct trust t;
    int rc;
    while ((rc = trust_sequence_next(&at, &n, &one, &t, err)) > 0) {
        auto_buf struct buf file = BUF_INIT;
        buf_add(&file, one.p, one.len);
        if (ledger_store_trust(p->store, ledger_no_run, t.version, &file, err) < 0)
            return -1;
    }
    return rc;
}

static void open_record(struct push *p)
{
    struct err err = ERR_INIT;
    if (ledger_store_open(&p->c->conf, true, p->c->clock, &p->store, &err) < 0 ||
        keep_versions(p, &err) < 0)
        not_kept(p, &err);
}

/* Many at once are one transaction. */
static void together(struct push *p, const char *what)
{
    struct err err = ERR_INIT;
    if (p->store != NULL && ledger_db_execute(ledger_store_db(p->store), what, &err) < 0)
        not_kept(p, &err);
}

static void keep(struct push *p, struct stored_record *r)
{
    struct err err = ERR_INIT;
    if (p->store != NULL && ledger_record_alone(p->store, r, &err) < 0)
        not_kept(p, &err);
}

static void find_last_kept(struct push *p)
{
    struct err err = ERR_INIT;
    if (p->store != NULL && ledger_record_alone_last(p->store, &p->last_kept, &err) < 0)
        not_kept(p, &err);
}

static void keep_receipt(struct push *p, struct pushed *h, const struct agent_event *e)
{
    h->record.answered_ms = clock_wall(p->c->clock);
    buf_add(&h->record.receipt, e->inner.data, e->inner.len);
    keep(p, &h->record);
}

/* ---- one order ---- */

static int sign_next(struct push *p, struct pushed *h, struct err *err)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    struct trust_at at;
    struct trust t;
    if (find_version(p, h->version + 1, &at, &t, err) < 0)
        return -1;
    if (h->old_format && t.format == 2)
        return err_set(err, ERR_STATE, 0, "its agent reads only format 1");
    o->head.kind = MSG_TRUST;
    memcpy(o->u.trust.file, at.p, at.len);
    o->u.trust.len = at.len;
    stored_record_free(&h->record);
    h->record = (struct stored_record){.wall_ms = clock_wall(p->c->clock), .trust = h->version};
    str_cut(h->record.host, sizeof(h->record.host), h->key);
    crypto_random(h->record.salt, NONCE_LEN);
    ledger_nonce(ledger_no_run, &p->last_kept, h->record.salt, o->head.nonce);
    memcpy(h->nonce, o->head.nonce, NONCE_LEN);
    if (agents_sign(p->c->agents, h->key, o, &h->record.inner, &h->record.digest, err) < 0)
        return -1;
    keep(p, &h->record);
    p->last_kept = h->record.digest;
    h->open = true;
    p->open++;
    return 0;
}

/* Kept first, then sent. */
static void send_all(struct push *p)
{
    struct pushed *signed_now[PUSH_OPEN];
    size_t n = 0;
    together(p, "BEGIN IMMEDIATE");
    find_last_kept(p);
    for (size_t i = 0; i < p->n && p->open < PUSH_OPEN; i++) {
        struct pushed *h = &p->hosts[i];
        struct err err = ERR_INIT;
        if (h->open || h->failed || !is_behind(h, p->kept.now.version))
            continue;
        if (sign_next(p, h, &err) == 0) {
            signed_now[n++] = h;
            continue;
        }
        h->failed = true;
        str_cut(h->why, sizeof(h->why), err.text);
    }
    together(p, "COMMIT");
    for (size_t i = 0; i < n; i++)
        agents_send(p->c->agents, signed_now[i]->key, MSG_TRUST, signed_now[i]->nonce,
                    signed_now[i]->record.inner.data, signed_now[i]->record.inner.len);
}

/* A version is believed when the host says that it is in force. */
static void take(struct push *p, const struct agent_event *e)
{
    struct pushed *h = find(p, e->key);
    if (h == NULL || !h->open)
        return;
    h->open = false;
    p->open--;
    if (e->receipt != NULL)
        keep_receipt(p, h, e);
    const struct receipt_done *done = e->receipt != NULL ? &e->receipt->u.done : NULL;
    if (done != NULL && done->trust_version > h->version) {
        h->version = done->trust_version;
        return;
    }
    h->failed = true;
    str_cut(h->why, sizeof(h->why), done != NULL ? done->text : e->text);
}

static int carry_out(struct push *p, struct err *err)
{
    struct agent_event e;
    int64_t until = clock_mono(p->c->clock) + PUSH_MS;
    for (send_all(p); p->open > 0; send_all(p)) {
        if (context_wait(p->c, until, err) < 0)
            return -1;
        together(p, "BEGIN IMMEDIATE");
        while (agents_next(p->c->agents, &e)) {
            take(p, &e);
            agent_event_free(&e);
            until = clock_mono(p->c->clock) + PUSH_MS;
        }
        together(p, "COMMIT");
        if (p->c->signalled)
            return err_set(err, ERR_STATE, 0, "interrupted; `caravan trust push` again goes on");
        if (clock_mono(p->c->clock) >= until)
            return err_set(err, ERR_TIMEOUT, 0, "no host has answered for %d s", PUSH_MS / 1000);
    }
    return 0;
}

/* ---- before it begins ---- */

static bool cannot_read(const struct pushed *h, uint32_t version)
{
    return h->old_format && is_behind(h, version);
}

static int confirm(const struct push *p, struct err *err)
{
    uint32_t version = p->kept.now.version;
    size_t old = p->kept.now.format == 2 ? count(p, cannot_read, version) : 0;
    char question[120];
    if (old == 0)
        return 0;
    printf(
        "%zu %s only format 1 of trust files, and this one is of format 2: upgrade "
        "caravan-agent there first.\nUntil then these hosts stay at what they have, and obey who "
        "was removed since:\n",
        old, str_count(old, "host reads", "hosts read"));
    tell_each(p, cannot_read, version);
    snprintf(question, sizeof(question), "Push version %u to the others?", (unsigned)version);
    return context_confirm(p->c, question, "nothing was sent", err);
}

/* Does a version that is kept not name the observer's key of this machine? A host that still has it
 * answers no question of that key: then the operator's key asks. */
static bool observer_is_new(const struct push *p)
{
    auto_keypair struct keypair *key = NULL;
    struct err unused = ERR_INIT;
    const unsigned char *at = p->kept.sequence.data;
    size_t n = p->kept.sequence.len;
    struct trust_at one;
    struct trust t;
    int rc;
    if (keys_load(&p->c->conf, ROLE_OBSERVER, &key, &unused) < 0)
        return true;
    while ((rc = trust_sequence_next(&at, &n, &one, &t, &unused)) > 0)
        if (!trust_allows(&t, keypair_public(key), ROLE_OBSERVER, clock_wall(p->c->clock) / 1000))
            return true;
    return rc < 0;
}

static int open_push(struct push *p, struct err *err)
{
    if (context_load_conf(p->c, err) < 0 || trust_kept_load(&p->c->conf, &p->kept, err) < 0)
        return -1;
    if (trust_edit_day(&p->kept.now, clock_wall(p->c->clock) / 1000, err) < 0)
        return err_wrap(err, "nothing was sent");
    p->c->operator_asks = observer_is_new(p);
    return look(p, err);
}

/* The operator's key, and the passphrase for it, only where an order is to be given. */
static int sign_if_needed(const struct push *p, struct err *err)
{
    return count(p, is_behind, p->kept.now.version) > 0 ? context_open_operator_key(p->c, err) : 0;
}

int trust_push(struct command_context *c)
{
    struct push p = {.c = c, .kept = {.sequence = BUF_INIT}};
    struct err err = ERR_INIT;
    int code = EXIT_FAILED;
    if (open_push(&p, &err) < 0 || confirm(&p, &err) < 0 || sign_if_needed(&p, &err) < 0) {
        code = command_fail(&err);
    } else {
        open_record(&p);
        int rc = carry_out(&p, &err);
        tell_all(&p, p.kept.now.version);
        if (rc < 0)
            code = command_fail(&err);
        else if (count(&p, has_it, p.kept.now.version) == p.n)
            code = EXIT_DONE;
    }
    for (size_t i = 0; i < p.n; i++)
        stored_record_free(&p.hosts[i].record);
    free(p.hosts);
    ledger_store_close(p.store);
    trust_kept_free(&p.kept);
    return code;
}
