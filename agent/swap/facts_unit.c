#include "facts_unit.h"
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include "bound_units.h"
#include "str.h"
#include "unit_condition.h"

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
                 s->about.missing ? "systemd has no such unit, or the unit is masked"
                                  : s->about.fragment);
}

static void ask_reload(struct surveying *s)
{
    if (fact_has_unit(s, "unit-reload"))
        fact_add(s, "unit-reload", s->about.reload ? TRI_YES : TRI_NO, "%s",
                 s->about.reload ? "the unit's files changed on disk since systemd loaded them"
                                 : "");
}

static void ask_kill_mode(struct surveying *s)
{
    const char *mode = s->about.kill_mode;

    if (!fact_has_unit(s, "kill-mode"))
        return;
    if (mode[0] == '\0')
        fact_add(s, "kill-mode", TRI_UNKNOWN, "systemd does not report the unit's KillMode");
    else
        fact_add(s, "kill-mode", str_eq(mode, "process") ? TRI_NO : TRI_YES, "KillMode=%s", mode);
}

static void ask_type(struct surveying *s)
{
    const char *type = s->about.type;

    if (!fact_has_unit(s, "type-notify"))
        return;
    if (type[0] == '\0')
        fact_add(s, "type-notify", TRI_UNKNOWN, "systemd does not report the unit's Type");
    else
        fact_add(s, "type-notify", str_starts(type, "notify") ? TRI_YES : TRI_NO, "Type=%s", type);
}

static void ask_drop_ins(struct surveying *s)
{
    if (fact_has_unit(s, "drop-ins"))
        fact_add(s, "drop-ins", s->about.drop_ins[0] != '\0' ? TRI_YES : TRI_NO, "%.250s",
                 s->about.drop_ins);
}

/* Does Nomad's main process execute the configured binary? The unit may start a script that
 * executes the binary. */
static bool main_runs_target(const struct surveying *s)
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
    struct host_link_chain way = {.there = false};
    struct err err = ERR_INIT;

    if (!fact_has_unit(s, "other-binary"))
        return;
    if (program[0] == '\0')
        fact_add(s, "other-binary", TRI_UNKNOWN, "systemd does not report the unit's program");
    else if (s->h->way(s->h->ctx, program, target, &way, &err) < 0)
        fact_unknown(s, "other-binary", &err);
    else if (way.through)
        fact_add(s, "other-binary", TRI_NO, "%.200s", program);
    else if (way.same)
        fact_add(s, "other-binary", TRI_YES,
                 "the unit executes %.110s: the same file, but not by the name %.110s", program,
                 target);
    else if (main_runs_target(s))
        fact_add(s, "other-binary", TRI_UNKNOWN,
                 "the unit starts Nomad through %.150s: it is not known which file that executes",
                 program);
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

/* ---- the next start ---- */

/* Returns true, and adds the fact as unknown, if systemd has not answered this question. */
static bool lacks_unit_answer(struct surveying *s, const char *id, bool answered)
{
    if (!fact_has_unit(s, id))
        return true;
    if (!answered)
        fact_add(s, id, TRI_UNKNOWN, "systemd does not report this");
    return !answered;
}

/* Why a needed unit may prevent the start; NULL: nothing is wrong. *ret_sure: it does prevent the
 * start. */
static const char *unit_fault(const struct about_unit *u, bool *ret_sure)
{
    *ret_sure = true;
    if (str_eq(u->load, "masked"))
        return "is masked";
    if (str_eq(u->load, "not-found"))
        return "does not exist";
    if (str_eq(u->active, "failed"))
        return "has failed";
    if (str_eq(u->how, "Requisite") && str_eq(u->active, "inactive"))
        return "is not active, and the start does not start it";
    /* Only the kernel makes a device active: the start would wait for the device, and fail. */
    if (str_ends(u->name, ".device") && str_eq(u->active, "inactive"))
        return "is a device that does not exist now";
    *ret_sure = str_eq(u->load, "error") || str_eq(u->load, "bad-setting");
    if (*ret_sure)
        return "cannot be loaded";
    if (str_ends(u->name, ".mount") && str_eq(u->active, "inactive"))
        return "is not mounted now, and the start would try to mount it";
    return u->load[0] == '\0' || u->active[0] == '\0' ? "has a state that systemd does not report"
                                                      : NULL;
}

