/*
 * service.h - Nomad's service on this host, as a table of functions.
 *
 * There are two implementations: service_systemd (a unit over D-Bus) and service_command (commands
 * for start, stop and status, and a pid file). Nothing here waits. begin passes an act (a start,
 * stop or restart) to the service manager. poll says whether the service manager has finished the
 * act. When fd becomes readable, calling poll again is worth while (-1: call poll again after a
 * while). One act at a time. A finished act does not say that Nomad is well: state says what runs,
 * and the probe (probe.h) judges.
 *
 * An act goes on when the asking process dies. systemd carries out its job. A command runs in a
 * process of its own, which holds the service lock; a newly started caravan-swap waits for that
 * lock, and does not start a second Nomad.
 *
 * at_boot sets whether the service starts when the host starts, and reads the setting back. It
 * takes some seconds at most (SERVICE_BOOT_MS each). If the setting is not possible, nothing is
 * changed (unit_boot.h). For configured commands only the exit status counts, because nothing can
 * be read back.
 *
 * state says what the service is now. `ended`: no process runs, and the service manager will start
 * none by itself. `restarts` only grows; a number that has grown means a start that nobody ordered
 * (0 if the manager does not count; then a changed main process shows such a start).
 * `started_wall_ns` is not later than the start of the present main process; 0: unknown.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "agent_conf.h"
#include "message.h"

enum service_act { SERVICE_ACT_START, SERVICE_ACT_STOP, SERVICE_ACT_RESTART };

struct service_state {
    enum tri active; /* a process runs, or is starting */
    bool ended;
    uint32_t main_pid;   /* 0: none */
    uint64_t main_start; /* /proc/PID/stat field 22; 0: unknown */
    uint64_t restarts;
    int64_t started_wall_ns;
    char text[TEXT_MAX]; /* for people: "active (running)" */
};

#define SERVICE_BOOT_MS  5000 /* for one command, or one question to systemd */
#define ABOUT_CONDITIONS 16
#define ABOUT_FILES      16
#define ABOUT_UNITS      32
#define ABOUT_COMMANDS   250
#define ABOUT_PATHS      24
#define ABOUT_GROUPS     8

/* One Condition*= or Assert*= of the unit. */
struct about_condition {
    char type[40]; /* "ConditionPathExists" */
    char what[256];
    bool trigger; /* one of the trigger conditions is enough */
    bool negate;
};

/* An EnvironmentFile=. */
struct about_file {
    char path[256];
    bool optional; /* with "-" */
};

/* A path that systemd needs to start the unit, and the key that names the path. */
struct about_path {
    char key[24], path[256]; /* "WorkingDirectory", "ExecStartPre" */
    bool program;            /* the path is executed */
    bool outside;            /* systemd looks the path up, not the started process */
};

/* Another unit, and its relation to this unit. */
struct about_unit {
    char name[128], how[24];   /* "Requires" */
    char load[16], active[16]; /* "loaded", "active" */
};

/* Does the service start when the host starts? */
struct about_boot {
    char state[24];   /* systemd's word: "enabled", "disabled", "static", ...; "": unknown. For
                         configured commands "commands": enable and disable are configured */
    bool told;        /* `others` is known */
    char others[128]; /* units that would start a disabled service too: "a.target, b.timer" */
};

/* How the service manager has loaded Nomad's service. In each list: `told` means that the manager
 * reported the whole list; `more` means that entries did not fit. */
struct service_about {
    bool unit;          /* false: configured commands. Then only boot.state is known, and the words
                           if agent.conf contains them and no process runs */
    bool missing;       /* the manager has no such unit; all below is unknown */
    bool reload;        /* the unit's files on disk have changed since systemd loaded them */
    char fragment[256]; /* the unit's file; "": none */
    char drop_ins[512]; /* the unit's drop-in files, blanks between; "": none */
    char type[24], kill_mode[24];
    char user[64]; /* "": root */
    char group[64];
    char groups[ABOUT_GROUPS][64]; /* SupplementaryGroups=; "" after the last */
    bool dynamic_user;
    struct about_boot boot;
    bool refuses;                                /* only other units may stop or start the unit */
    int32_t stop_signal;                         /* at a restart; 0: unknown */
    char restart[24];                            /* "on-failure"; "": unknown */
    uint64_t restart_us, limit_us, limit_starts; /* after a failed start; limit 0: no limit */
    bool prevents[256]; /* exit statuses after which systemd does not restart the unit */
    struct {
        bool told, more;
        uint32_t n;
        struct about_condition list[ABOUT_CONDITIONS];
    } conditions;
    struct {
        bool told, more;
        uint32_t n;
        struct about_file list[ABOUT_FILES];
    } files;
    struct about_units {
        bool told, more;
        uint32_t n;
        struct about_unit list[ABOUT_UNITS];
    } needs, bound; /* units that this unit needs; units that stop or restart together with it */
    struct {
        bool more;
        uint32_t n;
        struct about_path list[ABOUT_PATHS];
    } paths;
    struct {
        bool told;
        char text[ABOUT_COMMANDS]; /* "ExecStop=/bin/x y; ..."; "": none; "..." at the end: cut */
    } start, stop;                 /* commands that systemd runs besides ExecStart; at a stop also
                                      "FailureAction=reboot; OnFailure=x.service" */
    /* The first ExecStart: its program, and its words in the format of /proc/PID/cmdline. Each word
     * ends in NUL; variables are not replaced. words_len 0: no words, or more than fit. */
    char program[256];
    size_t words_len;
    char words[4096];
};

enum service_progress { SERVICE_DONE, SERVICE_WORKING, SERVICE_FAILED };

struct service {
    void *self;
    MUST_CHECK int (*begin)(void *self, enum service_act act, struct err *err);
    /* SERVICE_FAILED: the act failed; ret_text says why. -1: the manager gave no answer
     * (ERR_NETWORK, ERR_TIMEOUT). */
    MUST_CHECK int (*poll)(void *self, enum service_progress *ret, char ret_text[static TEXT_MAX],
                           struct err *err);
    MUST_CHECK int (*state)(void *self, struct service_state *ret, struct err *err);
    /* ERR_REFUSED: nothing was changed; the text says why. */
    MUST_CHECK int (*at_boot)(void *self, bool starts, struct err *err);
    MUST_CHECK int (*about)(void *self, struct service_about *ret, struct err *err);
    /* Is this other unit active? TRI_UNKNOWN: the manager gave no answer. TRI_NO: the unit is not
     * active, or does not exist. */
    enum tri (*active)(void *self, const char *unit);
    /* The last lines of the unit's journal, or the last output of the status command; may be "". */
    void (*evidence)(void *self, char *dst, size_t n);
    int (*fd)(void *self);
    void (*free)(void *self);
};

/* conf must outlive the service. */
MUST_CHECK int service_systemd_new(const struct agent_conf *conf, struct service *ret,
                                   struct err *err);
/* lock_path: in the run directory. program: caravan-swap itself, which is started again as `program
 * run-command MS WORDS...` with the locked file as descriptor 3. */
MUST_CHECK int service_command_new(const struct agent_conf *conf, const char *program,
                                   const char *lock_path, struct service *ret, struct err *err);
/* The body of `run-command`: argv is MS and the command's words. Returns the exit status. */
int service_command_main(int argc, char **argv);

#endif
