#include "ready_bench.h"
#include "facts_ready.h"
#include "str.h"

void ready_put_mode(struct ready_bench *b, const char *path, const char *text, uint32_t mode)
{
    model_fs_put(&b->m.fs, path, text, strlen(text), mode);
}

void ready_put(struct ready_bench *b, const char *path, const char *text)
{
    ready_put_mode(b, path, text, 0644);
}

/* A blank in `line` stands for the NUL after a word. */
void ready_start_by(struct ready_bench *b, const char *line)
{
    struct service_about *a = &b->m.about;

    a->words_len = strlen(line) + 1;
    for (size_t i = 0; i < a->words_len; i++)
        a->words[i] = line[i] == ' ' ? '\0' : line[i];
}

int ready_open(void **state)
{
    const struct ready_host *host = *state;
    struct ready_bench *b = xzalloc(1, sizeof(*b));
    struct phases_config conf = model_phases(&b->law);
    struct err err = ERR_INIT;

    conf.api = "http://127.0.0.1:4646";
    model_open(&b->m, "new");
    b->m.about = (struct service_about){.unit = true, .program = MODEL_TARGET};
    b->m.uptime_ms = 1000 * 60 * 60;
    b->m.leader = "\"10.0.0.1:4647\"";
    b->m.peers = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]";
    b->law = (struct law){.gap_ms = 30000, .url_prefixes = ""};
    b->server = b->client = true;
    ready_start_by(b, MODEL_TARGET " agent -config /etc/nomad.d");
    ready_put(b, READY_FILE,
              "data_dir = \"/opt/nomad\"\nserver { enabled = true }\n"
              "client { enabled = true }\n");
    ready_put(b, "/opt/nomad/server/raft/raft.db", "0123456789");
    ready_put(b, "/opt/nomad/server/raft/snapshots/1/state.bin", "01234");
    b->host = host;
    if (host->made != NULL)
        host->made(b);
    if (phases_open(&b->m.host, &conf, &b->p, &err) < 0)
        return -1;
    *state = b;
    return 0;
}

int ready_close(void **state)
{
    struct ready_bench *b = *state;

    phases_close(&b->p);
    free(b);
    return 0;
}

void ready_survey(struct ready_bench *b)
{
    bool learned = false;

    nomad_on_host_read(&b->p, "", &b->f, &learned);
    b->p.in_place = b->says;
    if (b->says.nomad != TRI_UNKNOWN || b->says.text[0] != '\0')
        b->p.in_place.of = b->f.disk;
    str_cut(b->f.server_id, sizeof(b->f.server_id), b->server ? "11111111-2222" : "");
    str_cut(b->f.client_id, sizeof(b->f.client_id), b->client ? "33333333-4444" : "");
    facts_ready_ask(&b->p, &b->f);
    facts_survey(&b->p, &b->f, &b->s);
}

const struct fact *ready_find(struct ready_bench *b, const char *id)
{
    ready_survey(b);
    return facts_survey_find(&b->s, id);
}

void ready_is(struct ready_bench *b, const char *id, enum tri value, const char *says)
{
    const struct fact *f = ready_find(b, id);

    if (f == NULL)
        fail_msg("%s is not told", id);
    else if (f->value != value || strstr(f->text, says) == NULL)
        fail_msg("%s: %d \"%s\", not %d \"%s\"", id, (int)f->value, f->text, (int)value, says);
}

void ready_again(void **state)
{
    const struct ready_host *host = ((const struct ready_bench *)*state)->host;

    ready_close(state);
    *state = (void *)host;
    if (ready_open(state) < 0)
        fail_msg("no bench");
}

void ready_each_row(void **state)
{
    const struct ready_host *host = ((const struct ready_bench *)*state)->host;

    for (const struct ready_row *r = host->rows; r < host->rows + host->n; r++) {
        ready_again(state);
        if (r->change != NULL)
            r->change(*state);
        ready_is(*state, r->id, r->value, r->says);
    }
}
