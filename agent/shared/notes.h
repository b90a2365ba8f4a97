/*
 * notes.h - what a run has to undo, left with this host's agent: pure.
 *
 * A note is put under a slot number the coordinator chose, replaces what is there,
 * and is cleared by its slot; clearing an empty slot is fine. At most NOTES_MAX of
 * NOTE_MAX bytes. Their text is the coordinator's and opaque here. Kept by
 * agent_store, told in every status.
 */
#ifndef NOTES_H
#define NOTES_H

#include "message.h"

struct notes {
    uint32_t n;
    struct note items[NOTES_MAX]; /* by slot, ascending */
};

/* REFUSAL_NONE: done. REFUSAL_LIMIT no room, REFUSAL_FORMAT an empty or oversize
 * note; text says why and nothing is changed. */
MUST_CHECK enum refusal notes_apply(struct notes *n, const struct order_note *o,
                                    char text[static TEXT_MAX]);

#endif
