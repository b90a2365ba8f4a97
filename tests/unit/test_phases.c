/*
 * phases.h on a model host: a crash before every operation (or before every CRASH_EVERY-th: an
 * environment variable), and every sync left out once. The stories after the third do mostly the
 * same operations as the third, so they are crashed only before every second operation.
 * timeout: 400
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "crash_story.h"
#include "str.h"

#define SEED_OPERATIONS 40 /* a stage has fewer operations */
#define SEEDS           4  /* random losses at each operation, besides all and nothing */
#define WHOLE           3  /* stories that are crashed before every operation */

static const struct crash_story stories[] = {
    {.name = "a good binary, settled, then a revert order",
     .offer = "new",
     .policy = ON_REVERT,
     .reverts = true,
     .ends = PHASE_REVERTED,
     .at_end = "old"},
    {.name = "a binary that ends at once, put back",
     .offer = "bad",
     .policy = ON_REVERT,
     .ends = PHASE_REVERTED,
     .at_end = "old"},
    {.name = "a binary that never answers, left, then a revert order",
     .offer = "mute",
     .policy = ON_LEAVE,
     .reverts = true,
     .ends = PHASE_REVERTED,
     .at_end = "old"},
    {.name = "a good binary in the place of a link, settled, then a revert order",
     .offer = "new",
     .policy = ON_REVERT,
     .linked = true,
     .reverts = true,
     .ends = PHASE_REVERTED,
     .at_end = "old"},
    {.name = "a binary that ends at once in the place of a link, put back",
     .offer = "bad",
     .policy = ON_REVERT,
     .linked = true,
     .ends = PHASE_REVERTED,
     .at_end = "old"},
    {.name = "a good binary, the disk full behind each rename, then a revert order",
     .offer = "new",
     .policy = ON_REVERT,
     .fills = true,
     .reverts = true,
     .ends = PHASE_REVERTED,
     .at_end = "old"},
    {.name = "a binary that ends at once, put back on a full disk",
     .offer = "bad",
     .policy = ON_REVERT,
     .fills = true,
     .ends = PHASE_REVERTED,
     .at_end = "old"},
    {.name = "a zip that HashiCorp signed, settled",
     .offer = "new",
     .policy = ON_REVERT,
     .vendor = true,
     .ends = PHASE_SETTLED,
     .at_end = "new"},
    {.name = "a good binary, settled, then disabled and stopped by order",
     .offer = "new",
     .policy = ON_REVERT,
     .removes = true,
     .ends = PHASE_SETTLED,
     .at_end = "new"},
    {.name = "a good binary for a stopped service",
     .offer = "new",
     .policy = ON_REVERT,
     .stopped = true,
     .ends = PHASE_SETTLED,
     .at_end = "new"},
};

/* Crashed only until it is staged: after that it does the same as the first story. */
static const struct crash_story seed_story = {.name = "a good binary, kept for other hosts",
                                              .offer = "new",
                                              .policy = ON_REVERT,
                                              .seed = true,
                                              .ends = PHASE_SETTLED,
                                              .at_end = "new"};
static const struct crash_story seed_zip_story = {.name = "a zip, kept for other hosts",
                                                  .offer = "new",
                                                  .policy = ON_REVERT,
                                                  .vendor = true,
                                                  .seed = true,
                                                  .ends = PHASE_SETTLED,
                                                  .at_end = "new"};

struct bench {
    struct desk desk;
    struct model_host m;
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    desk_open(&b->desk);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    desk_close(&b->desk);
    free(b);
    return 0;
}

static struct crash_result play(const struct crash_story *s, const struct crash *c, struct bench *b)
{
    return crash_story_play(s, c, &b->desk, &b->m);
}

static void undisturbed(void **state)
{
    const struct crash none = {.kind = CRASH_NONE};

    for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
        struct crash_result r = play(&stories[i], &none, *state);

        if (r.broken[0] != '\0')
            fail_msg("%s: %s", stories[i].name, r.broken);
        assert_true(r.operations > 40);
    }
}