static void ask_unit_accounts(struct surveying *s)
{
    static const char id[] = "unit-user";
    const struct service_about *a = &s->about;
    struct {
        bool group;
        const char *key, *name;
    } rows[2 + ABOUT_GROUPS] = {{false, "User", a->user}, {true, "Group", a->group}};
    enum tri there = TRI_YES;
    size_t i = 0;

    if (!fact_has_unit(s, id))
        return;
    for (size_t k = 0; k < ABOUT_GROUPS; k++) {
        rows[2 + k].group = true;
        rows[2 + k].key = "SupplementaryGroups";
        rows[2 + k].name = a->groups[k];
    }
    for (; i < ARRAY_LEN(rows) && there == TRI_YES; i++) {
        if (rows[i].name[0] != '\0' && (i >= 2 || !a->dynamic_user))
            there = s->h->account(s->h->ctx, rows[i].group, rows[i].name);
    }
    i -= there != TRI_YES;
    if (there == TRI_NO)
        fact_add(s, id, TRI_YES, "%s=%s does not exist on this host", rows[i].key, rows[i].name);
    else if (there == TRI_UNKNOWN)
        fact_add(
            s, id, TRI_UNKNOWN,
            "%s=%s: found in no file; the services that know other names may not have answered",
            rows[i].key, rows[i].name);
    else
        fact_add(s, id, TRI_NO, "%s", "");
}

static void report_commands(struct surveying *s, const char *id, bool answered, const char *text)
{
    if (!lacks_unit_answer(s, id, answered))
        fact_add(s, id, text[0] != '\0' ? TRI_YES : TRI_NO, "%s", text);
}

/* The exit status of Nomad after a failed start. */
#define FAILED      1
#define PATIENCE_US (10 * 1000 * 1000) /* Nomad's heartbeat_grace */

static void format_us(char dst[static 24], uint64_t us)
{
    if (us / 1000 > INT64_MAX)
        str_cut(dst, 24, "infinity");
    else
        str_for_ms(dst, 24, (int64_t)(us / 1000));
}

static void ask_restart(struct surveying *s)
{
    static const char id[] = "start-again";
    const struct service_about *a = &s->about;
    char after[24], within[24];
    bool starts = str_eq(a->restart, "always") || str_eq(a->restart, "on-failure");
    bool limited = a->limit_us > 0 && a->limit_starts > 0;
    enum tri late = a->restart_us > PATIENCE_US ? TRI_YES : TRI_NO;

    if (lacks_unit_answer(s, id, a->restart[0] != '\0'))
        return;
    format_us(after, a->restart_us);
    format_us(within, a->limit_us);
    if (!starts)
        fact_add(s, id, TRI_YES, "Restart=%s: systemd does not start Nomad again", a->restart);
    else if (a->prevents[FAILED])
        fact_add(s, id, TRI_YES,
                 "RestartPreventExitStatus contains 1, the exit status of a failed start");
    else if (limited && a->limit_starts == 1 && a->limit_us > a->restart_us)
        fact_add(s, id, TRI_YES, "StartLimitBurst=1 within %s: systemd does not start Nomad again",
                 within);
    else if (limited)
        fact_add(s, id, late, "Restart=%s after %s, at most %llu starts within %s", a->restart,
                 after, (unsigned long long)a->limit_starts, within);
    else
        fact_add(s, id, late, "Restart=%s after %s", a->restart, after);
}

static void ask_signal(struct surveying *s)
{
    static const char id[] = "stop-signal";
    int32_t signal = s->about.stop_signal;

    if (lacks_unit_answer(s, id, signal > 0 && sigabbrev_np(signal) != NULL))
        return;
    fact_add(s, id, TRI_YES, "SIG%s", sigabbrev_np(signal));
}

/* ---- conditions, and files of the environment ---- */

#define PATHS (ABOUT_CONDITIONS + ABOUT_FILES)

/* systemd itself examines these paths: with the rights of root, and as process 1 sees them. */
static const struct path_user manager = {.reads_all = true, .writes_all = true};

