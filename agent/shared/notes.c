#include "notes.h"

/* Index of the slot, or of where it would be. */
static uint32_t place_of(const struct notes *n, uint32_t slot)
{
    uint32_t i = 0;
    while (i < n->n && n->items[i].slot < slot)
        i++;
    return i;
}

static void clear(struct notes *n, uint32_t i)
{
    n->n--;
    memmove(&n->items[i], &n->items[i + 1], (n->n - i) * sizeof(n->items[0]));
    memset(&n->items[n->n], 0, sizeof(n->items[0]));
}

static void put(struct notes *n, uint32_t i, bool there, const struct order_note *o)
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
    uint32_t i = place_of(n, o->slot);
    bool there = i < n->n && n->items[i].slot == o->slot;

    if (o->clear) {
        if (there)
            clear(n, i);
        return REFUSAL_NONE;
    }
    if (o->len == 0 || o->len > NOTE_MAX) {
        snprintf(text, TEXT_MAX, "a note of %zu bytes; 1 to %d are kept", o->len, NOTE_MAX);
        return REFUSAL_FORMAT;
    }
    if (!there && n->n == NOTES_MAX) {
        snprintf(text, TEXT_MAX, "%d notes are kept here already, and no more: clear one",
                 NOTES_MAX);
        return REFUSAL_LIMIT;
    }
    put(n, i, there, o);
    return REFUSAL_NONE;
}
