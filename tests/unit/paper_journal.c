#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/uio.h>
#include <cmocka.h>
#include "buf.h"
#include "paper_journal.h"
#include "str.h"

#define ENTRIES 64
#define FIELDS  16
#define TEXT    400

static struct {
    int n;
    char text[FIELDS][TEXT];
} entries[ENTRIES];
static int n_entries;

int paper_journal(const struct iovec *fields, int n)
{
    if (n_entries == ENTRIES || n > FIELDS)
        fail_msg("no room for an entry of %d fields", n);
    entries[n_entries].n = n;
    for (int i = 0; i < n; i++)
        snprintf(entries[n_entries].text[i], TEXT, "%.*s", (int)fields[i].iov_len,
                 (const char *)fields[i].iov_base);
    n_entries++;
    return 0;
}

int paper_journal_gone(const struct iovec *fields, int n)
{
    (void)fields;
    (void)n;
    return -ENOENT;
}

void paper_journal_clear(void)
{
    n_entries = 0;
}

/* -1: none. */
static int find_last(const char *event)
{
    char wanted[64];

    snprintf(wanted, sizeof(wanted), "CARAVAN_EVENT=%s", event);
    for (int e = n_entries - 1; e >= 0; e--)
        for (int i = 0; i < entries[e].n; i++)
            if (str_eq(entries[e].text[i], wanted))
                return e;
    return -1;
}

static int last_of(const char *event)
{
    int e = find_last(event);

    if (e < 0)
        fail_msg("no entry of %s", event);
    return e;
}

void paper_journal_never(const char *event)
{
    if (find_last(event) >= 0)
        fail_msg("there is an entry of %s", event);
}

/* NULL: none. */
static const char *field_of(const char *event, const char *begins)
{
    int e = last_of(event);

    for (int i = 0; i < entries[e].n; i++)
        if (str_starts(entries[e].text[i], begins))
            return entries[e].text[i];
    return NULL;
}

void paper_journal_about(const char *event, const char *fields)
{
    static const char prefix[] = "CARAVAN_";
    auto_buf struct buf all = BUF_INIT;
    int e = last_of(event);

    for (int i = 0; i < entries[e].n; i++)
        if (str_starts(entries[e].text[i], prefix) &&
            !str_starts(entries[e].text[i], "CARAVAN_EVENT="))
            buf_printf(&all, "%s%s", all.len > 0 ? " " : "", entries[e].text[i] + strlen(prefix));
    if (!str_eq(buf_str(&all), fields))
        fail_msg("%s is about \"%s\", not \"%s\"", event, buf_str(&all), fields);
}

void paper_journal_says(const char *event, const char *field)
{
    char name[64];

    snprintf(name, sizeof(name), "%.*s=", (int)strcspn(field, "="), field);
    const char *found = field_of(event, name);
    if (found == NULL || !str_eq(found, field))
        fail_msg("%s has %s, not %s", event, found != NULL ? found : "no such field", field);
}

void paper_journal_lacks(const char *event, const char *name)
{
    char begins[64];

    snprintf(begins, sizeof(begins), "%s=", name);
    const char *found = field_of(event, begins);
    if (found != NULL)
        fail_msg("%s has %s", event, found);
}
