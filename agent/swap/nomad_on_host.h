/*
 * nomad_on_host.h - the data about this host in the answer to hello: ids, digests, the running
 * process.
 *
 * These functions only read the present state of the host. A hash of a binary of 150 MB takes half
 * a second. Therefore caravan-swap remembers digests together with the result of stat. The record
 * keeps the digest of the file in place (known_file). The running file is known by its inode: the
 * inode is that of the file in place, or that of the kept binary, or the file is hashed once.
 */
#ifndef NOMAD_ON_HOST_H
#define NOMAD_ON_HOST_H

#include "phases.h"

struct nomad_on_host {
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
void nomad_on_host_read(struct phases *p, const char *conf_data_dir, struct nomad_on_host *f,
                        bool *ret_learned);
/* Hashes the file in place. */
MUST_CHECK int nomad_on_host_hash(const struct host *h, const struct shelf *s,
                                  struct known_file *ret, struct err *err);
/* Would nomad_on_host_read find another stamp, service state or hold? Cheap. */
bool nomad_on_host_is_old(const struct phases *p, const struct nomad_on_host *f);
/* Parses Nomad's id file: one id, perhaps with a line end. dst is "" for any other content. */
void nomad_id_parse(const char *text, char dst[static UUID_MAX]);
/* "linux", and the name that Go gives to this machine's architecture. */
const char *go_os(void);
const char *go_arch(void);

#endif
