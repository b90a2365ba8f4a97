#include "acl_rules.h"

#include <ctype.h>
#include "hcl.h"

#define WORD_MAX  64
#define LEVEL_MAX 4

enum token_kind { T_END, T_WORD, T_TEXT, T_SIGN, T_BAD };

/* The text is read as HCL_PLAIN. A policy that needs ${...} or a heredoc is not understood. */
struct scan {
    struct hcl h;
    enum token_kind kind;
    char word[WORD_MAX]; /* words and texts, cut to this size */
};

/* True for a name as policies have it: no dots, no sign in front. */
static bool is_policy_name(const char *at, size_t n)
{
    if (at[0] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)at[i]) && at[i] != '_' && at[i] != '-')
            return false;
    return true;
}

static enum token_kind policy_token_kind(const struct hcl *h)
{
    switch (h->kind) {
    case HCL_WORD:
        return is_policy_name(h->at, h->n) ? T_WORD : T_BAD;
    case HCL_STRING:
        return memchr(h->at, '\\', h->n) == NULL ? T_TEXT : T_BAD;
    case HCL_SIGN:
        return h->sign != '\0' && strchr("{}[]=", h->sign) != NULL ? T_SIGN : T_BAD;
    case HCL_END:
    case HCL_OPEN_COMMENT:
        return T_END;
    case HCL_HEREDOC:
    case HCL_BAD:
        break;
    }
    return T_BAD;
}

/* Commas and semicolons count as blanks. */
static void next_policy_token(struct scan *s)
{
    size_t n;

    do
        hcl_next(&s->h);
    while (s->h.kind == HCL_SIGN && (s->h.sign == ',' || s->h.sign == ';'));
    s->kind = policy_token_kind(&s->h);
    n = MIN_OF(s->h.n, sizeof(s->word) - 1);
    memcpy(s->word, s->h.at, n);
    s->word[n] = '\0';
}

static bool is_sign(const struct scan *s, char c)
{
    return s->kind == T_SIGN && s->h.sign == c;
}

/* ---- what keys mean ---- */

enum block { B_TOP, B_RULE, B_NAMESPACE, B_OPERATOR, B_VARIABLES, B_PATH };

/* The blocks and values that Nomad knows, by their place (source: Nomad's acl/policy.go, 1.11). */
static const struct {
    enum block in;
    const char *key;
    enum block opens;
} keys[] = {
    {B_TOP, "namespace", B_NAMESPACE},
    {B_TOP, "operator", B_OPERATOR},
    {B_TOP, "agent", B_RULE},
    {B_TOP, "node", B_RULE},
    {B_TOP, "node_pool", B_RULE},
    {B_TOP, "quota", B_RULE},
    {B_TOP, "host_volume", B_RULE},
    {B_TOP, "plugin", B_RULE},
    {B_RULE, "policy", B_TOP},
    {B_RULE, "capabilities", B_TOP},
    {B_NAMESPACE, "policy", B_TOP},
    {B_NAMESPACE, "capabilities", B_TOP},
    {B_NAMESPACE, "variables", B_VARIABLES},
    {B_OPERATOR, "policy", B_TOP},
    {B_OPERATOR, "capabilities", B_TOP},
    {B_VARIABLES, "path", B_PATH},
    {B_PATH, "capabilities", B_TOP},
};

struct level {
    enum block block;
    char name[WORD_MAX];  /* name of the block: "node" */
    char label[WORD_MAX]; /* "": none */
    bool lists, reads;    /* capabilities seen in a namespace */
};

static enum acl_right right_of_word(const char *word)
{
    if (str_eq(word, "deny"))
        return ACL_DENY;
    if (str_eq(word, "write"))
        return ACL_WRITE;
    return str_eq(word, "read") || str_eq(word, "list") ? ACL_READ : ACL_NONE;
}

static void merge_right(enum acl_right *have, enum acl_right more)
{
    *have = MAX_OF(*have, more);
}

static void note_other_right(struct acl_rules *r, const struct level *l, const char *value)
{
    if (r->others++ == 0)
        snprintf(r->other, sizeof(r->other), "%.16s%s%.40s%s: %.24s",
                 l->block == B_PATH ? "variables" : l->name, l->label[0] != '\0' ? " \"" : "",
                 l->label, l->label[0] != '\0' ? "\"" : "", value);
}

/* Such a block has its own member in the rules. */
static bool has_own_level(const struct level *l)
{
    return str_eq(l->name, "agent") || str_eq(l->name, "node") || str_eq(l->name, "operator");
}

static void add_policy_word(struct acl_rules *r, const struct level *l, const char *value)
{
    enum acl_right right = right_of_word(value);

    if (str_eq(l->name, "agent"))
        merge_right(&r->agent, right);
    else if (str_eq(l->name, "node"))
        merge_right(&r->node, right);
    else if (str_eq(l->name, "operator"))
        merge_right(&r->operator_, right);
    else if (str_eq(l->name, "namespace") && str_eq(l->label, "*"))
        merge_right(&r->all_jobs, str_eq(value, "scale") ? ACL_NONE : right);
    if (l->block == B_NAMESPACE ? right != ACL_READ && right != ACL_DENY
                                : !has_own_level(l) && right != ACL_DENY)
        note_other_right(r, l, value);
}

