#include "facts_survey.h"
#include <gnu/libc-version.h>
#include "elf_arch.h"
#include "facts_config.h"
#include "facts_unit.h"
#include "str.h"
#include "surveying.h"

/* ---- the binary, and its file system ---- */

static void ask_link(struct surveying *s)
{
    const char *target = s->p->shelf.target;
    struct err err = ERR_INIT;
    char to[256];

    if (s->h->link_of(s->h->ctx, s->p->shelf.at, s->p->shelf.name, to, sizeof(to), &err) < 0)
        fact_unknown(s, "binary-link", &err);
    else if (to[0] != '\0')
        fact_add(s, "binary-link", TRI_YES,
                 "%.90s is a link to %.90s: a swap replaces the link, and that file stays", target,
                 to);
    else
        fact_add(s, "binary-link", TRI_NO, "%s", "");
}

static void ask_shared(struct surveying *s)
{
    const char *program = s->about.program[0] != '\0' ? s->about.program : s->p->shelf.target;
    struct host_users users = {.n = 0};
    struct err err = ERR_INIT;
    char unit[128] = "";
    enum tri other = s->h->unit_naming(s->h->ctx, program, s->about.fragment, unit, sizeof(unit));

    if (s->h->users(s->h->ctx, s->target.dev, s->target.ino, s->f->stamp.main_pid, &users, &err) <
        0)
        fact_unknown(s, "binary-shared", &err);
    else if (users.n > 0)
        fact_add(s, "binary-shared", TRI_YES, "%u other %s the same file, the first is process %u",
                 users.n, str_count(users.n, "agent executes", "agents execute"), users.pid);
    else if (other == TRI_YES)
        fact_add(s, "binary-shared", TRI_YES, "the unit %s starts the same file", unit);
    else if (other == TRI_UNKNOWN)
        fact_add(s, "binary-shared", TRI_UNKNOWN,
                 "the unit %s starts the same file; a variable decides whether as an agent", unit);
    else
        fact_add(s, "binary-shared", TRI_NO, "%s", "");
}

/* The callers ask this at rest: while the phases work, the file in place is about to change. */
static void ask_changed(struct surveying *s)
{
    const struct digest *disk = &s->f->disk, *running = &s->f->running, *placed = &s->p->rec.placed;
    char is[65], was[65];

    if (digest_is_zero(disk)) {
        fact_add(s, "changed", TRI_UNKNOWN, "%.200s cannot be read", s->p->shelf.target);
        return;
    }
    digest_hex(is, disk);
    digest_hex(was, placed);
    if (!digest_is_zero(placed) && !digest_eq(disk, placed))
        fact_add(s, "changed", TRI_YES,
                 "%.100s (sha256 %.12s) is not what Caravan put there the last time (%.12s)",
                 s->p->shelf.target, is, was);
    else if (!digest_is_zero(running) && !digest_eq(disk, running))
        fact_add(s, "changed", TRI_YES,
                 "%.140s is not the file that runs: somebody replaced it without a restart",
                 s->p->shelf.target);
    else
        fact_add(s, "changed", TRI_NO, "%s", "");
}

/* The room for a stage: the file in place exists; the staged and the unpacked binary and the
 * archive need room. A seed keeps one more copy, which for a bare binary is as large as the binary.
 * The old binary counts as free, because a stage drops it first. While something is staged the
 * answer is no. */
static void ask_room(struct surveying *s)
{
    const struct shelf *shelf = &s->p->shelf;
    uint64_t size = s->target.size, here = size,
             there = s->p->conf.seed_dir != NULL ? 2 * size : size + size / 2;
    struct host_room a, b;
    struct host_stat old = {.there = false};
    struct err err = ERR_INIT;
    char have[24], want[24];

    if (s->h->room(s->h->ctx, shelf->at, ".", &a, &err) < 0 ||
        s->h->room(s->h->ctx, HOST_OWN_PATH, s->p->conf.fetch_dir, &b, &err) < 0) {
        fact_unknown(s, "no-room", &err);
        return;
    }
    fact_add(s, "read-only", a.read_only ? TRI_YES : TRI_NO, "%.200s", shelf->dir);
    fact_add(s, "noexec", a.noexec ? TRI_YES : TRI_NO, "%.200s", shelf->dir);
    if (s->h->stat(s->h->ctx, shelf->at, shelf->old, &old, &err) == 0 && old.there)
        a.free += old.size;
    if (a.dev == b.dev)
        here += there;
    if (s->p->rec.phase == PHASE_STAGED ||
        (a.free >= here && (a.dev == b.dev || b.free >= there))) {
        fact_add(s, "no-room", TRI_NO, "%s", "");
        return;
    }
    str_for_bytes(have, sizeof(have), a.free < here ? a.free : b.free);
    str_for_bytes(want, sizeof(want), a.free < here ? here : there);
    fact_add(s, "no-room", TRI_YES, "%.120s has %s free; a binary of this size needs about %s",
             a.free < here ? shelf->dir : s->p->conf.fetch_dir, have, want);
}

