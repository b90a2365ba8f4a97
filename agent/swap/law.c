#include "law.h"
#include "url_plain.h"
#include "version.h"

static struct law_answer answer_allowed(void)
{
    return (struct law_answer){.refusal = REFUSAL_NONE};
}

static struct law_answer answer_refused(enum refusal r, const char *text)
{
    struct law_answer a = {.refusal = r};

    snprintf(a.text, sizeof(a.text), "%s", text);
    return a;
}

static struct law_answer judge_busy(const struct law_facts *f)
{
    return f->busy
               ? answer_refused(REFUSAL_BUSY, "another order is being carried out: until it ends, "
                                              "this host accepts only cancel")
               : answer_allowed();
}

static struct law_answer judge_hold(const struct law_facts *f)
{
    if (f->held == TRI_YES)
        return answer_refused(REFUSAL_HELD, "root holds this host: the hold file exists");
    if (f->held != TRI_NO)
        return answer_refused(REFUSAL_UNKNOWN,
                              "caravan-swap could not check whether the hold file exists");
    return answer_allowed();
}

static struct law_answer judge_root_hours(const struct law *law, const struct law_facts *f)
{
    struct law_answer a = answer_refused(REFUSAL_HELD, "");
    char now[HOURS_TEXT], next[HOURS_TEXT];
    int left;

    if (f->joining || law->hours == NULL || law->hours->n == 0)
        return answer_allowed();
    if (f->wall_s < LAW_CLOCK_S || f->minute < 0)
        return answer_refused(
            REFUSAL_UNKNOWN,
            "this host's clock was never set, and root allows swaps only in some hours "
            "([law] hours of agent.conf): set the clock");
    if (hours_hold(law->hours, f->minute, &left))
        return answer_allowed();
    hours_text(f->minute, now);
    hours_text(f->minute + left, next);
    snprintf(a.text, sizeof(a.text),
             "outside root's hours here, %.120s: it is %s%s, they begin again at %s",
             law->hours_text, now, law->hours->utc ? " UTC" : " there", next);
    return a;
}

static struct law_answer judge_gap(const struct law *law, const struct law_facts *f)
{
    struct law_answer a;

    if (!f->swapped || f->since_swap_ms >= law->gap_ms)
        return answer_allowed();
    a = answer_refused(REFUSAL_GAP, "");
    snprintf(a.text, sizeof(a.text),
             "the last swap or stop was %lld ms ago, and root demands %lld ms between two of them",
             (long long)f->since_swap_ms, (long long)law->gap_ms);
    return a;
}

static const char *const odd_texts[PEER_COUNT] = {
    [PEER_UNKNOWN] = " could not be asked",
    [PEER_SERVES] = "",
    [PEER_MUTE] = " is connected but does not serve yet (it may be restoring its state): wait "
                  "until it does",
    [PEER_CLOSES] = " closes connections without an answer (if it has too many, see "
                    "rpc_max_conns_per_client in Nomad's limits)",
    [PEER_NOBODY] = " accepts no connection",
};

/* The serving peers include this host if its own address answers. The function always subtracts
 * one: this is right if the address answers, and too strict if it does not. */
static struct law_answer judge_peers(const struct law_facts *f)
{
    uint32_t quorum = f->peers / 2 + 1;
    uint32_t others = f->serving > 0 ? f->serving - 1 : 0;
    bool all = f->odd == PEER_SERVES;
    struct law_answer a;

    if (others >= quorum)
        return answer_allowed();
    a = answer_refused(REFUSAL_QUORUM, "");
    snprintf(a.text, sizeof(a.text),
             "without this server %u of %u servers serve, a quorum is %u%s%s%s", others, f->peers,
             quorum, all ? "" : "; ", all ? "" : f->odd_peer, odd_texts[f->odd]);
    return a;
}

static struct law_answer judge_quorum(const struct law *law, const struct law_facts *f)
{
    if (!f->server || f->joining || law->allow_outage || f->active == TRI_NO)
        return answer_allowed();
    if (f->active != TRI_YES)
        return answer_refused(REFUSAL_UNKNOWN,
                              "caravan-swap could not find out whether Nomad runs here");
    if (f->leader == TRI_NO)
        return answer_refused(REFUSAL_QUORUM, "the local Nomad knows no leader");
    if (f->leader != TRI_YES || f->peers_known != TRI_YES || f->peers == 0)
        return answer_refused(
            REFUSAL_UNKNOWN,
            "the local Nomad did not name its leader and servers, or these servers "
            "could not be asked");
    return judge_peers(f);
}

static struct law_answer judge_allow_stop(const struct law *law, const struct law_facts *f)
{
    return law->allow_stop || f->joining
               ? answer_allowed()
               : answer_refused(
                     REFUSAL_HELD,
                     "root does not let orders stop or disable Nomad here: to allow this, "
                     "write allow_stop = yes below [law] in this host's agent.conf");
}

/* The articles of each question. Every question also asks whether an order is being carried out. */
static const struct articles {
    bool hold, stop, hours, gap, quorum;
} articles[LAW_QUESTIONS] = {
    [LAW_SWAP] = {.hold = true, .hours = true, .gap = true, .quorum = true},
    [LAW_REVERT] = {.hold = true, .quorum = true},
    [LAW_RENAME] = {.hold = true, .hours = true, .quorum = true},
    [LAW_START] = {.hold = true},
    [LAW_STOP] = {.hold = true, .stop = true, .hours = true, .gap = true, .quorum = true},
    [LAW_ENABLE] = {.hold = true},
    [LAW_DISABLE] = {.hold = true, .stop = true, .hours = true},
};

