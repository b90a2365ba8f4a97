#include "hcl.h"
#include <ctype.h>
#include <string.h>

static bool ahead(const struct hcl *h, const char *text)
{
    size_t n = strlen(text);

    return (size_t)(h->end - h->next) >= n && memcmp(h->next, text, n) == 0;
}

static void step(struct hcl *h)
{
    h->line += *h->next == '\n';
    h->next++;
}

/* Behind the text; false: it does not come. */
static bool pass_until(struct hcl *h, const char *text)
{
    while (h->next < h->end && !ahead(h, text))
        step(h);
    if (h->next == h->end)
        return false;
    for (size_t n = strlen(text); n > 0; n--)
        step(h);
    return true;
}

/* ---- between tokens ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* false: a comment that does not end. */
static bool pass_blank(struct hcl *h)
{
    for (;;) {
        while (h->next < h->end && is_blank(*h->next))
            step(h);
        if (ahead(h, "/*")) {
            h->next += 2;
            if (!pass_until(h, "*/"))
                return false;
        } else if (ahead(h, "#") || ahead(h, "//")) {
            while (h->next < h->end && *h->next != '\n')
                h->next++;
        } else {
            return true;
        }
    }
}

/* ---- tokens ---- */

static enum hcl_kind take(struct hcl *h, enum hcl_kind kind, const char *at, const char *end)
{
    h->at = at;
    h->n = (size_t)(end - at);
    return kind;
}

static enum hcl_kind take_string(struct hcl *h)
{
    const char *first = ++h->next;
    unsigned braces = 0;

    for (; h->next < h->end; step(h)) {
        if (*h->next == '"' && braces == 0) {
            h->next++;
            return take(h, HCL_STRING, first, h->next - 1);
        }
        if (*h->next == '\n' && braces == 0)
            return HCL_BAD;
        if (*h->next == '\\' && h->next + 1 < h->end)
            step(h);
        else if (*h->next == '{' &&
                 (braces > 0 || (h->form == HCL_NATIVE && h->next > first && h->next[-1] == '$')))
            braces++;
        else if (*h->next == '}' && braces > 0)
            braces--;
    }
    return HCL_BAD;
}

/* Is this line the anchor alone? */
static bool is_anchor(const char *line, const char *end, const char *anchor, size_t n)
{
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    if ((size_t)(end - line) < n || memcmp(line, anchor, n) != 0)
        return false;
    line += n;
    while (line < end && *line == '\r')
        line++;
    return line == end || *line == '\n';
}

static enum hcl_kind take_heredoc(struct hcl *h)
{
    const char *anchor, *first, *last;
    size_t n;

    h->next += ahead(h, "<<-") ? 3 : 2;
    anchor = h->next;
    while (h->next < h->end && *h->next != '\n' && *h->next != '\r')
        h->next++;
    n = (size_t)(h->next - anchor);
    if (n == 0 || n > HCL_ANCHOR_MAX || !pass_until(h, "\n"))
        return HCL_BAD;
    first = h->next;
    while (!is_anchor(h->next, h->end, anchor, n)) {
        if (!pass_until(h, "\n"))
            return HCL_BAD;
    }
    last = h->next;
    while (h->next < h->end && *h->next != '\n')
        h->next++;
    return take(h, HCL_HEREDOC, first, last);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ||
           (c != '\0' && strchr("_-.+", c) != NULL);
}

static enum hcl_kind take_word(struct hcl *h)
{
    const char *first = h->next;

    while (h->next < h->end && is_word(*h->next))
        h->next++;
    return take(h, HCL_WORD, first, h->next);
}

enum hcl_kind hcl_next(struct hcl *h)
{
    h->n = 0;
    if (!pass_blank(h))
        h->kind = HCL_OPEN_COMMENT;
    else if (h->next == h->end)
        h->kind = HCL_END;
    else if (*h->next == '"')
        h->kind = take_string(h);
    else if (ahead(h, "<<") && h->form == HCL_NATIVE)
        h->kind = take_heredoc(h);
    else if (is_word(*h->next))
        h->kind = take_word(h);
    else {
        h->kind = HCL_SIGN;
        h->sign = *h->next++;
    }
    return h->kind;
}

/* ---- texts and files ---- */

struct hcl hcl_of_text(const char *text, size_t n, enum hcl_form form)
{
    return (struct hcl){.next = text, .end = text + n, .form = form, .line = 1, .at = text};
}

struct hcl hcl_of_file(const char *text, size_t n)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct hcl h = hcl_of_text(text, n, HCL_NATIVE);
    const char *first;

    if (ahead(&h, mark))
        h.next += strlen(mark);
    for (first = h.next; first < h.end && isspace((unsigned char)*first); first++)
        ;
    if (first < h.end && *first == '{')
        h.form = HCL_PLAIN;
    return h;
}
