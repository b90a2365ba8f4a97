#include "config_keys.h"

#include <ctype.h>

const char *const config_key_names[] = {
    "disable_tagged_metrics",
    "backwards_compatible_metrics",
    "no_cgroups",
    "tls_prefer_server_cipher_suites",
    "allow_unauthenticated",
    "create_from_role",
    "task_token_ttl",
    "disk_free_mb",
    "raft_boltdb",
    "raft_logstore",
    "license_path",
};
const size_t config_key_count = ARRAY_LEN(config_key_names);
_Static_assert(ARRAY_LEN(config_key_names) <= ARRAY_LEN(((struct config_keys *)NULL)->keys),
               "more keys than there is room for");

#define WORD_MAX 200

enum kind { K_END, K_WORD, K_TEXT, K_SIGN };

struct scan {
    const char *at, *end;
    unsigned line;
    enum kind kind;
    unsigned word_line;
    char sign;
    char word[WORD_MAX];
};

static bool at_text(const struct scan *s, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(s->end - s->at) >= n && memcmp(s->at, text, n) == 0;
}

static void step(struct scan *s, size_t n)
{
    for (; n > 0 && s->at < s->end; n--, s->at++)
        s->line += *s->at == '\n';
}

static void to_line_end(struct scan *s)
{
    while (s->at < s->end && *s->at != '\n')
        s->at++;
}

static void skip(struct scan *s)
{
    while (s->at < s->end) {
        if (isspace((unsigned char)*s->at)) {
            step(s, 1);
        } else if (*s->at == '#' || at_text(s, "//")) {
            to_line_end(s);
        } else if (at_text(s, "/*")) {
            step(s, 2);
            while (s->at < s->end && !at_text(s, "*/"))
                step(s, 1);
            step(s, 2);
        } else {
            return;
        }
    }
}

static void keep(struct scan *s, const char *from, size_t n)
{
    size_t k = MIN_OF(n, sizeof(s->word) - 1);
    memcpy(s->word, from, k);
    s->word[k] = '\0';
}

static void read_text(struct scan *s)
{
    const char *from = s->at + 1;
    step(s, 1);
    while (s->at < s->end && *s->at != '"')
        step(s, *s->at == '\\' ? 2 : 1);
    keep(s, from, (size_t)(s->at - from));
    step(s, 1);
    s->kind = K_TEXT;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* <<EOF or <<-EOF, to the line that is EOF alone. */
static void skip_heredoc(struct scan *s)
{
    char end[64];
    size_t n = 0;

    step(s, 2);
    if (s->at < s->end && *s->at == '-')
        step(s, 1);
    while (s->at + n < s->end && n + 1 < sizeof(end) && is_word(s->at[n])) {
        end[n] = s->at[n];
        n++;
    }
    end[n] = '\0';
    while (n > 0 && s->at < s->end) {
        to_line_end(s);
        step(s, 1);
        while (s->at < s->end && (*s->at == ' ' || *s->at == '\t'))
            step(s, 1);
        if (at_text(s, end) && (s->at + n == s->end || isspace((unsigned char)s->at[n]))) {
            step(s, n);
            break;
        }
    }
    s->kind = K_TEXT;
    s->word[0] = '\0';
}

static void next(struct scan *s)
{
    skip(s);
    s->word_line = s->line;
    if (s->at >= s->end) {
        s->kind = K_END;
    } else if (*s->at == '"') {
        read_text(s);
    } else if (at_text(s, "<<")) {
        skip_heredoc(s);
    } else if (is_word(*s->at)) {
        size_t n = 0;
        while (s->at + n < s->end && is_word(s->at[n]))
            n++;
        keep(s, s->at, n);
        step(s, n);
        s->kind = K_WORD;
    } else {
        s->sign = *s->at;
        s->kind = K_SIGN;
        step(s, 1);
    }
}

static void found(struct config_keys *ret, const char *word, const char *file, unsigned line)
{
    for (size_t i = 0; i < config_key_count; i++) {
        struct config_key *k = &ret->keys[i];
        if (k->found || !str_eq(config_key_names[i], word))
            continue;
        k->found = true;
        k->line = line;
        str_cut(k->file, sizeof(k->file), file);
    }
}

static void add_plugin(struct config_keys *ret, const char *name)
{
    if (ret->n_plugins == CONFIG_PLUGINS_MAX)
        ret->odd = true;
    else
        str_cut(ret->plugins[ret->n_plugins++], sizeof(ret->plugins[0]), name);
}

/* The word is a key when '=', ':', '{' or a label comes after it. */
static void weigh(struct scan *s, const char *file, struct config_keys *ret)
{
    char key[WORD_MAX];
    bool bare = s->kind == K_WORD;
    unsigned line = s->word_line;

    str_cut(key, sizeof(key), s->word);
    next(s);
    bool sign = s->kind == K_SIGN && strchr("=:{", s->sign) != NULL;
    bool label = bare && s->kind == K_TEXT;
    if (!sign && !label)
        return;
    found(ret, key, file, line);
    if (str_eq(key, "plugin") && label)
        add_plugin(ret, s->word);
    else if (str_eq(key, "plugin"))
        ret->odd = true; /* JSON, or labels of another kind */
    if (label || (s->kind == K_SIGN && s->sign == '{'))
        return;
    next(s); /* a value is no key */
    if (str_eq(key, "plugin_dir") && s->kind == K_TEXT)
        str_cut(ret->plugin_dir, sizeof(ret->plugin_dir), s->word);
    if (s->kind == K_WORD || s->kind == K_TEXT)
        next(s);
}

void config_keys_scan(const char *text, size_t n, const char *file, struct config_keys *ret)
{
    struct scan s = {.at = text, .end = text + n, .line = 1};

    next(&s);
    while (s.kind != K_END) {
        if (s.kind == K_SIGN)
            next(&s);
        else
            weigh(&s, file, ret);
    }
}
