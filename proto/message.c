#include "message.h"

/* The name of a number that is out of range. It comes from a newer peer or a fault. */
static const char unknown_name[] = "unknown";

static const struct {
    const char *name;
    enum role role;
    enum owner owner;
} kinds[] = {
    [MSG_NONE] = {"none", ROLE_ROOT, OWNER_NOBODY},
    [MSG_HELLO] = {"hello", ROLE_NONE, OWNER_NOBODY},
    [MSG_STATUS] = {"status", ROLE_OBSERVER, OWNER_NOBODY},
    [MSG_LEASE] = {"lease", ROLE_OPERATOR, OWNER_AGENT},
    [MSG_STAGE] = {"stage", ROLE_OPERATOR, OWNER_SWAP},
    [MSG_SWAP] = {"swap", ROLE_OPERATOR, OWNER_SWAP},
    [MSG_CANCEL] = {"cancel", ROLE_OPERATOR, OWNER_SWAP},
    [MSG_REVERT] = {"revert", ROLE_OPERATOR, OWNER_SWAP},
    [MSG_NOTE] = {"note", ROLE_OPERATOR, OWNER_AGENT},
    [MSG_PRESERVE] = {"preserve", ROLE_OPERATOR, OWNER_SWAP},
    [MSG_SERVICE] = {"service", ROLE_OPERATOR, OWNER_SWAP},
    [MSG_TRUST] = {"trust", ROLE_OPERATOR, OWNER_SWAP},
};
_Static_assert(ARRAY_LEN(kinds) == MSG_KIND_COUNT, "a row for every kind");

const char *message_kind_name(enum message_kind kind)
{
    return (size_t)kind < ARRAY_LEN(kinds) ? kinds[kind].name : unknown_name;
}

enum role message_role(enum message_kind kind)
{
    return (size_t)kind < ARRAY_LEN(kinds) ? kinds[kind].role : ROLE_ROOT;
}

enum owner message_owner(enum message_kind kind)
{
    return (size_t)kind < ARRAY_LEN(kinds) ? kinds[kind].owner : OWNER_NOBODY;
}

bool message_has_version(enum message_kind kind, unsigned version)
{
    unsigned max = kind == MSG_HELLO ? 1 : WIRE_MAX;

    return kind > MSG_NONE && (size_t)kind < MSG_KIND_COUNT && version >= WIRE_MIN &&
           version <= max;
}

uint32_t message_facts_max(unsigned version)
{
    return version < 2 ? FACTS_MAX_V1 : FACTS_MAX;
}

static const char *const role_names[] = {
    [ROLE_NONE] = "none",       [ROLE_OBSERVER] = "observer", [ROLE_OPERATOR] = "operator",
    [ROLE_RELEASE] = "release", [ROLE_ROOT] = "root",
};
_Static_assert(ARRAY_LEN(role_names) == ROLE_COUNT, "a name for every role");

const char *role_name(enum role role)
{
    return (size_t)role < ARRAY_LEN(role_names) ? role_names[role] : unknown_name;
}

static const struct {
    const char *name;
    bool rests;
} phases[] = {
    [PHASE_IDLE] = {"idle", true},
    [PHASE_FETCHING] = {"fetching", false},
    [PHASE_STAGED] = {"staged", true},
    [PHASE_SWAPPING] = {"swapping", false},
    [PHASE_PROBING] = {"probing", false},
    [PHASE_SETTLED] = {"settled", true},
    [PHASE_REVERTING] = {"reverting", false},
    [PHASE_REVERTED] = {"reverted", true},
    [PHASE_FAILED] = {"failed", true},
};
_Static_assert(ARRAY_LEN(phases) == PHASE_COUNT, "a row for every phase");

const char *phase_name(enum phase phase)
{
    return (size_t)phase < ARRAY_LEN(phases) ? phases[phase].name : unknown_name;
}

bool phase_rests(enum phase phase)
{
    return (size_t)phase < ARRAY_LEN(phases) && phases[phase].rests;
}