static void check(const struct crash_story *s, const struct crash *c, struct bench *b, unsigned *n)
{
    struct crash_result r = play(s, c, b);

    (*n)++;
    if (r.broken[0] != '\0' || !r.crashed)
        fail_msg("%s: crash %d before operation %u, loss %d, seed %u: %s", s->name, (int)c->kind,
                 c->at, (int)c->loss, (unsigned)c->seed,
                 r.crashed ? r.broken : "the crash never came");
}

/* most: no crash after this operation; 0: crash everywhere. */
static void crash_everywhere(const struct crash_story *s, unsigned most, unsigned step,
                             struct bench *b)
{
    const struct crash none = {.kind = CRASH_NONE};
    unsigned last = play(s, &none, b).operations;
    unsigned n = 0;

    last = most != 0 ? MIN_OF(most, last) : last;

    for (unsigned at = 1; at <= last; at += step) {
        struct crash c = {.kind = CRASH_SWAP, .at = at};

        check(s, &c, b, &n);
        for (c.kind = CRASH_HOST; c.kind < CRASH_KINDS; c.kind++) {
            c.loss = LOSE_ALL;
            check(s, &c, b, &n);
            c.loss = LOSE_NOTHING;
            check(s, &c, b, &n);
            c.loss = LOSE_SOME;
            /* Whether init starts the service afterwards does not change what is lost. */
            for (c.seed = 1; c.seed <= (c.kind == CRASH_HOST ? SEEDS : 1); c.seed++)
                check(s, &c, b, &n);
        }
    }
    print_message("# %s: %u operations, %u crashes\n", s->name, last, n);
}

static unsigned crash_every(void)
{
    const char *text = getenv("CRASH_EVERY");
    uint64_t n = 1;

    if (text != NULL && (str_to_u64(text, 1000, &n) < 0 || n == 0))
        fail_msg("CRASH_EVERY is %s", text);
    return (unsigned)n;
}

static void a_crash_before_every_operation(void **state)
{
    unsigned every = crash_every();

    for (size_t i = 0; i < ARRAY_LEN(stories); i++)
        crash_everywhere(&stories[i], 0, i < WHOLE ? every : MAX_OF(every, 2U), *state);
    crash_everywhere(&seed_story, SEED_OPERATIONS, every, *state);
    crash_everywhere(&seed_zip_story, SEED_OPERATIONS, every, *state);
}

/* Does anything break if this sync does nothing? Only crashes after it can show this. */
static bool is_needed(const struct crash_story *s, unsigned sync, unsigned from, unsigned last,
                      struct bench *b, struct crash_result *ret)
{
    struct crash c = {.kind = CRASH_HOST, .skip_sync = sync};

    for (c.seed = 0; c.seed <= 12 * SEEDS; c.seed++) {
        c.loss = c.seed == 0 ? LOSE_ALL : LOSE_SOME;
        for (c.at = from + 1; c.at <= last; c.at++) {
            *ret = play(s, &c, b);
            if (ret->broken[0] != '\0')
                return true;
        }
    }
    return false;
}

/* of: only stories whose name begins with this text */
static void check_syncs(const struct crash_story *s, const char *of, struct bench *b)
{
    const struct crash none = {.kind = CRASH_NONE};
    struct crash_result whole = play(s, &none, b);
    struct crash_result r;
    unsigned sync_at[MODEL_SYNCS];
    char names[MODEL_SYNCS][64];

    memcpy(sync_at, b->m.sync_at, sizeof(sync_at));
    memcpy(names, b->m.sync_name, sizeof(names));
    assert_true(whole.syncs < MODEL_SYNCS);
    for (unsigned k = 1; k <= whole.syncs; k++) {
        if (!str_starts(names[k], of))
            continue;
        if (!is_needed(s, k, sync_at[k], whole.operations, b, &r))
            fail_msg("%s: nothing breaks when sync %u of %s (operation %u) is left out", s->name, k,
                     names[k], sync_at[k]);
        print_message("# sync %2u, %-28s without it: %s\n", k, names[k], r.broken);
    }
}

/* The first three stories do every sync except those of the file for other hosts. */
static void every_sync_is_needed(void **state)
{
    for (size_t i = 0; i < WHOLE; i++) {
        print_message("# %s\n", stories[i].name);
        check_syncs(&stories[i], "", *state);
    }
    check_syncs(&seed_story, MODEL_SEED, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(undisturbed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_before_every_operation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_sync_is_needed, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}
