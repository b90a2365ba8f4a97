/*
 * facts.h - what this host says of itself in hello: ids, digests, what runs.
 *
 * Read from the host as it is now; nothing here acts. Hashing a binary of 150 MB
 * takes half a second, so digests are remembered by what stat says of the file: the
 * one in place in the record (known_file), the one running by its inode, which is
 * that of the file in place, of the kept one, or hashed once.
 */
#ifndef FACTS_H
#define FACTS_H

#include "phases.h"

struct facts {
    char data_dir[256]; /* Nomad's; "" unknown */
    char server_id[UUID_MAX], client_id[UUID_MAX];
    struct digest disk, running;
    struct stamp stamp;
    enum tri active;
    enum tri held;
    char service_text[TEXT_MAX];
    struct known_file ran; /* the running file, when it had to be hashed */
};

/* Fills f anew; conf_data_dir "" takes it from the main process. p->rec.disk is
 * refreshed when the file in place is not the one it tells of, and forgets a stop by order when
 * Nomad runs again: *ret_learned. */
void facts_gather(struct phases *p, const char *conf_data_dir, struct facts *f, bool *ret_learned);
/* Of the file in place. */
MUST_CHECK int facts_hash(const struct host *h, const struct shelf *s, struct known_file *ret,
                          struct err *err);
/* Cheap: would facts_gather tell another stamp? */
bool facts_are_old(const struct phases *p, const struct facts *f);
/* Nomad's id file: bare text, perhaps with a line's end; "" when it is anything else. */
void facts_id_parse(const char *text, char dst[static UUID_MAX]);
/* "linux", and Go's word for this machine's architecture. */
const char *facts_os(void);
const char *facts_arch(void);

#endif
