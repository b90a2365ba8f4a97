/* caravan: the coordinator. A table of commands; each is a file cmd_<verb>.c. */
#include "arguments.h"
#include "caravan_version.h"
#include "commands.h"
#include "table.h"

static const struct cli_command commands[] = {
    {"init", "", "make the keys of a new cluster, and the trust file for its hosts",
     "Never overwrites anything. Solo: one person holds all roles. The trust file is written\n"
     "twice, as it is and as a Debian package; every host needs one of them.\n"
     "\n"
     "Split: root and release keys are made on machines of their own, and only their public parts\n"
     "come here. What is written is a draft, which as many root keys sign as --root-threshold\n"
     "says: caravan trust sign.\n"
     "\n"
     "Secret keys are encrypted with a passphrase, which is asked for twice, but for the "
     "observer's,\n"
     "which signs questions only. A script hands the passphrase over with --passphrase-fd, or "
     "takes\n"
     "--no-passphrase. Nobody can recover a forgotten passphrase.",
     0, 0, GROUP_ALL | GROUP_INIT | GROUP_CONFIRM, cmd_init},
    {"enroll", "", "remember the key of every agent, by its host's Nomad id",
     "The hosts are those that Nomad lists at NOMAD_ADDR (or [nomad] address in caravan.conf).\n"
     "`caravan-agent --fingerprint`, run as root on a host, prints a line for it: the host's name\n"
     "and its key's fingerprint. With these lines of all hosts in one file, collected the way\n"
     "you configure them, --from FILE accepts every key that has the fingerprint of its line,\n"
     "asks nothing, and names the rest: who has no line or another key, and lines without a\n"
     "host. A line's first word may also be the Nomad id, or the address of a host that is to\n"
     "join.\n"
     "\n"
     "Without --from each new key is shown and asked about: compare it with the one that the\n"
     "host itself tells. --yes accepts all that answer, compared by nobody: for a laboratory.\n"
     "\n"
     "A key that has changed is accepted by --rekey alone, which shows both. Either\n"
     "caravan-agent was installed anew there, or somebody answers in its place.\n"
     "\n"
     "A new server, which is to join, is enrolled before Nomad knows it: --host with its address\n"
     "(10.0.0.21, 10.0.0.21:4650, [fd00::21]). Its key holds for that address, and later for\n"
     "the server that Nomad lists there.",
     0, 0, GROUP_ALL | GROUP_CONFIRM | GROUP_ENROLL, cmd_enroll},
    {"trust", "show [FILE] | add ROLE FILE | remove NAME | rotate NAME FILE | sign [FILE] | push",
     "who may sign what: keys by name, the next version of it, and hosts get it",
     "show tells the keys of the version in force, and which host has which version; of FILE, a\n"
     "draft.\n"
     "\n"
     "add, remove and rotate make the next version: a key for a role (root, release, operator,\n"
     "observer), none of this name, another one in its place. FILE is a key's public part, "
     "NAME.pub.\n"
     "Where all root keys that must sign are here the version is in force at once; else it is a\n"
     "draft, trust.draft, which further changes go into.\n"
     "\n"
     "sign adds the signatures of the root keys that are here to a draft: carry the file to the\n"
     "machine of a root key, sign it there, and bring it back: sign puts it into force when it\n"
     "has the signatures that the version in force demands, and those that it demands itself.\n"
     "\n"
     "push sends it to every enrolled agent, and names each that has not got it: such a host "
     "obeys\n"
     "whoever was removed until it follows. Exit code 0 only if every enrolled host has it.",
     1, 3, GROUP_ALL | GROUP_TRUST | GROUP_CONFIRM, cmd_trust},
    {"key", "new NAME | list | change NAME",
     "make a secret key; list them; encrypt one with another passphrase",
     "new makes keys/NAME.key, which is secret and encrypted with a passphrase, and "
     "keys/NAME.pub,\n"
     "in the directory of the configuration; --purpose says what for. It overwrites nothing. An\n"
     "observer key is not encrypted: it signs questions, and changes nothing.\n"
     "\n"
     "list tells the name, purpose and fingerprint of every key, whether it is encrypted, and its\n"
     "file. It asks for no passphrase.\n"
     "\n"
     "change encrypts a key with another passphrase, also one that was not encrypted. The key "
     "stays\n"
     "the same; copies of the old file still open as before.",
     1, 2, GROUP_ALL | GROUP_JSON | GROUP_KEY, cmd_key},
    {"release", "fetch|add|verify|remove VERSION | list | verify | sign FILE | serve",
     "fetch a Nomad release, verified; add one's own; list, verify, remove, serve",
     "fetch gets SHA256SUMS and its signature from HashiCorp's release site, a mirror or a\n"
     "directory (--from), has gpgv check it, then gets the zip for every system and architecture\n"
     "in the fleet (or --os and --arch), checks each, and signs what hosts may then install. It\n"
     "goes on where it was interrupted.\n"
     "\n"
     "add takes a build of one's own: the zip or binary of --file is hashed, looked into without\n"
     "running it, and signed; no vendor speaks for it.\n"
     "A version with a suffix (1.0.2-acme1) is a prerelease unless --not-a-prerelease was said.\n"
     "\n"
     "Where release keys are on machines of their own what fetch and add write is not signed yet:\n"
     "carry the manifest that they name there, `sign` adds the signatures of the release keys "
     "that\n"
     "are there, and the same command here takes them in.\n"
     "\n"
     "verify checks everything again, without the network; remove takes a version off this\n"
     "machine, unless a run uses it.\n"
     "\n"
     "What has no --url hosts fetch from this machine: plan, stage, upgrade and resume serve it\n"
     "while they last. serve does so until it is interrupted: files by their digests, nothing "
     "else.",
     1, 2, GROUP_ALL | GROUP_RELEASE | GROUP_SERVE | GROUP_CONFIRM, cmd_release},
    {"status", "", "versions, health, drift, agents and orphaned effects",
     "Drift: a host's Nomad does not run, or runs another binary than the one on its disk.\n"
     "Orphaned: a run changed something in the cluster, and no run that is alive will undo it.\n"
     "Exit code 0 only if all is well and every host runs the same version.",
     0, 0, GROUP_ALL | GROUP_JSON, cmd_status},
    {"plan", "VERSION", "what an upgrade would do, and what speaks against it",
     "Changes nothing. Exit code 4 when the upgrade would be refused.", 1, 1,
     GROUP_ALL | GROUP_JSON | GROUP_FILTER | GROUP_POLICY | GROUP_SERVE, cmd_plan},
    {"stage", "VERSION", "everything of an upgrade up to the first restart, ahead of the night",
     "Plans as upgrade does; then every host fetches the new binary, checks it and tries it, and\n"
     "nothing is restarted. A later upgrade plans anew and has each host check and try it again;\n"
     "only fetching and unpacking are left out.",
     1, 1,
     GROUP_ALL | GROUP_JSON | GROUP_FILTER | GROUP_POLICY | GROUP_CONFIRM | GROUP_DRY | GROUP_SERVE,
     cmd_stage},
    {"upgrade", "VERSION", "upgrade the fleet: servers one at a time, then clients",
     "Shows the plan and asks once. Ctrl-C pauses: hosts in flight finish, nothing else\n"
     "begins; a second one leaves at once. Either can be resumed.",
     1, 1,
     GROUP_ALL | GROUP_JSON | GROUP_FILTER | GROUP_POLICY | GROUP_CONFIRM | GROUP_DRY | GROUP_SERVE,
     cmd_upgrade},
    {"replace", "VERSION", "replace servers: new ones join at VERSION, then old ones leave",
     "One region a run: --add names the new servers, --remove those that leave. All new ones join\n"
     "first, one at a time, each until it is a healthy voter; then the old ones are disabled,\n"
     "stopped and taken out of the cluster, one at a time, the leader last. At every step the\n"
     "healthy voters are a quorum.\n"
     "\n"
     "A new host has the agent, the trust file, Nomad's configuration and unit, and a Nomad "
     "binary\n"
     "that has never run; `caravan enroll --host ADDRESS` enrols it. Root allows on new hosts "
     "that\n"
     "Nomad is started ([law] start_stopped = yes), and on old ones that it is stopped ([law]\n"
     "allow_stop = yes).\n"
     "\n"
     "Until the first server leaves, `caravan abort` walks all of it back. A server that is dead\n"
     "already: --accept dead:NAME. Clients are not replaced: drain them, with Nomad's own "
     "commands.",
     1, 1, GROUP_ALL | GROUP_JSON | GROUP_REPLACE | GROUP_CONFIRM | GROUP_DRY | GROUP_SERVE,
     cmd_replace},
    {"resume", "[RUN]", "go on with a run that was paused, stopped or interrupted", NULL, 0, 1,
     GROUP_ALL | GROUP_JSON | GROUP_CONFIRM | GROUP_SERVE, cmd_resume},
    {"abort", "[RUN]", "end such a run: undo its side effects, give its leases back",
     "Hosts stay on the version they have.", 0, 1, GROUP_ALL | GROUP_JSON | GROUP_CONFIRM,
     cmd_abort},
    {"history", "", "the runs begun from this machine", NULL, 0, 0, GROUP_ALL, cmd_history},
    {"show", "[RUN]", "one run: what happened, host by host", NULL, 0, 1, GROUP_ALL | GROUP_JSON,
     cmd_show},
    {"audit", "verify|export [RUN]",
     "the signed orders and receipts: are they all there, do they fit?",
     "Of every run the signed orders to stage, swap, revert or serve a host are kept, and its "
     "signed\n"
     "receipts. verify reads them back without the network: whether each is signed by a key that\n"
     "may do so, one was removed, changed or moved, a receipt answers another order, or the "
     "ledger\n"
     "says something else than they do. It names run, host and order. --ask compares the last "
     "order\n"
     "of every host with what its agent says. Exit code 0 only if all is well; 1, too, where a "
     "host\n"
     "that was asked cannot tell.\n"
     "\n"
     "export prints one JSON object a line, for a log archive; verify reads the ledger, not that.\n"
     "Without RUN both are about all runs of this machine.",
     1, 2, GROUP_ALL | GROUP_JSON | GROUP_AUDIT, cmd_audit},
    {"token-policy", "[VERSION]", "the smallest ACL policy in Nomad for Caravan's token",
     "Prints it as `nomad acl policy apply` takes it, with comments that say what each right is "
     "for\n"
     "and what only a management token may:\n"
     "\n"
     "  caravan token-policy 1.11.3 | nomad acl policy apply caravan -\n"
     "\n"
     "VERSION is that of the oldest server, and nothing is asked then; without it the servers are\n"
     "asked for theirs. Older versions have no policy for some of these rights.",
     0, 1, GROUP_ALL | GROUP_TOKEN, cmd_token_policy},
    {"config", "", "the configuration in force, and where each value comes from",
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
                            .about = "Upgrades a HashiCorp Nomad fleet in place, proving it "
                                     "healthy at every step.",
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
