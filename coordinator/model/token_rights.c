#include "token_rights.h"

#include "str.h"

/* Source: the checks in Nomad's own endpoints, 0.12 to 2.0.5. The rights of 1.10.5 and 2.0.5
 * were measured with tokens that had, and lacked, each right. */
const struct nomad_call nomad_calls[] = {
    {"/v1/status/leader", USE_ALWAYS, RIGHT_NONE, 0, NULL, NULL},
    {"/v1/regions", USE_ALWAYS, RIGHT_NONE, 0, NULL, NULL},
    {"/v1/agent/health", USE_ALWAYS, RIGHT_NONE, 0, NULL, NULL},
    /* A token may always read itself, its policies and its roles. */
    {"/v1/acl/token/self", USE_ALWAYS, RIGHT_NONE, 0, NULL, NULL},
    {"/v1/acl/policy/", USE_ALWAYS, RIGHT_NONE, 0, NULL, NULL},
    {"/v1/acl/role/", USE_ALWAYS, RIGHT_NONE, 0, NULL, NULL},
    {"/v1/agent/members", USE_ALWAYS, RIGHT_NODE_READ, 0, NULL, NULL},
    {"/v1/nodes", USE_ALWAYS, RIGHT_NODE_READ, 0, NULL, NULL},
    {"/v1/node/", USE_ALWAYS, RIGHT_NODE_READ, 0, NULL, NULL},
    {"/v1/node/ID/drain", USE_DRAIN, RIGHT_NODE_WRITE, 0, NULL, NULL},
    {"/v1/node/ID/eligibility", USE_DRAIN, RIGHT_NODE_WRITE, 0, NULL, NULL},
    {"/v1/agent/self", USE_ALWAYS, RIGHT_AGENT_READ, 0, NULL, NULL},
    {"/v1/agent/monitor", USE_ALWAYS, RIGHT_AGENT_READ, 0, NULL, NULL},
    {"/v1/operator/autopilot/health", USE_ALWAYS, RIGHT_OPERATOR_READ, 0, NULL, NULL},
    {"/v1/operator/autopilot/configuration", USE_ALWAYS, RIGHT_OPERATOR_READ, 0, NULL, NULL},
    {"/v1/operator/upgrade-check/vault-workload-identity", USE_ALWAYS, RIGHT_OPERATOR_READ, 0, NULL,
     NULL},
    {"/v1/operator/license", USE_ALWAYS, RIGHT_OPERATOR_READ, 0, NULL, NULL},
    {"/v1/operator/keyring/keys", USE_BETTER, RIGHT_OPERATOR_READ, RIGHT_MANAGEMENT, "1.11.3",
     "reading the keyring's state: without it the plan does not know whether the keyring is well"},
    {"/v1/operator/snapshot", USE_SNAPSHOT, RIGHT_SNAPSHOT_SAVE, RIGHT_MANAGEMENT, "1.11.3",
     "saving the snapshot that a run begins with: without it the run needs --accept no-snapshot"},
    {"/v1/jobs", USE_ALWAYS, RIGHT_JOBS, 0, NULL, NULL},
    {"/v1/namespaces", USE_ALWAYS, RIGHT_JOBS, 0, NULL, NULL},
    {"/v1/job/", USE_ALWAYS, RIGHT_JOBS, 0, NULL, NULL},
    {"/v1/deployments", USE_ALWAYS, RIGHT_JOBS, 0, NULL, NULL},
    {"/v1/allocations", USE_ALWAYS, RIGHT_JOBS, 0, NULL, NULL},
    {"/v1/acl/policies", USE_BETTER, RIGHT_MANAGEMENT, 0, NULL,
     "reading all ACL policies: without it the plan does not know whether the target accepts them"},
    {"/v1/operator/raft/configuration", USE_BETTER, RIGHT_MANAGEMENT, 0, NULL,
     "reading the raft configuration: without it only autopilot says which servers vote"},
    {"/v1/operator/raft/transfer-leadership", USE_BETTER, RIGHT_MANAGEMENT, 0, NULL,
     "transferring leadership: without it the leader, which is the last server, restarts while it "
     "leads"},
    {"/v1/operator/raft/peer", USE_REPLACE, RIGHT_MANAGEMENT, 0, NULL,
     "removing a raft peer: caravan replace needs it"},
    {"/v1/agent/force-leave", USE_REPLACE, RIGHT_AGENT_WRITE, 0, NULL, NULL},
    {.path = NULL},
};

