#include "agent_args.h"
#include "agent_conf.h"
#include "caravan_version.h"
#include "str.h"

static void help(const struct agent_args_about *about, FILE *out)
{
    fprintf(out,
            "%s\n\nUsage: %s [OPTION]...\n\n"
            "  --config PATH    configuration (default %s)\n"
            "  --print-config   print the commented example of it\n%s%s",
            about->what, about->program, AGENT_CONF_PATH,
            about->may_tell_fingerprint
                ? "  --fingerprint    print this host's name and its key's fingerprint, a line for "
                  "`caravan\n                   enroll --from`, and end; root's\n"
                : "",
            about->may_be_sandboxed
                ? "  --sandboxed      started by its packaged unit, which is the "
                  "sandbox: refuse what\n                   cannot work "
                  "there\n"
                : "");
}

int agent_args_parse(const struct agent_args_about *about, int argc, char **argv,
                     struct agent_args *ret)
{
    *ret = (struct agent_args){.config = AGENT_CONF_PATH};
    for (int i = 1; i < argc; i++) {
        if (str_eq(argv[i], "--config") && i + 1 < argc) {
            ret->config = argv[++i];
        } else if (str_starts(argv[i], "--config=")) {
            ret->config = argv[i] + strlen("--config=");
        } else if (str_eq(argv[i], "--sandboxed") && about->may_be_sandboxed) {
            ret->sandboxed = true;
        } else if (str_eq(argv[i], "--fingerprint") && about->may_tell_fingerprint) {
            ret->fingerprint = true;
        } else if (str_eq(argv[i], "--print-config")) {
            conf_print(&agent_conf_table, stdout);
            return 1;
        } else if (str_eq(argv[i], "--version")) {
            printf("%s %s\n", about->program, CARAVAN_VERSION);
            return 1;
        } else if (str_eq(argv[i], "--help") || str_eq(argv[i], "-h")) {
            help(about, stdout);
            return 1;
        } else {
            fprintf(stderr, "%s: not understood: %s\n\n", about->program, argv[i]);
            help(about, stderr);
            return -1;
        }
    }
    return 0;
}
