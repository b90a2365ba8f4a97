#include "facts_values.h"
#include <limits.h>
#include <unistd.h>
#include "command_line.h"
#include "facts_joins.h"
#include "str.h"

#define TICK_NS  10000000LL /* of /proc/PID/stat: USER_HZ is 100 */
#define SLACK_NS 1000000000LL

struct config_said facts_value_of(const struct config_read *c, enum config_value id, bool *ret_sure)
{
    const struct config_value_row *row = &config_value_rows[id];
    struct config_said said = c->f->values.said[id];
    const char *option = row->option != NULL
                             ? command_line_value(c->words, c->words_len, row->option, row->yes_no)
                             : NULL;
    bool by_option = option != NULL && config_value_override(id, option, &said);

    *ret_sure = c->why == NULL || (by_option && c->whole);
    return said;
}

bool facts_is_dev(const struct config_read *c)
{
    static const char *const options[] = {"dev", "dev-connect", "dev-consul", "dev-vault"};

    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (command_line_has(c->words, c->words_len, options[i]))
            return true;
    }
    return false;
}

enum tri facts_value_true(const struct config_read *c, enum config_value id)
{
    bool sure;
    const struct config_said said = facts_value_of(c, id, &sure);

    if (!sure || (!said.said && facts_is_dev(c)))
        return TRI_UNKNOWN;
    return config_said_true(&said);
}

int64_t facts_nomad_started(const struct surveying *s)
{
    const struct host *h = s->h;

    if (s->f->stamp.main_pid == 0)
        return 0;
    return h->wall(h->ctx) - h->uptime(h->ctx) * 1000000 +
           (int64_t)s->f->stamp.main_start * TICK_NS;
}

/* ---- what the files say ---- */

static bool is_one_place(const struct surveying *s, const char *a, const char *b)
{
    struct host_stat x = {.there = false}, y = {.there = false};
    struct err err = ERR_INIT;

    return s->h->stat_through(s->h->ctx, HOST_OWN_PATH, a, &x, &err) == 0 &&
           s->h->stat_through(s->h->ctx, HOST_OWN_PATH, b, &y, &err) == 0 && x.there && y.there &&
           x.dev == y.dev && x.ino == y.ino;
}

/* A client's is compared with where its process has its files, which no link is in; a server's with
 * what it tells, which is as its files have it. */
static const char *as_compared(const struct surveying *s, enum config_value id, const char *text)
{
    const struct facts *f = s->f;

    return id == VALUE_DATA_DIR && f->server_id[0] == '\0' && f->data_dir[0] != '\0' &&
                   is_one_place(s, text, f->data_dir)
               ? f->data_dir
               : text;
}

/* Where neither files nor options name it, Nomad takes the host's name, which may have changed
 * since it was started. */
static void tell_default(struct surveying *s, enum config_value id, const char *fact)
{
    char host[HOST_NAME_MAX + 1] = "";
    auto_buf struct buf text = BUF_INIT;

    if (id != VALUE_NAME || gethostname(host, sizeof(host) - 1) < 0) {
        fact_add(s, fact, TRI_NO, "not in Nomad's files");
        return;
    }
    str_escape(&text, host, strlen(host));
    fact_add(s, fact, TRI_YES, "%s", buf_str(&text));
}

static void tell_value(struct surveying *s, const struct config_read *c, enum config_value id)
{
    auto_buf struct buf text = BUF_INIT;
    bool sure;
    const struct config_said said = facts_value_of(c, id, &sure);
    char fact[40];

    snprintf(fact, sizeof(fact), "is.%s", config_value_rows[id].fact);
    if (said.said && !said.plain)
        fact_add(s, fact, TRI_UNKNOWN, "%s: no plain text (a template or a variable?)", said.place);
    else if (!sure)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else if (!said.said && facts_is_dev(c))
        fact_add(s, fact, TRI_UNKNOWN, "the option -dev of Nomad's command may set it");
    else if (!said.said)
        tell_default(s, id, fact);
    else {
        const char *is = as_compared(s, id, said.text);
        str_escape(&text, is, strlen(is));
        fact_add(s, fact, TRI_YES, "%s", buf_str(&text));
    }
}