/* Rights to read jobs, and rights of an operator that only reads. */
static bool is_harmless(const struct level *l, const char *value)
{
    static const struct {
        enum block in;
        const char *value;
    } rows[] = {{B_NAMESPACE, "list-jobs"},
                {B_NAMESPACE, "read-job"},
                {B_OPERATOR, "snapshot-save"},
                {B_OPERATOR, "keyring-read"},
                {B_OPERATOR, "license-read"}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].in == l->block && str_eq(rows[i].value, value))
            return true;
    return str_eq(value, "deny");
}

static void add_capability(struct acl_rules *r, struct level *l, const char *value)
{
    if (l->block == B_OPERATOR)
        r->snapshot_save |= str_eq(value, "snapshot-save");
    if (!is_harmless(l, value))
        note_other_right(r, l, value);
    if (l->block != B_NAMESPACE || !str_eq(l->label, "*"))
        return;
    l->lists |= str_eq(value, "list-jobs");
    l->reads |= str_eq(value, "read-job");
    if (str_eq(value, "deny"))
        merge_right(&r->all_jobs, ACL_DENY);
    else if (l->lists && l->reads)
        merge_right(&r->all_jobs, ACL_READ);
}

struct reader {
    struct scan s;
    struct acl_rules *rules;
    struct level levels[LEVEL_MAX + 1];
    int depth;
};

static void add_policy_value(struct reader *r, const char *key, const char *value)
{
    struct level *l = &r->levels[r->depth];
    if (str_eq(key, "policy"))
        add_policy_word(r->rules, l, value);
    else
        add_capability(r->rules, l, value);
}

/* Reads what follows "key =": a word or a list of words. */
static int read_policy_value(struct reader *r, const char *key)
{
    next_policy_token(&r->s);
    if (!is_sign(&r->s, '[')) {
        if (r->s.kind != T_TEXT && r->s.kind != T_WORD)
            return -1;
        add_policy_value(r, key, r->s.word);
        next_policy_token(&r->s);
        return 0;
    }
    for (next_policy_token(&r->s); r->s.kind == T_TEXT; next_policy_token(&r->s))
        add_policy_value(r, key, r->s.word);
    if (!is_sign(&r->s, ']'))
        return -1;
    next_policy_token(&r->s);
    return 0;
}

static void note_unknown_key(struct reader *r, const char *key)
{
    if (r->rules->unknown[0] == '\0')
        str_cut(r->rules->unknown, sizeof(r->rules->unknown), key);
}

/* Reads what follows "key": labels and a brace. */
static int open_block(struct reader *r, const char *key, enum block block)
{
    if (r->depth == LEVEL_MAX)
        return -1;
    struct level *l = &r->levels[++r->depth];
    *l = (struct level){.block = block};
    str_cut(l->name, sizeof(l->name), key);
    if (r->s.kind == T_TEXT) {
        str_cut(l->label, sizeof(l->label), r->s.word);
        next_policy_token(&r->s);
    } else if (str_eq(key, "namespace")) {
        r->rules->bare_namespace = true;
    }
    if (!is_sign(&r->s, '{'))
        return -1;
    next_policy_token(&r->s);
    return 0;
}

static int read_policy_item(struct reader *r)
{
    enum block in = r->levels[r->depth].block, opens = B_RULE;
    char key[WORD_MAX];
    bool known = false;

    str_cut(key, sizeof(key), r->s.word);
    for (size_t i = 0; i < ARRAY_LEN(keys) && !known; i++)
        if (keys[i].in == in && str_eq(keys[i].key, key)) {
            known = true;
            opens = keys[i].opens;
        }
    if (!known)
        note_unknown_key(r, key);
    next_policy_token(&r->s);
    if (is_sign(&r->s, '=')) {
        struct scan ahead = r->s;
        next_policy_token(&ahead);
        if (!is_sign(&ahead, '{'))
            return read_policy_value(r, key);
        r->s = ahead; /* node = { ... } */
    }
    return open_block(r, key, opens);
}

int acl_rules_read(const char *text, struct acl_rules *rules)
{
    struct acl_rules got = *rules;
    struct reader r = {.s.h = hcl_of_text(text, strlen(text), HCL_PLAIN), .rules = &got};

    next_policy_token(&r.s);
    while (r.s.kind != T_END) {
        if (is_sign(&r.s, '}') && r.depth > 0) {
            r.depth--;
            next_policy_token(&r.s);
        } else if (r.s.kind != T_WORD || read_policy_item(&r) < 0) {
            return -1;
        }
    }
    if (r.depth != 0)
        return -1;
    *rules = got;
    return 0;
}
