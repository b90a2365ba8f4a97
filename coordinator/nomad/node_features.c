#include "node_features.h"

#include "fingerprint.h"
#include "nomad_parse.h"
#include "str.h"

/* client/drain.go of Nomad: what a node gives as the reason, and nobody else does. */
#define OWN_DRAIN  "shutting down"
#define VALUE_MAX  1024
#define EVENTS_MAX 64

struct list {
    struct arena *arena;
    struct feature *features;
    size_t n, cap;
};

static size_t size_of(const struct json *map)
{
    return json_is_object(map) ? MIN_OF(json_len(map), (size_t)NODE_FEATURES_MAX) : 0;
}

static void add(struct list *l, enum feature_kind what, const char *key, const char *value)
{
    if (l->n == l->cap || strlen(key) > FEATURE_KEY_MAX)
        return;
    l->features[l->n++] =
        (struct feature){what, arena_strdup(l->arena, key),
                         arena_strndup(l->arena, value, strnlen(value, VALUE_MAX))};
}

/* One of the record's own texts. */
static void add_text(struct list *l, enum feature_kind what, const struct json *node,
                     const char *key)
{
    add(l, what, "", json_str(node, key, ""));
}

static void add_map(struct list *l, enum feature_kind what, const struct json *map)
{
    size_t n = size_of(map);

    for (size_t i = 0; i < n; i++) {
        const char *key = "";
        const struct json *value = json_pair(map, i, &key);
        if (key[0] != '\0')
            add(l, what, key, json_text_of(value, ""));
    }
}

static void add_drivers(struct list *l, const struct json *map)
{
    size_t n = MIN_OF(size_of(map), (size_t)NOMAD_DRIVERS_MAX);

    for (size_t i = 0; i < n; i++) {
        const char *key = "";
        const struct json *d = json_pair(map, i, &key);
        if (json_bool(d, "Detected", false))
            add(l, FEATURE_DRIVER, key, json_bool(d, "Healthy", false) ? "healthy" : "unhealthy");
    }
}

static void add_volumes(struct list *l, const struct json *map)
{
    size_t n = size_of(map);

    for (size_t i = 0; i < n; i++) {
        const char *key = "";
        const struct json *v = json_pair(map, i, &key);
        const char *path = json_str(v, "Path", "");
        bool read_only = json_bool(v, "ReadOnly", false);
        add(l, FEATURE_VOLUME, key,
            read_only ? arena_printf(l->arena, "%.200s, read only", path) : path);
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
                     .cap = 16 + size_of(attributes) + size_of(meta) + size_of(drivers) +
                            size_of(volumes)};

    l.features = arena_array(a, l.cap, sizeof *l.features);
    add_text(&l, FEATURE_ID, node, "ID");
    add_text(&l, FEATURE_NAME, node, "Name");
    add_text(&l, FEATURE_DC, node, "Datacenter");
    add_text(&l, FEATURE_CLASS, node, "NodeClass");
    if (json_get(node, "NodePool") != NULL) /* since 1.6 */
        add_text(&l, FEATURE_POOL, node, "NodePool");
    add_text(&l, FEATURE_ELIGIBILITY, node, "SchedulingEligibility");
    add(&l, FEATURE_DRAIN, "", draining ? "draining" : "none");
    add_text(&l, FEATURE_DRAINED, json_get(node, "LastDrain"), "StartedAt");
    add_drivers(&l, drivers);
    add_volumes(&l, volumes);
    add_map(&l, FEATURE_ATTRIBUTE, attributes);
    add_map(&l, FEATURE_META, meta);
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
