/*
 * main_audit_ledger.c - makes a ledger with the record of a whole fleet, and measures the time that
 * verifying its signatures takes at least.
 *
 *     audit_ledger make DIR HOSTS
 *     audit_ledger bare DIR
 *
 * make: writes keys, known hosts and the ledger of an upgrade of HOSTS hosts, with a stage and a
 * swap order for each host and their receipts; use DIR with --config. bare: reads the ledger, then
 * verifies the same signatures and does nothing else; prints their number, and the time of that in
 * milliseconds of processor time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "audit_desk.h"
#include "envelope.h"
#include "ledger_record.h"

static const char *no_env(const char *name)
{
    (void)name;
    return NULL;
}

static void must(int rc, const struct err *err)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "audit_ledger: %s\n", err->text);
    exit(1);
}

static void make(const struct coord_conf *conf, size_t hosts)
{
    struct audit_desk d;
    audit_desk_begin(&d, conf, hosts);
    audit_desk_upgrade(&d);
    audit_desk_end(&d);
}

struct signatures {
    struct buf *inner;
    size_t n, cap;
};

static void add(struct signatures *s, const struct buf *from)
{
    if (s->n == s->cap) {
        s->cap = 2 * s->cap + 64;
        s->inner = xrealloc(s->inner, s->cap * sizeof(*s->inner));
    }
    s->inner[s->n] = (struct buf)BUF_INIT;
    buf_add(&s->inner[s->n++], from->data, from->len);
}

static void read_all(const struct coord_conf *conf, struct signatures *ret)
{
    struct ledger_store *s = NULL;
    struct ledger_record *r = NULL;
    struct stored_record row = STORED_RECORD_INIT;
    struct stored_run run;
    struct err err = ERR_INIT;
    int rc;
    must(ledger_store_open(conf, false, clock_system(), &s, &err), &err);
    must(ledger_store_find(s, NULL, &run, &err), &err);
    must(ledger_record_open(s, run.run_id, &r, &err), &err);
    while ((rc = ledger_record_next(r, &row, &err)) > 0) {
        add(ret, &row.inner);
        add(ret, &row.receipt);
    }
    must(rc, &err);
    ledger_record_close(r);
    ledger_store_close(s);
    stored_record_free(&row);
}

static int64_t processor_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void bare(const struct coord_conf *conf)
{
    struct signatures s = {NULL, 0, 0};
    struct verified v;
    struct err err = ERR_INIT;
    char domain[DOMAIN_MAX];
    int64_t begun = 0;
    read_all(conf, &s);
    for (int timed = 0; timed < 2;
         timed++) { /* the first time to find the domains, the second time to measure */
        begun = processor_ms();
        for (size_t i = 0; i < s.n; i++) {
            const struct buf *b = &s.inner[i];
            struct pubkey sender;
            if (timed == 0) {
                must(envelope_verify(b->data, b->len, &v, &err), &err);
                continue;
            }
            memcpy(sender.bytes, b->data + 18, KEY_LEN);
            v.head.kind = (enum message_kind)(b->data[0] & 0x7f);
            v.head.is_receipt = b->data[0] >= 0x80;
            v.head.version = b->data[1];
            envelope_domain(&v.head, domain);
            if (!crypto_verify_bytes(&sender, domain, b->data, b->len - SIG_LEN,
                                     b->data + b->len - SIG_LEN))
                must(-1, &err);
        }
    }
    printf("%zu %lld\n", s.n, (long long)(processor_ms() - begun));
    for (size_t i = 0; i < s.n; i++)
        buf_free(&s.inner[i]);
    free(s.inner);
}

int main(int argc, char **argv)
{
    struct coord_conf conf;
    struct err err = ERR_INIT;
    bool makes = argc == 4 && str_eq(argv[1], "make");
    if (!makes && (argc != 3 || !str_eq(argv[1], "bare"))) {
        fprintf(stderr, "usage: audit_ledger make DIR HOSTS | bare DIR\n");
        return 2;
    }
    must(crypto_init(&err), &err);
    must(coord_conf_load(argv[2], no_env, &conf, &err), &err);
    if (makes)
        make(&conf, strtoul(argv[3], NULL, 10));
    else
        bare(&conf);
    coord_conf_free(&conf);
    return 0;
}
