/*
 * audit_desk.h - a ledger with a record of a run that never took place: orders signed by an
 * operator's key, receipts signed by hosts' keys, all committed as a run commits them.
 *
 *     audit_desk_begin(&d, &conf, 3)                       keys, trust, known hosts, plan, ledger
 *     audit_desk_order(&d, 0, MSG_STAGE)                   signed into the ledger's row, and kept
 *     audit_desk_answer(&d, 0, REFUSAL_NONE)               its receipt, kept
 *     audit_desk_commit(&d)
 *     audit_desk_end(&d)                                   the caller removes the directory
 *
 * The values in `next` of a host go into its next order. A test that changes them plants a fault.
 */
#ifndef AUDIT_DESK_H
#define AUDIT_DESK_H

#include "coord_conf.h"
#include "ledger_store.h"
#include "trust.h"

struct audit_desk_host {
    struct keypair *key;
    unsigned char session[SESSION_LEN];
    uint64_t epoch, sequence, told; /* of the next order; the sequence increases by itself */
    struct order order;             /* the last one */
    struct buf receipt;             /* the last receipt, signed */
};

struct audit_desk {
    const struct coord_conf *conf;
    struct keypair *keys[ROLE_COUNT], *stranger;
    const struct keypair *signer; /* of the next order */
    bool unkept;                  /* the next order is not kept */
    struct trust trust;
    struct buf trust_file;
    struct buf all_trust; /* every version made so far, one after the other */
    struct plan plan;
    struct ledger ledger;
    struct ledger_store *store;
    struct audit_desk_host *hosts;
    size_t n;
};

void audit_desk_begin(struct audit_desk *d, const struct coord_conf *conf, size_t hosts);
/* Writes a new trust file for this machine, signed by the desk's root key. */
void audit_desk_trust(struct audit_desk *d);
/* Gives the machine all versions, as `caravan trust` does. */
void audit_desk_all_trust(const struct audit_desk *d);
void audit_desk_order(struct audit_desk *d, size_t i, enum message_kind kind);
void audit_desk_answer(struct audit_desk *d, size_t i, enum refusal refusal);
void audit_desk_commit(struct audit_desk *d);
/* Stages and swaps every host, all accepted, all done. */
void audit_desk_upgrade(struct audit_desk *d);
void audit_desk_end(struct audit_desk *d);

#endif
