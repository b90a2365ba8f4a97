/*
 * facts_survey.h - what speaks for or against replacing Nomad's binary on this host.
 *
 * Each fact is an id, an answer and a text, as status tells them. TRI_YES: the id says what is
 * the matter ("kill-mode": it is not process). TRI_NO: it is not. TRI_UNKNOWN: the text
 * says why that cannot be told. The coordinator's hazard table decides what an answer is worth;
 * here nothing is refused.
 *
 * Facts of systemd are unknown where Nomad is started by configured commands; "no-unit" says
 * then that this is so. Those about a staged binary (config-rejected, most of attributes) are told
 * while one is staged.
 *
 *   no-unit          Nomad is started by configured commands
 *   unit-missing     systemd has no such unit, or it is masked
 *   unit-reload      the unit's files changed since systemd loaded them
 *   kill-mode        KillMode is not process: stopping Nomad ends its tasks
 *   type-notify      systemd waits for a notification, which Nomad sends since 1.8
 *   drop-ins         files change the unit
 *   unit-enabled     it is started when the host starts; no: it is disabled and nothing else starts
 *                    it. Unknown: neither can be had by order: "static", "masked", started by
 * others other-binary     the unit does not execute the configured binary binary-link      the
 * configured binary is a symbolic link, which will be exchanged itself binary-shared    another
 * agent executes the same file, or another unit would changed          the file was replaced by
 * others, or is not the one that runs package          a package owns the file, and an upgrade of
 * it would put its own back read-only, noexec, no-room     its file system binary-writers   others
 * than root may write into its directory: nothing is staged there clock            not synchronised
 *   booted-at        by its wall clock, when CLOCK_BOOTTIME was 0: milliseconds since 1970
 *   libc             the C library; the text is its version
 *   attributes       label, owner or mode were not carried over to the staged file; or, told
 * always, the file in place has capabilities, setuid or setgid, which no new one gets
 *   config-rejected  the staged binary rejects Nomad's configuration
 *   second-config    two files of Nomad's configuration name a data_dir: Nomad merges them
 *   joins            the addresses that its retry_join, start_join, server_join and servers name,
 * as they stand there, commas between; of "provider=..." only the provider, for the rest may be a
 * secret. Unknown where they do not fit, or not all was read config-leftovers beside its
 * configuration lie files put aside, which Nomad does not read. Agents that do not tell
 * second-config say yes here for either key.NAME         Nomad's files configure NAME
 * (config_findings.h); never "no": what is not in the files may be configured elsewhere
 *   bootstrap-expect yes, the text is the number that Nomad's configuration has; no: none
 *   joins-reach      a Nomad server answers at one of the addresses of `joins`: which; told only
 *                    where a swap may start Nomad and it does not run (facts_joins.h)
 *   gossip-key       its configuration has an encrypt key for gossip: where. The key is not told
 *   gossip-id        8 digits of a digest of that key: equal for equal keys; told where it is there
 *   data-dir-fresh   Nomad never ran with its data_dir, as server or client
 *   plugin-unlisted  the directory of plugins holds a program without a plugin block
 *   dmidecode        installed, or not needed: this is no EC2 instance
 *   tls-names        the certificate carries server.REGION.nomad
 *   metadata-probes  of a client: each start waits for a cloud's metadata service, which nobody
 *                    answers here, and no fingerprint.denylist spares it that
 *
 *   not-nomad        the file in place is no ELF program, or its `version` prints none of Nomad's
 *   binary-version   yes, the text is the version that it prints
 *   unit-condition   a Condition*= or Assert*= about a path or a pattern does not hold
 *                    (unit_condition.h)
 *   env-file         an EnvironmentFile= without "-" is not there, or cannot be read
 *   unit-needs       what the unit requires is masked, not there, or has failed: units, paths of
 *                    its mounts, programs of its ExecStartPre=, its WorkingDirectory=; or systemd
 *                    refuses to restart it
 *   unit-user        its User=, Group= or one of its SupplementaryGroups= does not exist
 *   unit-stop-commands, unit-start-commands
 *                    what is run beside Nomad at each stop, and at each start: the text. At a stop
 *                    also what systemd does because it ended (FailureAction=, OnFailure=, ...)
 *   start-again      after a failed start systemd does not start it again, or only after more than
 *                    10 s
 *   stop-signal      yes, the text is the signal that a restart stops it with: "SIGINT"
 *   unit-bound       units that stop or restart along with it: "a.service active, ..."
 *   bound-down       of these, some were active right before the last stop and are not again. Not
 *                    told before a first swap
 *
 * Would Nomad, restarted now with the old binary, come back as it is (facts_values.h,
 * facts_ready.h, facts_paths.h)?
 *
 *   is.NAME          Nomad's files say so; the text is the value. NAME: region, datacenter, name,
 *                    data_dir, bind_addr, advertise_http, advertise_rpc, node_class, node_pool; and
 *                    server, client, acl: "true" or "false". No: they do not say, the default
 *                    holds. An option of Nomad's command counts before the files
 *   stop-leaves      leave_on_interrupt, leave_on_terminate: the signal that stops the unit makes
 *                    Nomad leave its cluster
 *   stop-drains      and, with drain_on_shutdown, drain its node first
 *   config-newer     a file of the configuration, or of its unit, was written after Nomad started;
 *                    unknown where a name in its directory came or went
 *   api-silent       Nomad's process runs, and its API does not answer where the probe will ask
 *   api-moves        its API answers, and by the files the next start has it at another place, or
 *                    with or without TLS; told where its own process listens there and all is plain
 *   port-taken       another process listens at the API's, or a server's RPC or serf port
 *   vendor-signature root demands HashiCorp's own signature here; only then:
 *   vendor-unready   it could not be checked: gpgv or a keyring is missing; the text says which
 *   release-threshold
 *                    root demands the signatures of so many release keys: the text. Told where root
 *                    does
 *   hours            now is in root's hours for swaps; the text: the minutes until that changes,
 *                    and the hours as root wrote them. Told where root has set them
 *   operators        only these operators may order here: the text is their names, ", " between.
 *                    Told where root names some
 *   law-refuses      the law would refuse a swap now (law.h); a gap that is over within a minute
 *                    is none
 *   url-prefixes     root lets binaries come from some places only: the text, as [law] has it
 *   file-urls        root allows file:// places
 *   seed             other hosts of the datacenter may fetch from here (seed.h): the text is the
 *                    URL, up to the digest. No: root has not made this host a seed. Unknown: root
 *                    has, in part, and it cannot serve; the text says what is missing
 *   stop-allowed     root lets orders stop and disable Nomad
 *   start-stopped    root lets a swap start a Nomad that does not run
 *   path-unusable    a path that Nomad needs at its start is not there, not for its user, or empty;
 *                    unknown for a directory of plugins that is not there, without which it starts
 *   certificate-expired
 *                    a certificate that its configuration names has ended, or not begun
 *   raft-peers-file  peers.json lies there: the next start rewrites the raft configuration
 *   heartbeat        of a client that root gave a token, else not told: yes, the text is when it
 *                    last reached a server (heartbeat.h); unknown: the text says why
 *                    (facts_heartbeat.h; the last of them, added behind the survey)
 *   knows-servers    of a client, else not told: yes, the text is the RPC addresses of the servers
 *                    that it would turn to; unknown: the text says why (facts_servers.h; behind the
 *                    survey, too)
 *   raft-size        of a server, always yes: the bytes of its raft directory
 *
 * What Nomad's files say is looked up by the keys in them. Values stay on the host, but those of
 * is.NAME, and paths that cannot be used.
 *
 * Asking takes some ten milliseconds (dpkg-query, /proc, a child that looks at paths): not for
 * every change of a phase. Paths that hang take up to LOOK_MS each (look_call.h), the API and the
 * law up to FACTS_ASK_MS, once in FACTS_KEPT_MS (facts_ready.h).
 */
#ifndef FACTS_SURVEY_H
#define FACTS_SURVEY_H

#include "facts.h"

#define SURVEY_MAX 88

struct facts_survey {
    int64_t made_ms;    /* uptime; 0: never */
    enum phase phase;   /* then */
    struct digest disk; /* of the file in place, then */
    enum tri packaged;
    uint32_t n;
    struct fact list[SURVEY_MAX];
};

/* f: what facts_gather found just now. */
void facts_survey(const struct phases *p, const struct facts *f, struct facts_survey *ret);
const struct fact *facts_survey_find(const struct facts_survey *s, const char *id); /* NULL */
/* Puts it in the place of the one with its id, or behind all; false: it was there as it is. */
bool facts_survey_put(struct facts_survey *s, const struct fact *f);

#endif
