#include "hcl.h"
#include <ctype.h>
#include <string.h>

static bool is_text_ahead(const struct hcl *h, const char *text)
{
    size_t n = strlen(text);

    return (size_t)(h->end - h->next) >= n && memcmp(h->next, text, n) == 0;
}

static void step_byte(struct hcl *h)
{
    h->line += *h->next == '\n';
    h->next++;
}

/* Moves behind the next occurrence of the text. False: the text does not occur. */
static bool pass_until(struct hcl *h, const char *text)
{
    while (h->next < h->end && !is_text_ahead(h, text))
        step_byte(h);
    if (h->next == h->end)
        return false;
    for (size_t n = strlen(text); n > 0; n--)
        step_byte(h);
    return true;
}

/* ---- between tokens ---- */

static bool is_hcl_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Skips blanks and comments. False: a comment does not end. */
static bool pass_blank(struct hcl *h)
{
    for (;;) {
        while (h->next < h->end && is_hcl_blank(*h->next))
            step_byte(h);
        if (is_text_ahead(h, "/*")) {
            h->next += 2;
            if (!pass_until(h, "*/"))
                return false;
        } else if (is_text_ahead(h, "#") || is_text_ahead(h, "//")) {
            while (h->next < h->end && *h->next != '\n')
                h->next++;
        } else {
            return true;
        }
    }
}

/* ---- tokens ---- */

static enum hcl_kind set_token(struct hcl *h, enum hcl_kind kind, const char *at, const char *end)
{
    h->at = at;
    h->n = (size_t)(end - at);
    return kind;
}

static enum hcl_kind take_string(struct hcl *h)
{
    const char *first = ++h->next;
    unsigned braces = 0;

    for (; h->next < h->end; step_byte(h)) {
        if (*h->next == '"' && braces == 0) {
            h->next++;
            return set_token(h, HCL_STRING, first, h->next - 1);
        }
        if (*h->next == '\n' && braces == 0)
            return HCL_BAD;
        if (*h->next == '\\' && h->next + 1 < h->end)
            step_byte(h);
        else if (*h->next == '{' &&
                 (braces > 0 || (h->form == HCL_NATIVE && h->next > first && h->next[-1] == '$')))
            braces++;
        else if (*h->next == '}' && braces > 0)
            braces--;
    }
    return HCL_BAD;
}

/* Does this line contain the anchor and nothing else? */
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

    h->next += is_text_ahead(h, "<<-") ? 3 : 2;
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
    return set_token(h, HCL_HEREDOC, first, last);
}

static bool is_hcl_word_char(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ||
           (c != '\0' && strchr("_-.+", c) != NULL);
}

static enum hcl_kind take_hcl_word(struct hcl *h)
{
    const char *first = h->next;

    while (h->next < h->end && is_hcl_word_char(*h->next))
        h->next++;
    return set_token(h, HCL_WORD, first, h->next);
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
    else if (is_text_ahead(h, "<<") && h->form == HCL_NATIVE)
        h->kind = take_heredoc(h);
    else if (is_hcl_word_char(*h->next))
        h->kind = take_hcl_word(h);
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

    if (is_text_ahead(&h, mark))
        h.next += strlen(mark);
    for (first = h.next; first < h.end && isspace((unsigned char)*first); first++)
        ;
    if (first < h.end && *first == '{')
        h.form = HCL_PLAIN;
    return h;
}
