#include "monitor.h"

#include "log_frames.h"

struct listening {
    struct monitor *owner;
    char key[UUID_MAX];
    bool wanted, open;
    int64_t due;
    struct log_frames frames;
};

struct monitor {
    struct nomad_http *nomad;
    const struct clock *clock;
    struct listening *list[MONITOR_SERVERS];
    size_t n;
    void (*on_line)(void *ctx, const char *key, const char *line);
    void *ctx;
};

struct monitor *monitor_new(struct nomad_http *nomad, const struct clock *clock)
{
    struct monitor *m = xzalloc(1, sizeof(*m));
    m->nomad = nomad;
    m->clock = clock;
    return m;
}

static void forget_listening(struct listening *l)
{
    log_frames_reset(&l->frames);
    free(l);
}

void monitor_free(struct monitor *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n; i++)
        forget_listening(m->list[i]);
    free(m);
}

void monitor_on_line(struct monitor *m,
                     void (*on_line)(void *ctx, const char *key, const char *line), void *ctx)
{
    m->on_line = on_line;
    m->ctx = ctx;
}

static void on_log_line(void *ctx, const char *line)
{
    struct listening *l = ctx;
    if (l->wanted && l->owner->on_line != NULL)
        l->owner->on_line(l->owner->ctx, l->key, line);
}

/* An open stream that is not wanted any more ends with its next piece, at the latest a heartbeat.
 */
static void drop_unwanted_streams(struct monitor *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->n; i++)
        if (m->list[i]->wanted || m->list[i]->open)
            m->list[kept++] = m->list[i];
        else
            forget_listening(m->list[i]);
    m->n = kept;
}

void monitor_want(struct monitor *m, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < m->n; i++)
        m->list[i]->wanted = false;
    for (size_t k = 0; k < n; k++) {
        struct listening *l = NULL;
        for (size_t i = 0; i < m->n && l == NULL; i++)
            if (str_eq(m->list[i]->key, keys[k]))
                l = m->list[i];
        if (l == NULL && m->n < MONITOR_SERVERS) {
            l = m->list[m->n++] = xzalloc(1, sizeof(*l));
            l->owner = m;
            l->frames.on_line = on_log_line;
            l->frames.ctx = l;
            str_cut(l->key, sizeof(l->key), keys[k]);
        }
        if (l != NULL)
            l->wanted = true;
    }
    drop_unwanted_streams(m);
}

static int on_log_piece(void *ctx, const void *p, size_t n)
{
    struct listening *l = ctx;
    struct err err = ERR_INIT;
    return l->wanted ? log_frames_add(&l->frames, p, n, &err) : -1;
}

static void on_stream_ended(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct listening *l = ctx;
    int status = answer != NULL ? answer->status : 0;
    (void)err; /* every stream ends at some time, and is opened again */
    l->open = false;
    l->due = clock_mono(l->owner->clock) +
             (status == 403 || status == 404 ? MONITOR_DENIED_MS : MONITOR_REST_MS);
    log_frames_reset(&l->frames);
}

void monitor_tick(struct monitor *m, const struct observer *o)
{
    int64_t now = clock_mono(m->clock);
    struct nomad_base base;
    drop_unwanted_streams(m);
    for (size_t i = 0; i < m->n; i++) {
        struct listening *l = m->list[i];
        if (!l->wanted || l->open || now < l->due || !observer_base(o, l->key, &base))
            continue;
        l->open = true;
        nomad_ask(m->nomad,
                  &(struct nomad_request){.base = &base,
                                          .path = "/v1/agent/monitor?log_level=warn&log_json=true",
                                          .deadline_ms = MONITOR_STREAM_MS,
                                          .max = MONITOR_MAX,
                                          .speed_min = 1,
                                          .speed_window = MONITOR_QUIET_S,
                                          .on_data = on_log_piece,
                                          .on_done = on_stream_ended,
                                          .ctx = l});
    }
}