struct paths {
    struct path_question questions[PATHS];
    struct host_look looks[PATHS]; /* the answers, in the order of the wishes */
    uint32_t n;
    const struct host_look *of_condition[ABOUT_CONDITIONS], *of_file[ABOUT_FILES];
};

static const struct host_look *wish_unit_path(struct paths *p, const char *path, uint32_t need,
                                              bool pattern)
{
    p->questions[p->n] = (struct path_question){.need = need, .kind = true, .pattern = pattern};
    str_cut(p->questions[p->n].path, sizeof(p->questions[p->n].path), path);
    return &p->looks[p->n++];
}

static bool is_pattern(const char *path)
{
    return path[strcspn(path, "*?[{")] != '\0';
}

/* A path that could not be examined stays LOOK_UNKNOWN. */
static void look_at_unit_paths(struct surveying *s, struct paths *p)
{
    const struct service_about *a = &s->about;
    struct err err = ERR_INIT;

    for (uint32_t i = 0; i < a->conditions.n; i++) {
        const struct about_condition *c = &a->conditions.list[i];

        if (unit_condition_of_path(c))
            p->of_condition[i] = wish_unit_path(p, c->what, 0, unit_condition_of_pattern(c));
    }
    for (uint32_t i = 0; i < a->files.n; i++) {
        const char *path = a->files.list[i].path;

        if (!a->files.list[i].optional)
            p->of_file[i] = wish_unit_path(p, path, PATH_READ, is_pattern(path));
    }
    if (p->n > 0 && s->h->look_at(s->h->ctx, 0, &manager, p->questions, p->n, p->looks, &err) < 0)
        for (uint32_t i = 0; i < p->n; i++)
            p->looks[i] = (struct host_look){.end = LOOK_UNKNOWN};
}

static const char *look_text(const struct host_look *l)
{
    static const char *const texts[] = {
        [LOOK_UNKNOWN] = "the path could not be examined",
        [LOOK_FINE] = "the path exists, but is not as required",
        [LOOK_UNSURE] = "the path exists, but is not as required",
        [LOOK_MISSING] = "the path does not exist",
        [LOOK_DENIED] = "access to the path is denied",
        [LOOK_READ_ONLY] = "the path is on a read-only file system",
        [LOOK_FAILED] = "the path cannot be examined",
        [LOOK_HANGS] = "the file system does not answer",
        [LOOK_SKIPPED] = "the path was not examined, because other paths hang",
    };

    return l == NULL ? "caravan-swap does not examine this kind of condition" : texts[l->end];
}

static void ask_conditions(struct surveying *s, const struct paths *p)
{
    static const char id[] = "unit-condition";
    const struct service_about *a = &s->about;
    enum tri each[ABOUT_CONDITIONS], hold;
    uint32_t which = 0;

    if (lacks_unit_answer(s, id, a->conditions.told))
        return;
    for (uint32_t i = 0; i < a->conditions.n; i++)
        each[i] = unit_condition_holds(&a->conditions.list[i], p->of_condition[i]);
    hold = unit_conditions_hold(a->conditions.list, each, a->conditions.n, &which);
    const struct about_condition *c = &a->conditions.list[which];
    if (hold == TRI_YES)
        fact_add(s, id, a->conditions.more ? TRI_UNKNOWN : TRI_NO, "%s",
                 a->conditions.more ? "there are more conditions than can be examined" : "");
    else
        fact_add(s, id, hold == TRI_NO ? TRI_YES : TRI_UNKNOWN, "%s=%s%s%.140s: %s", c->type,
                 c->trigger ? "|" : "", c->negate ? "!" : "", c->what,
                 c->negate && hold == TRI_NO ? "the path meets the condition behind the \"!\""
                                             : look_text(p->of_condition[which]));
}

/* Why systemd, as root, cannot read the file; NULL: it can. */
static const char *env_file_fault(const struct host_look *l, bool *ret_sure)
{
    *ret_sure = l->end == LOOK_MISSING || l->end == LOOK_DENIED || l->end == LOOK_FINE;
    if (l->end == LOOK_FINE && l->dir)
        return "the path is a directory";
    return l->end == LOOK_FINE ? NULL : look_text(l);
}

