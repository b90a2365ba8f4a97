#include "facts_joins.h"

#include "address.h"
#include "str.h"

#define SERF_PORT "4648"
#define RPC_PORT  "4647"

static bool is_numeric_address(const char *s, size_t n)
{
    return n > 0 && strspn(s, "0123456789abcdefABCDEF.:") >= n &&
           (memchr(s, '.', n) != NULL || memchr(s, ':', n) != NULL);
}

static bool is_askable(const struct address_parts *p)
{
    return is_numeric_address(p->host, p->host_n) &&
           (p->port == NULL || (p->port_n == strlen(SERF_PORT) &&
                                strncmp(p->port, SERF_PORT, strlen(SERF_PORT)) == 0));
}

static void add_join_entry(struct joins_asked *a, const char *entry, size_t len)
{
    struct address_parts p = address_split(entry, len);

    if (!is_askable(&p) || p.host_n > FETCH_PEER_MAX - 10 || a->n == FETCH_PEERS_MAX) {
        a->unsure = true;
        return;
    }
    bool six = memchr(p.host, ':', p.host_n) != NULL;
    snprintf(a->addresses[a->n++], FETCH_PEER_MAX, "%s%.*s%s:" RPC_PORT, six ? "[" : "",
             (int)p.host_n, p.host, six ? "]" : "");
}

static void report_reach(struct surveying *s, const struct joins_asked *a,
                         const enum peer_check *answers)
{
    static const char fact[] = "joins-reach";
    bool unknown = a->unsure;

    for (uint32_t i = 0; i < a->n; i++) {
        if (answers[i] == PEER_SERVES) {
            fact_add(s, fact, TRI_YES, "%s", a->addresses[i]);
            return;
        }
        unknown = unknown || answers[i] == PEER_UNKNOWN;
    }
    if (unknown || a->n == 0)
        fact_add(s, fact, TRI_UNKNOWN, "not all addresses of the list could be asked");
    else
        fact_add(s, fact, TRI_NO, "no Nomad server answers at %s%s", a->addresses[0],
                 a->n > 1 ? " and the other addresses" : "");
}

void joins_ask(const char *joins, struct joins_asked *ret)
{
    *ret = (struct joins_asked){.n = 0};
    for (size_t n = 0; joins[0] != '\0'; joins += n) {
        joins += strspn(joins, ", ");
        n = strcspn(joins, ", ");
        if (n > 0)
            add_join_entry(ret, joins, n);
    }
}

void facts_of_reach(struct surveying *s, const char *joins)
{
    const struct law *law = s->p->conf.law;
    struct joins_asked a;
    enum peer_check answers[FETCH_PEERS_MAX] = {PEER_UNKNOWN};
    struct err err = ERR_INIT;

    if (law == NULL || !law->start_stopped || s->f->stamp.main_pid != 0 || joins[0] == '\0')
        return;
    joins_ask(joins, &a);
    if (a.n > 0 && s->h->check_peers(s->h->ctx, (const char(*)[FETCH_PEER_MAX])a.addresses, a.n,
                                     JOINS_KNOCK_MS, answers, &err) < 0)
        a.unsure = true;
    s->h->ask_end(s->h->ctx);
    report_reach(s, &a, answers);
}
