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
    ENROL_NEW,       /* no key of this host is known yet */
    ENROL_KNOWN,     /* the known key is the same */
    ENROL_CHANGED,   /* another key of this host is known */
    ENROL_SILENT,    /* no answer, or no authentic answer: see `why` */
    ENROL_UNREADY,   /* the agent does not know the Nomad id yet: agent or Nomad has just started */
    ENROL_MISPLACED, /* Nomad lists other ids at this address, or two hosts report one id */
    ENROL_UNLISTED,  /* new, and no line of the key list names only this host: see `why` */
    ENROL_DIFFERS,   /* the key list has another fingerprint for this host: see `why` */
    ENROL_DECLINED   /* the operator did not accept the key */
};

struct enrolment {
    const struct host *host; /* owned by the caller */
    char address[128];
    struct pubkey key;
    char server_id[UUID_MAX], client_id[UUID_MAX], told_host[NAME_MAX_LEN];
    bool answered, compared;
    enum enrolment_verdict verdict;
    char why[480];
};

/* Asks the agent of each host. *ret: n enrolments; the caller frees them. hosts must outlive *ret.
 */
MUST_CHECK int enrolment_ask(struct command_context *c, const struct host *hosts, size_t n,
                             struct enrolment **ret, struct err *err);
/* Fills the verdicts. w: the hosts that Nomad lists; NULL: not known. */
void enrolment_judge(struct enrolment *list, size_t n, const struct known_hosts *known,
                     const struct world *w);
#define ENROLMENT_LINES 3
/* Finds the lines of known_hosts for this host: by its server id, its node id, and the address of
 * its enrolment. NULL: no such line. */
void enrolment_lines(const struct known_hosts *known, const struct enrolment *e,
                     const struct known_host *ret[static ENROLMENT_LINES]);

/* Fills ret with the host that Nomad lists at this address. If Nomad lists none there, with a host
 * that will join; ret then borrows texts of place. */
void enrolment_host_at(const struct coord_conf *conf, const struct world *w,
                       const struct agent_place *place, struct host *ret);
/* Adds the key to known_hosts under all ids of the host. An id that has another key is an error. */
MUST_CHECK int enrolment_remember(struct known_hosts *known, const struct enrolment *e,
                                  struct err *err);
/* Does the agent report a Nomad id for each role (server, client) of the host? */
bool enrolment_ready(const struct enrolment *e);
/* Returns the word for the host after --rekey: its name, or its Nomad id if the shell would change
 * the name. */
const char *enrolment_word(const struct host *h);

/* Counts how many hosts each line of keys names, among the hosts that Nomad lists and those in list
 * that will join. A line names a host by its Nomad id, its name, or the address of its agent. The
 * caller frees the result. */
unsigned *enrolment_named(const struct coord_conf *conf, const struct world *w,
                          const struct enrolment *list, size_t n, const struct key_list *keys);
/* Compares with the key list, after enrolment_judge. NEW stays NEW only if exactly one line names
 * this host and no other, and has its fingerprint. KNOWN stays KNOWN unless its line has another
 * fingerprint. For CHANGED, `compared` says that the line has the new fingerprint. named: the
 * result of enrolment_named. */
void enrolment_compare(struct enrolment *list, size_t n, const struct key_list *keys,
                       const unsigned *named);

#endif