bool law_asks_quorum(enum law_question question)
{
    return articles[question].quorum;
}

struct law_answer law_judge(const struct law *law, enum law_question question,
                            const struct law_facts *facts)
{
    const struct articles *asks = &articles[question];
    struct law_answer a = judge_busy(facts);

    if (a.refusal == REFUSAL_NONE && asks->hold)
        a = judge_hold(facts);
    if (a.refusal == REFUSAL_NONE && asks->stop)
        a = judge_allow_stop(law, facts);
    if (a.refusal == REFUSAL_NONE && asks->hours)
        a = judge_root_hours(law, facts);
    if (a.refusal == REFUSAL_NONE && asks->gap)
        a = judge_gap(law, facts);
    if (a.refusal == REFUSAL_NONE && asks->quorum)
        a = judge_quorum(law, facts);
    return a;
}

/* ---- the releases that may be installed ---- */

static bool is_below_version(const char *version, const char *floor)
{
    struct err err = ERR_INIT;
    struct version v, f;

    if (version_parse(version, &v, &err) < 0 || version_parse(floor, &f, &err) < 0)
        return !str_eq(version, floor);
    return version_cmp(&v, &f) < 0;
}

struct law_answer law_version(const struct law *law, const char *version)
{
    struct law_answer a;

    if (law->min_version == NULL || law->min_version[0] == '\0')
        return answer_allowed();
    if (version[0] == '\0')
        return answer_refused(REFUSAL_UNKNOWN,
                              "the version of that binary is not known, and root demands "
                              "a version here (min_version)");
    if (!is_below_version(version, law->min_version))
        return answer_allowed();
    a = answer_refused(REFUSAL_MANIFEST, "");
    snprintf(a.text, sizeof(a.text), "%s is below root's min_version here, %s", version,
             law->min_version);
    return a;
}

struct law_answer law_signers(const struct law *law, uint32_t signers, bool again)
{
    struct law_answer a;

    if (signers >= law->release_threshold)
        return answer_allowed();
    a = answer_refused(again ? REFUSAL_DIGEST : REFUSAL_MANIFEST, "");
    snprintf(a.text, sizeof(a.text),
             "root demands the signatures of %u release keys here (release_threshold), and %u "
             "signed the manifest%s",
             law->release_threshold, signers,
             again ? " of the staged binary: stage it again" : ": let more release keys sign it");
    return a;
}

static struct law_answer judge_date(const struct law_release *r)
{
    int64_t now_s = MAX_OF(r->now_s, INT64_C(0));
    struct law_answer a;

    if (r->created_s <= now_s + LAW_AHEAD_S)
        return answer_allowed();
    a = answer_refused(REFUSAL_MANIFEST, "");
    snprintf(a.text, sizeof(a.text),
             "the manifest of %s is dated %lld h ahead of this host's clock: find out which clock "
             "is wrong. If it was the coordinator's, run caravan release remove %s, then fetch or "
             "add the release again",
             r->version, (long long)((r->created_s - now_s) / 3600), r->version);
    return a;
}

static struct law_answer judge_floor(const struct law_release *r)
{
    struct law_answer a;

    if (r->settled[0] == '\0' || r->settled_s == 0 || r->created_s > r->settled_s ||
        !is_below_version(r->version, r->settled))
        return answer_allowed();
    a = answer_refused(REFUSAL_MANIFEST, "");
    snprintf(a.text, sizeof(a.text),
             "%s settled here, and the manifest of %s is not newer than that one: to go back, sign "
             "it again with the release key",
             r->settled, r->version);
    return a;
}

struct law_answer law_release(const struct law *law, const struct law_release *r)
{
    struct law_answer a = law_version(law, r->version);

    if (a.refusal == REFUSAL_NONE)
        a = judge_date(r);
    if (a.refusal == REFUSAL_NONE)
        a = judge_floor(r);
    return a;
}

struct law_answer law_vendor(const struct law *law, bool sums, bool zip)
{
    if (!law->require_vendor_signature)
        return answer_allowed();
    if (!sums)
        return answer_refused(
            REFUSAL_MANIFEST,
            "root demands HashiCorp's own signature here, and the manifest contains none: "
            "caravan release fetch adds the signature, caravan release add does not");
    return zip ? answer_allowed()
               : answer_refused(REFUSAL_MANIFEST,
                                "root demands HashiCorp's own signature here, but "
                                "HashiCorp signs zips, and this build is a bare binary");
}

struct law_answer law_url(const struct law *law, const char *url)
{
    static const char file[] = "file:";

    if (strncasecmp(url, file, sizeof(file) - 1) == 0 && !law->allow_file_urls)
        return answer_refused(REFUSAL_URL, "root does not allow file:// places here");
    const char *why = url_refused(law->url_prefixes, url);
    if (why == NULL)
        return answer_allowed();
    struct law_answer a = answer_refused(REFUSAL_URL, "");
    snprintf(a.text, sizeof(a.text), "a place of the order is not among root's url_prefixes: %s",
             why);
    return a;
}
