/* A file of hazards that is read after another one: it is accepted as a whole, or refused with the
 * line. */
#include "fuzz_target.h"
#include "hazard_file.h"
#include "hazard_kinds.h"
#include "release_day.h"
#include "walls.h"

/* Accepted rows can be used: a list of versions with a wrong form would abort the program. */
static void use(const struct hazards *h)
{
    const struct version from = {1, 4, 0, "", ""}, to = {2, 0, 6, "", "ent"};
    char day[DAY_TEXT];

    for (size_t i = 0; i < h->n_rows; i++) {
        const struct hazard *row = &h->rows[i];
        FUZZ_CHECK(row->id != NULL && row->kind != NULL && row->advice != NULL);
        FUZZ_CHECK(row->severity <= SEVERITY_HARD && row->unsure <= SEVERITY_HARD);
        FUZZ_CHECK((row->kind->wants & HAZARD_WHAT) == 0 || row->what != NULL);
        FUZZ_CHECK((row->kind->wants & HAZARD_KEY) == 0 || row->key != NULL);
        FUZZ_CHECK((row->kind->wants & HAZARD_CROSSING) == 0 || row->crossing != NULL);
        (void)(row->target != NULL && version_within(&to, row->target));
        (void)(row->from != NULL && version_within(&from, row->from));
        (void)(row->crossing != NULL && version_has(&to, row->crossing));
        if (row->kind->least == LEAST_VERSION && row->least != NULL)
            (void)version_cmp_text(&to, row->least);
        if (row->kind->least == LEAST_SINCE)
            (void)version_has(&to, row->least);
    }
    (void)version_wall(h, &from, &to);
    (void)version_same_client_state(h, &from, &to);
    (void)version_bad_leader(h, &from, &to);
    release_day(h, day, &to);
    for (size_t i = 0; i < h->n_lates; i++)
        FUZZ_CHECK(h->lates[i].what != NULL && h->lates[i].after_ms > 0);
}

static const char first[] = "[hazard csi-restart]\nkind = jobs\ntrait = csi\nseverity = warn\n"
                            "target = 1.5.0-1.5.6\nwhat = w\nadvice = a\n"
                            "[wall 1.4.0]\nfeature = variables\n"
                            "[late identities]\nafter = 24h\nwhat = w\nlook = l\n"
                            "[released]\n2.0 = 2026-04-21 2026-05-12\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hazards h = {.n_rows = 0};
    struct err err = ERR_INIT;
    autofree char *text = xzalloc(size + 1, 1);

    if (size > 0)
        memcpy(text, data, size);
    FUZZ_CHECK(hazards_add(&h, "first", first, &err) == 0);
    if (hazards_add(&h, "f", text, &err) < 0)
        FUZZ_CHECK(err.kind == ERR_CONFIG && str_starts(err.text, "f:"));
    else
        use(&h);
    hazards_free(&h);
    return 0;
}
