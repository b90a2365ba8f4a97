#include "report_audit.h"

#include <inttypes.h>
#include "events.h"
#include "report_run.h"
#include "table.h"

static const char *const since_names[] = {
    [RECORD_NONE] = "none", [RECORD_PART] = "part", [RECORD_WHOLE] = "whole"};

static const char *since_name(enum record_since s)
{
    return (unsigned)s < ARRAY_LEN(since_names) ? since_names[s] : "none";
}

static void print_finding_json(const char *hex, const struct audit_finding *f, FILE *out)
{
    auto_json struct json *o = json_new_object();
    json_set_str(o, "event", "finding");
    json_set_str(o, "run", hex);
    json_set_str(o, "host", f->host);
    if (f->kind != MSG_NONE) {
        json_set_str(o, "kind", message_kind_name(f->kind));
        json_set_int(o, "epoch", (int64_t)f->epoch);
        json_set_int(o, "sequence", (int64_t)f->sequence);
    }
    json_set_str(o, "fault", audit_fault_name(f->fault));
    json_set_str(o, "text", f->text);
    json_set_str(o, "advice", audit_fault_advice(f->fault));
    json_line(o, out);
}

void report_finding(const struct stored_run *run, const struct audit_finding *f, bool json,
                    FILE *out)
{
    char hex[33];
    run_hex(hex, run->run_id);
    if (json) {
        print_finding_json(hex, f, out);
        return;
    }
    bool outside = memcmp(run->run_id, ledger_no_run, sizeof(run->run_id)) == 0;
    fprintf(out, outside ? "Outside of runs, " : "Run %.8s, ", hex);
    print_safe(out, f->host);
    if (f->kind != MSG_NONE)
        fprintf(out, ", %s order", message_kind_name(f->kind));
    if (f->kind != MSG_NONE && f->kind != MSG_TRUST) /* a trust order has no sequence */
        fprintf(out, " %" PRIu64 " of epoch %" PRIu64, f->sequence, f->epoch);
    fprintf(out, ": %s: ", audit_fault_name(f->fault));
    print_safe(out, f->text);
    fprintf(out, ". %s\n", audit_fault_advice(f->fault));
}

static void print_audited_json(const struct audit *u, const char *hex, const char *target,
                               FILE *out)
{
    auto_json struct json *o = json_new_object();
    json_set_str(o, "event", "run");
    json_set_str(o, "run", hex);
    json_set_str(o, "target", target);
    json_set_str(o, "record", since_name(u->since));
    json_set_int(o, "orders", (int64_t)u->orders);
    json_set_int(o, "receipts", (int64_t)u->receipts);
    json_set_int(o, "unanswered", (int64_t)u->unanswered);
    json_set_int(o, "wrong", (int64_t)u->wrong);
    json_line(o, out);
}

void report_audited(const struct auditing *a, const struct stored_run *run, bool json, FILE *out)
{
    const struct audit *u = &a->audit;
    char hex[33];
    run_hex(hex, run != NULL ? run->run_id : ledger_no_run);
    if (json) {
        print_audited_json(u, hex, run != NULL ? run->target : "", out);
        return;
    }
    fprintf(out, run != NULL ? "Run %.8s to " : "Outside of runs", hex);
    print_safe(out, run != NULL ? run->target : "");
    if (u->since == RECORD_NONE && u->orders == 0) {
        fputs(": there is no record, because an earlier version of Caravan began this run\n", out);
        return;
    }
    fprintf(out, ": %zu %s, %zu %s", u->orders, str_count(u->orders, "order", "orders"),
            u->receipts, str_count(u->receipts, "receipt", "receipts"));
    if (u->unanswered > 0)
        fprintf(out, ", %zu without an answer", u->unanswered);
    if (u->since == RECORD_PART)
        fputs(", recorded only since the run was resumed", out);
    if (u->wrong == 0)
        fputs(run != NULL
                  ? ": all genuine, none missing, the same as the ledger\n"
                  : ": all genuine; Caravan cannot see whether the last orders were removed\n",
              out);
    else
        fprintf(out, ": %zu %s wrong\n", u->wrong, str_count(u->wrong, "thing is", "things are"));
}

