#include "config_findings.h"
#include "config_name.h"
#include "fuzz_target.h"
#include "str.h"

struct seen {
    const char *first, *end;
    uint32_t lines;
    size_t keys;
};

static void is_within(const struct seen *s, const struct config_word *w)
{
    FUZZ_CHECK(w->n == 0 || (w->at >= s->first && w->at + w->n <= s->end));
}

static void on_key(void *ctx, const struct config_key *k)
{
    struct seen *s = ctx;

    FUZZ_CHECK(k->depth <= CONFIG_DEPTH && k->line >= 1 && k->line <= s->lines);
    is_within(s, &k->name);
    is_within(s, &k->value);
    for (uint32_t i = 0; i < k->depth; i++)
        is_within(s, &k->path[i]);
    FUZZ_CHECK(k->has_value || k->has_word || k->value.n == 0);
    FUZZ_CHECK(!k->has_value || !k->has_word);
    FUZZ_CHECK(!k->member || (k->name.n == 0 && (k->has_value || k->has_word)));
    s->keys++;
}

static struct seen scan(const char *text, size_t n, int *ret_rc)
{
    struct seen s = {.first = text, .end = text + n, .lines = 1};

    for (size_t i = 0; i < n; i++)
        s.lines += text[i] == '\n';
    *ret_rc = config_keys(text, n, on_key, &s);
    FUZZ_CHECK(s.keys <= n);
    return s;
}

/* The content of a comment does not count, and a comment changes nothing else. */
static void comment_hides(const uint8_t *data, size_t size, const struct seen *bare, int rc)
{
    static const char before[] = "/* a { b = \"${ */\n";
    autofree char *text = xzalloc(sizeof(before) + size, 1);
    size_t blanks = size > 0 ? strspn((const char *)data, " \t\r\n\v\f") : 0;
    struct seen s;
    int again;

    if (size == 0 || data[blanks] == '{' ||
        data[0] == 0xef) /* the first bytes decide how to read the file */
        return;
    memcpy(text, before, sizeof(before) - 1);
    memcpy(text + sizeof(before) - 1, data, size);
    s = scan(text, sizeof(before) - 1 + size, &again);
    FUZZ_CHECK(again == rc && s.keys == bare->keys);
}

static void findings(const char *text, size_t n)
{
    autofree struct config_findings *f = xzalloc(1, sizeof(*f));

    config_findings_add(f, "a\nb", text, n);
    FUZZ_CHECK(f->files + f->unread == 1 && (f->unread == 0) == (f->why[0] == '\0'));
    FUZZ_CHECK(f->n_plugins <= CONFIG_PLUGINS && f->n_whole <= 1);
    for (size_t i = 0; i < CONFIG_WANTED; i++)
        FUZZ_CHECK(f->found[i][0] == '\0' || str_starts(f->found[i], "a\\x0ab, line "));
    for (uint32_t i = 0; i < f->n_plugins; i++)
        FUZZ_CHECK(config_findings_plugin(f, f->plugins[i]));
    FUZZ_CHECK(config_findings_clouds(f) <= CONFIG_CLOUDS);
    FUZZ_CHECK(memchr(f->joins, '\0', sizeof(f->joins)) != NULL);
    for (const char *j = f->joins; *j != '\0'; j++)
        FUZZ_CHECK((unsigned char)*j >= 0x20);
}

static void is_said(const struct config_said *s)
{
    FUZZ_CHECK(memchr(s->text, '\0', sizeof(s->text)) != NULL && strchr(s->text, '$') == NULL);
    FUZZ_CHECK((s->said && s->place[0] != '\0') || !s->plain);
    FUZZ_CHECK(s->plain || s->text[0] == '\0');
}

static void values(const char *text, size_t n)
{
    autofree struct config_findings *f = xzalloc(1, sizeof(*f));
    const struct config_values *v = &f->values;

    config_findings_add(f, "a\nb", text, n);
    for (int i = 0; i < CONFIG_VALUES; i++) {
        is_said(&v->said[i]);
        if (config_value_rows[i].yes_no && v->said[i].plain)
            FUZZ_CHECK(config_values_true(v, (enum config_value)i) != TRI_UNKNOWN);
    }
    FUZZ_CHECK(v->n_paths <= CONFIG_PATHS);
    for (uint32_t i = 0; i < v->n_paths; i++) {
        FUZZ_CHECK(v->paths[i].row < CONFIG_PATH_ROWS);
        is_said(&v->paths[i].is);
        (void)config_values_needs(v, &v->paths[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = xzalloc(size + 1, 1);
    struct seen s;
    int rc;

    if (size > 0)
        memcpy(text, data, size);
    s = scan(text, size, &rc);
    comment_hides((const uint8_t *)text, size, &s, rc);
    findings(text, size);
    values(text, size);
    (void)config_name_of(text);
    return 0;
}