static const char *attribute_difference(const struct host_attributes *a,
                                        const struct host_attributes *b)
{
    if (!str_eq(a->label, b->label))
        return "the SELinux label";
    if (!str_eq(a->capability, b->capability))
        return "the capabilities";
    if ((a->uid != b->uid && b->uid != 0) || a->gid != b->gid)
        return "the owner";
    /* The staged file belongs to root and may have more read permissions than the old one. */
    return (a->mode & 0755 & ~b->mode) != 0 ? "the mode" : NULL;
}

/* The file in place has an attribute that Caravan never gives to other bytes. NULL: none. */
static const char *withheld_attribute(const struct host_attributes *now,
                                      const struct host_attributes *fresh)
{
    if (!str_eq(now->capability, "") && !str_eq(now->capability, fresh->capability))
        return "capabilities";
    return (now->mode & ~fresh->mode & 06000) != 0 ? "setuid or setgid" : NULL;
}

static void ask_attributes(struct surveying *s)
{
    const struct shelf *shelf = &s->p->shelf;
    bool staged = s->p->rec.phase == PHASE_STAGED;
    struct host_attributes now, fresh = {.there = false};
    struct err err = ERR_INIT;
    const char *kept, *lost;

    if (s->h->attributes(s->h->ctx, shelf->at, shelf->name, &now, &err) < 0 ||
        (staged && s->h->attributes(s->h->ctx, shelf->at, shelf->fresh, &fresh, &err) < 0)) {
        fact_unknown(s, "attributes", &err);
        return;
    }
    kept = now.there ? withheld_attribute(&now, &fresh) : NULL;
    lost = kept == NULL && now.there && fresh.there ? attribute_difference(&now, &fresh) : NULL;
    if (kept != NULL)
        fact_add(s, "attributes", TRI_YES, "the binary has %s: Caravan gives them to no new binary",
                 kept);
    else if (lost != NULL)
        fact_add(s, "attributes", TRI_YES, "the staged binary did not get %s of the present one",
                 lost);
    else if (staged)
        fact_add(s, "attributes", TRI_NO, "%s", "");
}

static void ask_writers(struct surveying *s)
{
    struct err err = ERR_INIT;
    char who[128];

    if (s->p->shelf.at < 0)
        fact_add(s, "binary-writers", TRI_UNKNOWN, "%.200s could not be opened", s->p->shelf.dir);
    else if (s->h->writers(s->h->ctx, s->p->shelf.at, who, sizeof(who), &err) < 0)
        fact_unknown(s, "binary-writers", &err);
    else if (who[0] != '\0')
        fact_add(s, "binary-writers", TRI_YES, "other users may write into %.120s: %s",
                 s->p->shelf.dir, who);
    else
        fact_add(s, "binary-writers", TRI_NO, "%s", "");
}

static void report_file(struct surveying *s)
{
    ask_link(s);
    ask_shared(s);
    ask_changed(s);
    ask_room(s);
    ask_writers(s);
    ask_attributes(s);
}

/* ---- the system; and the staged binary's answer about Nomad's configuration ---- */

static const char *upgrade_effect(const struct host_package *k)
{
    return str_eq(k->manager, "dpkg")
               ? "`apt upgrade` would restore the package's file and restart Nomad at once, "
                 "without an order"
               : "`dnf upgrade` would restore the package's file";
}

static void ask_package(struct surveying *s)
{
    struct host_package k = {.owned = TRI_UNKNOWN};

    s->h->package(s->h->ctx, s->p->shelf.target, &k);
    s->out->packaged = k.owned;
    if (k.owned == TRI_UNKNOWN)
        fact_add(s, "package", TRI_UNKNOWN, "%s", k.why);
    else if (k.owned == TRI_NO)
        fact_add(s, "package", TRI_NO, "%s", "no package owns the binary");
    else if (k.kept == TRI_YES)
        fact_add(s, "package", TRI_NO, "the package %s (%s) owns the binary: %s", k.name, k.manager,
                 k.how);
    else
        fact_add(s, "package", TRI_YES, "the package %s (%s) owns the binary: %s", k.name,
                 k.manager, upgrade_effect(&k));
}

static void ask_clock(struct surveying *s)
{
    struct host_clock c = {.synchronised = TRI_UNKNOWN};
    struct err err = ERR_INIT;
    char error[24];

    if (s->h->clock(s->h->ctx, &c, &err) < 0) {
        fact_unknown(s, "clock", &err);
        return;
    }
    str_for_ms(error, sizeof(error), c.error_us / 1000);
    if (c.synchronised == TRI_YES)
        fact_add(s, "clock", TRI_NO, "synchronised, to within %s", error);
    else
        fact_add(s, "clock", c.synchronised == TRI_NO ? TRI_YES : TRI_UNKNOWN, "%s",
                 "the kernel's clock is not synchronised (NTP)");
}

