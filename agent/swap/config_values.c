#include "config_values.h"
#include "str.h"

const struct config_value_row config_value_rows[CONFIG_VALUES] = {
    [VALUE_REGION] = {"region", {NULL}, "region", "region", false, false},
    [VALUE_DATACENTER] = {"datacenter", {NULL}, "datacenter", "dc", false, false},
    [VALUE_NAME] = {"name", {NULL}, "name", "node", false, false},
    [VALUE_DATA_DIR] = {"data_dir", {NULL}, "data_dir", "data-dir", false, false},
    [VALUE_BIND_ADDR] = {"bind_addr", {NULL}, "bind_addr", "bind", false, false},
    [VALUE_ADVERTISE_HTTP] = {"advertise_http", {"advertise"}, "http", NULL, false, false},
    [VALUE_ADVERTISE_RPC] = {"advertise_rpc", {"advertise"}, "rpc", NULL, false, false},
    [VALUE_NODE_CLASS] = {"node_class", {"client"}, "node_class", "node-class", false, false},
    [VALUE_NODE_POOL] = {"node_pool", {"client"}, "node_pool", "node-pool", false, false},
    [VALUE_SERVER] = {"server", {"server"}, "enabled", "server", true, false},
    [VALUE_CLIENT] = {"client", {"client"}, "enabled", "client", true, false},
    [VALUE_ACL] = {"acl", {"acl"}, "enabled", "acl-enabled", true, false},
    [VALUE_LEAVE_INT] = {NULL, {NULL}, "leave_on_interrupt", NULL, true, false},
    [VALUE_LEAVE_TERM] = {NULL, {NULL}, "leave_on_terminate", NULL, true, false},
    [VALUE_DRAIN] = {NULL, {"client"}, "drain_on_shutdown", NULL, false, false},
    [VALUE_PLUGIN_DIR] = {NULL, {NULL}, "plugin_dir", "plugin-dir", false, false},
    [VALUE_CERT_FILE] = {NULL, {"tls"}, "cert_file", NULL, false, false},
    [VALUE_TLS_HTTP] = {NULL, {"tls"}, "http", NULL, true, false},
    [VALUE_TLS_RPC] = {NULL, {"tls"}, "rpc", NULL, true, false},
    [VALUE_VAULT] = {NULL, {"vault"}, "enabled", "vault-enabled", true, true},
    [VALUE_PORT_HTTP] = {NULL, {"ports"}, "http", NULL, false, false},
    [VALUE_ADDRESS_HTTP] = {NULL, {"addresses"}, "http", NULL, false, false},
    [VALUE_INTERFACE] = {NULL, {"client"}, "network_interface", "network-interface", false, false},
    [VALUE_CONSUL_SSL] = {NULL, {"consul"}, "ssl", "consul-ssl", true, false},
    [VALUE_PORT_RPC] = {NULL, {"ports"}, "rpc", NULL, false, false},
    [VALUE_PORT_SERF] = {NULL, {"ports"}, "serf", NULL, false, false},
    [VALUE_ADDRESS_RPC] = {NULL, {"addresses"}, "rpc", NULL, false, false},
    [VALUE_ADDRESS_SERF] = {NULL, {"addresses"}, "serf", NULL, false, false},
    [VALUE_BOOTSTRAP] = {NULL, {"server"}, "bootstrap_expect", "bootstrap-expect", false, false},
};

#define ALWAYS                                                                                     \
    {                                                                                              \
        CONFIG_VALUES, CONFIG_VALUES                                                               \
    }
#define TLS                                                                                        \
    {                                                                                              \
        VALUE_TLS_HTTP, VALUE_TLS_RPC                                                              \
    }
#define IF(id)                                                                                     \
    {                                                                                              \
        id, CONFIG_VALUES                                                                          \
    }

const struct config_path_row config_path_rows[CONFIG_PATH_ROWS] = {
    {{"client", "host_volume", "*"}, "path", PATH_VOLUME, false, IF(VALUE_CLIENT)},
    {{NULL}, "data_dir", PATH_TREE, false, ALWAYS},
    {{NULL}, "plugin_dir", PATH_PLUGINS, false, ALWAYS},
    {{"client"}, "alloc_dir", PATH_TREE, false, IF(VALUE_CLIENT)},
    {{"client"}, "state_dir", PATH_TREE, false, IF(VALUE_CLIENT)},
    {{"tls"}, "ca_file", PATH_AUTHORITY, false, TLS},
    {{"tls"}, "cert_file", PATH_CERTIFICATE, false, TLS},
    {{"tls"}, "key_file", PATH_FILE, false, TLS},
    {{"server"}, "license_path", PATH_FILE, false, IF(VALUE_SERVER)},
    {{"consul"}, "ca_file", PATH_AUTHORITY, true, IF(VALUE_CONSUL_SSL)},
    {{"consul"}, "cert_file", PATH_CERTIFICATE, true, IF(VALUE_CONSUL_SSL)},
    {{"consul"}, "key_file", PATH_FILE, true, IF(VALUE_CONSUL_SSL)},
    {{"vault"}, "ca_file", PATH_AUTHORITY, true, IF(VALUE_VAULT)},
    {{"vault"}, "ca_path", PATH_DIR, true, IF(VALUE_VAULT)},
    {{"vault"}, "cert_file", PATH_CERTIFICATE, true, IF(VALUE_VAULT)},
    {{"vault"}, "key_file", PATH_FILE, true, IF(VALUE_VAULT)},
};

/* Reads as strconv.ParseBool does: Nomad reads booleans this way, also from strings. */
static const char *bool_text(const char *text)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (str_eq(text, yes[i]))
            return "true";
        if (str_eq(text, no[i]))
            return "false";
    }
    return NULL;
}

