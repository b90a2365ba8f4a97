#include "config_keys.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define ANCHOR_MAX 64

enum token { TOKEN_END, TOKEN_BAD, TOKEN_WORD, TOKEN_STRING, TOKEN_TEXT, TOKEN_SIGN };

struct scan {
    const char *at, *end;
    bool json; /* by its first character, as Nomad tells */
    uint32_t line;
    struct config_word word; /* TOKEN_WORD, TOKEN_STRING */
    char sign;               /* TOKEN_SIGN */
};

struct frame {
    char open;
    uint32_t keys; /* on the path because of it */
};

struct walk {
    struct scan s;
    config_key_fn *fn;
    void *ctx;
    struct frame frames[CONFIG_DEPTH];
    uint32_t n_frames;
    struct config_word names[CONFIG_DEPTH]; /* a key and its labels, so far */
    uint32_t n_names;
    bool assigned; /* after = or : */
    struct config_key key;
};

bool config_word_is(const struct config_word *w, const char *text)
{
    return strlen(text) == w->n && strncasecmp(w->at, text, w->n) == 0;
}

/* ---- tokens ---- */

static bool ahead(const struct scan *s, const char *text)
{
    size_t n = strlen(text);

    return (size_t)(s->end - s->at) >= n && memcmp(s->at, text, n) == 0;
}

static void step(struct scan *s)
{
    s->line += *s->at == '\n';
    s->at++;
}

/* false: it does not end. */
static bool skip_until(struct scan *s, const char *text)
{
    while (s->at < s->end && !ahead(s, text))
        step(s);
    if (s->at == s->end)
        return false;
    s->at += strlen(text);
    return true;
}

/* false: a comment that does not end. */
static bool skip_blank(struct scan *s)
{
    for (;;) {
        while (s->at < s->end && isspace((unsigned char)*s->at))
            step(s);
        if (ahead(s, "/*")) {
            s->at += 2;
            if (!skip_until(s, "*/"))
                return false;
        } else if (ahead(s, "#") || ahead(s, "//")) {
            while (s->at < s->end && *s->at != '\n')
                s->at++;
        } else {
            return true;
        }
    }
}

/* Within ${...} HCL lets quotes and ends of line stand. */
static enum token take_string(struct scan *s)
{
    const char *first = ++s->at;
    unsigned braces = 0;

    for (; s->at < s->end; step(s)) {
        if (*s->at == '"' && braces == 0) {
            s->word = (struct config_word){first, (size_t)(s->at - first)};
            s->at++;
            return TOKEN_STRING;
        }
        if (*s->at == '\n' && braces == 0)
            return TOKEN_BAD;
        if (*s->at == '\\' && s->at + 1 < s->end)
            step(s);
        else if (*s->at == '{' && (braces > 0 || (!s->json && s->at > first && s->at[-1] == '$')))
            braces++;
        else if (*s->at == '}' && braces > 0)
            braces--;
    }
    return TOKEN_BAD;
}

/* Is this line the anchor alone? */
static bool ends_text(const char *line, const char *end, const struct config_word *anchor)
{
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    if ((size_t)(end - line) < anchor->n || memcmp(line, anchor->at, anchor->n) != 0)
        return false;
    line += anchor->n;
    while (line < end && *line == '\r')
        line++;
    return line == end || *line == '\n';
}

static enum token take_heredoc(struct scan *s)
{
    struct config_word anchor;

    s->at += ahead(s, "<<-") ? 3 : 2;
    anchor = (struct config_word){s->at, 0};
    while (s->at < s->end && *s->at != '\n' && *s->at != '\r')
        s->at++;
    anchor.n = (size_t)(s->at - anchor.at);
    if (anchor.n == 0 || anchor.n > ANCHOR_MAX || !skip_until(s, "\n"))
        return TOKEN_BAD;
    s->line++;
    while (!ends_text(s->at, s->end, &anchor)) {
        if (!skip_until(s, "\n"))
            return TOKEN_BAD;
        s->line++;
    }
    while (s->at < s->end && *s->at != '\n')
        s->at++;
    return TOKEN_TEXT;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ||
           (c != '\0' && strchr("_-.+", c));
}

