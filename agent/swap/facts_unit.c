#include "facts_unit.h"
#include "str.h"

static void ask_unit(struct surveying *s)
{
    if (!s->asked) {
        fact_add(s, "no-unit", TRI_UNKNOWN, "%s", s->why);
        return;
    }
    fact_add(s, "no-unit", s->about.unit ? TRI_NO : TRI_YES, "%s",
             s->about.unit ? s->about.fragment : "Nomad is started by configured commands");
    if (s->about.unit)
        fact_add(s, "unit-missing", s->about.missing ? TRI_YES : TRI_NO, "%s",
                 s->about.missing ? "systemd has no such unit, or it is masked"
                                  : s->about.fragment);
}

static void ask_reload(struct surveying *s)
{
    if (fact_has_unit(s, "unit-reload"))
        fact_add(s, "unit-reload", s->about.reload ? TRI_YES : TRI_NO, "%s",
                 s->about.reload ? "its files changed on disk since systemd loaded them" : "");
}

static void ask_kill_mode(struct surveying *s)
{
    const char *mode = s->about.kill_mode;

    if (!fact_has_unit(s, "kill-mode"))
        return;
    if (mode[0] == '\0')
        fact_add(s, "kill-mode", TRI_UNKNOWN, "systemd does not tell the unit's KillMode");
    else
        fact_add(s, "kill-mode", str_eq(mode, "process") ? TRI_NO : TRI_YES, "KillMode=%s", mode);
}

static void ask_type(struct surveying *s)
{
    const char *type = s->about.type;

    if (!fact_has_unit(s, "type-notify"))
        return;
    if (type[0] == '\0')
        fact_add(s, "type-notify", TRI_UNKNOWN, "systemd does not tell the unit's Type");
    else
        fact_add(s, "type-notify", str_starts(type, "notify") ? TRI_YES : TRI_NO, "Type=%s", type);
}

static void ask_drop_ins(struct surveying *s)
{
    if (fact_has_unit(s, "drop-ins"))
        fact_add(s, "drop-ins", s->about.drop_ins[0] != '\0' ? TRI_YES : TRI_NO, "%.250s",
                 s->about.drop_ins);
}

/* A script may start it: then the process that runs tells. */
static bool runs_target(const struct surveying *s)
{
    struct host_process proc = {.there = false};
    struct err err = ERR_INIT;

    return s->f->stamp.main_pid != 0 && s->target.there &&
           s->h->process(s->h->ctx, s->f->stamp.main_pid, &proc, &err) == 0 && proc.there &&
           proc.dev == s->target.dev && proc.ino == s->target.ino;
}

static void ask_binary(struct surveying *s)
{
    const char *program = s->about.program, *target = s->p->shelf.target;
    struct host_way way = {.there = false};
    struct err err = ERR_INIT;

    if (!fact_has_unit(s, "other-binary"))
        return;
    if (program[0] == '\0')
        fact_add(s, "other-binary", TRI_UNKNOWN, "systemd does not tell what the unit executes");
    else if (s->h->way(s->h->ctx, program, target, &way, &err) < 0)
        fact_unknown(s, "other-binary", &err);
    else if (way.through)
        fact_add(s, "other-binary", TRI_NO, "%.200s", program);
    else if (way.same)
        fact_add(s, "other-binary", TRI_YES,
                 "the unit executes %.110s, which is not reached by the name %.110s", program,
                 target);
    else if (runs_target(s))
        fact_add(s, "other-binary", TRI_UNKNOWN,
                 "the unit starts it by way of %.180s: what that executes is not known", program);
    else
        fact_add(s, "other-binary", TRI_YES,
                 "the unit executes %.110s, agent.conf has [nomad] binary = %.110s", program,
                 target);
}

void facts_of_unit(struct surveying *s)
{
    ask_unit(s);
    ask_reload(s);
    ask_kill_mode(s);
    ask_type(s);
    ask_drop_ins(s);
    ask_binary(s);
}