static void ask_files(struct surveying *s, const struct paths *p)
{
    static const char id[] = "env-file";
    const struct service_about *a = &s->about;
    char vague[TEXT_MAX] = "";

    if (lacks_unit_answer(s, id, a->files.told))
        return;
    if (a->files.more)
        str_cut(vague, sizeof(vague), "there are more files than can be examined");
    for (uint32_t i = 0; i < a->files.n; i++) {
        const char *path = a->files.list[i].path, *why;
        bool sure = false;

        if (a->files.list[i].optional)
            continue;
        why = env_file_fault(p->of_file[i], &sure);
        if (why != NULL && sure) {
            fact_add(s, id, TRI_YES, "EnvironmentFile=%.160s: %s", path, why);
            return;
        }
        if (why != NULL)
            snprintf(vague, sizeof(vague), "EnvironmentFile=%.160s: %s", path, why);
    }
    fact_add(s, id, vague[0] != '\0' ? TRI_UNKNOWN : TRI_NO, "%s", vague);
}

/* ---- the needs of the unit ---- */

/* The first fault that is sure, else the first fault that is not sure. */
struct need {
    enum tri value; /* TRI_NO: no fault so far */
    char text[TEXT_MAX];
};

static PRINTF(3, 4) void find_need(struct need *n, bool sure, const char *fmt, ...)
{
    va_list ap;

    if (n->value == TRI_YES || (n->value == TRI_UNKNOWN && !sure))
        return;
    n->value = sure ? TRI_YES : TRI_UNKNOWN;
    va_start(ap, fmt);
    vsnprintf(n->text, sizeof(n->text), fmt, ap);
    va_end(ap);
}

static void judge_units(const struct service_about *a, struct need *n)
{
    for (uint32_t i = 0; i < a->needs.n; i++) {
        const struct about_unit *u = &a->needs.list[i];
        bool sure = false;
        const char *why = unit_fault(u, &sure);

        if (why != NULL)
            find_need(n, sure, "%s=%.120s %s", u->how, u->name, why);
    }
}

/* Why a start cannot use the path; NULL: it can. */
static const char *needed_path_fault(const struct about_path *p, const struct host_look *l,
                                     bool *ret_sure)
{
    bool there = l->end == LOOK_FINE || l->end == LOOK_UNSURE;

    *ret_sure = there || l->end == LOOK_MISSING;
    if (!there)
        return look_text(l);
    if (p->program && (!S_ISREG(l->kind.mode) || (l->kind.mode & 0111) == 0))
        return "the file is not executable";
    if (str_eq(p->key, "WorkingDirectory") && !l->dir)
        return "the path is no directory";
    return NULL;
}

/* outside: systemd itself looks up the path. Else the started process does, and then the function
 * examines the path as the running process sees it, because the unit may have mounts of its own. */
static void judge_needed(struct surveying *s, bool outside, struct need *n)
{
    autofree struct path_question *questions = xzalloc(ABOUT_PATHS, sizeof(*questions));
    autofree struct host_look *looks = xzalloc(ABOUT_PATHS, sizeof(*looks));
    const struct about_path *of[ABOUT_PATHS];
    const struct service_about *a = &s->about;
    struct err err = ERR_INIT;
    uint32_t k = 0;

    for (uint32_t i = 0; i < a->paths.n; i++) {
        if (a->paths.list[i].outside != outside)
            continue;
        of[k] = &a->paths.list[i];
        questions[k] = (struct path_question){.kind = true};
        str_cut(questions[k++].path, sizeof(questions[0].path), a->paths.list[i].path);
    }
    if (k == 0)
        return;
    if (s->h->look_at(s->h->ctx, outside ? 0 : s->f->stamp.main_pid, &manager, questions, k, looks,
                      &err) < 0) {
        find_need(n, false, "%s=%.120s: the path could not be examined", of[0]->key, of[0]->path);
        return;
    }
    for (uint32_t i = 0; i < k; i++) {
        bool sure = false;
        const char *why = needed_path_fault(of[i], &looks[i], &sure);

        if (why != NULL)
            find_need(n, sure, "%s=%.120s: %s", of[i]->key, of[i]->path, why);
        buf_free(&looks[i].content);
    }
}

