/*
 * swap_bench.h - a caravan-swap on a model host, for attacks with orders.
 *
 *     swap_bench_open(&b)
 *     swap_bench_order(&b, kind, epoch, sequence)   an order whose start_by is near
 *     swap_bench_say(&b, o, by, lease)              signs, passes on and frees it; the refusal
 *     swap_bench_close(&b)
 *
 * lease NULL: a lease of the order's own epoch, renewed now by the desk's operator. `done` is the
 * receipt of the last answered order. Failures of the bench itself abort.
 */
#ifndef SWAP_BENCH_H
#define SWAP_BENCH_H

#include "model_host.h"
#include "order_desk.h"
#include "orders_received.h"

struct swap_bench {
    char *dir;
    struct desk desk;
    struct model_host m;
    struct swap s;
    struct receipt_done done;
    struct buf inner; /* bytes of the last order */
};

void swap_bench_open(struct swap_bench *b);
void swap_bench_close(struct swap_bench *b);
/* The same as fixtures of a test, into and from *state. */
int swap_bench_set_up(void **state);
int swap_bench_tear_down(void **state);

struct order *swap_bench_order(const struct swap_bench *b, enum message_kind kind, uint64_t epoch,
                               uint64_t sequence);
struct order *swap_bench_stage(const struct swap_bench *b, uint64_t epoch, uint64_t sequence);
/* The same with another manifest, with this version and date, signed by this key. */
struct order *swap_bench_stage_of(const struct swap_bench *b, uint64_t sequence,
                                  const char *version, int64_t created_s, const struct keypair *by);
struct order *swap_bench_swap(const struct swap_bench *b, uint64_t epoch, uint64_t sequence);
/* A trust order with the next version, signed by root's key, without this operator. */
struct order *swap_bench_revoke(const struct swap_bench *b, const struct keypair *who);

/* REFUSAL_COUNT: no answer. */
enum refusal swap_bench_say(struct swap_bench *b, struct order *o, const struct keypair *by,
                            const struct buf *lease);
/* Passes on the same bytes again. */
enum refusal swap_bench_again(struct swap_bench *b, const struct buf *inner,
                              const struct buf *lease);
/* Does one step of the phases, if its time has come. */
void swap_bench_step(struct swap_bench *b);
/* Steps until the phases rest. */
enum phase swap_bench_rest(struct swap_bench *b);

#endif
