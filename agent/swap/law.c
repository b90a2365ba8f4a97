#include "law.h"
#include "url_plain.h"
#include "version.h"

static struct law_answer allowed(void)
{
    return (struct law_answer){.refusal = REFUSAL_NONE};
}

static struct law_answer refused(enum refusal r, const char *text)
{
    struct law_answer a = {.refusal = r};

    snprintf(a.text, sizeof(a.text), "%s", text);
    return a;
}

static struct law_answer judge_busy(const struct law_facts *f)
{
    return f->busy ? refused(REFUSAL_BUSY, "another order is being carried out: only cancel is "
                                           "heard")
                   : allowed();
}

static struct law_answer judge_hold(const struct law_facts *f)
{
    if (f->held == TRI_YES)
        return refused(REFUSAL_HELD, "root holds this host, by its hold file");
    if (f->held != TRI_NO)
        return refused(REFUSAL_UNKNOWN, "could not tell whether the hold file exists");
    return allowed();
}

static struct law_answer judge_hours(const struct law *law, const struct law_facts *f)
{
    struct law_answer a = refused(REFUSAL_HELD, "");
    char now[HOURS_TEXT], next[HOURS_TEXT];
    int left;

    if (f->joining || law->hours == NULL || law->hours->n == 0)
        return allowed();
    if (f->wall_s < LAW_CLOCK_S || f->minute < 0)
        return refused(REFUSAL_UNKNOWN,
                       "this host's clock was never set, and root allows swaps in its hours only "
                       "([law] hours of agent.conf): set the clock");
    if (hours_hold(law->hours, f->minute, &left))
        return allowed();
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
        return allowed();
    a = refused(REFUSAL_GAP, "");
    snprintf(a.text, sizeof(a.text),
             "the last swap or stop was %lld ms ago, root demands %lld ms between two",
             (long long)f->since_swap_ms, (long long)law->gap_ms);
    return a;
}

static const char *const odd_texts[KNOCK_COUNT] = {
    [KNOCK_UNKNOWN] = " could not be asked",
    [KNOCK_SERVES] = "",
    [KNOCK_MUTE] = " is connected but does not serve yet (it may be restoring its state): wait "
                   "until it does",
    [KNOCK_CLOSES] = " closes connections without an answer of Nomad's (has it too many, "
                     "rpc_max_conns_per_client?)",
    [KNOCK_NOBODY] = " accepts no connection",
};

/* Serving peers include this host when its own address answers; one is taken off
 * in any case, which is right when it does and too strict when it does not. */
static struct law_answer judge_peers(const struct law_facts *f)
{
    uint32_t quorum = f->peers / 2 + 1;
    uint32_t others = f->serving > 0 ? f->serving - 1 : 0;
    bool all = f->odd == KNOCK_SERVES;
    struct law_answer a;

    if (others >= quorum)
        return allowed();
    a = refused(REFUSAL_QUORUM, "");
    snprintf(a.text, sizeof(a.text),
             "without this server %u of %u servers serve, a quorum is %u%s%s%s", others, f->peers,
             quorum, all ? "" : "; ", all ? "" : f->odd_peer, odd_texts[f->odd]);
    return a;
}

static struct law_answer judge_quorum(const struct law *law, const struct law_facts *f)
{
    if (!f->server || f->joining || law->allow_outage || f->active == TRI_NO)
        return allowed();
    if (f->active != TRI_YES)
        return refused(REFUSAL_UNKNOWN, "could not tell whether Nomad runs here");
    if (f->leader == TRI_NO)
        return refused(REFUSAL_QUORUM, "the local Nomad knows no leader");
    if (f->leader != TRI_YES || f->peers_known != TRI_YES || f->peers == 0)
        return refused(REFUSAL_UNKNOWN,
                       "the local Nomad could not be asked for leader and peers, or they "
                       "for an answer");
    return judge_peers(f);
}

static struct law_answer judge_stop(const struct law *law, const struct law_facts *f)
{
    return law->allow_stop || f->joining
               ? allowed()
               : refused(REFUSAL_HELD,
                         "root does not let orders stop or disable Nomad here: to "
                         "allow it, write allow_stop = yes below [law] in this host's "
                         "agent.conf");
}

/* What is asked besides whether something is being worked on. */
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
        a = judge_stop(law, facts);
    if (a.refusal == REFUSAL_NONE && asks->hours)
        a = judge_hours(law, facts);
    if (a.refusal == REFUSAL_NONE && asks->gap)
        a = judge_gap(law, facts);
    if (a.refusal == REFUSAL_NONE && asks->quorum)
        a = judge_quorum(law, facts);
    return a;
}

/* ---- what may be installed ---- */

static bool is_below(const char *version, const char *floor)
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
        return allowed();
    if (version[0] == '\0')
        return refused(REFUSAL_UNKNOWN, "could not tell which version that is, and root demands "
                                        "one here (min_version)");
    if (!is_below(version, law->min_version))
        return allowed();
    a = refused(REFUSAL_MANIFEST, "");
    snprintf(a.text, sizeof(a.text), "%s is below root's min_version here, %s", version,
             law->min_version);
    return a;
}

struct law_answer law_signers(const struct law *law, uint32_t signers, bool again)
{
    struct law_answer a;

    if (signers >= law->release_threshold)
        return allowed();
    a = refused(again ? REFUSAL_DIGEST : REFUSAL_MANIFEST, "");
    snprintf(a.text, sizeof(a.text),
             "root demands the signatures of %u release keys here (release_threshold), and %u "
             "signed it%s",
             law->release_threshold, signers,
             again ? ", when it was staged: stage it again" : ": have more of them sign it");
    return a;
}

static struct law_answer judge_date(const struct law_release *r)
{
    int64_t now_s = MAX_OF(r->now_s, INT64_C(0));
    struct law_answer a;

    if (r->created_s <= now_s + LAW_AHEAD_S)
        return allowed();
    a = refused(REFUSAL_MANIFEST, "");
    snprintf(a.text, sizeof(a.text),
             "the manifest of %s is dated %lld h ahead of this host's clock: see which clock is "
             "wrong; where it was the coordinator's, caravan release remove %s, then fetch or add "
             "it again",
             r->version, (long long)((r->created_s - now_s) / 3600), r->version);
    return a;
}

static struct law_answer judge_floor(const struct law_release *r)
{
    struct law_answer a;

    if (r->settled[0] == '\0' || r->settled_s == 0 || r->created_s > r->settled_s ||
        !is_below(r->version, r->settled))
        return allowed();
    a = refused(REFUSAL_MANIFEST, "");
    snprintf(a.text, sizeof(a.text),
             "%s settled here, and the manifest of %s is not newer: to go back sign it anew with "
             "the release key",
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
        return allowed();
    if (!sums)
        return refused(
            REFUSAL_MANIFEST,
            "root demands HashiCorp's own signature here, and the manifest carries none: "
            "release fetch brings it along, release add does not");
    return zip ? allowed()
               : refused(REFUSAL_MANIFEST, "root demands HashiCorp's own signature here, which is "
                                           "of zips: this build is a bare binary");
}

struct law_answer law_url(const struct law *law, const char *url)
{
    static const char file[] = "file:";

    if (strncasecmp(url, file, sizeof(file) - 1) == 0 && !law->allow_file_urls)
        return refused(REFUSAL_URL, "root does not allow file:// places here");
    const char *why = url_refused(law->url_prefixes, url);
    if (why == NULL)
        return allowed();
    struct law_answer a = refused(REFUSAL_URL, "");
    snprintf(a.text, sizeof(a.text), "a place is not among root's allowed url_prefixes: %s", why);
    return a;
}