static void ask_needs(struct surveying *s)
{
    static const char id[] = "unit-needs";
    const struct service_about *a = &s->about;
    struct need n = {.value = TRI_NO};

    if (lacks_unit_answer(s, id, a->needs.told))
        return;
    judge_units(a, &n);
    if (a->refuses)
        find_need(&n, true, "RefuseManualStop= or RefuseManualStart=: systemd refuses a restart");
    judge_needed(s, true, &n);
    judge_needed(s, false, &n);
    if (a->needs.more || a->paths.more)
        find_need(&n, false, "there are more units, or paths, than can be examined");
    fact_add(s, id, n.value, "%s", n.text);
}

static void ask_paths(struct surveying *s)
{
    autofree struct paths *p = xzalloc(1, sizeof(*p));

    look_at_unit_paths(s, p);
    ask_conditions(s, p);
    ask_files(s, p);
    for (uint32_t i = 0; i < p->n; i++)
        buf_free(&p->looks[i].content);
}

/* ---- units that stop and start with Nomad's ---- */

static void ask_bound_units(struct surveying *s)
{
    static const char id[] = "unit-bound";
    const struct service_about *a = &s->about;
    char text[TEXT_MAX] = "";

    if (lacks_unit_answer(s, id, a->bound.told))
        return;
    for (uint32_t i = 0; i < a->bound.n; i++) {
        size_t n = strlen(text);

        snprintf(text + n, sizeof(text) - n, "%s%s %s", n > 0 ? ", " : "", a->bound.list[i].name,
                 a->bound.list[i].active);
    }
    fact_add(s, id, a->bound.n > 0 ? TRI_YES : TRI_NO, "%s", text);
}

static void ask_bound_down(struct surveying *s)
{
    const struct phases *p = s->p;
    char text[TEXT_MAX] = "";
    enum tri down;

    if (!p->bound.known && digest_is_zero(&p->rec.placed))
        return; /* no swap yet */
    down = bound_units_down(&p->bound, s->asked ? &s->about : NULL, text);
    fact_add(s, "bound-down", down, "%s", text);
}

static void report_enabled(struct surveying *s, const char *id, bool yes,
                           const struct service_order *by, const char *how)
{
    if (yes || by->sequence == 0)
        fact_add(s, id, yes ? TRI_YES : TRI_NO, "%s", how);
    else
        fact_add(s, id, TRI_NO, "disabled by order %llu of epoch %llu",
                 (unsigned long long)by->sequence, (unsigned long long)by->epoch);
}

/* No only if an order to disable the unit would have nothing left to do. */
static void ask_enabled(struct surveying *s)
{
    static const char id[] = "unit-enabled";
    const struct about_boot *b = &s->about.boot;
    const struct service_order *by = &s->p->rec.disabled;

    if (s->asked && !s->about.unit && b->state[0] == '\0')
        fact_add(s, id, TRI_UNKNOWN,
                 "Nomad is started by configured commands, and [command] enable and disable are "
                 "not set in agent.conf");
    else if (s->asked && !s->about.unit) /* the commands cannot be asked; their success counts */
        report_enabled(s, id, by->sequence == 0, by,
                       "enabled by configured commands; Caravan cannot check this");
    else if (!fact_has_unit(s, id))
        return;
    else if (b->state[0] == '\0' || !b->told)
        fact_add(s, id, TRI_UNKNOWN, "systemd does not report %s",
                 b->state[0] == '\0' ? "this" : "which other units start Nomad");
    else if (!str_eq(b->state, "enabled") && !str_eq(b->state, "disabled"))
        fact_add(s, id, TRI_UNKNOWN, "%s", b->state);
    else if (b->others[0] != '\0')
        fact_add(s, id, TRI_UNKNOWN, "%s, but also started by %s", b->state, b->others);
    else
        report_enabled(s, id, str_eq(b->state, "enabled"), by, "");
}

void facts_of_start(struct surveying *s)
{
    ask_paths(s);
    ask_needs(s);
    ask_unit_accounts(s);
    report_commands(s, "unit-stop-commands", s->about.stop.told, s->about.stop.text);
    report_commands(s, "unit-start-commands", s->about.start.told, s->about.start.text);
    ask_restart(s);
    ask_signal(s);
    ask_bound_units(s);
    ask_bound_down(s);
    ask_enabled(s);
}
