/* Rows about limits that root set on hosts, as their agents report them. Contract: hazard_detect.h.
 */
#include "hazard_detect.h"

#include "forecast.h"
#include "str.h"

/* Reads the number at the beginning of a fact's text. */
static bool read_first_number(const struct fact_view *f, uint64_t most, uint64_t *ret)
{
    char word[16];

    str_cut(word, MIN_OF(sizeof(word), strcspn(f->text, " ") + 1), f->text);
    return str_to_u64(word, most, ret) == 0;
}

/* Calls judge for each host that the plan changes and that reports this fact. */
static void judge_each_limited(struct hazard_check *c, row_t *row, const char *id,
                               void (*judge)(struct hazard_check *c, row_t *row,
                                             const struct plan_host *ph, const struct fact_view *f))
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *ph = &c->p->hosts[i];
        const struct host *h = world_host(c->w, ph->key);
        const struct fact_view *f = h != NULL ? agent_fact(&h->agent, id) : NULL;

        if (f != NULL && ph->managed && !ph->already)
            judge(c, row, ph, f);
    }
}

static void judge_signers(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                          const struct fact_view *f)
{
    uint64_t least = 0;

    if (ph->role == ROLE_LEAVES || f->value == TRI_NO)
        return;
    if (!read_first_number(f, KEYS_MAX, &least))
        hazard_found(c, row, TRI_UNKNOWN, ph->name,
                     "how many release keys must sign for this host");
    else if (c->release->signers < least)
        hazard_found(
            c, row, TRI_YES, ph->name,
            "root on this host demands the signatures of %u release keys, but %u signed %s",
            (unsigned)least, c->release->signers, c->p->target);
}

void hazard_release_keys(struct hazard_check *c, row_t *row)
{
    judge_each_limited(c, row, "release-threshold", judge_signers);
}

/* list: names, separated by ", ". */
static bool has_operator_name(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = list; at[0] != '\0'; at += strcspn(at, ","), at += strspn(at, ", "))
        if (strcspn(at, ",") == n && memcmp(at, name, n) == 0)
            return true;
    return false;
}

static void judge_operators(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                            const struct fact_view *f)
{
    const char *by = c->survey->operator_name;

    if (f->value == TRI_NO)
        return;
    if (f->value != TRI_YES || by[0] == '\0')
        hazard_found(
            c, row, TRI_UNKNOWN, ph->name,
            "whether root on this host accepts orders of this machine's operator%s%.120s%s",
            f->value == TRI_YES ? ": root names " : "", f->text,
            by[0] == '\0' ? "; this machine's trust file has no name for its operator key" : "");
    else if (!has_operator_name(f->text, by))
        hazard_found(
            c, row, TRI_YES, ph->name,
            "root on this host accepts orders of these operators only: %.120s; the key that "
            "signs here is %s",
            f->text, by);
}

void hazard_other_operators(struct hazard_check *c, row_t *row)
{
    judge_each_limited(c, row, "operators", judge_operators);
}

/* Does the run end before the hours end? Another row reports a refusal outside the hours. */
static void judge_hours(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                        const struct fact_view *f)
{
    int64_t need = c->p->forecast_ms * FORECAST_MARGIN;
    const char *hours = strchr(f->text, ' ');
    uint64_t left = 0;
    char will[24], still[24];

    if (c->p->policy.stage_only || f->value == TRI_NO)
        return;
    if (f->value != TRI_YES || hours == NULL || !read_first_number(f, 7 * 24 * 60, &left)) {
        hazard_found(c, row, TRI_UNKNOWN, ph->name, "until when root allows changes on this host");
        return;
    }
    str_for_ms(will, sizeof(will), need);
    str_for_ms(still, sizeof(still), (int64_t)left * 60000);
    if ((int64_t)left * 60000 < need)
        hazard_found(
            c, row, TRI_YES, ph->name,
            "the hours that root set for changes,%.120s, end in %s, and the run may take %s", hours,
            still, will);
}

void hazard_hours_end(struct hazard_check *c, row_t *row)
{
    judge_each_limited(c, row, "hours", judge_hours);
}
