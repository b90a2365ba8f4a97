#include "agent_args.h"
#include "agent_conf.h"
#include "caravan_version.h"
#include "str.h"

static void print_agent_help(const struct agent_args_about *about, FILE *out)
{
    fprintf(out,
            "%s\n\nUsage: %s [OPTION]...\n\n"
            "  --config PATH    read this configuration file (default %s)\n"
            "  --print-config   print a commented example of the configuration file\n%s%s",
            about->what, about->program, AGENT_CONF_PATH,
            about->may_tell_fingerprint
                ? "  --fingerprint    print one line for `caravan enroll --from`: this host's name "
                  "and the\n                   fingerprint of its key (only root can read the "
                  "key)\n"
                : "",
            about->may_be_sandboxed
                ? "  --sandboxed      for the packaged unit, which is a sandbox: refuse a "
                  "configuration that\n                   cannot work in the unit\n"
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
            print_agent_help(about, stdout);
            return 1;
        } else {
            fprintf(stderr, "%s: unknown option, or an option without its value: %s\n\n",
                    about->program, argv[i]);
            print_agent_help(about, stderr);
            return -1;
        }
    }
    return 0;
}
