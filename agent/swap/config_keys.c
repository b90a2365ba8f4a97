#include "config_keys.h"
#include <string.h>
#include <strings.h>
#include "hcl.h"

struct frame {
    char open;
    uint32_t keys; /* keys that this bracket put on the path */
};

struct walk {
    struct hcl h;
    config_key_fn *fn;
    void *ctx;
    struct frame frames[CONFIG_DEPTH];
    uint32_t n_frames;
    struct config_word names[CONFIG_DEPTH]; /* a key and its labels, as read so far */
    uint32_t n_names;
    bool assigned; /* the text is after = or : */
    struct config_key key;
};

bool config_word_is(const struct config_word *w, const char *text)
{
    return strlen(text) == w->n && strncasecmp(w->at, text, w->n) == 0;
}

/* kind: of the value; HCL_SIGN: the value begins with a bracket. */
static void call_key(struct walk *w, const struct config_word *name, enum hcl_kind kind)
{
    w->key.name = *name;
    w->key.has_value = kind == HCL_STRING;
    w->key.has_word = kind == HCL_WORD;
    w->key.value = kind == HCL_STRING || kind == HCL_WORD ? (struct config_word){w->h.at, w->h.n}
                                                          : (struct config_word){"", 0};
    w->key.line = w->h.line;
    w->fn(w->ctx, &w->key);
}

static void call_member(struct walk *w, enum hcl_kind kind)
{
    const struct config_word none = {"", 0};

    w->key.member = true;
    call_key(w, &none, kind);
    w->key.member = false;
}

static bool is_in_list(const struct walk *w)
{
    return w->n_frames > 0 && w->frames[w->n_frames - 1].open == '[';
}

/* The names before the bracket go onto the path: name label label { */
static int open_bracket(struct walk *w, char open)
{
    if (w->n_frames == CONFIG_DEPTH || w->key.depth + w->n_names > CONFIG_DEPTH)
        return -1;
    for (uint32_t i = 0; i < w->n_names; i++) {
        call_key(w, &w->names[i], HCL_SIGN);
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

static int take_config_sign(struct walk *w, char sign)
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
    case '=':
    case ':':
        if (w->n_names != 1 || w->assigned)
            return -1;
        w->assigned = true;
        return 0;
    case '\v': /* these two are blanks */
    case '\f':
        return 0;
    default:
        return -1;
    }
}

/* A word is a key, a label, the value of a key, or a member of a list. */
static int take_config_word(struct walk *w, enum hcl_kind kind)
{
    const struct config_word word = {w->h.at, w->h.n};

    if (w->assigned) {
        call_key(w, &w->names[0], kind);
        w->n_names = 0;
        w->assigned = false;
        return 0;
    }
    if (is_in_list(w)) {
        if (kind == HCL_STRING || kind == HCL_WORD)
            call_member(w, kind);
        return 0;
    }
    if (kind == HCL_HEREDOC || w->n_names == CONFIG_DEPTH)
        return -1;
    w->names[w->n_names++] = word;
    return 0;
}

static int take_config_token(struct walk *w, enum hcl_kind kind)
{
    if (kind == HCL_OPEN_COMMENT || kind == HCL_BAD)
        return -1;
    return kind == HCL_SIGN ? take_config_sign(w, w->h.sign) : take_config_word(w, kind);
}

int config_keys(const char *text, size_t n, config_key_fn *fn, void *ctx)
{
    struct walk w = {.h = hcl_of_file(text, n), .fn = fn, .ctx = ctx};

    while (hcl_next(&w.h) != HCL_END) {
        if (take_config_token(&w, w.h.kind) < 0)
            return -1;
    }
    return w.n_frames == 0 && w.n_names == 0 ? 0 : -1;
}