static const struct {
    const char *name, *purpose;
} rights[TOKEN_RIGHTS] = {
    [RIGHT_NONE] = {"", ""},
    [RIGHT_NODE_READ] = {"node:read", "nodes and members are seen"},
    [RIGHT_NODE_WRITE] = {"node:write", "clients are drained"},
    [RIGHT_AGENT_READ] = {"agent:read", "servers report their state"},
    [RIGHT_AGENT_WRITE] = {"agent:write", "a server that the run removed is told to leave"},
    [RIGHT_OPERATOR_READ] = {"operator:read", "autopilot reports health"},
    [RIGHT_SNAPSHOT_SAVE] = {"snapshot-save", "a region's state is saved"},
    [RIGHT_JOBS] = {"read-job and list-jobs in every namespace",
                    "jobs are seen, and counted before and after"},
    [RIGHT_MANAGEMENT] = {"the rights of a management token", "raft peers are removed"},
};

const char *token_right_name(enum token_right r)
{
    return rights[r].name;
}

const char *token_right_purpose(enum token_right r)
{
    return rights[r].purpose;
}

static enum token_right right_of_call(const struct nomad_call *c, const struct version *oldest)
{
    bool old = c->since != NULL && version_cmp_text(oldest, c->since) < 0;

    return old ? c->before : c->right;
}

unsigned token_rights_needed(unsigned uses, const struct version *oldest)
{
    unsigned set = 0;

    for (const struct nomad_call *c = nomad_calls; c->path != NULL; c++)
        if ((c->use & uses) != 0)
            set |= 1u << right_of_call(c, oldest);
    return set & ~(1u << RIGHT_NONE);
}

static bool is_readable(enum acl_right r)
{
    return r == ACL_READ || r == ACL_WRITE;
}

static unsigned rights_given(const struct acl_rules *r)
{
    const bool has[TOKEN_RIGHTS] = {
        [RIGHT_NODE_READ] = is_readable(r->node),
        [RIGHT_NODE_WRITE] = r->node == ACL_WRITE,
        [RIGHT_AGENT_READ] = is_readable(r->agent),
        [RIGHT_AGENT_WRITE] = r->agent == ACL_WRITE,
        [RIGHT_OPERATOR_READ] = is_readable(r->operator_),
        [RIGHT_SNAPSHOT_SAVE] = r->operator_ == ACL_WRITE || r->snapshot_save,
        [RIGHT_JOBS] = is_readable(r->all_jobs),
    };
    unsigned set = 0;

    for (unsigned i = 0; i < TOKEN_RIGHTS; i++)
        set |= has[i] ? 1u << i : 0;
    return set;
}

unsigned token_rights_lacking(unsigned needed, const struct acl_rules *rules)
{
    return needed & ~rights_given(rules) & ~(1u << RIGHT_MANAGEMENT);
}

enum token_right token_rights_first(unsigned set)
{
    for (unsigned i = 0; i < TOKEN_RIGHTS; i++)
        if ((set & 1u << i) != 0)
            return (enum token_right)i;
    return RIGHT_NONE;
}

static void add_right_word(char *dst, size_t n, const char *word)
{
    size_t len = strlen(dst);

    snprintf(dst + len, n - len, "%s%s", len > 0 ? ", " : "", word);
}

/* A right to write contains the right to read, and operator:write contains the right to save
 * snapshots. If one word of the policy gave two rights, the list names the word. */
