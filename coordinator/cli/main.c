/* caravan: the coordinator. This file has the table of verbs; commands.h names the file of each. */
#include "arguments.h"
#include "caravan_version.h"
#include "commands.h"
#include "table.h"

static const struct cli_command commands[] = {
    {"init", "", "make the keys of a new cluster, and the trust file for its hosts",
     "This command never overwrites a file. Solo (--solo): one person holds all keys. The trust\n"
     "file is written twice: as a plain file and as a Debian package. Every host needs one of\n"
     "the two.\n"
     "\n"
     "Split (--split): root keys and release keys are made on machines of their own, and you give\n"
     "only their public parts here. The command writes a draft. As many root keys as\n"
     "--root-threshold says must sign the draft: caravan trust sign.\n"
     "\n"
     "Secret keys are encrypted with a passphrase; you are asked for it twice. The observer's key\n"
     "is not encrypted, because it signs only questions. A script gives the passphrase with\n"
     "--passphrase-fd, or uses --no-passphrase. Nobody can recover a forgotten passphrase.",
     0, 0, GROUP_ALL | GROUP_INIT | GROUP_CONFIRM, cmd_init},
    {"enroll", "", "remember the key of every agent, by its host's Nomad id",
     "The command asks the agents of all hosts that Nomad lists. Nomad is at NOMAD_ADDR, or at\n"
     "[nomad] address in caravan.conf.\n"
     "\n"
     "To check the keys, run `caravan-agent --fingerprint` as root on each host. It prints one\n"
     "line: the host's name and the fingerprint of its key. Collect these lines in one file, in\n"
     "a way that you trust (for example, the way you configure your hosts). --from FILE accepts\n"
     "each key whose fingerprint is in the line of its host, and asks no question. It names every\n"
     "host that has no line or another key, and every line that names no host. The first word of\n"
     "a line may also be the Nomad id, or the address of a host that will join.\n"
     "\n"
     "Without --from the command shows each new key and asks about it: compare the fingerprint\n"
     "with the one that you read on the host itself. --yes accepts every key, and nobody compares\n"
     "them: use it only in a laboratory.\n"
     "\n"
     "Only --rekey accepts a key that has changed, and it shows both keys. Either caravan-agent\n"
     "was installed anew on that host, or another machine answers in its place.\n"
     "\n"
     "A new server that will join is enrolled before Nomad knows it: give --host with its address\n"
     "(10.0.0.21, 10.0.0.21:4650, [fd00::21]). Its key is valid for that address, and later for\n"
     "the server that Nomad lists at that address.",
     0, 0, GROUP_ALL | GROUP_CONFIRM | GROUP_ENROLL, cmd_enroll},
    {"trust", "show [FILE] | add ROLE FILE | remove NAME | rotate NAME FILE | sign [FILE] | push",
     "show, change and sign the trust file (whose keys hosts obey); send it to the hosts",
     "show prints the keys of the version in force, and which host has which version. With FILE\n"
     "it shows that draft.\n"
     "\n"
     "add, remove and rotate make the next version of the trust file: add puts in a key for a "
     "role\n"
     "(root, release, operator, observer), remove takes a key out, rotate puts another key in its\n"
     "place. FILE is the public part of a key, NAME.pub. If all root keys that must sign are on\n"
     "this machine, the new version is in force at once. If not, it is a draft, trust.draft, and\n"
     "further changes go into this draft.\n"
     "\n"
     "sign adds the signatures of the root keys on this machine to a draft. Carry the file to the\n"
     "machine of a root key, sign it there, and bring it back. Then run sign here. The draft "
     "comes\n"
     "into force when it has the signatures that the version in force demands, and the signatures\n"
     "that the draft itself demands.\n"
     "\n"
     "push sends the trust file to every enrolled agent, and names each host that did not get it.\n"
     "Such a host still obeys keys that were removed. The exit code is 0 only if every enrolled\n"
     "host has the trust file.",
     1, 3, GROUP_ALL | GROUP_TRUST | GROUP_CONFIRM, cmd_trust},
    {"key", "new NAME | list | change NAME",
     "make a secret key; list all keys; change the passphrase of a key",
     "new makes two files in the directory of the configuration: keys/NAME.key, the secret key,\n"
     "encrypted with a passphrase, and keys/NAME.pub, its public part. --purpose says what the "
     "key\n"
     "is for. The command overwrites no file. An observer key is not encrypted: it signs only\n"
     "questions, which change nothing.\n"
     "\n"
     "list prints the name, the purpose and the fingerprint of every key, whether it is "
     "encrypted,\n"
     "and its file. It asks for no passphrase.\n"
     "\n"
     "change encrypts a key with a new passphrase. The key may have been unencrypted before. The\n"
     "key itself stays the same. Copies of the old file still open with the old passphrase.",
     1, 2, GROUP_ALL | GROUP_JSON | GROUP_KEY, cmd_key},
    {"release", "fetch|add|verify|remove VERSION | list | verify | sign FILE | serve",
     "fetch and verify a Nomad release; add your own; list, verify, remove, serve",
     "fetch gets SHA256SUMS and its signature from HashiCorp's release site, from a mirror or "
     "from\n"
     "a directory (--from). gpgv checks the signature. Then fetch gets the zip for every system\n"
     "and architecture in the fleet (or for --os and --arch), checks each zip, and signs what\n"
     "hosts may then install. If it was interrupted, run it again: it continues.\n"
     "\n"
     "add takes a build of your own. It hashes the zip or binary in --file, reads it without\n"
     "running it, and signs it. No vendor's signature covers such a build.\n"
     "A version with a suffix (1.0.2-acme1) is a prerelease, unless you give --not-a-prerelease.\n"
     "\n"
     "If the release keys are on machines of their own, fetch and add write a manifest that is "
     "not\n"
     "signed yet. Carry this manifest to each release key and run `caravan release sign FILE`\n"
     "there. Bring it back and run the same command here.\n"
     "\n"
     "verify checks everything again, without the network. remove deletes a version from this\n"
     "machine, unless a run uses it.\n"
     "\n"
     "If a build has no --url, hosts fetch it from this machine: plan, stage, upgrade and resume\n"
     "serve it until they end. serve does this until you interrupt it. It serves files by their\n"
     "digests, and nothing else.",
     1, 2, GROUP_ALL | GROUP_RELEASE | GROUP_SERVE | GROUP_CONFIRM, cmd_release},
    {"status", "", "versions, health, drift, agents and orphaned effects",
     "Drift: Nomad on a host does not run, or runs another binary than the binary on its disk.\n"
     "Orphaned: a run changed something in the cluster, and no run in progress will undo it.\n"
     "The exit code is 0 only if all is well and every host runs the same version.",
     0, 0, GROUP_ALL | GROUP_JSON, cmd_status},
    {"plan", "VERSION", "show what an upgrade would do, and what would stop it",
     "Changes nothing. The exit code is 4 if the upgrade would be refused.", 1, 1,
     GROUP_ALL | GROUP_JSON | GROUP_FILTER | GROUP_POLICY | GROUP_SERVE, cmd_plan},
    {"stage", "VERSION", "do everything before the first restart, hours or days ahead",
     "Makes the same plan as upgrade. Then every host fetches the new binary, checks it and tries\n"
     "it. Nothing is restarted. A later upgrade makes a new plan, and each host checks and tries\n"
     "the binary again; only fetching and unpacking are left out.",
     1, 1,
     GROUP_ALL | GROUP_JSON | GROUP_FILTER | GROUP_POLICY | GROUP_CONFIRM | GROUP_DRY | GROUP_SERVE,
     cmd_stage},
    {"upgrade", "VERSION", "upgrade the fleet: servers one at a time, then clients",
     "Shows the plan and asks once. Ctrl-C pauses the run: hosts in flight finish, and no other\n"
     "host begins. A second Ctrl-C ends the command at once. In both cases `caravan resume`\n"
     "continues the run.",
     1, 1,
     GROUP_ALL | GROUP_JSON | GROUP_FILTER | GROUP_POLICY | GROUP_CONFIRM | GROUP_DRY | GROUP_SERVE,
     cmd_upgrade},
    {"replace", "VERSION", "replace servers: new ones join at VERSION, then old ones leave",
     "One run replaces servers of one region: --add names the new servers, --remove the servers\n"
     "that leave. First all new servers join, one at a time: the next one starts when the one\n"
     "before is a healthy voter. Then the old servers are disabled, stopped and taken out of the\n"
     "cluster, one at a time, the leader last. At every step the healthy voters are a quorum.\n"
     "\n"
     "Prepare each new host: install the agent, the trust file, Nomad's configuration and unit,\n"
     "and a Nomad binary that has never run. Then run `caravan enroll --host ADDRESS`. In\n"
     "agent.conf, root must allow an order to start Nomad on new hosts ([law] start_stopped = "
     "yes),\n"
     "and to stop Nomad on old hosts ([law] allow_stop = yes).\n"
     "\n"
     "Until the first server leaves, `caravan abort` undoes everything. To take out a server that\n"
     "is dead already: --accept dead:NAME. This command does not replace clients: drain them with\n"
     "Nomad's own commands.",
     1, 1, GROUP_ALL | GROUP_JSON | GROUP_REPLACE | GROUP_CONFIRM | GROUP_DRY | GROUP_SERVE,
     cmd_replace},
    {"resume", "[RUN]", "continue a run that was paused, stopped or interrupted",
     "Without RUN the newest run is meant. RUN is the first digits of its id: caravan history.", 0,
     1, GROUP_ALL | GROUP_JSON | GROUP_CONFIRM | GROUP_SERVE, cmd_resume},
    {"abort", "[RUN]", "end a run that was paused, stopped or interrupted, and undo its effects",
     "The effects of the run on the cluster are undone, and the agents' leases are given back.\n"
     "Hosts stay on the version that they have. Without RUN the newest run is meant.",
     0, 1, GROUP_ALL | GROUP_JSON | GROUP_CONFIRM, cmd_abort},
    {"history", "", "list the runs that began on this machine", NULL, 0, 0, GROUP_ALL, cmd_history},
    {"show", "[RUN]", "show one run: what happened, host by host",
     "Without RUN the newest run is meant. RUN is the first digits of its id: caravan history.", 0,
     1, GROUP_ALL | GROUP_JSON, cmd_show},
    {"audit", "verify|export [RUN]", "check or export the record of signed orders and receipts",
     "For every run the record keeps the signed orders that stage, swap, revert or serve a host,\n"
     "and the host's signed receipts. verify reads the record without the network. It checks that\n"
     "a key that may do so signed each order, that no order was removed, changed or moved, that\n"
     "each receipt answers its order, and that the ledger says the same as the record. For each\n"
     "fault it names the run, the host and the order. --ask compares the last order of every host\n"
     "with what its agent reports. The exit code is 0 only if all is well. It is 1 also if a host\n"
     "that was asked cannot tell.\n"
     "\n"
     "export prints one JSON object for each order, one a line, for a log archive. verify reads\n"
     "the ledger, not this export. Without RUN both commands read all runs of this machine.",
     1, 2, GROUP_ALL | GROUP_JSON | GROUP_AUDIT, cmd_audit},
    {"token-policy", "[VERSION]", "print the smallest ACL policy in Nomad for Caravan's token",
     "The output can go to `nomad acl policy apply`. Comments say what each right is for, and "
     "what\n"
     "only a management token may do:\n"
     "\n"
     "  caravan token-policy 1.11.3 | nomad acl policy apply caravan -\n"
     "\n"
     "VERSION is the version of the oldest server. Without VERSION the command asks the servers\n"
     "for their versions. In older versions of Nomad no policy gives some of these rights.",
     0, 1, GROUP_ALL | GROUP_TOKEN, cmd_token_policy},
    {"config", "", "print the configuration in force, and where each value comes from",
     "--print-defaults prints the commented example of caravan.conf.", 0, 0,
     GROUP_ALL | GROUP_CONFIG, cmd_config},
};

int command_fail(const struct err *err)
{
    fflush(stdout);
    fputs("caravan: ", stderr);
    print_safe(stderr, err->text);
    fputc('\n', stderr);
    return exit_of(err);
}

int main(int argc, char **argv)
{
    const struct cli cli = {.program = "caravan",
                            .about = "Upgrades a HashiCorp Nomad fleet in place, and checks "
                                     "at every step that it is healthy.",
                            .version = CARAVAN_VERSION,
                            .commands = commands,
                            .n_commands = ARRAY_LEN(commands),
                            .options = option_table,
                            .n_options = option_count};
    const struct cli_command *command = NULL;
    struct err err = ERR_INIT;
    struct command_context context;
    int n = 0;
    char **args = NULL;
    context_init(&context);
    int rc = cli_parse(&cli, argc, argv, &context.opt, stdout, &command, &n, &args, &err);
    if (rc == 0)
        rc = arguments_check(command->name, &context.opt, n, args, &err);
    if (rc != 0)
        return rc > 0 ? EXIT_DONE : command_fail(&err);
    crypto_forbid_dumps();
    if (crypto_init(&err) < 0)
        return command_fail(&err);
    int code = command->run(&context, n, args);
    context_close(&context);
    return code;
}
