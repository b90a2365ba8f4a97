#include "notes.h"

/* The index of the slot, or the index at which the slot must be inserted. */
static uint32_t find_note_slot(const struct notes *n, uint32_t slot)
{
    uint32_t i = 0;
    while (i < n->n && n->items[i].slot < slot)
        i++;
    return i;
}

static void clear_note(struct notes *n, uint32_t i)
{
    n->n--;
    memmove(&n->items[i], &n->items[i + 1], (n->n - i) * sizeof(n->items[0]));
    memset(&n->items[n->n], 0, sizeof(n->items[0]));
}

static void insert_note(struct notes *n, uint32_t i, bool there, const struct order_note *o)
{
    struct note *item = &n->items[i];
    if (!there) {
        memmove(item + 1, item, (n->n - i) * sizeof(*item));
        n->n++;
    }
    memset(item, 0, sizeof(*item));
    item->slot = o->slot;
    memcpy(item->run_id, o->run_id, RUN_ID_LEN);
    item->len = o->len;
    memcpy(item->text, o->text, o->len);
}

enum refusal notes_apply(struct notes *n, const struct order_note *o, char text[static TEXT_MAX])
{
    uint32_t i = find_note_slot(n, o->slot);
    bool there = i < n->n && n->items[i].slot == o->slot;

    if (o->clear) {
        if (there)
            clear_note(n, i);
        return REFUSAL_NONE;
    }
    if (o->len == 0 || o->len > NOTE_MAX) {
        snprintf(text, TEXT_MAX, "the note has %zu bytes; 1 to %d bytes can be kept", o->len,
                 NOTE_MAX);
        return REFUSAL_FORMAT;
    }
    if (!there && n->n == NOTES_MAX) {
        snprintf(text, TEXT_MAX, "this host already keeps %d notes, the most that it can keep",
                 NOTES_MAX);
        return REFUSAL_LIMIT;
    }
    insert_note(n, i, there, o);
    return REFUSAL_NONE;
}
