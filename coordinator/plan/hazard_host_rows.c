/* The rows: see hazard_host_rows.h. */
#include "hazard_host_rows.h"

#include "running_config.h"
#include "stop_commands.h"
#include "str.h"

#define NOTIFIES "1.8.0"  /* the first that tells systemd when it is ready */
#define NEW_LIBC "1.10.0" /* the first that needs LIBC */
#define LIBC     "2.28.0"

/* Stopping a client's Nomad must leave its tasks alone; KillMode=none leaves the old Nomad
 * running, on servers too. */
static bool kills_tasks(const struct one_host *o, const struct fact_view *f)
{
    return o->h->is_client || (f != NULL && strstr(f->text, "=none") != NULL);
}

static bool cannot_notify(const struct one_host *o, const struct fact_view *f)
{
    (void)f;
    return version_cmp_text(o->target, NOTIFIES) < 0;
}

static bool old_cannot_notify(const struct one_host *o, const struct fact_view *f)
{
    (void)f;
    return o->from_known && version_cmp_text(&o->from, NOTIFIES) < 0 &&
           version_cmp_text(o->target, NOTIFIES) >= 0;
}

/* "2.36" as a version; what is no version is no reason. */
static bool libc_too_old(const struct one_host *o, const struct fact_view *f)
{
    struct version v;
    struct err err;
    char text[32];

    if (version_cmp_text(o->target, NEW_LIBC) < 0)
        return false;
    if (f == NULL)
        return true;
    snprintf(text, sizeof(text), "%.20s.0", f->text);
    return version_parse(text, &v, &err) == 0 && version_cmp_text(&v, LIBC) < 0;
}

static bool is_server(const struct one_host *o, const struct fact_view *f)
{
    (void)f;
    return o->ph->is_server;
}

static bool is_client(const struct one_host *o, const struct fact_view *f)
{
    (void)f;
    return o->h->is_client;
}

static bool is_yes(const struct one_host *o, const char *id)
{
    const struct fact_view *f = agent_fact(&o->h->agent, id);

    return f != NULL && f->value == TRI_YES;
}

/* ---- rows judged by more than their fact ---- */

static void refine_stop_commands(const struct one_host *o, struct judgement *j)
{
    (void)o;
    if (j->value == TRI_YES && stop_takes_away(j->text))
        j->severity = SEVERITY_BLOCK;
}

/* A leave with a drain is told as the drain. What a server's own settings say of leaving is told by
 * the row of the table that looks at them. */
static bool only_leaves(const struct one_host *o, const struct fact_view *f)
{
    bool told = o->ph->is_server && o->h->server.self_at != 0;

    return !is_yes(o, "stop-drains") && (f == NULL || !told);
}

static void refine_leave(const struct one_host *o, struct judgement *j)
{
    const struct fact_view *f = agent_fact(&o->h->agent, "stop-signal");
    char text[TEXT_MAX];

    if (f == NULL || f->value != TRI_YES)
        return;
    str_cut(text, sizeof(text), j->text);
    snprintf(j->text, sizeof(j->text), "%.200s (the unit stops it with %.32s)", text, f->text);
}

/* A host whose law refuses would be met in its turn, when others are on the new version already. A
 * client can be left out then, a server cannot. Older agents tell only of the hold file. */
static void refine_law(const struct one_host *o, struct judgement *j)
{
    const struct fact_view *law = agent_fact(&o->h->agent, "law-refuses");
    const struct fact_view *held = agent_fact(&o->h->agent, "held");
    const struct fact_view *f = held != NULL && held->value == TRI_YES ? held : law;

    if (f == NULL)
        return;
    j->value = f->value;
    j->severity = f->value != TRI_YES ? SEVERITY_WARN
                  : o->ph->is_server  ? SEVERITY_HARD
                                      : SEVERITY_BLOCK;
    j->may_pass = f != held;
    str_cut(j->text, sizeof(j->text), f->text);
}

/* What a start now would run, and what a revert would put back. */
static void refine_version(const struct one_host *o, struct judgement *j)
{
    struct version there;
    struct err err = ERR_INIT;
    char text[TEXT_MAX];
    const struct agent_view *a = &o->h->agent;
    /* By hello, which is younger than the fact: right after a swap that is of the file before. */
    bool same = !digest_is_zero(&a->running) && digest_eq(&a->disk, &a->running);

    if (j->value != TRI_YES)
        return;
    str_cut(text, sizeof(text), j->text);
    if (same || !o->from_known || version_parse(text, &there, &err) < 0 ||
        version_same(&there, &o->from)) {
        j->value = TRI_NO;
        return;
    }
    if (version_same(&there, o->target))
        j->severity = SEVERITY_WARN;
    snprintf(j->text, sizeof(j->text), "the file in place is %.60s, and %.60s runs", text,
             o->ph->from);
}