static const struct {
    const char *name;
    bool may_retry;
    const char *advice;
} failures[] = {
    [FAILURE_NONE] = {"none", false, "Nothing to do."},
    [FAILURE_NO_NETWORK] = {"no-network", true,
                            "Check on that host that it can reach one of the release's URLs."},
    [FAILURE_TOO_SLOW] = {"too-slow", true,
                          "Name a nearer place (caravan release add --url), or set a longer "
                          "[defaults] stage_deadline in caravan.conf, which the next run uses."},
    [FAILURE_NO_SPACE] = {"no-space", true,
                          "Free space on that host for three binaries and one archive, on the file "
                          "system that the reason names. Remove nothing from Nomad's or Caravan's "
                          "directories."},
    [FAILURE_BAD_DIGEST] = {"bad-digest", false,
                            "Do not install this file. Find out who changed the file at the "
                            "release's URL, or add the release again from a source you trust."},
    [FAILURE_BAD_ARCHIVE] = {"bad-archive", false,
                             "Add the release again from an archive that contains the binary."},
    [FAILURE_WRONG_BUILD] = {"wrong-build", false,
                             "Add a build for that host's system and architecture, or find out why "
                             "that host cannot execute files in the directory of Nomad's binary."},
    [FAILURE_CONFIG_REJECTED] =
        {"config-rejected", false,
         "Change Nomad's configuration on that host so that both versions "
         "accept it (nomad config validate). The reason says what the new "
         "version rejects. Do not restart Nomad: the swap will restart it."},
    [FAILURE_WILL_NOT_START] = {"will-not-start", false,
                                "See in Nomad's log on that host why Nomad does not start, and "
                                "correct the cause on that host."},
    [FAILURE_CRASH_LOOP] = {"crash-loop", false,
                            "See in Nomad's log on that host why Nomad ended. Upgrade no other "
                            "host before you know that."},
    [FAILURE_NOT_READY] =
        {"not-ready", true,
         "Nomad runs on that host, but its API does not answer. See in Nomad's log "
         "on that host what Nomad is doing. If Nomad is only slow, set a longer "
         "client_deadline or server_deadline in caravan.conf, which the next run "
         "uses."},
    [FAILURE_NOT_CAUGHT_UP] =
        {"not-caught-up", true,
         "See in Nomad's log on that host whether Nomad reaches the servers (port "
         "4647)."},
    [FAILURE_REFUSED_BY_LAW] =
        {"refused-by-law", true,
         "Read the reason. Either root on that host must allow the order, or "
         "the order is allowed later."},
    [FAILURE_OUT_OF_TIME] = {"out-of-time", true,
                             "The order arrived too late and nothing was changed. You can try "
                             "again."},
    [FAILURE_INTERRUPTED] = {"interrupted", true,
                             "The host or caravan-swap was stopped while it was fetching; nothing "
                             "was changed. You can try again."},
    [FAILURE_CANCELLED] = {"cancelled", true, "Nothing was changed. You can try again."},
    [FAILURE_SERVICE] =
        {"service", true,
         "See on that host what the service manager says about Nomad (systemctl status and "
         "journalctl -u, with the name of its unit). Restart nothing on that host before."},
    [FAILURE_IO] = {"io", false,
                    "Correct on that host what the reason names: the disk, the file system, or "
                    "caravan-swap (systemctl status caravan-swap). Remove no files of Nomad or "
                    "Caravan."},
    [FAILURE_NOTHING_TO_REVERT] =
        {"nothing-to-revert", false,
         "That host keeps no previous binary. Upgrade to the version that "
         "you want instead."},
};
_Static_assert(ARRAY_LEN(failures) == FAILURE_COUNT, "a row for every failure");

const char *failure_name(enum failure f)
{
    return (size_t)f < ARRAY_LEN(failures) ? failures[f].name : unknown_name;
}

bool failure_may_retry(enum failure f)
{
    return (size_t)f < ARRAY_LEN(failures) && failures[f].may_retry;
}

const char *failure_advice(enum failure f)
{
    if ((size_t)f >= ARRAY_LEN(failures))
        return "Install the same version of Caravan on this machine and on that host.";
    return failures[f].advice;
}

static const char *const refusals[] = {
    [REFUSAL_NONE] = "none",
    [REFUSAL_SESSION] = "session",
    [REFUSAL_EPOCH] = "epoch",
    [REFUSAL_SEQUENCE] = "sequence",
    [REFUSAL_REPLAYED] = "replayed",
    [REFUSAL_LATE] = "late",
    [REFUSAL_ROLE] = "role",
    [REFUSAL_LEASE] = "lease",
    [REFUSAL_PAUSED] = "paused",
    [REFUSAL_BUSY] = "busy",
    [REFUSAL_PHASE] = "phase",
    [REFUSAL_HELD] = "held",
    [REFUSAL_GAP] = "gap",
    [REFUSAL_QUORUM] = "quorum",
    [REFUSAL_UNKNOWN] = "unknown-law",
    [REFUSAL_MANIFEST] = "manifest",
    [REFUSAL_URL] = "url",
    [REFUSAL_DIGEST] = "digest",
    [REFUSAL_UNSUPPORTED] = "unsupported",
    [REFUSAL_LIMIT] = "limit",
    [REFUSAL_FORMAT] = "format",
    [REFUSAL_IO] = "io",
};
_Static_assert(ARRAY_LEN(refusals) == REFUSAL_COUNT, "a row for every refusal");

const char *refusal_name(enum refusal r)
{
    return (size_t)r < ARRAY_LEN(refusals) ? refusals[r] : unknown_name;
}

void receipt_done_with(struct receipt *r)
{
    if (r == NULL || r->head.kind != MSG_STATUS)
        return;
    free(r->u.status.notes);
    r->u.status.notes = NULL;
    r->u.status.n_notes = 0;
}
