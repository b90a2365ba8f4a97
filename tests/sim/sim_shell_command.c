#include "sim_shell.h"
#include "file.h"
#include "sim_build.h"
#include "str.h"

#define CONFIGS_MAX 32

static int print_error(const char *what, const struct err *err)
{
    fprintf(stderr, "==> %s: %s\n", what, err->text);
    return 1;
}

static int print_version(const struct sim_settings *s)
{
    char revision[41];
    sim_build_revision(s->version, revision);
    if (sim_build_has(s->version, SIM_FEATURE_BUILD_DATE))
        printf("Nomad v%s\nBuildDate %s\nRevision %s\n", s->version, sim_build_date(s->version),
               revision);
    else
        printf("Nomad v%s (%s)\n", s->version, revision);
    return 0;
}

static int validate_config(const struct sim_settings *s, int n, char **paths)
{
    struct sim_nomad_conf conf;
    struct err err = ERR_INIT;
    if (n == 0) {
        fprintf(stderr, "Must specify at least one config file or directory\n");
        return 1;
    }
    if (s->faults.reject_config != 0) {
        fprintf(stderr, "Configuration invalid: fault reject-config\n");
        return 1;
    }
    if (sim_conf_load(n, paths, s->version, &conf, &err) < 0) {
        fprintf(stderr, "Configuration invalid: %s\n", err.text);
        return 1;
    }
    puts("Configuration is valid!");
    return 0;
}

/* Collects the values of -config. -1: there is another argument. */
static int read_config_arguments(int argc, char **argv, char *ret[static CONFIGS_MAX])
{
    int n = 0;
    for (int i = 0; i < argc; i++) {
        const char *a = argv[i] + (str_starts(argv[i], "--") ? 1 : 0);
        if (n == CONFIGS_MAX)
            return -1;
        if (str_starts(a, "-config="))
            ret[n++] = argv[i] + (a - argv[i]) + strlen("-config=");
        else if (str_eq(a, "-config") && i + 1 < argc)
            ret[n++] = argv[++i];
        else
            return -1;
    }
    return n;
}

static int run_agent(const struct sim_settings *settings, int argc, char **argv)
{
    char *paths[CONFIGS_MAX];
    struct err err = ERR_INIT;
    int n = read_config_arguments(argc, argv, paths);
    if (n <= 0) {
        fprintf(stderr, "==> usage: nomad agent -config FILE|DIR ...\n");
        return 1;
    }
    autofree struct sim_shell *s = xzalloc(1, sizeof(*s));
    s->settings = *settings;
    if (sim_conf_load(n, paths, settings->version, &s->conf, &err) < 0)
        return print_error("Error loading configuration", &err);
    if ((str_eq(settings->only, "server") && !s->conf.node.server) ||
        (str_eq(settings->only, "client") && s->conf.node.server))
        memset(&s->settings.faults, 0, sizeof(s->settings.faults));
    s->conf.node.timing = settings->timing;
    s->conf.node.allocs = settings->allocs;
    s->conf.node.management = settings->management;
    s->conf.node.reader = settings->reader;
    printf("==> Loaded configuration from %s\n==> Starting Nomad agent (a stand-in)...\n",
           s->conf.node.file);
    printf("    Version: %s\n     Server: %s\n     Client: %s\n", settings->version,
           s->conf.node.server ? "true" : "false", s->conf.node.client ? "true" : "false");
    fflush(stdout);
    int status = 1; /* as Nomad, also after a signal without leaving */
    if (sim_shell_run(s, &err) < 0) {
        (void)print_error("Error starting agent", &err);
    } else if (s->node.exited) {
        fprintf(stderr, "==> %s\n", s->node.exit_text);
        status = s->node.exit_status;
    } else {
        sim_shell_log(s, "INFO", "agent: shutdown complete");
    }
    sim_shell_close(s);
    return status;
}

static int print_command_usage(void)
{
    fprintf(stderr, "Usage: nomad agent -config FILE|DIR ... | nomad version | nomad config "
                    "validate FILE|DIR\nThis is Caravan's stand-in for Nomad.\n");
    return 127;
}

int sim_shell_command(int argc, char **argv)
{
    struct sim_settings s;
    struct err err = ERR_INIT;
    const char *verb = argc > 1 ? argv[1] : "";
    if (sim_settings_load(&s, &err) < 0)
        return print_error("the stand-in's settings", &err);
    if (str_eq(verb, "version") || str_eq(verb, "-version") || str_eq(verb, "-v"))
        return print_version(&s);
    if (str_eq(verb, "agent"))
        return run_agent(&s, argc - 2, argv + 2);
    if (str_eq(verb, "config") && argc > 2 && str_eq(argv[2], "validate") &&
        sim_build_has(s.version, SIM_FEATURE_VALIDATE))
        return validate_config(&s, argc - 3, argv + 3);
    return print_command_usage();
}
