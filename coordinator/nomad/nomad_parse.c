#include "nomad_parse.h"

#include <inttypes.h>
#include "str.h"

#define ANSWER_MAX (64 * 1024 * 1024) /* the request's own limit is lower */

static int shape(struct err *err, const char *what)
{
    return err_set(err, ERR_FORMAT, 0, "Nomad's answer is not %s", what);
}

const char *parse_text(struct arena *a, const char *s)
{
    if (s == NULL || s[0] == '\0')
        return "";
    return arena_strndup(a, s, strnlen(s, TEXT_MAX - 1));
}

static const char *text(struct arena *a, const struct json *o, const char *key)
{
    return parse_text(a, json_str(o, key, ""));
}

static int small(int64_t v)
{
    return v < 0 || v > 1000000 ? 0 : (int)v;
}

static int number(const char *s)
{
    uint64_t v;
    return s != NULL && str_to_u64(s, 1000000, &v) == 0 ? (int)v : 0;
}

static uint64_t positive(int64_t v)
{
    return v < 0 ? 0 : (uint64_t)v;
}

static enum member_status member_status(const char *s)
{
    static const struct {
        const char *name;
        enum member_status status;
    } names[] = {{"alive", MEMBER_ALIVE},
                 {"leaving", MEMBER_LEAVING},
                 {"left", MEMBER_LEFT},
                 {"failed", MEMBER_FAILED},
                 {"none", MEMBER_NONE}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(names[i].name, s))
            return names[i].status;
    return MEMBER_UNKNOWN;
}

int parse_leader(const void *p, size_t n, struct arena *a, const char **ret, struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    if (!json_is_text(j))
        return shape(err, "a text");
    *ret = parse_text(a, json_text_of(j, ""));
    return 0;
}

int parse_members(const void *p, size_t n, struct arena *a, struct member **ret, size_t *ret_n,
                  struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    const struct json *list = json_get(j, "Members");
    if (!json_is_object(j) || (json_has(j, "Members") && !json_is_array(list)))
        return shape(err, "a list of members");
    size_t total = MIN_OF(json_len(list), (size_t)NOMAD_MEMBERS_MAX), out = 0;
    struct member *members = arena_array(a, total + 1, sizeof *members);
    for (size_t i = 0; i < total; i++) {
        const struct json *m = json_item(list, i), *tags = json_get(m, "Tags");
        if (!str_eq(json_str(tags, "role", ""), "nomad"))
            continue;
        members[out++] = (struct member){
            .id = text(a, tags, "id"),
            .name = text(a, m, "Name"),
            .region = text(a, tags, "region"),
            .addr = text(a, m, "Addr"),
            .rpc_port = number(json_str(tags, "port", "")),
            .build = text(a, tags, "build"),
            .raft_protocol = number(json_str(tags, "raft_vsn", "")),
            .status = member_status(json_str(m, "Status", "")),
        };
    }
    *ret = members;
    *ret_n = out;
    return 0;
}

/* Autopilot writes it as a duration ("31.2ms"); old versions in nanoseconds. */
static int64_t contact_ms(const struct json *peer)
{
    int64_t ns = -1;
    const struct json *v = json_get(peer, "LastContact");
    if (json_is_text(v) && str_go_duration(json_text_of(v, ""), &ns) == 0)
        return ns / 1000000;
    return json_is_int(v) ? json_int_of(v, -1) / 1000000 : -1;
}

int parse_autopilot(const void *p, size_t n, struct arena *a, struct server_view *ret,
                    struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    const struct json *list = json_get(j, "Servers");
    if (!json_is_bool(json_get(j, "Healthy")) || (json_has(j, "Servers") && !json_is_array(list)))
        return shape(err, "autopilot's health");
    size_t total = MIN_OF(json_len(list), (size_t)NOMAD_PEERS_MAX);
    struct peer *peers = arena_array(a, total + 1, sizeof *peers);
    for (size_t i = 0; i < total; i++) {
        const struct json *s = json_item(list, i);
        peers[i] = (struct peer){
            .id = text(a, s, "ID"),
            .address = text(a, s, "Address"),
            .name = text(a, s, "Name"),
            .voter = json_bool(s, "Voter", false),
            .leader = json_bool(s, "Leader", false),
            .healthy = json_bool(s, "Healthy", false),
            .serf = member_status(json_str(s, "SerfStatus", "")),
            .version = text(a, s, "Version"),
            .last_contact_ms = contact_ms(s),
            .last_term = positive(json_int(s, "LastTerm", 0)),
            .last_index = positive(json_int(s, "LastIndex", 0)),
        };
    }
    ret->healthy = json_bool(j, "Healthy", false);
    ret->failure_tolerance = small(json_int(j, "FailureTolerance", 0));
    ret->autopilot = peers;
    ret->n_autopilot = total;
    return 0;
}

int parse_raft(const void *p, size_t n, struct arena *a, struct peer **ret, size_t *ret_n,
               struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    const struct json *list = json_get(j, "Servers");
    if (!json_is_object(j) || (json_has(j, "Servers") && !json_is_array(list)))
        return shape(err, "raft's configuration");
    size_t total = MIN_OF(json_len(list), (size_t)NOMAD_PEERS_MAX);
    struct peer *peers = arena_array(a, total + 1, sizeof *peers);
    for (size_t i = 0; i < total; i++) {
        const struct json *s = json_item(list, i);
        peers[i] = (struct peer){
            .id = text(a, s, "ID"),
            .address = text(a, s, "Address"),
            .name = text(a, s, "Node"),
            .voter = json_bool(s, "Voter", false),
            .leader = json_bool(s, "Leader", false),
            .version = "",
            .last_contact_ms = -1,
        };
    }
    *ret = peers;
    *ret_n = total;
    return 0;
}

int parse_health(const void *p, size_t n, const char *part, int *ret, struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    if (!json_is_object(j))
        return shape(err, "an agent's health");
    const struct json *ok = json_get(json_get(j, part), "ok");
    *ret = !json_is_bool(ok) ? TRI_UNKNOWN : json_bool_of(ok, false) ? TRI_YES : TRI_NO;
    return 0;
}

/* Exactly n digits; -1 else. */
static int digits(const char *s, size_t n)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

/* "Z", "+02:00": seconds to take away; *ret_bad when it is neither. */
static int64_t zone_s(const char *s, bool *ret_bad)
{
    *ret_bad = false;
    if (str_eq(s, "Z"))
        return 0;
    int hours = -1, minutes = -1;
    if (strlen(s) == 6 && (s[0] == '+' || s[0] == '-') && s[3] == ':') {
        hours = digits(s + 1, 2);
        minutes = digits(s + 4, 2);
    }
    *ret_bad = hours < 0 || minutes < 0;
    return (s[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

int64_t parse_time_ns(const char *s)
{
    if (s == NULL || strlen(s) < 20 || strlen(s) > 40)
        return 0;
    int year = digits(s, 4), month = digits(s + 5, 2), day = digits(s + 8, 2);
    int hour = digits(s + 11, 2), minute = digits(s + 14, 2), second = digits(s + 17, 2);
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || s[4] != '-' ||
        s[7] != '-' || (s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':')
        return 0;
    int64_t fraction = 0, unit = 100000000;
    const char *rest = s + 19;
    if (*rest == '.')
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
            fraction += (*rest - '0') * unit;
    bool bad = false;
    int64_t zone = zone_s(rest, &bad);
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    return bad ? 0 : ((int64_t)timegm(&tm) - zone) * 1000000000 + fraction;
}
