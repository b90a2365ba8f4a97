/* Rows about single hosts that look at more than one fact. Contract: hazard_detect.h. */
#include "hazard_detect.h"

#include "running_config.h"
#include "stop_commands.h"

/* A stop of a client's Nomad must not stop its tasks. KillMode=none lets the old Nomad run on, on
 * servers too. */
bool hazard_kills_tasks(const struct one_host *o, const struct fact_view *f)
{
    return o->h->is_client || (f != NULL && strstr(f->text, "=none") != NULL);
}

bool hazard_of_client(const struct one_host *o, const struct fact_view *f)
{
    (void)f;
    return o->h->is_client;
}

static bool fact_is_yes(const struct one_host *o, const char *id)
{
    const struct fact_view *f = agent_fact(&o->h->agent, id);

    return f != NULL && f->value == TRI_YES;
}

/* ---- rows that need more than their fact ---- */

void hazard_stop_commands(const struct one_host *o, struct judgement *j)
{
    (void)o;
    if (j->value == TRI_YES && stop_takes_away(j->text))
        j->severity = SEVERITY_BLOCK;
}

/* The row stop-drains reports a leave with a drain. The row leave-on-restart reports the settings
 * of a server that answers. */
bool hazard_only_leaves(const struct one_host *o, const struct fact_view *f)
{
    bool reported = o->ph->is_server && o->h->server.self_at != 0;

    return !fact_is_yes(o, "stop-drains") && (f == NULL || !reported);
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

/* Without this row, the run would meet a host whose law refuses in that host's turn, when other
 * hosts are on the new version already. A client can be left out then, a server cannot. Older
 * agents report only the hold file. */
void hazard_law(const struct one_host *o, struct judgement *j)
{
    const struct fact_view *law = agent_fact(&o->h->agent, "law-refuses");
    const struct fact_view *held = agent_fact(&o->h->agent, "held");
    const struct fact_view *hours = agent_fact(&o->h->agent, "hours");
    const struct fact_view *f = held != NULL && held->value == TRI_YES ? held : law;
    /* The law checks the hours right after the hold file: so the hours are the cause. */
    bool outside = f == law && hours != NULL && hours->value == TRI_NO;

    if (f == NULL || (outside && o->stage_only))
        return;
    j->value = f->value;
    if (f->value == TRI_YES && o->ph->is_server)
        j->severity = SEVERITY_HARD;
    j->may_pass = f != held && !outside;
    str_cut(j->text, sizeof(j->text), f->text);
}

/* A start would run the file in place, and a revert would put it back. */
void hazard_other_version(const struct one_host *o, struct judgement *j)
{
    struct version there;
    struct err err = ERR_INIT;
    char text[TEXT_MAX];
    const struct agent_view *a = &o->h->agent;
    /* Hello is newer than the fact: right after a swap the fact is about the previous file. */
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
    snprintf(j->text, sizeof(j->text), "the file in place is %.60s, but %.60s runs", text,
             o->ph->from);
}

/* The old binary rejects the configuration, too. Either the running Nomad got more than these files
 * contain, or the files are newer than the running Nomad, and neither binary would start. */
void hazard_rejected(const struct one_host *o, struct judgement *j)
{
    char text[TEXT_MAX];

    if (j->value != TRI_UNKNOWN || strstr(j->text, "rejects it too") == NULL ||
        !fact_is_yes(o, "config-newer"))
        return;
    j->value = TRI_YES;
    j->severity = SEVERITY_BLOCK;
    str_cut(text, sizeof(text), agent_fact(&o->h->agent, "config-newer")->text);
    snprintf(
        j->text, sizeof(j->text),
        "both binaries reject the configuration, which is newer than the running Nomad: %.170s",
        text);
}

void hazard_not_running(const struct one_host *o, struct judgement *j)
{
    bool unused = false;

    j->value = running_config_differs(o->h, &unused, j->text);
}
