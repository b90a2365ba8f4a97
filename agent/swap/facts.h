/*
 * facts.h - the data about this host in the answer to hello: ids, digests, the running process.
 *
 * These functions only read the present state of the host. A hash of a binary of 150 MB takes half
 * a second. Therefore caravan-swap remembers digests together with the result of stat. The record
 * keeps the digest of the file in place (known_file). The running file is known by its inode: the
 * inode is that of the file in place, or that of the kept binary, or the file is hashed once.
 */
#ifndef FACTS_H
#define FACTS_H

#include "phases.h"

struct facts {
    char data_dir[256]; /* Nomad's; "": unknown */
    char server_id[UUID_MAX], client_id[UUID_MAX];
    struct digest disk, running;
    struct stamp stamp;
    enum tri active;
    enum tri held;
    char service_text[TEXT_MAX];
    struct known_file ran; /* the running file, if it had to be hashed */
};

/* Fills *f anew. conf_data_dir "": take the directory from the main process. The function updates
 * p->rec: the digest of the file in place, if the file is another one now; and if Nomad runs again,
 * the record forgets that an order had stopped it. *ret_learned: p->rec changed. */
void facts_gather(struct phases *p, const char *conf_data_dir, struct facts *f, bool *ret_learned);
/* Hashes the file in place. */
MUST_CHECK int facts_hash(const struct host *h, const struct shelf *s, struct known_file *ret,
                          struct err *err);
/* Would facts_gather find another stamp, service state or hold? Cheap. */
bool facts_are_old(const struct phases *p, const struct facts *f);
/* Parses Nomad's id file: one id, perhaps with a line end. dst is "" for any other content. */
void facts_id_parse(const char *text, char dst[static UUID_MAX]);
/* "linux", and the name that Go gives to this machine's architecture. */
const char *facts_os(void);
const char *facts_arch(void);

#endif
