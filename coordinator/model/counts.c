#include "counts.h"

#include <inttypes.h>
#include "str.h"

static const struct {
    const char *one, *many;
    int64_t few;
} objects[OBJECT_KINDS] = {
    [OBJECT_JOBS] = {"job", "jobs", 0},
    [OBJECT_NODES] = {"node", "nodes", COUNTS_FEW},
    [OBJECT_ALLOCS] = {"allocation", "allocations", COUNTS_FEW},
    [OBJECT_NAMESPACES] = {"namespace", "namespaces", 0},
};

const char *object_name(enum object o, int64_t n)
{
    return n == 1 ? objects[o].one : objects[o].many;
}

bool counts_taken(const int64_t n[static OBJECT_KINDS])
{
    for (size_t i = 0; i < OBJECT_KINDS; i++)
        if (n[i] != 0)
            return true;
    return false;
}

bool counts_known(const int64_t n[static OBJECT_KINDS])
{
    for (size_t i = 0; i < OBJECT_KINDS; i++)
        if (n[i] == COUNT_UNKNOWN)
            return false;
    return true;
}

bool counts_comparable(const int64_t before[static OBJECT_KINDS],
                       const int64_t n[static OBJECT_KINDS])
{
    for (size_t i = 0; i < OBJECT_KINDS; i++)
        if (before[i] > 0 && n[i] < 0)
            return false;
    return counts_known(n);
}

void counts_text(const int64_t n[static OBJECT_KINDS], char *dst, size_t size)
{
    size_t len = 0;

    dst[0] = '\0';
    for (enum object i = 0; i < OBJECT_KINDS && len < size; i++) {
        const char *comma = len > 0 ? ", " : "";
        if (n[i] >= 0)
            snprintf(dst + len, size - len, "%s%" PRId64 " %s", comma, n[i], object_name(i, n[i]));
        else
            snprintf(dst + len, size - len, "%s%s %s", comma, objects[i].many,
                     n[i] == COUNT_DENIED ? "may not be counted" : "not counted");
        len = strlen(dst);
    }
}

static bool write_loss(enum object i, int64_t mine, const char *whose, int64_t had, char *text,
                       size_t size)
{
    snprintf(text, size, "%" PRId64 " of %" PRId64 " %s %s", mine, had, object_name(i, had), whose);
    return true;
}

bool counts_show_loss(const int64_t before[static OBJECT_KINDS],
                      const int64_t after[static OBJECT_KINDS], char *text, size_t size)
{
    enum object first = OBJECT_KINDS;
    size_t fell = 0, there = 0;

    for (enum object i = 0; i < OBJECT_KINDS; i++) {
        if (before[i] <= 0 || after[i] < 0 || i == OBJECT_NAMESPACES)
            continue;
        there++;
        if (after[i] >= before[i] - before[i] / 2)
            continue;
        first = fell == 0 ? i : first;
        fell++;
    }
    return fell > 0 && (fell > 1 || there == 1)
               ? write_loss(first, after[first], "are left", before[first], text, size)
               : false;
}

bool counts_lack(const int64_t others[static OBJECT_KINDS], const int64_t mine[static OBJECT_KINDS],
                 char *text, size_t size)
{
    for (enum object i = 0; i < OBJECT_KINDS; i++) {
        int64_t slack = MAX_OF(others[i] / COUNTS_SLACK, objects[i].few);
        /* Objects of which none is left are lost, whatever the slack. */
        if (others[i] > 0 && mine[i] >= 0 && (mine[i] < others[i] - slack || mine[i] == 0))
            return write_loss(i, mine[i], "that another server of its region has are there",
                              others[i], text, size);
    }
    return false;
}

bool counts_in_turn(const struct counted a[static 2], const struct counted b[static 2])
{
    return a[1].at > 0 && b[1].at > 0 && a[0].at > b[1].at && b[0].at > a[1].at;
}

/* ---- counting ---- */

static bool is_json_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Outside the array, only its brackets or the word null may stand. */
static void scan_outside(struct count_scan *c, char ch)
{
    if (is_json_blank(ch))
        return;
    if (ch == '[' && !c->over && c->n_word == 0)
        c->depth = 1;
    else if (!c->over && c->n_word < sizeof(c->word) - 1)
        c->word[c->n_word++] = ch;
    else
        c->bad = true;
}

static void scan_inside(struct count_scan *c, char ch)
{
    if (c->in_text) {
        c->in_text = c->escaped || ch != '"';
        c->escaped = !c->escaped && ch == '\\';
        return;
    }
    if (c->depth == 1 && !is_json_blank(ch) && ch != ',' && ch != ']' && !c->element) {
        c->element = true;
        c->n++;
    }
    if (ch == '"')
        c->in_text = true;
    else if (ch == '[' || ch == '{')
        c->depth++;
    else if (ch == ']' || ch == '}')
        c->depth--;
    else if (ch == ',' && c->depth == 1)
        c->element = false;
    c->over = c->depth == 0;
}

void count_scan_add(struct count_scan *c, const void *p, size_t n)
{
    const char *at = p;

    for (size_t i = 0; i < n && !c->bad; i++)
        if (c->depth == 0)
            scan_outside(c, at[i]);
        else
            scan_inside(c, at[i]);
}

int64_t count_scan_end(const struct count_scan *c)
{
    if (c->bad || c->depth != 0)
        return COUNT_UNKNOWN;
    if (c->over)
        return c->n_word == 0 ? c->n : COUNT_UNKNOWN;
    return c->n_word == 4 && memcmp(c->word, "null", 4) == 0 ? 0 : COUNT_UNKNOWN;
}
