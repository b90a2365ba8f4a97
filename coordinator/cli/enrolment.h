/*
 * enrolment.h - asks every agent once, by the unsealed hello, and judges the answers.
 *
 * The hosts are those that Nomad lists, or hosts at given addresses that Nomad does not list
 * (`joins`; agent.address is the address). Each agent is asked at its address for its key and its
 * Nomad ids. An answer proves only that its sender has the secret part of the key in the answer. So
 * people must compare fingerprints, let a key list compare them (enrolment_compare), or give --yes.
 *
 * enrolment_judge is pure. It demands that the ids are those that Nomad lists for the address, that
 * no two addresses report the same id, and that no other host has the key. A key that was enrolled
 * by an address belongs later to the host that Nomad lists at that address.
 */
#ifndef ENROLMENT_H
#define ENROLMENT_H

#include "agent_place.h"
#include "command_context.h"
#include "key_list.h"

enum enrolment_verdict {
    ENROL_NEW,     /* its key is not known yet */
    ENROL_KNOWN,   /* it is, and is the same */
    ENROL_CHANGED, /* another key is known for its id */
    ENROL_SILENT,  /* no answer, or no authentic one: `why` */
    ENROL_UNREADY, /* it does not know its Nomad's id yet: it has just started, or Nomad has not */
    ENROL_MISPLACED, /* its ids are not Nomad's for this address, or told twice: `why` */
    ENROL_UNLISTED,  /* new, and no line of the key list is surely its: `why` */
    ENROL_DIFFERS,   /* the key list has another fingerprint for it: `why` */
    ENROL_DECLINED   /* whoever was asked did not accept its key */
};

struct enrolment {
    const struct host *host; /* the caller's */
    char address[128];
    struct pubkey key;
    char server_id[UUID_MAX], client_id[UUID_MAX], told_host[NAME_MAX_LEN];
    bool answered, compared;
    enum enrolment_verdict verdict;
    char why[480];
};

/* Asks each of them. ret: n of them, freed by the caller; hosts outlive it. */
MUST_CHECK int enrolment_ask(struct command_context *c, const struct host *hosts, size_t n,
                             struct enrolment **ret, struct err *err);
/* Fills the verdicts. w: what Nomad lists; NULL: nothing. */
void enrolment_judge(struct enrolment *list, size_t n, const struct known_hosts *known,
                     const struct world *w);
#define ENROLMENT_LINES 3
/* What is known of it, NULL nothing: by Nomad's ids, and by the address it was enrolled at. */
void enrolment_lines(const struct known_hosts *known, const struct enrolment *e,
                     const struct known_host *ret[static ENROLMENT_LINES]);

/* At the address the host that Nomad lists there; else one that is to join, with the place's texts.
 */
void enrolment_host_at(const struct coord_conf *conf, const struct world *w,
                       const struct agent_place *place, struct host *ret);
/* Its key by all it is known by; what is known with another key is an error. */
MUST_CHECK int enrolment_remember(struct known_hosts *known, const struct enrolment *e,
                                  struct err *err);
/* It tells an id for each of its host's roles. */
bool enrolment_ready(const struct enrolment *e);
/* The host as people may type it after --rekey: its name, or its id where the name is no plain
 * word. */
const char *enrolment_word(const struct host *h);

/* How many hosts each line of keys names, of Nomad's and of those in list that join; freed by the
 * caller. A line is a host's by its Nomad ids, its name, or the address of its agent. */
unsigned *enrolment_named(const struct coord_conf *conf, const struct world *w,
                          const struct enrolment *list, size_t n, const struct key_list *keys);
/* After enrolment_judge: what is NEW stays so only with its fingerprint in the one line that names
 * it and no other host; what is KNOWN, unless its line has another one. named: enrolment_named's.
 * Of a changed key, `compared` tells that its line has the new one. */
void enrolment_compare(struct enrolment *list, size_t n, const struct key_list *keys,
                       const unsigned *named);

#endif
