#include "trust_push.h"

#include "commands.h"
#include "ledger_record.h"
#include "str.h"
#include "table.h"
#include "trust_edit.h"
#include "trust_files.h"

#define PUSH_OPEN 64    /* orders in progress at once */
#define PUSH_MS   60000 /* milliseconds without an answer from any host, before push gives up */

/* One enrolled host, and its trust version. */
struct pushed {
    char key[UUID_MAX], name[NAME_MAX_LEN];
    uint32_t version; /* the version that the host reports; 0: the host did not answer */
    bool old_format;  /* it reads only format 1 */
    bool forked;      /* its trust file has the same version as ours, and other contents */
    bool open, failed;
    char why[ERR_TEXT];
    char clock[TEXT_MAX]; /* what is wrong with its clock; "": nothing */
    unsigned char nonce[NONCE_LEN];
    struct stored_record record; /* of the order that is in progress */
};

struct push {
    struct command_context *c;
    struct trust_kept kept;
    struct pushed *hosts;
    size_t n;
    size_t open;
    struct ledger_store *store; /* NULL: no record is kept; a warning was printed */
    struct digest last_kept; /* of the last trust order in the record; the next one refers to it */
};

/* ---- the enrolled hosts ---- */

static struct pushed *find_pushed(const struct push *p, const char *key)
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

/* Adds the enrolled hosts that Nomad does not list now: such a host may come back with an old trust
 * file. */
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

static int look_for_hosts(struct push *p, struct err *err)
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

/* ---- the report ---- */

typedef bool push_test(const struct pushed *h, uint32_t version);

static bool is_up_to_date(const struct pushed *h, uint32_t version)
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

static size_t count_pushed(const struct push *p, push_test *test, uint32_t version)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += test(&p->hosts[i], version);
    return n;
}

/* Prints the name of every such host, however many: the operator has to visit each. */
static void print_each(const struct push *p, push_test *test, uint32_t version)
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

static void print_clocks(const struct push *p)
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

static void print_push(const struct push *p, uint32_t version)
{
    size_t behind = count_pushed(p, is_behind, version),
           silent = count_pushed(p, is_silent, version);
    size_t ahead = count_pushed(p, is_ahead, version), forked = count_pushed(p, is_forked, version);
    printf("%zu of %zu enrolled %s trust version %u.\n", count_pushed(p, is_up_to_date, version),
           p->n, str_count(p->n, "host has", "hosts have"), (unsigned)version);
    if (behind > 0)
        printf("%zu %s an older version, and still %s keys that were removed since:\n", behind,
               str_count(behind, "host has", "hosts have"), str_count(behind, "obeys", "obey"));
    print_each(p, is_behind, version);
    if (silent > 0)
        printf("%zu %s not answer, and may still obey keys that were removed:\n", silent,
               str_count(silent, "host did", "hosts did"));
    print_each(p, is_silent, version);
    if (forked > 0)
        printf(
            "%zu %s another trust file of version %u, which the root keys also signed, and %s the "
            "keys in that file. Make version %u on one machine, and push it:\n",
            forked, str_count(forked, "host has", "hosts have"), (unsigned)version,
            str_count(forked, "obeys", "obey"), (unsigned)version + 1);
    print_each(p, is_forked, version);
    if (ahead > 0)
        printf("%zu %s a newer version. Copy the trust file to this machine from the machine that "
               "made "
               "it:\n",
               ahead, str_count(ahead, "host has", "hosts have"));
    print_each(p, is_ahead, version);
    print_clocks(p);
}

void trust_push_show(struct command_context *c, uint32_t version)
{
    struct push p = {.c = c};
    struct err err = ERR_INIT;
    putchar('\n');
    if (look_for_hosts(&p, &err) < 0) {
        fputs("Caravan did not ask the hosts: ", stdout);
        print_safe(stdout, err.text);
        putchar('\n');
    } else {
        print_push(&p, version);
    }
    free(p.hosts);
}

/* ---- the orders ---- */

/* Finds the trust file of this version among the versions that this machine keeps. */
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
                   "this machine does not keep version %u any more: follow step 2 of LOST KEYS in "
                   "caravan(1) on that host, as root",
                   (unsigned)version);
}

/* ---- the record. A full disk must not stop a trust file that revokes a key. ---- */

static void stop_record(struct push *p, const struct err *why)
{
    fputs("caravan: warning: the record cannot be written; Caravan sends the trust orders "
          "without it: ",
          stderr);
    print_safe(stderr, why->text);
    fputc('\n', stderr);
    ledger_store_close(p->store);
    p->store = NULL;
}

/* Keeps all versions of this machine in the record: a host judges an order by its own version. */
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
        stop_record(p, &err);
}

/* Many orders are one transaction of the ledger. */
static void run_on_record(struct push *p, const char *what)
{
    struct err err = ERR_INIT;
    if (p->store != NULL && ledger_db_execute(ledger_store_db(p->store), what, &err) < 0)
        stop_record(p, &err);
}