/* Both clocks are read together. With the uptime in a receipt, the reader can compute the wall
 * clock of this host at any time until somebody sets the clock. */
static void report_booted(struct surveying *s)
{
    int64_t wall_ms = s->h->wall(s->h->ctx) / 1000000, up_ms = s->h->uptime(s->h->ctx);

    fact_add(s, "booted-at", TRI_YES, "%lld", (long long)(wall_ms - up_ms));
}

static void ask_staged_config(struct surveying *s)
{
    const struct config_verdict *c = &s->p->config;

    if (s->p->rec.phase != PHASE_STAGED)
        return;
    if (digest_eq(&c->of, &s->p->rec.target))
        fact_add(s, "config-rejected", c->rejects, "%s", c->text);
    else
        fact_add(s, "config-rejected", TRI_UNKNOWN,
                 "the staged binary has not checked Nomad's configuration%s",
                 s->p->rec.untried != 0 || s->f->held == TRI_YES ? ": root holds this host" : "");
}

static void report_system(struct surveying *s)
{
    ask_package(s);
    ask_clock(s);
    report_booted(s);
    fact_add(s, "libc", TRI_YES, "%s", gnu_get_libc_version());
    ask_staged_config(s);
}

/* ---- is the file in place Nomad? ---- */

/* NULL: the answer of the file in place is known. Nothing is known of a file that somebody put
 * there later. */
static const char *why_version_unknown(const struct surveying *s)
{
    const struct version_said *v = &s->p->in_place;

    if (s->f->held != TRI_NO)
        return "root holds this host: Caravan runs no binary here";
    return digest_is_zero(&v->of) || !digest_eq(&v->of, &s->f->disk) ? "the binary was not asked"
                                                                     : NULL;
}

static void report_nomad(struct surveying *s)
{
    static const char no[] = "not-nomad", version[] = "binary-version";
    const struct shelf *shelf = &s->p->shelf;
    const struct version_said *v = &s->p->in_place;
    const char *why = why_version_unknown(s);
    struct err err = ERR_INIT;
    enum tri elf = elf_arch_is(s->h, shelf->at, shelf->name, &err);

    if (elf == TRI_NO)
        fact_add(s, no, TRI_YES, "%.150s is no program but a script or another file",
                 shelf->target);
    else if (elf == TRI_UNKNOWN)
        fact_unknown(s, no, &err);
    else if (why != NULL)
        fact_add(s, no, TRI_UNKNOWN, "%s", why);
    else if (v->nomad == TRI_NO)
        fact_add(s, no, TRI_YES, "%.80s: %.160s", shelf->target, v->text);
    else
        fact_add(s, no, v->nomad == TRI_YES ? TRI_NO : TRI_UNKNOWN, "%s", v->text);
    if (elf == TRI_YES && why == NULL && v->nomad == TRI_YES)
        fact_add(s, version, TRI_YES, "%s", v->version);
    else
        fact_add(s, version, TRI_UNKNOWN, "%s",
                 elf != TRI_YES ? "the file in place is no program"
                 : why != NULL  ? why
                                : v->text);
}

/* ---- the survey ---- */

static void ask_service(struct surveying *s)
{
    const struct service *service = s->h->service;
    struct err err = ERR_INIT;

    s->asked = service->about(service->self, &s->about, &err) == 0;
    if (!s->asked)
        str_cut(s->why, sizeof(s->why), err.text);
}

void facts_survey(const struct phases *p, const struct nomad_on_host *f, struct facts_survey *ret)
{
    autofree struct surveying *s = xzalloc(1, sizeof(*s));
    struct err err = ERR_INIT;

    *ret = (struct facts_survey){
        .made_ms = p->host->uptime(p->host->ctx), .phase = p->rec.phase, .disk = f->disk};
    s->p = p;
    s->h = p->host;
    s->f = f;
    s->out = ret;
    ask_service(s);
    if (s->h->stat_through(s->h->ctx, p->shelf.at, p->shelf.name, &s->target, &err) < 0)
        s->target = (struct host_stat){.there = false};
    facts_of_unit(s);
    report_file(s);
    report_system(s);
    facts_of_config(s);
    report_nomad(s);
    facts_of_start(s);
}

bool facts_survey_put(struct facts_survey *s, const struct fact *f)
{
    uint32_t i = 0;

    while (i < s->n && !str_eq(s->list[i].id, f->id))
        i++;
    if (i == SURVEY_MAX ||
        (i < s->n && s->list[i].value == f->value && str_eq(s->list[i].text, f->text)))
        return false;
    s->list[i] = *f;
    s->n = MAX_OF(s->n, i + 1);
    return true;
}

const struct fact *facts_survey_find(const struct facts_survey *s, const char *id)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (str_eq(s->list[i].id, id))
            return &s->list[i];
    }
    return NULL;
}
