/* The rows: see hazard_host_rows.h. */
#include "hazard_host_rows.h"

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

const struct host_row host_rows[] = {
    {.row = {.id = "unit-missing",
             .severity = SEVERITY_HARD,
             .advice = "Name the right unit in agent.conf ([nomad] unit), or unmask it."},
     .fact = "unit-missing",
     .unsure = SEVERITY_WARN,
     .of_unit = true},
    {.row = {.id = "other-binary",
             .severity = SEVERITY_BLOCK,
             .advice = "Name the file that the unit executes in agent.conf ([nomad] binary)."},
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
                 "Run systemctl daemon-reload there, or the restart uses the unit as it was."},
     .fact = "unit-reload",
     .unsure = SEVERITY_INFO,
     .of_unit = true},
    {.row = {.id = "package",
             .severity = SEVERITY_BLOCK,
             .advice =
                 "Hold the package (apt-mark hold nomad, dnf versionlock add nomad) or divert "
                 "the file (dpkg-divert)."},
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
             .advice = "Remount the binary's file system with exec, or move the binary."},
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
             .advice = "Make room; the old, the staged and the unpacked binary lie beside each "
                       "other for a while."},
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
     .may_lack = true},
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
};

const size_t host_rows_len = ARRAY_LEN(host_rows);