void report_asked(const char *host, enum audit_match m, const char *text, bool json, FILE *out)
{
    static const char *const names[] = {[AUDIT_MATCHES] = "same",
                                        [AUDIT_AHEAD] = "ahead",
                                        [AUDIT_BEHIND] = "behind",
                                        [AUDIT_CANNOT_TELL] = "unknown"};
    if (json) {
        auto_json struct json *o = json_new_object();
        json_set_str(o, "event", "asked");
        json_set_str(o, "host", host);
        json_set_str(o, "answer", names[m]);
        json_set_str(o, "text", text);
        json_line(o, out);
        return;
    }
    if (m == AUDIT_MATCHES)
        return;
    print_safe(out, host);
    fprintf(out, ": %s: ", names[m]);
    print_safe(out, text);
    fprintf(out, ". %s\n",
            m == AUDIT_AHEAD    ? audit_fault_advice(AUDIT_ELSEWHERE)
            : m == AUDIT_BEHIND ? "Find out whether this host was restored from a backup or "
                                  "cloned, and compare its key: caravan enroll --rekey HOST."
                                : "Run caravan audit verify --ask again when the host answers.");
}

static bool print_end_json(const struct auditing *a, const struct audit_asked *asked, bool well,
                           FILE *out)
{
    auto_json struct json *o = json_new_object();
    json_set_str(o, "event", "end");
    json_set_int(o, "runs", (int64_t)a->runs);
    json_set_int(o, "orders", (int64_t)a->orders);
    json_set_int(o, "receipts", (int64_t)a->receipts);
    json_set_int(o, "wrong", (int64_t)(a->wrong + asked->wrong));
    json_set_int(o, "asked", (int64_t)asked->asked);
    json_set_int(o, "unknown", (int64_t)asked->unknown);
    json_set_bool(o, "well", well);
    json_line(o, out);
    return well;
}

bool report_audit_end(const struct auditing *a, const struct audit_asked *asked, bool json,
                      FILE *out)
{
    size_t wrong = a->wrong + asked->wrong;
    bool well = wrong == 0 && asked->unknown == 0;
    if (json)
        return print_end_json(a, asked, well, out);
    fprintf(out, "%zu %s, %zu %s, %zu %s", a->runs, str_count(a->runs, "run", "runs"), a->orders,
            str_count(a->orders, "order", "orders"), a->receipts,
            str_count(a->receipts, "receipt", "receipts"));
    if (asked->asked > 0)
        fprintf(out, ", %zu %s asked", asked->asked, str_count(asked->asked, "host", "hosts"));
    if (asked->unknown > 0)
        fprintf(out, ", %zu of them cannot tell", asked->unknown);
    if (wrong > 0)
        fprintf(out, ": %zu %s wrong\n", wrong, str_count(wrong, "thing is", "things are"));
    else
        fputs(well ? ": all is well\n" : ": nothing wrong was found\n", out);
    return well;
}

/* ---- export ---- */

static void set_json_hex(struct json *o, const char *key, const void *p, size_t n)
{
    autofree char *hex = xalloc(2 * n + 1);
    str_hex(hex, p, n);
    json_set_str(o, key, hex);
}

static void set_json_time(struct json *o, const char *key, int64_t wall_ms)
{
    char when[21];
    clock_rfc3339(when, wall_ms);
    json_set_str(o, key, when);
}

static void set_json_head(struct json *o, const struct header *head)
{
    char signer[FINGERPRINT_LEN], receiver[FINGERPRINT_LEN];
    pubkey_fingerprint(signer, &head->sender);
    pubkey_fingerprint(receiver, &head->receiver);
    json_set_str(o, "kind", message_kind_name(head->kind));
    set_json_hex(o, "session", head->session, SESSION_LEN);
    json_set_int(o, "epoch", (int64_t)head->epoch);
    json_set_int(o, "sequence", (int64_t)head->sequence);
    json_set_str(o, "signer", signer);
    json_set_str(o, "receiver", receiver);
}

void report_record(const struct stored_run *run, const char *host, const struct stored_record *r,
                   const struct audit_entry *e, FILE *out)
{
    auto_json struct json *o = json_new_object();
    char hex[33];
    run_hex(hex, run->run_id);
    json_set_str(o, "run", hex);
    json_set_str(o, "host", host);
    json_set_str(o, "key", r->host);
    if (e->head != NULL)
        set_json_head(o, e->head);
    set_json_time(o, "committed", r->wall_ms);
    if (r->receipt.len > 0)
        set_json_time(o, "answered", r->answered_ms);
    if (e->done != NULL)
        json_set_str(o, "refusal", refusal_name(e->done->refusal));
    set_json_hex(o, "digest", r->digest.bytes, DIGEST_LEN);
    json_set_int(o, "trust", r->trust);
    json_set_bool(o, "genuine", e->fault == AUDIT_SOUND && e->receipt_fault == AUDIT_SOUND);
    set_json_hex(o, "order", r->inner.data, r->inner.len);
    if (r->receipt.len > 0)
        set_json_hex(o, "receipt", r->receipt.data, r->receipt.len);
    json_line(o, out);
}
