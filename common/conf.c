#include <ctype.h>
#include <ini.h>
#include <inttypes.h>
#include <search.h>
#include "conf.h"
#include "file.h"
#include "str.h"

#define LINE_LONGEST 199 /* bytes; libinih would read a longer line as two lines */
#define SECTION_MAX  49  /* bytes; libinih cuts longer names */

/* ---- values ---- */

static int refuse_out_of_range(const struct conf_key *k, const char *unit, struct err *err)
{
    return err_set(err, ERR_CONFIG, 0, "%s must be %" PRId64 " to %" PRId64 "%s", k->key, k->min,
                   k->max, unit);
}

static bool is_in_key_range(const struct conf_key *k, int64_t v)
{
    return (k->min == 0 && k->max == 0) || (v >= k->min && v <= k->max);
}

static int set_text_value(const struct conf_key *k, const char *value, void *at, struct err *err)
{
    if (str_copy(at, (size_t)k->max, value) < 0)
        return err_set(err, ERR_CONFIG, 0, "%s is longer than %" PRId64 " bytes", k->key,
                       k->max - 1);
    return 0;
}

static int set_path_value(const struct conf_key *k, const char *value, void *at, struct err *err)
{
    if (value[0] != '\0' && value[0] != '/')
        return err_set(err, ERR_CONFIG, 0, "%s must be an absolute path, not \"%.60s\"", k->key,
                       value);
    return set_text_value(k, value, at, err);
}

static int set_bool_value(const struct conf_key *k, const char *value, void *at, struct err *err)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        for (int v = 0; v < 2; v++)
            if (str_eq(value, words[i][v])) {
                *(bool *)at = v == 1;
                return 0;
            }
    return err_set(err, ERR_CONFIG, 0, "%s must be yes or no, not \"%.60s\"", k->key, value);
}

static int set_number_value(const struct conf_key *k, const char *value, void *at, struct err *err)
{
    int64_t v;
    if (str_to_i64(value, &v) < 0)
        return err_set(err, ERR_CONFIG, 0, "%s must be a number, not \"%.60s\"", k->key, value);
    if (!is_in_key_range(k, v))
        return refuse_out_of_range(k, "", err);
    *(int64_t *)at = v;
    return 0;
}

static int set_duration_value(const struct conf_key *k, const char *value, void *at,
                              struct err *err)
{
    int64_t v;
    if (str_duration_ms(value, &v) < 0)
        return err_set(err, ERR_CONFIG, 0,
                       "%s must be a duration such as 500ms, 10s or 2m, not "
                       "\"%.60s\"",
                       k->key, value);
    if (!is_in_key_range(k, v))
        return refuse_out_of_range(k, " ms", err);
    *(int64_t *)at = v;
    return 0;
}

static int set_size_value(const struct conf_key *k, const char *value, void *at, struct err *err)
{
    uint64_t v;
    if (str_size(value, &v) < 0)
        return err_set(err, ERR_CONFIG, 0, "%s must be a size such as 64K or 150M, not \"%.60s\"",
                       k->key, value);
    if (v > INT64_MAX || !is_in_key_range(k, (int64_t)v))
        return refuse_out_of_range(k, " bytes", err);
    *(uint64_t *)at = v;
    return 0;
}

static int (*const setters[])(const struct conf_key *k, const char *value, void *at,
                              struct err *err) = {
    [CONF_TEXT] = set_text_value,         [CONF_PATH] = set_path_value,
    [CONF_BOOL] = set_bool_value,         [CONF_NUMBER] = set_number_value,
    [CONF_DURATION] = set_duration_value, [CONF_SIZE] = set_size_value,
};

static int set_value(const struct conf_key *k, const char *value, void *base, struct err *err)
{
    return setters[k->type](k, value, (char *)base + k->offset, err);
}

int conf_defaults(const struct conf *c, void *base, struct err *err)
{
    for (size_t i = 0; i < c->n_keys; i++) {
        const struct conf_key *k = &c->keys[i];
        if (k->def != NULL && k->type < CONF_MAP && set_value(k, k->def, base, err) < 0)
            return err_wrap(err, "default in [%s]", k->section);
    }
    return 0;
}

