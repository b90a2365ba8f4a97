#include "commands.h"
#include "json.h"
#include "events.h"
#include "table.h"

static const char *const where_words[] = {
    [KEY_OPEN] = "not encrypted",
    [KEY_LOCKED] = "encrypted",
    [KEY_ELSEWHERE] = "public part only",
    [KEY_WRONG] = "cannot be used",
};

static const char *purpose_word(const struct key_public *k)
{
    return k->purpose != ROLE_NONE ? role_name(k->purpose) : "?";
}

/* ---- new ---- */

static int make_key(struct command_context *c, const char *name, struct err *err)
{
    char fingerprint[FINGERPRINT_LEN];
    struct key_public k;
    enum role purpose = key_purpose(c->opt.purpose);
    if (keys_make(&c->conf, name, purpose, &k, err) < 0)
        return -1;
    pubkey_fingerprint(fingerprint, &k.key);
    printf("Made the %s key %s, %s\n  in %s/keys: %s.key is secret, you may show %s.pub to "
           "everybody.\nNo host obeys this key before a trust file names it.\n",
           role_name(purpose), name, fingerprint, c->conf.dir, name, name);
    return 0;
}

/* ---- list ---- */

static void add_key_row(struct table *t, const struct key_listed *k)
{
    char fingerprint[FINGERPRINT_LEN] = "";
    if (k->where != KEY_WRONG)
        pubkey_fingerprint(fingerprint, &k->about.key);
    table_row(t, k->where == KEY_WRONG ? COLOR_RED : COLOR_NONE,
              (const char *[]){k->about.name, purpose_word(&k->about), fingerprint,
                               where_words[k->where], k->path});
}

static struct json *key_json(const struct key_listed *k)
{
    char fingerprint[FINGERPRINT_LEN] = "";
    struct json *o = json_new_object();
    if (k->where != KEY_WRONG)
        pubkey_fingerprint(fingerprint, &k->about.key);
    json_set_str(o, "name", k->about.name);
    json_set_str(o, "purpose", k->about.purpose != ROLE_NONE ? role_name(k->about.purpose) : "");
    json_set_str(o, "fingerprint", fingerprint);
    json_set_bool(o, "encrypted", k->where == KEY_LOCKED);
    json_set_bool(o, "secret_here", k->where == KEY_LOCKED || k->where == KEY_OPEN);
    json_set_str(o, "path", k->path);
    json_set_str(o, "problem", k->why);
    return o;
}

static void show_keys_json(const struct key_listed *list, size_t n)
{
    auto_json struct json *all = json_new_array();
    for (size_t i = 0; i < n; i++)
        json_add(all, key_json(&list[i]));
    json_line(all, stdout);
}

static void show_keys(const struct command_context *c, const struct key_listed *list, size_t n)
{
    struct table t;
    table_init(&t, (const char *[]){"KEY", "PURPOSE", "FINGERPRINT", "SECRET PART", "FILE"}, 5);
    for (size_t i = 0; i < n; i++)
        add_key_row(&t, &list[i]);
    table_print(&t, context_has_color(c, stdout), stdout);
    table_free(&t);
    for (size_t i = 0; i < n; i++) {
        if (list[i].where != KEY_WRONG)
            continue;
        print_safe(stdout, list[i].why);
        putchar('\n');
    }
}

static int list_keys(struct command_context *c, const char *name, struct err *err)
{
    autofree struct key_listed *list = NULL;
    size_t n = 0;
    (void)name;
    if (keys_list(&c->conf, &list, &n, err) < 0)
        return -1;
    if (c->opt.json)
        show_keys_json(list, n);
    else
        show_keys(c, list, n);
    return 0;
}

/* ---- change ---- */

static int change_key(struct command_context *c, const char *name, struct err *err)
{
    if (keys_change(&c->conf, name, err) < 0)
        return -1;
    printf("The key %s is encrypted with the new passphrase. It is the same key: you need not "
           "change the hosts or the trust file.\nCopies of the old file still open with the old "
           "passphrase: replace or destroy them.\n",
           name);
    return 0;
}

/* ---- the verb ---- */

static const struct {
    const char *name;
    int args;
    int (*run)(struct command_context *c, const char *name, struct err *err);
} words[] = {{"new", 1, make_key}, {"list", 0, list_keys}, {"change", 1, change_key}};

int cmd_key(void *ctx, int argc, char **argv)
{
    struct command_context *c = ctx;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(argv[0], words[i].name) && argc - 1 == words[i].args)
            return context_load_conf(c, &err) < 0 ||
                           words[i].run(c, argc > 1 ? argv[1] : NULL, &err) < 0
                       ? command_fail(&err)
                       : EXIT_DONE;
    (void)err_set(&err, ERR_USAGE, 0,
                  "expected `caravan key new NAME --purpose P`, `key list` or `key change NAME`");
    return command_fail(&err);
}