static void keep_push_record(struct push *p, struct stored_record *r)
{
    struct err err = ERR_INIT;
    if (p->store != NULL && ledger_record_alone(p->store, r, &err) < 0)
        stop_record(p, &err);
}

static void find_last_kept(struct push *p)
{
    struct err err = ERR_INIT;
    if (p->store != NULL && ledger_record_alone_last(p->store, &p->last_kept, &err) < 0)
        stop_record(p, &err);
}

static void keep_receipt(struct push *p, struct pushed *h, const struct agent_event *e)
{
    h->record.answered_ms = clock_wall(p->c->clock);
    buf_add(&h->record.receipt, e->inner.data, e->inner.len);
    keep_push_record(p, &h->record);
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
        return err_set(err, ERR_STATE, 0,
                       "its agent reads only format 1 of trust files: upgrade caravan-agent there");
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
    keep_push_record(p, &h->record);
    p->last_kept = h->record.digest;
    h->open = true;
    p->open++;
    return 0;
}

/* Writes the orders to the record, then sends them. */
static void send_trust_orders(struct push *p)
{
    struct pushed *signed_now[PUSH_OPEN];
    size_t n = 0;
    run_on_record(p, "BEGIN IMMEDIATE");
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
    run_on_record(p, "COMMIT");
    for (size_t i = 0; i < n; i++)
        agents_send(p->c->agents, signed_now[i]->key, MSG_TRUST, signed_now[i]->nonce,
                    signed_now[i]->record.inner.data, signed_now[i]->record.inner.len);
}

/* The host has a version when its receipt says that this version is in force there. */
static void take_push_receipt(struct push *p, const struct agent_event *e)
{
    struct pushed *h = find_pushed(p, e->key);
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

static int push_all(struct push *p, struct err *err)
{
    struct agent_event e;
    int64_t until = clock_mono(p->c->clock) + PUSH_MS;
    for (send_trust_orders(p); p->open > 0; send_trust_orders(p)) {
        if (context_wait(p->c, until, err) < 0)
            return -1;
        run_on_record(p, "BEGIN IMMEDIATE");
        while (agents_next(p->c->agents, &e)) {
            take_push_receipt(p, &e);
            agent_event_free(&e);
            until = clock_mono(p->c->clock) + PUSH_MS;
        }
        run_on_record(p, "COMMIT");
        if (p->c->signalled)
            return err_set(err, ERR_STATE, 0,
                           "interrupted; run `caravan trust push` again to continue");
        if (clock_mono(p->c->clock) >= until)
            return err_set(err, ERR_TIMEOUT, 0,
                           "no host has answered for %d s: run `caravan trust push` "
                           "again to continue",
                           PUSH_MS / 1000);
    }
    return 0;
}

/* ---- before the first order ---- */

static bool cannot_read(const struct pushed *h, uint32_t version)
{
    return h->old_format && is_behind(h, version);
}

static int confirm_push(const struct push *p, struct err *err)
{
    uint32_t version = p->kept.now.version;
    size_t old = p->kept.now.format == 2 ? count_pushed(p, cannot_read, version) : 0;
    char question[120];
    if (old == 0)
        return 0;
    printf(
        "%zu %s only format 1 of trust files, and this trust file has format 2: upgrade "
        "caravan-agent there first.\nUntil then these hosts keep their trust file, and obey keys "
        "that were removed since:\n",
        old, str_count(old, "host reads", "hosts read"));
    print_each(p, cannot_read, version);
    snprintf(question, sizeof(question), "Push version %u to the other hosts?", (unsigned)version);
    return context_confirm(p->c, question, "nothing was sent", err);
}

/* Is there a kept version of the trust file that does not name the observer's key of this machine?
 * A host with that version does not answer this key; then the operator's key must sign questions.
 */
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
    return look_for_hosts(p, err);
}

/* Opens the operator's key, and maybe asks for its passphrase, only if an order must be signed. */
static int sign_if_needed(const struct push *p, struct err *err)
{
    return count_pushed(p, is_behind, p->kept.now.version) > 0
               ? context_open_operator_key(p->c, err)
               : 0;
}

int trust_push(struct command_context *c)
{
    struct push p = {.c = c, .kept = {.sequence = BUF_INIT}};
    struct err err = ERR_INIT;
    int code = EXIT_FAILED;
    if (open_push(&p, &err) < 0 || confirm_push(&p, &err) < 0 || sign_if_needed(&p, &err) < 0) {
        code = command_fail(&err);
    } else {
        open_record(&p);
        int rc = push_all(&p, &err);
        print_push(&p, p.kept.now.version);
        if (rc < 0)
            code = command_fail(&err);
        else if (count_pushed(&p, is_up_to_date, p.kept.now.version) == p.n)
            code = EXIT_DONE;
    }
    for (size_t i = 0; i < p.n; i++)
        stored_record_free(&p.hosts[i].record);
    free(p.hosts);
    ledger_store_close(p.store);
    trust_kept_free(&p.kept);
    return code;
}
