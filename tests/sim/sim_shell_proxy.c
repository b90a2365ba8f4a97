#include "sim_shell.h"
#include "str.h"

#define QUESTION 0x53494d51u /* must differ from every SIM_WIRE */
#define ANSWER   0x53494d41u
#define MOST     60000

/* Followed by method, path, query, token and body, each NUL-terminated. */
struct question {
    uint32_t form, ticket;
    struct sim_addr asker;
};

/* Followed by content type and body, each NUL-terminated. */
struct answer {
    uint32_t form, ticket;
    int status;
    bool has_index, known_leader;
    uint64_t index;
    int64_t last_contact_ms;
    char next_token[SIM_UUID_TEXT];
};

static void put_text(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s) + 1);
}

/* The n-th text after the fixed part; "" if it is missing. */
static const char *text_at(const unsigned char *p, size_t n, int which)
{
    for (; which > 0 && n > 0; which--) {
        size_t len = strnlen((const char *)p, n) + 1;
        p += MIN_OF(len, n);
        n -= MIN_OF(len, n);
    }
    return n > 0 ? (const char *)p : "";
}

void sim_proxy_ask(struct sim_shell *s, struct sim_pending *p)
{
    const struct sim_client *c = &s->node.client;
    auto_buf struct buf b = BUF_INIT;
    struct question q = {QUESTION, ++s->last_ticket, sim_node_addr(&s->node)};
    p->asked_ms = s->node.now;
    p->ticket = q.ticket;
    if (c->n_servers == 0)
        return;
    buf_add(&b, &q, sizeof(q));
    put_text(&b, p->method);
    put_text(&b, p->path);
    put_text(&b, p->query);
    put_text(&b, p->token);
    put_text(&b, buf_str(&p->body));
    if (b.len <= MOST)
        sim_net_datagram(s, c->servers[q.ticket % (unsigned)c->n_servers], b.data, b.len);
}

static void hear_question(struct sim_shell *s, const unsigned char *p, size_t n)
{
    struct question q;
    memcpy(&q, p, sizeof(q));
    p += sizeof(q);
    n -= sizeof(q);
    if (!s->node.cfg.server || !sim_node_api(&s->node))
        return;
    struct sim_pending *pending =
        sim_pending_new(s, text_at(p, n, 0), text_at(p, n, 1), text_at(p, n, 2), text_at(p, n, 3));
    buf_add_str(&pending->body, text_at(p, n, 4));
    pending->ticket = q.ticket;
    pending->asker = q.asker;
}

void sim_proxy_reply(struct sim_shell *s, const struct sim_pending *p)
{
    const struct sim_answer *a = &p->answer;
    auto_buf struct buf b = BUF_INIT;
    struct answer r = {.form = ANSWER, .ticket = p->ticket, .status = a->status};
    r.has_index = a->has_index;
    r.known_leader = a->known_leader;
    r.index = a->index;
    r.last_contact_ms = a->last_contact_ms;
    memcpy(r.next_token, a->next_token, sizeof(r.next_token));
    bool fits = a->body.len + sizeof(r) + 100 <= MOST;
    if (!fits)
        r.status = 500;
    buf_add(&b, &r, sizeof(r));
    put_text(&b, fits ? a->content_type : "text/plain; charset=utf-8");
    put_text(&b, fits ? buf_str(&a->body) : "too large for a client agent of the stand-in");
    sim_net_datagram(s, p->asker, b.data, b.len);
}

static void hear_answer(struct sim_shell *s, const unsigned char *data, size_t n)
{
    struct answer r;
    memcpy(&r, data, sizeof(r));
    for (struct sim_pending *p = s->pending; p != NULL; p = p->next) {
        if (p->connection == NULL || p->ticket != r.ticket || p->ready)
            continue;
        struct sim_answer *a = &p->answer;
        a->status = r.status;
        a->has_index = r.has_index;
        a->known_leader = r.known_leader;
        a->index = r.index;
        a->last_contact_ms = r.last_contact_ms;
        memcpy(a->next_token, r.next_token, sizeof(a->next_token));
        str_cut(p->content_type, sizeof(p->content_type),
                text_at(data + sizeof(r), n - sizeof(r), 0));
        a->content_type = p->content_type;
        buf_clear(&a->body);
        buf_add_str(&a->body, text_at(data + sizeof(r), n - sizeof(r), 1));
        p->ready = true;
    }
}

void sim_proxy_receive(struct sim_shell *s, const unsigned char *p, size_t n)
{
    uint32_t form = 0;
    if (n < sizeof(form) || p[n - 1] != '\0')
        return;
    memcpy(&form, p, sizeof(form));
    if (form == QUESTION && n > sizeof(struct question))
        hear_question(s, p, n);
    else if (form == ANSWER && n > sizeof(struct answer))
        hear_answer(s, p, n);
}