void token_rights_spare(unsigned needed, const struct acl_rules *rules, char *dst, size_t n)
{
    unsigned spare = rights_given(rules) & ~needed;
    const struct {
        unsigned by, held;
    } within[] = {{RIGHT_NODE_WRITE, RIGHT_NODE_READ}, {RIGHT_AGENT_WRITE, RIGHT_AGENT_READ}};

    dst[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(within); i++)
        if ((spare & 1u << within[i].by) != 0)
            spare &= ~(1u << within[i].held);
    if (rules->operator_ == ACL_WRITE) {
        add_right_word(dst, n, "operator:write");
        spare &= ~(1u << RIGHT_OPERATOR_READ | 1u << RIGHT_SNAPSHOT_SAVE);
    }
    for (unsigned i = 0; i < TOKEN_RIGHTS; i++)
        if ((spare & 1u << i) != 0)
            add_right_word(dst, n, rights[i].name);
    if (rules->other[0] != '\0')
        add_right_word(dst, n, rules->other);
    if (rules->others > 1)
        add_right_word(dst, n, "...");
}

/* ---- the policy's text ---- */

/* Writes the line of a right: its purpose and its calls. */
static void right_line(enum token_right right, unsigned uses, const struct version *oldest,
                       struct buf *ret)
{
    buf_printf(ret, "# %s: %s\n#  ", rights[right].name, rights[right].purpose);
    for (const struct nomad_call *c = nomad_calls; c->path != NULL; c++)
        if ((c->use & (uses | USE_BETTER)) != 0 && right_of_call(c, oldest) == right)
            buf_printf(ret, " %s", c->path);
    buf_add_byte(ret, '\n');
}

static void write_policy_heading(unsigned needed, unsigned uses, const struct version *oldest,
                                 struct buf *ret)
{
    char version[VERSION_TEXT];

    version_text(version, oldest);
    buf_printf(ret,
               "# The smallest ACL policy for Caravan where the oldest server runs Nomad %s:\n"
               "# upgrades%s%s.\n#\n",
               version, (uses & USE_DRAIN) != 0 ? " that drain clients" : " without --drain",
               (uses & USE_SNAPSHOT) != 0 ? "" : ", with --accept no-snapshot");
    for (unsigned i = 0; i < RIGHT_MANAGEMENT; i++)
        if ((needed & 1u << i) != 0)
            right_line((enum token_right)i, uses, oldest, ret);
}

static void write_beyond_policy(const struct version *oldest, struct buf *ret)
{
    buf_add_str(
        ret,
        "#\n# Only a management token allows the following. No policy of this version does:\n");
    for (const struct nomad_call *c = nomad_calls; c->path != NULL; c++)
        if (right_of_call(c, oldest) == RIGHT_MANAGEMENT)
            buf_printf(ret, "# - %s\n", c->without);
}

static void write_policy_block(const char *name, enum acl_right right, const char *capability,
                               struct buf *ret)
{
    if (right == ACL_NONE)
        return;
    buf_printf(ret, "\n%s {\n  policy = \"%s\"\n", name, right == ACL_WRITE ? "write" : "read");
    if (capability != NULL)
        buf_printf(ret, "  capabilities = [\"%s\"]\n", capability);
    buf_add_str(ret, "}\n");
}

static enum acl_right level_needed(unsigned needed, enum token_right read, enum token_right write)
{
    if ((needed & 1u << write) != 0)
        return ACL_WRITE;
    return (needed & 1u << read) != 0 ? ACL_READ : ACL_NONE;
}

void token_policy_text(unsigned uses, const struct version *oldest, struct buf *ret)
{
    unsigned needed = token_rights_needed(uses, oldest);
    bool saves = (needed & 1u << RIGHT_SNAPSHOT_SAVE) != 0;

    write_policy_heading(needed, uses, oldest, ret);
    write_beyond_policy(oldest, ret);
    write_policy_block("agent", level_needed(needed, RIGHT_AGENT_READ, RIGHT_AGENT_WRITE), NULL,
                       ret);
    write_policy_block("node", level_needed(needed, RIGHT_NODE_READ, RIGHT_NODE_WRITE), NULL, ret);
    write_policy_block("operator", ACL_READ, saves ? "snapshot-save" : NULL, ret);
    buf_add_str(ret, "\nnamespace \"*\" {\n  capabilities = [\"list-jobs\", \"read-job\"]\n}\n");
}
