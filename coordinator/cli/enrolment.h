/*
 * enrolment.h - who is there: every agent asked by the unsealed hello, once.
 *
 * Hosts are Nomad's, or those at given addresses that Nomad does not list (`joins`; agent.address
 * is where); each is asked at its address for its key and ids. What comes
 * back is authentic by the key it names itself, no more: that is why people look at
 * fingerprints, or say --yes. Judging is pure (enrolment_judge): the ids must be
 * Nomad's for the address asked, and an id must not be told at two addresses. A key that was
 * enrolled by its address is that of whatever Nomad lists there later.
 */
#ifndef ENROLMENT_H
#define ENROLMENT_H

#include "console.h"

enum enrolment_verdict {
    ENROL_NEW,      /* its key is not known yet */
    ENROL_KNOWN,    /* it is, and is the same */
    ENROL_CHANGED,  /* another key is known for its id */
    ENROL_SILENT,   /* no answer, or no authentic one: `why` */
    ENROL_UNREADY,  /* it does not know its Nomad's id yet: it has just started, or Nomad has not */
    ENROL_MISPLACED /* its ids are not Nomad's for this address, or told twice: `why` */
};

struct enrolment {
    const struct host *host; /* the caller's */
    char address[128];
    struct pubkey key;
    char server_id[UUID_MAX], client_id[UUID_MAX], told_host[NAME_MAX_LEN];
    bool answered;
    enum enrolment_verdict verdict;
    char why[480];
};

/* Asks each of them. ret: n of them, freed by the caller; hosts outlive it. */
MUST_CHECK int enrolment_ask(struct console *c, const struct host *hosts, size_t n,
                             struct enrolment **ret, struct err *err);
/* Fills the verdicts. w: what Nomad lists; NULL: nothing. */
void enrolment_judge(struct enrolment *list, size_t n, const struct known_hosts *known,
                     const struct world *w);

#endif