static enum token next_token(struct scan *s)
{
    if (!skip_blank(s))
        return TOKEN_BAD;
    if (s->at == s->end)
        return TOKEN_END;
    if (*s->at == '"')
        return take_string(s);
    if (ahead(s, "<<") && !s->json)
        return take_heredoc(s);
    if (is_word(*s->at)) {
        s->word = (struct config_word){s->at, 0};
        while (s->at < s->end && is_word(*s->at))
            s->at++;
        s->word.n = (size_t)(s->at - s->word.at);
        return TOKEN_WORD;
    }
    if (*s->at == '\0' || strchr("{}[]=:,", *s->at) == NULL)
        return TOKEN_BAD;
    s->sign = *s->at++;
    return TOKEN_SIGN;
}

/* ---- where they stand ---- */

static void call(struct walk *w, const struct config_word *name, const struct config_word *value)
{
    w->key.name = *name;
    w->key.has_value = value != NULL;
    w->key.value = value != NULL ? *value : (struct config_word){"", 0};
    w->key.line = w->s.line;
    w->fn(w->ctx, &w->key);
}

static bool in_list(const struct walk *w)
{
    return w->n_frames > 0 && w->frames[w->n_frames - 1].open == '[';
}

/* name label label { */
static int open_bracket(struct walk *w, char open)
{
    if (w->n_frames == CONFIG_DEPTH || w->key.depth + w->n_names > CONFIG_DEPTH)
        return -1;
    for (uint32_t i = 0; i < w->n_names; i++) {
        call(w, &w->names[i], NULL);
        w->key.path[w->key.depth++] = w->names[i];
    }
    w->frames[w->n_frames++] = (struct frame){open, w->n_names};
    w->n_names = 0;
    w->assigned = false;
    return 0;
}

static int close_bracket(struct walk *w, char close)
{
    char open = close == '}' ? '{' : '[';

    if (w->n_frames == 0 || w->frames[w->n_frames - 1].open != open || w->n_names > 0)
        return -1;
    w->key.depth -= w->frames[--w->n_frames].keys;
    return 0;
}

static int take_sign(struct walk *w, char sign)
{
    switch (sign) {
    case '{':
    case '[':
        return open_bracket(w, sign);
    case '}':
    case ']':
        return close_bracket(w, sign);
    case ',':
        return w->n_names > 0 ? -1 : 0;
    default: /* = : */
        if (w->n_names != 1 || w->assigned)
            return -1;
        w->assigned = true;
        return 0;
    }
}

/* A word is a key, a label, the value of a key, or one of a list. */
static int take_word(struct walk *w, enum token token)
{
    if (w->assigned) {
        call(w, &w->names[0], token == TOKEN_STRING ? &w->s.word : NULL);
        w->n_names = 0;
        w->assigned = false;
        return 0;
    }
    if (in_list(w))
        return 0;
    if (token == TOKEN_TEXT || w->n_names == CONFIG_DEPTH)
        return -1;
    w->names[w->n_names++] = w->s.word;
    return 0;
}

int config_keys(const char *text, size_t n, config_key_fn *fn, void *ctx)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct walk w = {.s = {.at = text, .end = text + n, .line = 1}, .fn = fn, .ctx = ctx};
    enum token token;

    if (ahead(&w.s, mark))
        w.s.at += strlen(mark);
    while (w.s.at < w.s.end && isspace((unsigned char)*w.s.at))
        step(&w.s);
    w.s.json = ahead(&w.s, "{");
    while ((token = next_token(&w.s)) != TOKEN_END) {
        if (token == TOKEN_BAD ||
            (token == TOKEN_SIGN ? take_sign(&w, w.s.sign) : take_word(&w, token)) < 0)
            return -1;
    }
    return w.n_frames == 0 && w.n_names == 0 ? 0 : -1;
}
