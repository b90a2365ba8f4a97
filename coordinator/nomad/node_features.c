#include "node_features.h"

#include "fingerprint.h"
#include "nomad_parse.h"
#include "str.h"

/* The reason that a node gives for its own drain; nobody else gives it (client/drain.go). */
#define OWN_DRAIN  "shutting down"
#define VALUE_MAX  1024
#define EVENTS_MAX 64

/* Limit for each list: devices and their instances, networks and their addresses. */
#define NODE_LISTED_MAX 64
#define OTHERS_MAX      256 /* devices and networks together */

struct list {
    struct arena *arena;
    struct feature *features;
    size_t n, cap;
};

static size_t map_count(const struct json *map)
{
    return json_is_object(map) ? MIN_OF(json_len(map), (size_t)NODE_FEATURES_MAX) : 0;
}

static size_t listed_count(const struct json *list)
{
    return json_is_array(list) ? MIN_OF(json_len(list), (size_t)NODE_LISTED_MAX) : 0;
}

static void add_feature(struct list *l, enum feature_kind what, const char *key, const char *value)
{
    if (l->n == l->cap || strlen(key) > FEATURE_KEY_MAX)
        return;
    l->features[l->n++] =
        (struct feature){what, arena_strdup(l->arena, key),
                         arena_strndup(l->arena, value, strnlen(value, VALUE_MAX))};
}

/* Adds a text of the record itself. */
static void add_text_feature(struct list *l, enum feature_kind what, const struct json *node,
                             const char *key)
{
    add_feature(l, what, "", json_str(node, key, ""));
}

static void add_map(struct list *l, enum feature_kind what, const struct json *map)
{
    size_t n = map_count(map);

    for (size_t i = 0; i < n; i++) {
        const char *key = "";
        const struct json *value = json_pair(map, i, &key);
        if (key[0] != '\0')
            add_feature(l, what, key, json_text_of(value, ""));
    }
}

static void add_drivers(struct list *l, const struct json *map)
{
    size_t n = MIN_OF(map_count(map), (size_t)NOMAD_DRIVERS_MAX);

    for (size_t i = 0; i < n; i++) {
        const char *key = "";
        const struct json *d = json_pair(map, i, &key);
        if (json_bool(d, "Detected", false))
            add_feature(l, FEATURE_DRIVER, key,
                        json_bool(d, "Healthy", false) ? "healthy" : "unhealthy");
    }
}

static void add_volumes(struct list *l, const struct json *map)
{
    size_t n = map_count(map);

    for (size_t i = 0; i < n; i++) {
        const char *key = "";
        const struct json *v = json_pair(map, i, &key);
        const char *path = json_str(v, "Path", "");
        bool read_only = json_bool(v, "ReadOnly", false);
        add_feature(l, FEATURE_VOLUME, key,
                    read_only ? arena_printf(l->arena, "%.200s, read only", path) : path);
    }
}

/* Each instance is a feature of its own, because one of many may be lost. */
static void add_devices(struct list *l, const struct json *devices)
{
    size_t n = listed_count(devices);

    for (size_t i = 0; i < n; i++) {
        const struct json *d = json_item(devices, i), *each = json_get(d, "Instances");
        size_t n_each = listed_count(each);
        for (size_t k = 0; k < n_each; k++) {
            const struct json *one = json_item(each, k);
            add_feature(l, FEATURE_DEVICE,
                        arena_printf(l->arena, "%.60s/%.60s/%.60s %.60s", json_str(d, "Vendor", ""),
                                     json_str(d, "Type", ""), json_str(d, "Name", ""),
                                     json_str(one, "ID", "")),
                        json_bool(one, "Healthy", false) ? "healthy" : "unhealthy");
        }
    }
}

static bool has_feature(const struct list *l, enum feature_kind what, const char *key)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->features[i].what == what && str_eq(l->features[i].key, key))
            return true;
    return false;
}

static void add_network(struct list *l, const char *key)
{
    if (key[0] != '\0' && !has_feature(l, FEATURE_NETWORK, key))
        add_feature(l, FEATURE_NETWORK, key, "");
}

/* A task can ask for a network mode or for a host_network by its name (Nomad's
 * scheduler/feasible.go). Network devices and addresses change often, and are no features. */
static void add_networks(struct list *l, const struct json *resources)
{
    const struct json *modes = json_get(resources, "Networks"),
                      *nodes = json_get(resources, "NodeNetworks");
    size_t n = listed_count(modes), n_nodes = listed_count(nodes);

    for (size_t i = 0; i < n; i++)
        add_network(l, json_str(json_item(modes, i), "Mode", ""));
    for (size_t i = 0; i < n_nodes; i++) {
        const struct json *addresses = json_get(json_item(nodes, i), "Addresses");
        size_t n_addresses = listed_count(addresses);
        for (size_t k = 0; k < n_addresses; k++) {
            const char *alias = json_str(json_item(addresses, k), "Alias", "");
            if (alias[0] != '\0')
                add_network(l, arena_printf(l->arena, "host_network %.100s", alias));
        }
    }
}

const struct feature *node_features(const struct json *node, struct arena *a, size_t *ret_n)
{
    const struct json *attributes = json_get(node, "Attributes"), *meta = json_get(node, "Meta");
    const struct json *drivers = json_get(node, "Drivers"),
                      *volumes = json_get(node, "HostVolumes");
    bool draining =
        json_bool(node, "Drain", false) || json_is_object(json_get(node, "DrainStrategy"));
    struct list l = {.arena = a,
                     .cap = 16 + OTHERS_MAX + map_count(attributes) + map_count(meta) +
                            map_count(drivers) + map_count(volumes)};

    l.features = arena_array(a, l.cap, sizeof(*l.features));
    add_text_feature(&l, FEATURE_ID, node, "ID");
    add_text_feature(&l, FEATURE_NAME, node, "Name");
    add_text_feature(&l, FEATURE_DC, node, "Datacenter");
    add_text_feature(&l, FEATURE_CLASS, node, "NodeClass");
    if (json_get(node, "NodePool") != NULL) /* since 1.6 */
        add_text_feature(&l, FEATURE_POOL, node, "NodePool");
    add_text_feature(&l, FEATURE_ELIGIBILITY, node, "SchedulingEligibility");
    add_feature(&l, FEATURE_DRAIN, "", draining ? "draining" : "none");
    add_text_feature(&l, FEATURE_DRAINED, json_get(node, "LastDrain"), "StartedAt");
    add_drivers(&l, drivers);
    add_volumes(&l, volumes);
    add_map(&l, FEATURE_ATTRIBUTE, attributes);
    add_map(&l, FEATURE_META, meta);
    add_devices(&l, json_get(json_get(node, "NodeResources"), "Devices"));
    add_networks(&l, json_get(node, "NodeResources"));
    *ret_n = l.n;
    return l.features;
}

bool node_drained_itself(const struct json *node)
{
    return str_eq(json_str(json_get(json_get(node, "LastDrain"), "Meta"), "message", ""),
                  OWN_DRAIN);
}

bool node_was_marked(const struct json *node)
{
    const struct json *events = json_get(node, "Events");
    size_t n = MIN_OF(json_len(events), (size_t)EVENTS_MAX);
    bool marked = false;

    for (size_t i = 0; i < n; i++) {
        const char *said = json_str(json_item(events, i), "Message", "");
        if (str_starts(said, "Node drain ") || str_starts(said, "Node marked as "))
            marked = str_starts(said, "Node marked as ineligible");
    }
    return marked;
}
