#include "events.h"

#include "fingerprint.h"
#include "json.h"
#include "report_run.h"

void json_line(const struct json *o, FILE *out)
{
    auto_buf struct buf text = BUF_INIT;
    json_text(o, &text);
    fprintf(out, "%s\n", buf_str(&text));
    fflush(out);
}

static const char *name_of(const struct plan *p, const char *key)
{
    const struct plan_host *h = key[0] != '\0' ? plan_host(p, key) : NULL;
    return h != NULL ? h->name : key;
}

static void put_host(const struct progress *p, size_t i, struct json *o)
{
    const struct ledger_host *h = &p->ledger->hosts[i];
    json_set_str(o, "host", p->plan->hosts[i].name);
    json_set_str(o, "key", h->key);
    json_set_str(o, "state", host_state_name(h->state));
    json_set_str(o, "text", host_text(h));
    if (h->failure != FAILURE_NONE)
        json_set_str(o, "failure", failure_name(h->failure));
    if (h->differs != FEATURE_NONE)
        json_set_str(o, "differs", feature_name(h->differs));
    if (h->state == HOST_DONE && h->silence_ms > 0)
        json_set_int(o, "silence_ms", h->silence_ms);
}

void event_print(const struct progress *p, const struct change *c, const struct clock *clock,
                 FILE *out)
{
    static const char *const names[] = {
        [CHANGE_RUN] = "run",           [CHANGE_HOST] = "host",
        [CHANGE_WAITING] = "waiting",   [CHANGE_SNAPSHOT] = "snapshot",
        [CHANGE_KEYSTORE] = "keystore", [CHANGE_NO_RETURN] = "no-return"};
    auto_json struct json *o = json_new_object();
    char at[21], hex[33];
    clock_rfc3339(at, clock_wall(clock));
    run_hex(hex, p->ledger->run_id);
    json_set_str(o, "event", names[c->kind]);
    json_set_str(o, "at", at);
    json_set_str(o, "run", hex);
    if (c->kind == CHANGE_RUN) {
        json_set_str(o, "target", p->ledger->target);
        json_set_str(o, "state", run_state_name(p->ledger->state));
    } else if (c->kind == CHANGE_HOST) {
        put_host(p, c->host, o);
    } else if (c->kind == CHANGE_SNAPSHOT) {
        json_set_str(o, "region", c->region->name);
        json_set_str(o, "file", c->region->snapshot);
        json_set_int(o, "bytes", (int64_t)c->region->snapshot_bytes);
    } else if (c->kind == CHANGE_KEYSTORE) {
        const struct ledger_keys *k = &p->ledger->hosts[c->host].keys;
        json_set_str(o, "host", p->plan->hosts[c->host].name);
        json_set_str(o, "key", p->plan->hosts[c->host].key);
        json_set_str(o, "path", k->path);
        json_set_int(o, "keys", k->files);
    } else if (c->kind == CHANGE_NO_RETURN) {
        json_set_str(o, "region", c->region->name);
        json_set_str(o, "leader", c->leader->name);
    } else {
        json_set_str(o, "reason", reason_name(c->waiting->reason));
        json_set_str(o, "host", name_of(p->plan, c->waiting->key));
        json_set_str(o, "text", c->waiting->text);
    }
    json_line(o, out);
}
