/*
 * facts_survey.h - facts of this host that matter to a replacement of Nomad's binary.
 *
 * Each fact has an id, an answer and a text. `caravan status` shows all three. TRI_YES: the thing
 * that the id names is so ("kill-mode": KillMode is not process). TRI_NO: it is not so.
 * TRI_UNKNOWN: the host cannot say, and the text gives the reason. The agent refuses nothing
 * because of a fact: the coordinator's hazard table decides how much an answer matters.
 *
 * Where configured commands start Nomad, "no-unit" is yes and the facts about systemd are unknown.
 * The facts about a staged binary (config-rejected, most of attributes) exist only while a binary
 * is staged.
 *
 * The unit, as systemd has loaded it:
 *
 *   no-unit          configured commands start Nomad
 *   unit-missing     systemd has no such unit, or the unit is masked
 *   unit-reload      the unit's files changed since systemd loaded them
 *   kill-mode        KillMode is not process: a stop of Nomad ends its tasks
 *   type-notify      systemd waits for a notification; Nomad sends one since 1.8
 *   drop-ins         drop-in files change the unit
 *   unit-enabled     systemd starts the unit when the host starts. No: the unit is disabled, and
 *                    nothing else starts it. Unknown: an order can bring about neither ("static",
 *                    "masked", started by another unit)
 *   other-binary     the unit does not execute the configured binary
 *
 * The file of the binary, and the host:
 *
 *   binary-link      the configured binary is a symbolic link; a swap replaces the link itself
 *   binary-shared    another agent executes the same file, or another unit would
 *   changed          somebody else replaced the file, or the file is not the one that runs
 *   package          a package owns the file, and an upgrade of that package would restore its file
 *   read-only, noexec, no-room
 *                    the file system of the binary
 *   binary-writers   users other than root may write into the binary's directory: no stage there
 *   clock            the kernel's clock is not synchronised
 *   booted-at        the wall clock when CLOCK_BOOTTIME was 0: milliseconds since 1970
 *   libc             the C library; the text is its version
 *   attributes       the staged file did not get the label, owner or mode of the old file; or (also
 *                    while nothing is staged) the file in place has capabilities, setuid or setgid,
 *                    which Caravan gives to no new binary
 *   not-nomad        the file in place is no ELF program, or its `version` is not Nomad's
 *   binary-version   yes, the text is the version that this file prints
 *
 * Nomad's configuration:
 *
 *   config-rejected  the staged binary rejects Nomad's configuration
 *   second-config    two configuration files name a data_dir: Nomad merges them
 *   config-leftovers files that somebody put aside lie beside the configuration; Nomad does not
 *                    read them. An agent that does not know second-config answers yes here for
 *                    either
 *   joins            the addresses in retry_join, start_join, server_join and servers, as they
 *                    stand there, commas between. Of "provider=..." only the provider, because the
 *                    rest may be a secret. Unknown: the list is too long, or something was not read
 *   joins-reach      a Nomad server answers at one of these addresses; the text is the address.
 *                    Only where a swap may start Nomad and Nomad does not run (facts_joins.h)
 *   key.NAME         Nomad's files configure NAME (config_findings.h). Never "no": a key may be
 *                    configured outside the files
 *   bootstrap-expect yes, the text is the number in Nomad's configuration; no: no number
 *   gossip-key       the configuration has an encrypt key for gossip; the text is the place, not
 *                    the key
 *   gossip-id        8 digits of a digest of that key: equal for equal keys. Only where a key is
 *   data-dir-fresh   Nomad never ran with its data_dir, as server or as client
 *   plugin-unlisted  the directory of plugins contains a program without a plugin block
 *   dmidecode        dmidecode is installed, or not needed because this is no EC2 instance
 *   tls-names        the certificate has the name server.REGION.nomad
 *   metadata-probes  of a client: each start waits for a cloud's metadata service, which does not
 *                    exist here, and no fingerprint.denylist prevents the wait
 *
 * The next stop and start:
 *
 *   unit-condition   a Condition*= or Assert*= about a path or a pattern does not hold
 *                    (unit_condition.h)
 *   env-file         an EnvironmentFile= without "-" does not exist, or cannot be read
 *   unit-needs       something that the unit requires is masked, missing or failed: units, paths of
 *                    its mounts, programs of its ExecStartPre=, its WorkingDirectory=; or systemd
 *                    refuses to restart the unit
 *   unit-user        its User=, Group= or one of its SupplementaryGroups= does not exist
 *   unit-stop-commands, unit-start-commands
 *                    the commands that run besides Nomad at each stop, and at each start: the text.
 *                    At a stop also the actions of systemd after Nomad ended (FailureAction=,
 *                    OnFailure=, ...)
 *   start-again      after a failed start systemd does not start Nomad again, or only after more
 *                    than 10 s
 *   stop-signal      yes, the text is the signal that stops Nomad in a restart: "SIGINT"
 *   unit-bound       the units that stop or restart together with it: "a.service active, ..."
 *   bound-down       some of these units were active right before the last stop and are not active
 *                    again. Not before a first swap
 *
 * Would the old binary, restarted now, come back as it is (facts_values.h, facts_ready.h,
 * facts_paths.h)?
 *
 *   is.NAME          yes, the text is the value in Nomad's files. NAME: region, datacenter, name,
 *                    data_dir, bind_addr, advertise_http, advertise_rpc, node_class, node_pool; and
 *                    server, client, acl: "true" or "false". No: the files have no value, and
 *                    Nomad's default holds. An option of Nomad's command counts before the files
 *   stop-leaves      leave_on_interrupt or leave_on_terminate: the signal that stops the unit makes
 *                    Nomad leave its cluster
 *   stop-drains      and Nomad drains its node first (drain_on_shutdown)
 *   config-newer     a file of the configuration, or of its unit, was written after Nomad started;
 *                    unknown if a name in its directory appeared or disappeared
 *   api-silent       Nomad's process runs, but its API does not answer where the probe will ask
 *   api-moves        the API answers, but according to the files the next start puts it elsewhere,
 *                    or changes TLS. Only where Nomad's own process listens at the present place
 *                    and all values are plain text
 *   port-taken       another process listens at the API's port, or at a server's RPC or serf port
 *   path-unusable    a path that Nomad needs at its start does not exist, is empty, or its user may
 *                    not use it; unknown for a missing directory of plugins: Nomad starts without
 *   certificate-expired
 *                    a certificate of the configuration has ended, or has not begun
 *   raft-peers-file  peers.json exists: the next start rewrites the raft configuration
 *   raft-size        of a server, always yes: the bytes of its raft directory
 *
 * The law of root:
 *
 *   vendor-signature root demands HashiCorp's own signature here; only then:
 *   vendor-unready   this host cannot check that signature: gpgv or a keyring is missing; the text
 *                    says which
 *   release-threshold
 *                    the text is the number of release keys that must sign. Only where root set it
 *   hours            the present time is in root's hours for swaps. The text: the minutes until
 *                    this changes, and the hours as root wrote them. Only where root set hours
 *   operators        only these operators may give orders here: the text is their names, ", "
 *                    between. Only where root named operators
 *   law-refuses      the law would refuse a swap now (law.h). A gap that ends within a minute does
 *                    not count
 *   url-prefixes     root allows binaries from some places only: the text, as [law] has it
 *   file-urls        root allows file:// places
 *   seed             other hosts of the datacenter may fetch from here (seed.h): the text is the
 *                    URL, up to the digest. No: root has not made this host a seed. Unknown: the
 *                    seed is incomplete; the text says what is missing
 *   stop-allowed     root lets orders stop and disable Nomad
 *   start-stopped    root lets a swap start a Nomad that does not run
 *
 * Facts that the caller adds after the survey:
 *
 *   heartbeat        of a client to which root gave a token: yes, the text is when the client last
 *                    reached a server (heartbeat.h); unknown: the text says why
 *                    (facts_heartbeat.h)
 *   knows-servers    of a client: yes, the text is the RPC addresses of the servers that the client
 *                    knows; unknown: the text says why (facts_servers.h)
 *
 * The survey looks for keys in Nomad's files. Values stay on the host, except those of is.NAME,
 * joins and bootstrap-expect, and paths that cannot be used.
 *
 * A survey takes some ten milliseconds (dpkg-query, /proc, a child that looks at paths). Therefore
 * the caller does not make one at each change of a phase. A path that hangs takes up to LOOK_MS
 * (look_call.h); the API and the law take up to FACTS_ASK_MS, once in FACTS_KEPT_MS
 * (facts_ready.h).
 */
#ifndef FACTS_SURVEY_H
#define FACTS_SURVEY_H

#include "nomad_on_host.h"

#define SURVEY_MAX 88

struct facts_survey {
    int64_t made_ms;    /* uptime when the survey was made; 0: never */
    enum phase phase;   /* at that time */
    struct digest disk; /* of the file in place at that time */
    enum tri packaged;
    uint32_t n;
    struct fact list[SURVEY_MAX];
};

/* Makes a survey. f: the result of a nomad_on_host_read just before. */
void facts_survey(const struct phases *p, const struct nomad_on_host *f, struct facts_survey *ret);
const struct fact *facts_survey_find(const struct facts_survey *s, const char *id); /* NULL: none */
/* Replaces the fact with the same id, or adds *f at the end. False: the list had the same fact, or
 * the list is full. */
bool facts_survey_put(struct facts_survey *s, const struct fact *f);

#endif
