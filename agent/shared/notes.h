/*
 * notes.h - the notes: what a run has to undo, kept by this host's agent. Pure.
 *
 * The coordinator chooses a slot number for each note. A new note replaces the note in its slot,
 * and an order clears a note by its slot. Clearing an empty slot is no error. There are at most
 * NOTES_MAX notes of NOTE_MAX bytes. The coordinator writes the text of a note; the agent does not
 * interpret it. agent_store keeps the notes, and every status contains them.
 */
#ifndef NOTES_H
#define NOTES_H

#include "message.h"

struct notes {
    uint32_t n;
    struct note items[NOTES_MAX]; /* by slot, ascending */
};

/* REFUSAL_NONE: done. REFUSAL_LIMIT: no slot is free. REFUSAL_FORMAT: the note is empty or too
 * large. After a refusal text says why, and the notes are unchanged. */
MUST_CHECK enum refusal notes_apply(struct notes *n, const struct order_note *o,
                                    char text[static TEXT_MAX]);

#endif