/* ---- one file ---- */

struct parse {
    const struct conf *c;
    void *base;
    const char *name;
    const char *next, *end; /* text not yet read */
    int line;
    int begun;                     /* line where the open section with a name began; 0: none open */
    int waits;                     /* line of the pair whose value may continue; 0: no pair */
    char section[SECTION_MAX + 1]; /* section of the pair that waits */
    char key[SECTION_MAX + 1];
    struct buf value;
    void *seen; /* tsearch tree of "section\nkey" */
    struct err *err;
    bool failed;
};

static int fail_parse(struct parse *p, const char *what)
{
    p->failed = true;
    err_set(p->err, ERR_CONFIG, 0, "%s:%d: %s", p->name, p->line, what);
    return -1;
}

static int compare_seen_keys(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int note_key(struct parse *p, const char *section, const char *key)
{
    char *id;
    if (asprintf(&id, "%s\n%s", section, key) < 0)
        die_oom();
    char **found = tsearch(id, &p->seen, compare_seen_keys);
    if (found == NULL)
        die_oom();
    if (*found == id)
        return 0;
    free(id);
    return -1;
}

/* Adds the nearest name when it is near enough that the user may have meant it. */
static void add_nearest_name(struct buf *text, const char *what, const char *best, size_t distance)
{
    if (best != NULL && distance <= 3 && distance * 2 <= strlen(best))
        buf_printf(text, "; did you mean %s \"%s\"?", what, best);
}

/* "hazard bad-2.0.5" matches "hazard *" and does not match "hazard". */
static bool section_matches(const char *of_table, const char *section)
{
    size_t n = strlen(of_table);
    if (!str_ends(of_table, " *"))
        return str_eq(of_table, section);
    return strncmp(of_table, section, n - 1) == 0 && section[n - 1] != '\0';
}

static int refuse_unknown_key(struct parse *p, const char *section, const char *key)
{
    const char *best_section = NULL, *best_key = NULL;
    size_t section_distance = SIZE_MAX, key_distance = SIZE_MAX;
    auto_buf struct buf text = BUF_INIT;
    for (size_t i = 0; i < p->c->n_keys; i++) {
        const struct conf_key *k = &p->c->keys[i];
        size_t d = section_matches(k->section, section) ? 0 : str_distance(section, k->section);
        if (d < section_distance) {
            section_distance = d;
            best_section = k->section;
        }
        d = str_distance(key, k->key);
        if (section_matches(k->section, section) && d < key_distance) {
            key_distance = d;
            best_key = k->key;
        }
    }
    if (section[0] == '\0') {
        buf_add_str(&text, "a key before the first [section]");
    } else if (section_distance > 0) {
        buf_printf(&text, "unknown section [%s]", section);
        add_nearest_name(&text, "section", best_section, section_distance);
    } else {
        buf_printf(&text, "unknown key \"%s\" in [%s]", key, section);
        add_nearest_name(&text, "key", best_key, key_distance);
    }
    return fail_parse(p, buf_str(&text));
}

static const struct conf_key *find_conf_key(const struct conf *c, const char *section,
                                            const char *key)
{
    for (size_t i = 0; i < c->n_keys; i++) {
        const struct conf_key *k = &c->keys[i];
        if (section_matches(k->section, section) && (k->type == CONF_MAP || str_eq(k->key, key)))
            return k;
    }
    return NULL;
}

static int take_pair(struct parse *p, const char *section, const char *key, const char *value)
{
    struct err why = ERR_INIT;
    const struct conf_key *k = find_conf_key(p->c, section, key);
    if (k == NULL)
        return refuse_unknown_key(p, section, key);
    if (key[0] == '\0')
        return fail_parse(p, "a value without a key");
    if (note_key(p, section, key) < 0) {
        err_set(&why, ERR_CONFIG, 0, "%.60s is given twice in [%s]", key, section);
        return fail_parse(p, why.text);
    }
    int rv;
    if (k->type == CONF_MAP)
        rv = p->c->on_pair(p->base, section, key, value, &why);
    else if (k->type == CONF_OWN)
        rv = p->c->on_own(p->base, k, value, &why);
    else
        rv = set_value(k, value, p->base, &why);
    return rv < 0 ? fail_parse(p, why.text) : 0;
}

/* Stores the pair that waits: its value cannot continue any more. */
static int take_waiting_pair(struct parse *p)
{
    int line = p->line;
    if (p->waits == 0 || p->failed)
        return 0;
    p->line = p->waits;
    p->waits = 0;
    int rv = take_pair(p, p->section, p->key, buf_str(&p->value));
    p->line = line;
    return rv;
}

/* Called by libinih, for which 0 is failure and any other value is success. */
static int on_ini_pair(void *ctx, const char *section, const char *key, const char *value)
{
    struct parse *p = ctx;
    if (p->failed)
        return 0;
    p->waits = p->line;
    str_cut(p->section, sizeof(p->section), section);
    str_cut(p->key, sizeof(p->key), key);
    buf_clear(&p->value);
    buf_add_str(&p->value, value);
    return 1;
}

/* ---- sections with a name ---- */

static int end_section(struct parse *p)
{
    struct err why = ERR_INIT;
    if (p->begun == 0 || p->failed)
        return 0;
    p->line = p->begun;
    p->begun = 0;
    return p->c->end(p->base, &why) < 0 ? fail_parse(p, why.text) : 0;
}

static int begin_section(struct parse *p, const char *line, size_t n)
{
    char header[SECTION_MAX + 1];
    struct err why = ERR_INIT;
    memcpy(header, line + 1, n - 2);
    header[n - 2] = '\0';
    for (size_t i = 0; i < p->c->n_keys; i++) {
        const char *of_table = p->c->keys[i].section;
        if (!section_matches(of_table, header))
            continue;
        if (!str_ends(of_table, " *"))
            return 0;
        size_t word = strlen(of_table) - 2;
        header[word] = '\0';
        p->begun = p->line;
        return p->c->begin(p->base, header, header + word + 1, &why) < 0 ? fail_parse(p, why.text)
                                                                         : 0;
    }
    return refuse_unknown_key(p, header, "");
}

/* ---- mistakes that libinih would accept ---- */

static bool is_ini_blank(char c)
{
    return isspace((unsigned char)c) != 0;
}

static const char *check_section(const char *line, size_t n)
{
    const char *end = memchr(line, ']', n);
    if (end == NULL)
        return "a [section] without its ]";
    if (end - line - 1 > SECTION_MAX)
        return "unknown section: its name is too long";
    if (end + 1 != line + n)
        return "there is text after the ]";
    return NULL;
}

static const char *check_value(const char *line, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (line[i] == ';' && is_ini_blank(line[i - 1]))
            return "a comment must be on a line of its own (\" ;\" in a value)";
    return NULL;
}

static const char *check_pair(const char *line, size_t n)
{
    const char *equals = memchr(line, '=', n);
    const char *colon = memchr(line, ':', n);
    if (equals == NULL)
        return "neither [section] nor key = value";
    if (colon != NULL && colon < equals)
        return "a key cannot contain \":\"; write key = value";
    return check_value(line, n);
}

static bool is_comment(const char *line, size_t n)
{
    return n == 0 || line[0] == '#' || line[0] == ';';
}

/* Says what is wrong with the line; NULL: nothing. The line has no blanks at either end. */
static const char *check_line(const char *line, size_t n, bool goes_on)
{
    for (size_t i = 0; i < n; i++)
        if (iscntrl((unsigned char)line[i]) && line[i] != '\t')
            return "the line contains a control character";
    if (n > LINE_LONGEST)
        return "the line is longer than 199 bytes";
    if (is_comment(line, n))
        return NULL;
    if (goes_on)
        return check_value(line, n);
    return line[0] == '[' ? check_section(line, n) : check_pair(line, n);
}

/* Cuts the next line, without the blanks at its ends, from the text. The caller has checked that
 * there is one. */
static const char *cut_line(struct parse *p, size_t *ret_n, bool *ret_indented)
{
    static const char bom[] = "\xef\xbb\xbf";
    const char *line = p->next;
    const char *newline = memchr(line, '\n', (size_t)(p->end - line));
    size_t n = (size_t)((newline != NULL ? newline : p->end) - line);
    p->next += n + (newline != NULL);
    if (p->line++ == 0 && n >= 3 && memcmp(line, bom, 3) == 0) {
        line += 3;
        n -= 3;
    }
    *ret_indented = n > 0 && is_ini_blank(*line);
    while (n > 0 && is_ini_blank(line[n - 1]))
        n--;
    for (; n > 0 && is_ini_blank(*line); n--)
        line++;
    *ret_n = n;
    return line;
}

static int append_continuation(struct parse *p, const char *line, size_t n)
{
    if (p->value.len + 1 + n > CONF_VALUE_MAX)
        return fail_parse(p, "the value is too long");
    buf_add_byte(&p->value, ' ');
    buf_add(&p->value, line, n);
    return 0;
}

/* Checks a line and ends the pair and the section before it, before libinih gets the line. */
static int prepare_line(struct parse *p, const char *line, size_t n)
{
    if (take_waiting_pair(p) < 0)
        return -1;
    const char *wrong = check_line(line, n, false);
    if (wrong != NULL)
        return fail_parse(p, wrong);
    if (p->c->begin == NULL || line[0] != '[' || n == 0)
        return 0;
    int at = p->line;
    if (end_section(p) < 0)
        return -1;
    p->line = at;
    return begin_section(p, line, n);
}

/* Takes the place of fgets in libinih. Returns one line without the blanks at its ends, because
 * libinih would read an indented line as a continuation of the value before. */
static char *next_ini_line(char *dst, int size, void *ctx)
{
    struct parse *p = ctx;
    if (size <=
        LINE_LONGEST) /* libinih since r58 asks for the rest of a line that filled its buffer */
        return NULL;
    while (!p->failed && p->next != p->end) {
        size_t n;
        bool indented;
        const char *line = cut_line(p, &n, &indented);
        if (p->c->continued && indented && p->waits != 0 && !is_comment(line, n)) {
            const char *wrong = check_line(line, n, true);
            if ((wrong != NULL ? fail_parse(p, wrong) : append_continuation(p, line, n)) < 0)
                return NULL;
            continue;
        }
        if (prepare_line(p, line, n) < 0)
            return NULL;
        memcpy(dst, line, n);
        dst[n] = '\0';
        return dst;
    }
    return NULL;
}

int conf_parse(const struct conf *c, const char *name, const char *text, void *base,
               struct err *err)
{
    struct parse p = {
        .c = c, .base = base, .name = name, .next = text, .end = text + strlen(text), .err = err};
    int rv = ini_parse_stream(next_ini_line, &p, on_ini_pair, &p);
    if (take_waiting_pair(&p) == 0)
        (void)!end_section(&p);
    tdestroy(p.seen, free);
    buf_free(&p.value);
    if (p.failed)
        return -1;
    if (rv != 0) /* not reached: check_line refuses every line that libinih refuses */
        return err_set(err, ERR_CONFIG, 0, "%s:%d: neither [section] nor key = value", name, rv);
    return 0;
}

int conf_read(const struct conf *c, const char *path, void *base, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    size_t max = c->file_max > 0 ? c->file_max : CONF_FILE_MAX;
    if (file_read(path, max, FILE_FOLLOW | c->file_flags, &text, err) < 0)
        return err_wrap(err, "read the configuration");
    if (strlen(buf_str(&text)) != text.len)
        return err_set(err, ERR_CONFIG, 0, "%s is not a text file: it contains a NUL byte", path);
    return conf_parse(c, path, buf_str(&text), base, err);
}

void conf_print(const struct conf *c, FILE *out)
{
    auto_buf struct buf text = BUF_INIT;
    const char *section = "";
    for (size_t i = 0; i < c->n_keys; i++) {
        const struct conf_key *k = &c->keys[i];
        if (!str_eq(section, k->section))
            buf_printf(&text, "%s[%s]\n", i > 0 ? "\n" : "", k->section);
        section = k->section;
        str_wrap(&text, k->help != NULL ? k->help : "", "# ", 78);
        const char *key = k->type == CONF_MAP ? "name" : k->key;
        buf_printf(&text, "#%s = %s\n", key, k->def != NULL ? k->def : "");
    }
    fputs(buf_str(&text), out);
}