/* ---- what a stop does ---- */

/* The option that counts for this signal, as in Nomad's command/agent; CONFIG_VALUES: none. */
static enum config_value option_of(const char *signal)
{
    return str_eq(signal, "SIGINT")    ? VALUE_LEAVE_INT
           : str_eq(signal, "SIGTERM") ? VALUE_LEAVE_TERM
                                       : CONFIG_VALUES;
}

static enum tri leaves_by(struct surveying *s, const struct config_read *c, const char *signal,
                          enum config_value id)
{
    static const char fact[] = "stop-leaves";
    const struct config_said *said = &c->f->values.said[id];
    enum tri leaves = facts_value_true(c, id);

    if (leaves == TRI_YES)
        fact_add(s, fact, TRI_YES, "%s (%s): %s stops Nomad", config_value_rows[id].key,
                 said->place, signal);
    else if (leaves == TRI_NO)
        fact_add(s, fact, TRI_NO, "%s", "");
    else
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why != NULL ? c->why : said->place);
    return leaves;
}

/* A command of ExecStop= may send another signal, before systemd sends its own. */
static bool stops_by_command(const struct surveying *s)
{
    return str_starts(s->about.stop.text, "ExecStop="); /* those of ExecStopPost= come behind */
}

static enum tri tell_leaves(struct surveying *s, const struct config_read *c)
{
    static const char fact[] = "stop-leaves";
    bool known = s->asked && s->about.unit && s->about.stop_signal > 0 &&
                 sigabbrev_np(s->about.stop_signal) != NULL && !stops_by_command(s);
    enum tri on_int = facts_value_true(c, VALUE_LEAVE_INT);
    enum tri on_term = facts_value_true(c, VALUE_LEAVE_TERM);
    char signal[16] = "";

    if (known)
        snprintf(signal, sizeof(signal), "SIG%s", sigabbrev_np(s->about.stop_signal));
    if (known && option_of(signal) != CONFIG_VALUES)
        return leaves_by(s, c, signal, option_of(signal));
    if (known || (on_int == TRI_NO && on_term == TRI_NO)) {
        fact_add(s, fact, TRI_NO, "%s", "");
        return TRI_NO;
    }
    if (c->why != NULL)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else
        fact_add(s, fact, TRI_UNKNOWN, "%s is set, and which signal stops Nomad is not known",
                 on_int != TRI_NO ? "leave_on_interrupt" : "leave_on_terminate");
    return TRI_UNKNOWN;
}

/* Nomad drains as a part of leaving, and only then. */
static void tell_drains(struct surveying *s, const struct config_read *c, enum tri leaves)
{
    static const char fact[] = "stop-drains";
    const struct config_said *said = &c->f->values.said[VALUE_DRAIN];

    if (leaves == TRI_NO || facts_value_true(c, VALUE_CLIENT) == TRI_NO ||
        (!said->said && c->why == NULL))
        fact_add(s, fact, TRI_NO, "%s", "");
    else if (said->said && leaves == TRI_YES)
        fact_add(s, fact, TRI_YES, "drain_on_shutdown (%s): each stop drains this node",
                 said->place);
    else if (said->said)
        fact_add(s, fact, TRI_UNKNOWN,
                 "drain_on_shutdown (%s), and whether a stop leaves is not "
                 "known",
                 said->place);
    else
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
}

/* ---- when they were changed ---- */

static void tell_newer(struct surveying *s, const struct config_read *c)
{
    static const char fact[] = "config-newer";
    const struct config_times *t = c->times;
    int64_t started = facts_nomad_started(s);
    char by[24];

    if (started == 0)
        fact_add(s, fact, TRI_NO, "Nomad does not run");
    else if (t->written_ns > started + SLACK_NS) {
        str_for_ms(by, sizeof(by), (t->written_ns - started) / 1000000);
        fact_add(s, fact, TRI_YES, "%s was written %s after Nomad started", t->written, by);
    } else if (t->touched_ns > started + SLACK_NS) {
        str_for_ms(by, sizeof(by), (t->touched_ns - started) / 1000000);
        fact_add(s, fact, TRI_UNKNOWN,
                 "%s was put there %s after Nomad started, or got another owner or mode then, or a "
                 "name in it came or went",
                 t->touched, by);
    } else if (c->why != NULL)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else
        fact_add(s, fact, TRI_NO, "%s", "");
}

