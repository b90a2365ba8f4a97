#include "hazard_ids.h"

#include "hazard_kinds.h"

#define FAR 3 /* with more changes than this, two words are not similar */

struct near {
    const char *id[HAZARD_NEAR];
    size_t distance[HAZARD_NEAR];
    size_t n;
};

static bool is_known_id(const struct hazards *h, const char *id)
{
    size_t n = strcspn(id, ":"); /* "ID:NAME": the row is accepted for one host at a time */

    for (size_t i = 0; i < h->n_rows; i++) {
        const struct hazard *row = &h->rows[i];
        if (row->kind->by_host ? id[n] == ':' && id[n + 1] != '\0' && strlen(row->id) == n &&
                                     strncmp(row->id, id, n) == 0
                               : str_eq(row->id, id))
            return true;
    }
    return false;
}

/* A part of an id counts as nearer than an id with a similar spelling. */
static size_t distance_to_id(const char *word, const char *id)
{
    size_t n = strlen(word);
    if (n >= 3 && (strstr(id, word) != NULL || strstr(word, id) != NULL))
        return 1;
    size_t d = str_distance(word, id);
    return 2 * d <= strlen(id) ? d : FAR + 1;
}

static void consider_id(struct near *near, const char *word, const char *id)
{
    size_t d = distance_to_id(word, id), at = near->n;
    if (d > FAR)
        return;
    while (at > 0 && near->distance[at - 1] > d)
        at--;
    if (at == HAZARD_NEAR)
        return;
    near->n = MIN_OF(near->n + 1, (size_t)HAZARD_NEAR);
    for (size_t i = near->n - 1; i > at; i--) {
        near->id[i] = near->id[i - 1];
        near->distance[i] = near->distance[i - 1];
    }
    near->id[at] = id;
    near->distance[at] = d;
}

static int refuse_unknown_id(const struct hazards *h, const char *word, struct err *err)
{
    auto_buf struct buf ids = BUF_INIT;
    struct near near = {.n = 0};
    for (size_t i = 0; i < h->n_rows; i++)
        consider_id(&near, word, h->rows[i].id);
    for (size_t i = 0; i < near.n; i++)
        buf_printf(&ids, "%s%s", i == 0 ? "" : i + 1 < near.n ? ", " : " or ", near.id[i]);
    if (near.n == 0)
        return err_set(err, ERR_USAGE, 0,
                       "--accept %.60s: there is no such id; `caravan plan` shows the id of each "
                       "finding in brackets",
                       word);
    return err_set(err, ERR_USAGE, 0, "--accept %.60s: there is no such id; did you mean %s?", word,
                   buf_str(&ids));
}

int hazard_ids_check(const struct policy *y, const struct hazards *h, struct err *err)
{
    for (size_t i = 0; i < y->n_accepted; i++)
        if (!is_known_id(h, y->accepted[i]))
            return refuse_unknown_id(h, y->accepted[i], err);
    return 0;
}

const char *hazard_id_idle(const struct plan *p, size_t i)
{
    const char *why = "no finding has this id";
    for (size_t k = 0; k < p->n_findings; k++) {
        const struct finding *f = &p->findings[k];
        if (!str_eq(f->id, p->policy.accepted[i]))
            continue;
        if (f->accepted)
            return NULL;
        why = f->severity == SEVERITY_HARD ? "this finding cannot be accepted"
                                           : "this finding does not stop the plan";
    }
    return why;
}
