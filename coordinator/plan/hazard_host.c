/* Rows about single hosts that look at more than a fact. Contract: hazard_detect.h. */
#include "hazard_detect.h"

#include "running_config.h"
#include "stop_commands.h"

/* Stopping a client's Nomad must leave its tasks alone; KillMode=none leaves the old Nomad
 * running, on servers too. */
bool hazard_kills_tasks(const struct one_host *o, const struct fact_view *f)
{
    return o->h->is_client || (f != NULL && strstr(f->text, "=none") != NULL);
}

bool hazard_of_client(const struct one_host *o, const struct fact_view *f)
{
    (void)f;
    return o->h->is_client;
}

static bool is_yes(const struct one_host *o, const char *id)
{
    const struct fact_view *f = agent_fact(&o->h->agent, id);

    return f != NULL && f->value == TRI_YES;
}

/* ---- rows judged by more than their fact ---- */

void hazard_stop_commands(const struct one_host *o, struct judgement *j)
{
    (void)o;
    if (j->value == TRI_YES && stop_takes_away(j->text))
        j->severity = SEVERITY_BLOCK;
}

/* A leave with a drain is told as the drain. What a server's own settings say of leaving is told by
 * the row of the table that looks at them. */
bool hazard_only_leaves(const struct one_host *o, const struct fact_view *f)
{
    bool told = o->ph->is_server && o->h->server.self_at != 0;

    return !is_yes(o, "stop-drains") && (f == NULL || !told);
}

void hazard_stop_leaves(const struct one_host *o, struct judgement *j)
{
    const struct fact_view *f = agent_fact(&o->h->agent, "stop-signal");
    char text[TEXT_MAX];

    if (f == NULL || f->value != TRI_YES)
        return;
    str_cut(text, sizeof(text), j->text);
    snprintf(j->text, sizeof(j->text), "%.200s (the unit stops it with %.32s)", text, f->text);
}

/* A host whose law refuses would be met in its turn, when others are on the new version already. A
 * client can be left out then, a server cannot. Older agents tell only of the hold file. */
void hazard_law(const struct one_host *o, struct judgement *j)
{
    const struct fact_view *law = agent_fact(&o->h->agent, "law-refuses");
    const struct fact_view *held = agent_fact(&o->h->agent, "held");
    const struct fact_view *hours = agent_fact(&o->h->agent, "hours");
    const struct fact_view *f = held != NULL && held->value == TRI_YES ? held : law;
    /* The law asks for them right after the hold file: so they are why it refuses. */
    bool outside = f == law && hours != NULL && hours->value == TRI_NO;

    if (f == NULL || (outside && o->stage_only))
        return;
    j->value = f->value;
    if (f->value == TRI_YES && o->ph->is_server)
        j->severity = SEVERITY_HARD;
    j->may_pass = f != held && !outside;
    str_cut(j->text, sizeof(j->text), f->text);
}

/* What a start now would run, and what a revert would put back. */
void hazard_other_version(const struct one_host *o, struct judgement *j)
{
    struct version there;
    struct err err = ERR_INIT;
    char text[TEXT_MAX];
    const struct agent_view *a = &o->h->agent;
    /* By hello, which is younger than the fact: right after a swap that is of the file before. */
    bool same = !digest_is_zero(&a->hello.running) && digest_eq(&a->hello.disk, &a->hello.running);

    if (j->value != TRI_YES)
        return;
    str_cut(text, sizeof(text), j->text);
    if (same || o->from == NULL || version_parse(text, &there, &err) < 0 ||
        version_same(&there, o->from)) {
        j->value = TRI_NO;
        return;
    }
    if (!version_same(&there, o->target))
        j->severity = SEVERITY_BLOCK;
    snprintf(j->text, sizeof(j->text), "the file in place is %.60s, and %.60s runs", text,
             o->ph->from);
}

/* The old binary rejects it as well: what runs was given more than these files say, or, where the
 * files are newer than what runs, neither would start with them. */
void hazard_rejected(const struct one_host *o, struct judgement *j)
{
    char text[TEXT_MAX];

    if (j->value != TRI_UNKNOWN || strstr(j->text, "rejects it too") == NULL ||
        !is_yes(o, "config-newer"))
        return;
    j->value = TRI_YES;
    j->severity = SEVERITY_BLOCK;
    str_cut(text, sizeof(text), agent_fact(&o->h->agent, "config-newer")->text);
    snprintf(j->text, sizeof(j->text),
             "both binaries reject it, and it is newer than what runs: %.180s", text);
}

void hazard_not_running(const struct one_host *o, struct judgement *j)
{
    bool told = false;

    j->value = running_config_differs(o->h, &told, j->text);
}