/* ---- whom it joins ---- */

void facts_of_joins(struct surveying *s, const struct config_read *c)
{
    static const char fact[] = "joins";
    static const char *const options[] = {"join", "retry-join", "servers"};
    const char *option = NULL;

    for (size_t i = 0; i < ARRAY_LEN(options) && option == NULL; i++) {
        if (command_line_has(c->words, c->words_len, options[i]))
            option = options[i];
    }
    if (c->f->more_joins)
        fact_add(s, fact, TRI_UNKNOWN, "too many to tell");
    else if (c->why != NULL)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else if (option != NULL)
        fact_add(s, fact, TRI_UNKNOWN, "the option -%s of Nomad's command names some", option);
    else
        fact_add(s, fact, c->f->joins[0] != '\0' ? TRI_YES : TRI_NO, "%s", c->f->joins);
    if (!c->f->more_joins && c->why == NULL && option == NULL)
        facts_of_reach(s, c->f->joins);
}

/* ---- for a server that is to join ---- */

static void tell_bootstrap(struct surveying *s, const struct config_read *c)
{
    static const char fact[] = "bootstrap-expect";
    bool sure;
    const struct config_said said = facts_value_of(c, VALUE_BOOTSTRAP, &sure);

    if (said.said && !said.plain)
        fact_add(s, fact, TRI_UNKNOWN, "%s: no plain text", said.place);
    else if (!sure)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else
        fact_add(s, fact, said.said ? TRI_YES : TRI_NO, "%s", said.text);
}

static void tell_gossip_key(struct surveying *s, const struct config_read *c)
{
    static const char fact[] = "gossip-key";

    if (c->f->encrypt[0] != '\0')
        fact_add(s, fact, TRI_YES, "%s", c->f->encrypt);
    else if (command_line_has(c->words, c->words_len, "encrypt"))
        fact_add(s, fact, TRI_YES, "the option -encrypt of Nomad's command");
    else if (c->why != NULL)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else
        fact_add(s, fact, TRI_NO, "%s", "");
    if (c->f->encrypt_id[0] != '\0' && c->why == NULL)
        fact_add(s, "gossip-id", TRI_YES, "%s", c->f->encrypt_id);
}

/* Nomad makes one of these at its first start, as a server and as a client. */
static void tell_fresh(struct surveying *s, const struct config_read *c)
{
    static const char fact[] = "data-dir-fresh";
    static const char *const made[] = {"server", "client"};
    bool sure;
    const struct config_said said = facts_value_of(c, VALUE_DATA_DIR, &sure);
    const char *dir = sure && said.said && said.plain ? said.text : s->f->data_dir;
    struct host_stat st = {.there = false};
    struct err err = ERR_INIT;
    char path[CONFIG_TEXT + 16];

    if (dir[0] == '\0') {
        fact_add(s, fact, TRI_UNKNOWN, "where Nomad's data_dir is is not known");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        snprintf(path, sizeof(path), "%.*s/%s", CONFIG_TEXT, dir, made[i]);
        if (s->h->stat_through(s->h->ctx, HOST_OWN_PATH, path, &st, &err) < 0) {
            fact_unknown(s, fact, &err);
            return;
        }
        if (st.there) {
            fact_add(s, fact, TRI_NO, "%s is there: Nomad ran with this data_dir", path);
            return;
        }
    }
    fact_add(s, fact, TRI_YES, "%s", dir);
}

void facts_of_joiner(struct surveying *s, const struct config_read *c)
{
    tell_bootstrap(s, c);
    tell_gossip_key(s, c);
    tell_fresh(s, c);
}

void facts_of_values(struct surveying *s, const struct config_read *c)
{
    for (int i = 0; i < VALUES_TOLD; i++)
        tell_value(s, c, (enum config_value)i);
    tell_drains(s, c, tell_leaves(s, c));
    tell_newer(s, c);
}
