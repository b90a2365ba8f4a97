#include "facts_values.h"
#include <limits.h>
#include <unistd.h>
#include "command_line.h"
#include "facts_joins.h"
#include "str.h"

#define TICK_NS  10000000LL /* the unit of times in /proc/PID/stat: USER_HZ is 100 */
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

/* ---- the values in the files ---- */

static bool is_one_place(const struct surveying *s, const char *a, const char *b)
{
    struct host_stat x = {.there = false}, y = {.there = false};
    struct err err = ERR_INIT;

    return s->h->stat_through(s->h->ctx, HOST_OWN_PATH, a, &x, &err) == 0 &&
           s->h->stat_through(s->h->ctx, HOST_OWN_PATH, b, &y, &err) == 0 && x.there && y.there &&
           x.dev == y.dev && x.ino == y.ino;
}

/* The coordinator compares the value with the value that runs. For the data_dir of a client, the
 * running value comes from the process's open files, so it contains no symbolic link; if `text`
 * leads to this directory, return that path. For a server, Nomad reports the path as its
 * configuration files write it. */
static const char *comparable_value(const struct surveying *s, enum config_value id,
                                    const char *text)
{
    const struct nomad_on_host *f = s->f;

    return id == VALUE_DATA_DIR && f->server_id[0] == '\0' && f->data_dir[0] != '\0' &&
                   is_one_place(s, text, f->data_dir)
               ? f->data_dir
               : text;
}

/* If neither files nor options set the name, Nomad takes the host's name. The host's name may have
 * changed since Nomad started. */
static void report_default(struct surveying *s, enum config_value id, const char *fact)
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

static void report_value(struct surveying *s, const struct config_read *c, enum config_value id)
{
    auto_buf struct buf text = BUF_INIT;
    bool sure;
    const struct config_said said = facts_value_of(c, id, &sure);
    char fact[40];

    snprintf(fact, sizeof(fact), "is.%s", config_value_rows[id].fact);
    if (said.said && !said.plain)
        fact_add(s, fact, TRI_UNKNOWN, "%s: the value is no plain text (a template or a variable?)",
                 said.place);
    else if (!sure)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else if (!said.said && facts_is_dev(c))
        fact_add(s, fact, TRI_UNKNOWN, "the option -dev of Nomad's command may set this");
    else if (!said.said)
        report_default(s, id, fact);
    else {
        const char *is = comparable_value(s, id, said.text);
        str_escape(&text, is, strlen(is));
        fact_add(s, fact, TRI_YES, "%s", buf_str(&text));
    }
}

/* ---- the effect of a stop ---- */

/* The configuration value that Nomad's command/agent reads for this signal; CONFIG_VALUES: none. */
static enum config_value leave_option_of(const char *signal)
{
    return str_eq(signal, "SIGINT")    ? VALUE_LEAVE_INT
           : str_eq(signal, "SIGTERM") ? VALUE_LEAVE_TERM
                                       : CONFIG_VALUES;
}

static enum tri report_leaves_by(struct surveying *s, const struct config_read *c,
                                 const char *signal, enum config_value id)
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

/* A command in ExecStop= may send another signal before systemd sends its own. */
static bool stops_by_command(const struct surveying *s)
{
    return str_starts(s->about.stop.text, "ExecStop="); /* ExecStopPost= comes later in the text */
}

static enum tri report_leaves(struct surveying *s, const struct config_read *c)
{
    static const char fact[] = "stop-leaves";
    bool known = s->asked && s->about.unit && s->about.stop_signal > 0 &&
                 sigabbrev_np(s->about.stop_signal) != NULL && !stops_by_command(s);
    enum tri on_int = facts_value_true(c, VALUE_LEAVE_INT);
    enum tri on_term = facts_value_true(c, VALUE_LEAVE_TERM);
    char signal[16] = "";

    if (known)
        snprintf(signal, sizeof(signal), "SIG%s", sigabbrev_np(s->about.stop_signal));
    if (known && leave_option_of(signal) != CONFIG_VALUES)
        return report_leaves_by(s, c, signal, leave_option_of(signal));
    if (known || (on_int == TRI_NO && on_term == TRI_NO)) {
        fact_add(s, fact, TRI_NO, "%s", "");
        return TRI_NO;
    }
    if (c->why != NULL)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else
        fact_add(s, fact, TRI_UNKNOWN, "%s is set, but it is not known which signal stops Nomad",
                 on_int != TRI_NO ? "leave_on_interrupt" : "leave_on_terminate");
    return TRI_UNKNOWN;
}

/* Nomad drains only when it leaves. */
static void report_drains(struct surveying *s, const struct config_read *c, enum tri leaves)
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
                 "drain_on_shutdown (%s) is set, but it is not known whether a stop leaves the "
                 "cluster",
                 said->place);
    else
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
}

/* ---- changes after Nomad's start ---- */

static void report_newer(struct surveying *s, const struct config_read *c)
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
                 "%s changed %s after Nomad started: its place, owner or mode, or the names in "
                 "this directory",
                 t->touched, by);
    } else if (c->why != NULL)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else
        fact_add(s, fact, TRI_NO, "%s", "");
}

/* ---- the servers to join ---- */

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
        fact_add(s, fact, TRI_UNKNOWN, "there are more addresses than fit into a fact");
    else if (c->why != NULL)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else if (option != NULL)
        fact_add(s, fact, TRI_UNKNOWN, "the option -%s of Nomad's command names servers", option);
    else
        fact_add(s, fact, c->f->joins[0] != '\0' ? TRI_YES : TRI_NO, "%s", c->f->joins);
    if (!c->f->more_joins && c->why == NULL && option == NULL)
        facts_of_reach(s, c->f->joins);
}

/* ---- for a server that is to join ---- */

static void report_bootstrap(struct surveying *s, const struct config_read *c)
{
    static const char fact[] = "bootstrap-expect";
    bool sure;
    const struct config_said said = facts_value_of(c, VALUE_BOOTSTRAP, &sure);

    if (said.said && !said.plain)
        fact_add(s, fact, TRI_UNKNOWN, "%s: the value is no plain text", said.place);
    else if (!sure)
        fact_add(s, fact, TRI_UNKNOWN, "%s", c->why);
    else
        fact_add(s, fact, said.said ? TRI_YES : TRI_NO, "%s", said.text);
}

static void report_gossip_key(struct surveying *s, const struct config_read *c)
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

/* At its first start Nomad makes "server", as a server, or "client", as a client. */
static void report_fresh_data_dir(struct surveying *s, const struct config_read *c)
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
        fact_add(s, fact, TRI_UNKNOWN, "Nomad's data_dir is not known");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        snprintf(path, sizeof(path), "%.*s/%s", CONFIG_TEXT, dir, made[i]);
        if (s->h->stat_through(s->h->ctx, HOST_OWN_PATH, path, &st, &err) < 0) {
            fact_unknown(s, fact, &err);
            return;
        }
        if (st.there) {
            fact_add(s, fact, TRI_NO, "%s exists: Nomad ran with this data_dir", path);
            return;
        }
    }
    fact_add(s, fact, TRI_YES, "%s", dir);
}

void facts_of_joining(struct surveying *s, const struct config_read *c)
{
    report_bootstrap(s, c);
    report_gossip_key(s, c);
    report_fresh_data_dir(s, c);
}

void facts_of_values(struct surveying *s, const struct config_read *c)
{
    for (int i = 0; i < VALUES_TOLD; i++)
        report_value(s, c, (enum config_value)i);
    report_drains(s, c, report_leaves(s, c));
    report_newer(s, c);
}
