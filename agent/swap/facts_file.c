/* Facts about the file that is replaced, and where it lies. */
#include "facts_survey_parts.h"
#include "str.h"

static void ask_link(struct surveying *s)
{
    const char *target = s->p->shelf.target;
    struct err err = ERR_INIT;
    char to[256];

    if (s->h->link_of(s->h->ctx, target, to, sizeof(to), &err) < 0)
        fact_unknown(s, "binary-link", &err);
    else if (to[0] != '\0')
        fact_add(s, "binary-link", TRI_YES,
                 "%.90s is a link to %.90s: the link gives way to the new binary, that file stays",
                 target, to);
    else
        fact_add(s, "binary-link", TRI_NO, "%s", "");
}

static void ask_shared(struct surveying *s)
{
    const char *program = s->about.program[0] != '\0' ? s->about.program : s->p->shelf.target;
    struct host_users users = {.n = 0};
    struct err err = ERR_INIT;
    char unit[128] = "";

    if (s->h->users(s->h->ctx, s->target.dev, s->target.ino, s->f->stamp.main_pid, &users, &err) <
            0 ||
        s->h->unit_naming(s->h->ctx, program, s->about.fragment, unit, sizeof(unit), &err) < 0)
        fact_unknown(s, "binary-shared", &err);
    else if (users.n > 0)
        fact_add(s, "binary-shared", TRI_YES, "%u other %s the same file, the first is process %u",
                 users.n, str_count(users.n, "agent executes", "agents execute"), users.pid);
    else if (unit[0] != '\0')
        fact_add(s, "binary-shared", TRI_YES, "the unit %s starts the same file", unit);
    else
        fact_add(s, "binary-shared", TRI_NO, "%s", "");
}

/* While the phases work, what is in place is about to change. */
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
                 "%.140s is not the file that runs: it was replaced without a restart",
                 s->p->shelf.target);
    else
        fact_add(s, "changed", TRI_NO, "%s", "");
}

/* In place, staged and just unpacked, and the archive: what a stage would drop first counts as
 * free. While something is staged there was room. */
static void ask_room(struct surveying *s)
{
    const struct shelf *shelf = &s->p->shelf;
    uint64_t size = s->target.size, here = size, there = size + size / 2;
    struct host_room a, b;
    struct host_stat old = {.there = false};
    struct err err = ERR_INIT;
    char have[24], want[24];

    if (s->h->room(s->h->ctx, shelf->dir, &a, &err) < 0 ||
        s->h->room(s->h->ctx, s->p->conf.fetch_dir, &b, &err) < 0) {
        fact_unknown(s, "no-room", &err);
        return;
    }
    fact_add(s, "read-only", a.read_only ? TRI_YES : TRI_NO, "%.200s", shelf->dir);
    fact_add(s, "noexec", a.noexec ? TRI_YES : TRI_NO, "%.200s", shelf->dir);
    if (s->h->stat(s->h->ctx, shelf->old, &old, &err) == 0 && old.there)
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

static const char *difference(const struct host_attributes *a, const struct host_attributes *b)
{
    if (!str_eq(a->label, b->label))
        return "its SELinux label";
    if (!str_eq(a->capability, b->capability))
        return "its capabilities";
    if (a->uid != b->uid || a->gid != b->gid)
        return "its owner";
    return a->mode != b->mode ? "its mode" : NULL;
}

static void ask_attributes(struct surveying *s)
{
    struct host_attributes now, fresh;
    struct err err = ERR_INIT;
    const char *lost;

    if (s->p->rec.phase != PHASE_STAGED)
        return;
    if (s->h->attributes(s->h->ctx, s->p->shelf.target, &now, &err) < 0 ||
        s->h->attributes(s->h->ctx, s->p->shelf.fresh, &fresh, &err) < 0) {
        fact_unknown(s, "attributes", &err);
        return;
    }
    lost = now.there && fresh.there ? difference(&now, &fresh) : NULL;
    fact_add(s, "attributes", lost != NULL ? TRI_YES : TRI_NO, "%s%s", lost != NULL ? lost : "",
             lost != NULL ? " could not be carried over" : "");
}

void facts_of_file(struct surveying *s)
{
    ask_link(s);
    ask_shared(s);
    ask_changed(s);
    ask_room(s);
    ask_attributes(s);
}