/* The old binary rejects it as well: what runs was given more than these files say, or, where the
 * files are newer than what runs, neither would start with them. */
static void refine_rejected(const struct one_host *o, struct judgement *j)
{
    char text[TEXT_MAX];

    if (j->value != TRI_UNKNOWN || strstr(j->text, "rejects it too") == NULL ||
        !is_yes(o, "config-newer"))
        return;
    j->value = TRI_YES;
    j->severity = SEVERITY_BLOCK;
    str_cut(text, sizeof(text), agent_fact(&o->h->agent, "config-newer")->text);
    snprintf(j->text, sizeof(j->text),
             "both binaries reject it, and it is newer than what runs: %.180s", text);
}

static void refine_running(const struct one_host *o, struct judgement *j)
{
    bool told = false;

    j->value = running_config_differs(o->h, &told, j->text);
    j->severity = j->value == TRI_YES ? SEVERITY_BLOCK : SEVERITY_WARN;
}

const struct host_row host_rows[] = {
    {.row = {.id = "unit-missing",
             .severity = SEVERITY_HARD,
             .advice =
                 "Name the right unit in agent.conf ([nomad] unit). Where it is masked: ask who "
                 "did that, and unmask it when Nomad is meant to run there."},
     .fact = "unit-missing",
     .unsure = SEVERITY_WARN,
     .of_unit = true},
    {.row = {.id = "other-binary",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Where the unit executes Nomad itself: name that file in agent.conf ([nomad] "
                 "binary). Never name a script or a shell: it would be replaced by Nomad."},
     .fact = "other-binary",
     .unsure = SEVERITY_WARN,
     .of_unit = true},
    {.row = {.id = "kill-mode",
             .severity = SEVERITY_BLOCK,
             .advice = "Set KillMode=process in the unit (systemctl edit): with anything else its "
                       "tasks end with it."},
     .fact = "kill-mode",
     .unsure = SEVERITY_BLOCK,
     .of_unit = true,
     .matters = kills_tasks},
    {.row = {.id = "type-notify",
             .severity = SEVERITY_HARD,
             .advice = "Set Type=simple in the unit (systemctl edit): Nomad tells systemd that it "
                       "is ready only since " NOTIFIES ", and would be killed."},
     .fact = "type-notify",
     .unsure = SEVERITY_BLOCK,
     .of_unit = true,
     .matters = cannot_notify},
    {.row = {.id = "notify-no-way-back",
             .severity = SEVERITY_WARN,
             .advice = "The old version cannot tell systemd that it is ready: going back to it "
                       "would need Type=simple in the unit."},
     .fact = "type-notify",
     .unsure = SEVERITY_INFO,
     .of_unit = true,
     .matters = old_cannot_notify},
    {.row = {.id = "unit-reload",
             .severity = SEVERITY_WARN,
             .advice =
                 "Look at what was changed (systemctl cat of the unit); when it is meant: "
                 "systemctl daemon-reload there. Until then the restart uses the unit as it was "
                 "loaded."},
     .fact = "unit-reload",
     .unsure = SEVERITY_INFO,
     .of_unit = true},
    {.row = {.id = "package",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Hold the package (apt-mark hold nomad, dnf versionlock add nomad), or divert the "
                 "file in place (dpkg-divert --no-rename --add FILE)."},
     .fact = "package",
     .unsure = SEVERITY_WARN},
    {.row = {.id = "binary-shared",
             .severity = SEVERITY_BLOCK,
             .advice = "Give each Nomad on the host a binary of its own: the other one would go on "
                       "with a file that is gone, and start helpers from the new one."},
     .fact = "binary-shared",
     .unsure = SEVERITY_WARN},
    {.row = {.id = "binary-changed",
             .severity = SEVERITY_WARN,
             .advice = "Find out who replaces it: that one will do so again."},
     .fact = "changed",
     .unsure = SEVERITY_WARN},
    {.row = {.id = "read-only",
             .severity = SEVERITY_HARD,
             .advice =
                 "Make the binary's directory writable for caravan-swap: remount it, or add it to "
                 "ReadWritePaths= of caravan-swap.service (systemctl edit)."},
     .fact = "read-only",
     .unsure = SEVERITY_WARN},
    {.row = {.id = "noexec",
             .severity = SEVERITY_HARD,
             .advice =
                 "Remount the binary's file system with exec. Or have it elsewhere: copy it there "
                 "first, then change ExecStart= (systemctl edit) and [nomad] binary in agent.conf; "
                 "the old file stays until Nomad runs from the new one."},
     .fact = "noexec",
     .unsure = SEVERITY_WARN},
    {.row = {.id = "binary-writers",
             .severity = SEVERITY_HARD,
             .advice =
                 "As root there: chown root and chmod go-w the directory itself, not what is in "
                 "it. Root replaces no file where others may; they need root for it then."},
     .fact = "binary-writers",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row = {.id = "key-replaced",
             .severity = SEVERITY_WARN,
             .advice =
                 "Where it is so: find out who wrote there, which only root can (journalctl "
                 "CARAVAN_EVENT=key-replaced says when), then remove the mark. Where it is not "
                 "told: that agent is older than this caravan; upgrade its package."},
     .fact = "key-replaced",
     .unsure = SEVERITY_WARN},
    {.row = {.id = "no-room",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Make room, but not in Nomad's data_dir; the old, the staged and the unpacked "
                 "binary lie beside each other for a while."},
     .fact = "no-room",
     .unsure = SEVERITY_WARN},
    {.row =
         {.id = "attributes",
          .severity = SEVERITY_BLOCK,
          .advice =
              "Let Nomad's unit give it that (systemctl edit: AmbientCapabilities=), then setcap "
              "-r or chmod a-s the file. Owner, label: mend .nomad.caravan-new, then resume."},
     .fact = "attributes",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row = {.id = "config-rejected",
             .severity = SEVERITY_HARD,
             .advice = "Change Nomad's configuration so that both versions accept it."},
     .fact = "config-rejected",
     .unsure = SEVERITY_WARN,
     .may_lack = true,
     .refine = refine_rejected},
    {.row = {.id = "glibc",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Nomad needs glibc 2.28 since " NEW_LIBC ": upgrade the host's system first."},
     .fact = "libc",
     .unsure = SEVERITY_WARN,
     .matters = libc_too_old},
    {.row = {.id = "clock",
             .severity = SEVERITY_WARN,
             .advice = "Let the host keep its time by NTP: Nomad compares times of servers."},
     .fact = "clock",
     .unsure = SEVERITY_INFO,
     .matters = is_server},
    {.row = {.id = "metadata-probes",
             .severity = SEVERITY_WARN,
             .advice =
                 "Name the fingerprinters of clouds that are not used in Nomad's configuration: "
                 "client { options { \"fingerprint.denylist\" = "
                 "\"env_aws,env_azure,env_digitalocean,env_gce\" } } (with what the list has "
                 "already). The restart reads it."},
     .fact = "metadata-probes",
     .unsure = SEVERITY_INFO,
     .may_lack = true,
     .matters = is_client},
    {.row = {.id = "drop-ins",
             .severity = SEVERITY_INFO,
             .advice = "The unit is started with these changes."},
     .fact = "drop-ins",
     .unsure = SEVERITY_INFO,
     .of_unit = true},
    {.row = {.id = "binary-link",
             .severity = SEVERITY_INFO,
             .advice = "To replace the file instead, name it in agent.conf ([nomad] binary)."},
     .fact = "binary-link",
     .unsure = SEVERITY_INFO},
    /* Would Nomad come back from a restart as it is? Agents of before do not tell: one row says
     * that for all of these (hazard_host.c). */
    {.row = {.id = "law-refuses",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Mend what it names; a hold file is root's word: ask who put it there. Clients on "
                 "hold are left out with --accept law-refuses and --max-skipped."},
     .refine = refine_law},
    {.row = {.id = "api-silent",
             .severity = SEVERITY_HARD,
             .advice =
                 "Where it says that Nomad listens elsewhere: set [nomad] address in agent.conf "
                 "there to where its API listens (http://ADDRESS:PORT), and restart caravan-swap. "
                 "Else see why its API does not answer."},
     .fact = "api-silent",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row = {.id = "port-taken",
             .severity = SEVERITY_BLOCK,
             .advice = "Find out whose it is: Nomad cannot listen there when it starts."},
     .fact = "port-taken",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row = {.id = "config-not-running",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Make the files say what runs. Only where the files are meant: try them (nomad "
                 "config validate), restart that Nomad by yourself, one server at a time, and see "
                 "that it came back as it should."},
     .refine = refine_running},
    {.row = {.id = "config-newer",
             .severity = SEVERITY_WARN,
             .advice =
                 "Nomad has not run with this yet: look what was changed. The restart reads it."},
     .fact = "config-newer",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row = {.id = "path-unusable",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Bring back what is missing as it was: the mount and not an empty directory in "
                 "its place, the file with its content. Take the block out of the configuration "
                 "only when no job uses it: but for plugins, Nomad does not start without."},
     .fact = "path-unusable",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row = {.id = "certificate-expired",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Renew it: what runs has the old one in memory, a new start finds this one."},
     .fact = "certificate-expired",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row = {.id = "raft-peers-file",
             .severity = SEVERITY_HARD,
             .advice =
                 "Ask whether somebody is recovering the servers right now. When nobody is: move "
                 "it out of that directory, and keep it. A start with it there rewrites who the "
                 "servers are."},
     .fact = "raft-peers-file",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row = {.id = "unit-condition",
             .severity = SEVERITY_HARD,
             .advice =
                 "Bring back what it asks for, or change the line (systemctl edit): systemd would "
                 "not start Nomad again."},
     .fact = "unit-condition",
     .unsure = SEVERITY_WARN,
     .of_unit = true,
     .may_lack = true},
    {.row = {.id = "unit-needs",
             .severity = SEVERITY_HARD,
             .advice =
                 "Bring back what the unit needs, or take the line out (systemctl edit --full) "
                 "when Nomad does not need it: systemd would not start Nomad again."},
     .fact = "unit-needs",
     .unsure = SEVERITY_WARN,
     .of_unit = true,
     .may_lack = true},
    {.row = {.id = "unit-user",
             .severity = SEVERITY_HARD,
             .advice =
                 "Create it with the number that owns Nomad's data_dir, or change User= and Group= "
                 "(systemctl edit) to who owns that."},
     .fact = "unit-user",
     .unsure = SEVERITY_WARN,
     .of_unit = true,
     .may_lack = true},
    {.row = {.id = "env-file",
             .severity = SEVERITY_HARD,
             .advice = "Bring the file back with what it held: Nomad's process still has that "
                       "(/proc/PID/environ). Take EnvironmentFile= out (systemctl edit) only when "
                       "nothing of it is needed: systemd does not start a unit without the file."},
     .fact = "env-file",
     .unsure = SEVERITY_WARN,
     .of_unit = true,
     .may_lack = true},
    {.row =
         {.id = "unit-stop-commands",
          .severity = SEVERITY_WARN,
          .advice =
              "Each restart runs them. If they empty the host or delete something: for the time of "
              "the upgrade an empty ExecStop= takes them out (systemctl edit; ExecStopPost= the "
              "same "
              "way)."},
     .fact = "unit-stop-commands",
     .unsure = SEVERITY_WARN,
     .of_unit = true,
     .may_lack = true,
     .refine = refine_stop_commands},
    {.row = {.id = "unit-start-commands",
             .severity = SEVERITY_INFO,
             .advice = "Each start runs them; one that fails keeps Nomad from starting."},
     .fact = "unit-start-commands",
     .unsure = SEVERITY_INFO,
     .of_unit = true,
     .may_lack = true},
    {.row = {.id = "unit-bound",
             .severity = SEVERITY_WARN,
             .advice = "They restart or stop along with Nomad, each time: see that they may."},
     .fact = "unit-bound",
     .unsure = SEVERITY_WARN,
     .of_unit = true,
     .may_lack = true},
    {.row = {.id = "bound-down",
             .severity = SEVERITY_WARN,
             .advice = "See why they did not come back (systemctl status), and start them."},
     .fact = "bound-down",
     .unsure = SEVERITY_INFO,
     .of_unit = true,
     .may_lack = true},
    {.row =
         {.id = "start-again",
          .severity = SEVERITY_WARN,
          .advice =
              "Consider Restart=on-failure and RestartSec=2 (systemctl edit): after a start that "
              "fails once, for a busy port perhaps, Nomad stays down longer than its heartbeat."},
     .fact = "start-again",
     .unsure = SEVERITY_WARN,
     .of_unit = true,
     .may_lack = true},
    {.row = {.id = "stop-drains",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Take drain_on_shutdown out, or let the unit stop Nomad with a signal on which it "
                 "does not leave, and restart it at a time of your choice: each stop empties the "
                 "host."},
     .fact = "stop-drains",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row =
         {.id = "stop-leaves",
          .severity = SEVERITY_WARN,
          .advice =
              "Consider setting leave_on_interrupt and leave_on_terminate to false: each restart "
              "is a leave."},
     .fact = "stop-leaves",
     .unsure = SEVERITY_WARN,
     .may_lack = true,
     .matters = only_leaves,
     .refine = refine_leave},
    {.row = {.id = "not-nomad",
             .severity = SEVERITY_HARD,
             .advice =
                 "Caravan replaces this file. Name in agent.conf ([nomad] binary) the Nomad itself "
                 "that is run, never a script or a shell; or have the unit execute it without a "
                 "wrapper."},
     .fact = "not-nomad",
     .unsure = SEVERITY_WARN,
     .may_lack = true},
    {.row = {.id = "binary-other-version",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Find out who replaced it: any restart runs it, and going back would go back to "
                 "it. Put the version that runs in place again, as a new file that is renamed "
                 "(/proc/PID/exe has it)."},
     .fact = "binary-version",
     .unsure = SEVERITY_INFO,
     .may_lack = true,
     .refine = refine_version},
};

const size_t host_rows_len = ARRAY_LEN(host_rows);