static bool is_plain_word(const struct config_word *w, size_t size)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->at[i] == '\\' || w->at[i] == '$' || w->at[i] == '\0' ||
            (w->at[i] == '{' && i + 1 < w->n && w->at[i + 1] == '{'))
            return false;
    }
    return w->n < size;
}

static void place_option(char dst[static CONFIG_PLACE], enum config_value id)
{
    snprintf(dst, CONFIG_PLACE, "the option -%s of Nomad's command", config_value_rows[id].option);
}

bool config_value_override(enum config_value id, const char *option_value, struct config_said *s)
{
    const struct config_value_row *r = &config_value_rows[id];
    const struct config_word w = {option_value, strlen(option_value)};
    struct config_said by = {.said = true};
    const char *is = bool_text(option_value);

    if (r->yes_no ? is != NULL && str_eq(is, "false") && !r->taken_back : option_value[0] == '\0')
        return false;
    place_option(by.place, id);
    by.plain = is_plain_word(&w, sizeof(by.text)) && (!r->yes_no || is != NULL);
    if (by.plain)
        str_cut(by.text, sizeof(by.text), r->yes_no ? is : option_value);
    *s = by;
    return true;
}

/* A word without quotes is plain only if it is a number, true or false. */
static struct config_said read_said(const char *place, const struct config_key *k, bool yes_no)
{
    struct config_said s = {.said = true};
    const char *is;

    snprintf(s.place, sizeof(s.place), "%.*s, line %u", CONFIG_PLACE - 24, place, k->line);
    if ((!k->has_value && !k->has_word) || !is_plain_word(&k->value, sizeof(s.text)))
        return s;
    memcpy(s.text, k->value.at, k->value.n);
    s.text[k->value.n] = '\0';
    is = yes_no ? bool_text(s.text) : NULL;
    s.plain = yes_no ? is != NULL
                     : k->has_value || bool_text(s.text) != NULL ||
                           strspn(s.text, "0123456789") == k->value.n;
    if (is != NULL)
        str_cut(s.text, sizeof(s.text), is);
    if (!s.plain)
        s.text[0] = '\0';
    return s;
}

/* Nomad's merge (command/agent/config.go) takes over only values other than "", 0 and false. So ""
 * and 0 have no effect in any file, and "false" does not override "true" of an earlier file. */
static bool is_passed_over(const struct config_said *was, const struct config_said *is,
                           const struct config_value_row *r, bool number)
{
    if (!is->plain)
        return false;
    if (r->yes_no)
        return was->said && !r->taken_back && str_eq(is->text, "false");
    return is->text[0] == '\0' || (number && strspn(is->text, "0") == strlen(is->text));
}

static bool stands_in(const struct config_key *k, const char *const *block, size_t n,
                      const struct config_word **ret_name)
{
    size_t depth = 0;

    for (; depth < n && block[depth] != NULL; depth++) {
        if (depth >= k->depth)
            return false;
        if (str_eq(block[depth], "*"))
            *ret_name = &k->path[depth];
        else if (!config_word_is(&k->path[depth], block[depth]))
            return false;
    }
    return depth == k->depth;
}

static void add_config_path(struct config_values *v, uint32_t row, const struct config_word *name,
                            const char *place, const struct config_key *k)
{
    char called[sizeof(v->paths[0].name)] = "";
    uint32_t i = 0;

    if (name != NULL)
        snprintf(called, sizeof(called), "%.*s", (int)MIN_OF(name->n, sizeof(called)), name->at);
    while (i < v->n_paths && (config_path_rows[row].many || v->paths[i].row != row ||
                              !str_eq(v->paths[i].name, called)))
        i++;
    if (i == CONFIG_PATHS || (name != NULL && name->n >= sizeof(called))) {
        v->more_paths = true;
        return;
    }
    v->n_paths = MAX_OF(v->n_paths, i + 1);
    v->paths[i].row = row;
    memcpy(v->paths[i].name, called, sizeof(called));
    v->paths[i].is = read_said(place, k, false);
}

void config_values_add(struct config_values *v, const char *place, const struct config_key *k)
{
    const struct config_word *name = NULL;

    for (size_t i = 0; i < CONFIG_VALUES; i++) {
        const struct config_value_row *r = &config_value_rows[i];

        if (config_word_is(&k->name, r->key) &&
            stands_in(k, r->block, ARRAY_LEN(r->block), &name)) {
            struct config_said is = read_said(place, k, r->yes_no);
            if (!is_passed_over(&v->said[i], &is, r, !k->has_value))
                v->said[i] = is;
        }
    }
    for (uint32_t i = 0; i < CONFIG_PATH_ROWS; i++) {
        const struct config_path_row *r = &config_path_rows[i];

        if (config_word_is(&k->name, r->key) && stands_in(k, r->block, ARRAY_LEN(r->block), &name))
            add_config_path(v, i, name, place, k);
        name = NULL;
    }
}

const char *config_values_text(const struct config_values *v, enum config_value id)
{
    return v->said[id].plain ? v->said[id].text : "";
}

enum tri config_said_true(const struct config_said *s)
{
    if (!s->said)
        return TRI_NO;
    return !s->plain ? TRI_UNKNOWN : str_eq(s->text, "true") ? TRI_YES : TRI_NO;
}

enum tri config_values_true(const struct config_values *v, enum config_value id)
{
    return config_said_true(&v->said[id]);
}

bool config_values_needs(const struct config_values *v, const struct config_path *p)
{
    const enum config_value *when = config_path_rows[p->row].when;

    if (when[0] == CONFIG_VALUES)
        return true;
    return config_values_true(v, when[0]) != TRI_NO ||
           (when[1] != CONFIG_VALUES && config_values_true(v, when[1]) != TRI_NO);
}
