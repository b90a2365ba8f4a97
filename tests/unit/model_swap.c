#include "model_swap.h"
#include "str.h"

static void drop_change(void *ctx)
{
    (void)ctx;
}

static void drop_note(void *ctx, enum log_level level, enum log_event event, const char *text)
{
    (void)ctx;
    (void)level;
    (void)event;
    (void)text;
}

struct phases_config model_phases(const struct law *law)
{
    return (struct phases_config){.dir = MODEL_DIR,
                                  .fetch_dir = MODEL_FETCH,
                                  .binary = MODEL_TARGET,
                                  .data_dir = "",
                                  .hold_file = MODEL_HOLD,
                                  .law = law,
                                  .changed = drop_change,
                                  .note = drop_note};
}

void model_swap(struct swap *ret, const struct model_host *m, const struct desk *desk)
{
    static const struct log quiet = {.level = LOG_ERROR, .program = "model"};

    *ret = (struct swap){.log = &quiet,
                         .key = desk->host,
                         .trust = desk->trust,
                         .max_lease_ms = LEASE_MAX_MS,
                         .host = m->host};
    memcpy(ret->session, desk->session, SESSION_LEN);
    str_cut(ret->fetch_dir, sizeof(ret->fetch_dir), MODEL_FETCH);
    str_cut(ret->seed_dir, sizeof(ret->seed_dir), MODEL_SEED);
}

int model_swap_open(struct swap *s, struct phases_config conf, struct err *err)
{
    conf.law = &s->law;
    memcpy(conf.session, s->session, SESSION_LEN);
    return phases_open(&s->host, &conf, &s->phases, err);
}
