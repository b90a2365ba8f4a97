/*
 * service.h - Nomad's service on this host, as a table of functions.
 *
 * Two makers: service_systemd (a unit over D-Bus) and service_command (start,
 * stop and status commands and a pid file). Nothing here waits: begin hands the
 * act over, poll tells when the service manager has finished with it, fd is what
 * becomes readable when poll is worth calling again (-1: after a while). One act
 * at a time. A finished act says nothing about Nomad being well: state does, and
 * the probe (probe.h) judges.
 *
 * An act goes on when the asking process dies: systemd carries out its job; a
 * command runs in a process of its own, which holds the service lock, so that a
 * caravan-swap started anew waits for it instead of starting a second Nomad.
 *
 * at_boot says whether the service is started when the host starts, reads that back, and does not
 * wait long (SERVICE_BOOT_MS). Where that cannot be had nothing is changed (unit_boot.h). Commands
 * are believed by their exit status: there is nothing to read back.
 *
 * state: what the service is now. `ended` means that no process runs and the
 * service manager will start none by itself. restarts only grows; a number that
 * grew is a start nobody ordered (0 where the manager does not count: then a
 * changed main process tells). started_wall_ns is not later than the start of the
 * present main process; 0: unknown.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "agent_conf.h"
#include "message.h"

enum service_act { SERVICE_ACT_START, SERVICE_ACT_STOP, SERVICE_ACT_RESTART };

struct service_state {
    enum tri active; /* a process runs, or is being started */
    bool ended;
    uint32_t main_pid;   /* 0: none */
    uint64_t main_start; /* /proc/PID/stat field 22; 0: unknown */
    uint64_t restarts;
    int64_t started_wall_ns;
    char text[TEXT_MAX]; /* "active (running)": for people */
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
    bool trigger; /* one of those suffices */
    bool negate;
};

/* An EnvironmentFile=. */
struct about_file {
    char path[256];
    bool optional; /* with "-" */
};

/* A path without which systemd cannot start it, and the key that names it. */
struct about_path {
    char key[24], path[256]; /* "WorkingDirectory", "ExecStartPre" */
    bool program;            /* it is executed */
    bool outside;            /* looked up by systemd, not by the started process */
};

/* Another unit, and how it hangs together with this one. */
struct about_unit {
    char name[128], how[24];   /* "Requires" */
    char load[16], active[16]; /* "loaded", "active" */
};

/* Is it started when the host starts? */
struct about_boot {
    char state[24];   /* systemd's word: "enabled", "disabled", "static", ...; "" not told. Of
                         commands "commands": both are configured */
    bool told;        /* the others are known */
    char others[128]; /* which would start it although it were disabled: "a.target, b.timer" */
};

/* What starts Nomad here, as the service manager has it loaded. Of each list: told, whether the
 * manager has told it whole; more, that there are others than these. */
struct service_about {
    bool unit;          /* false: configured commands; nothing below is known but boot.state, and
                           the words where agent.conf has them and no process tells them */
    bool missing;       /* the manager has no such unit; nothing below is known */
    bool reload;        /* its files changed on disk since they were loaded */
    char fragment[256]; /* the unit's file; "" none */
    char drop_ins[512]; /* the files that change it, blanks between; "" none */
    char type[24], kill_mode[24];
    char user[64]; /* "" root */
    char group[64];
    char groups[ABOUT_GROUPS][64]; /* SupplementaryGroups=; "" behind the last */
    bool dynamic_user;
    struct about_boot boot;
    bool refuses;        /* to be stopped, or started, by anybody but other units */
    int32_t stop_signal; /* at a restart; 0: not told */
    char restart[24];    /* "on-failure"; "" not told */
    uint64_t restart_us, limit_us, limit_starts; /* after a failed start; the limit: 0 none */
    bool prevents[256];                          /* exit statuses after which it is not restarted */
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
    } needs, bound; /* what it needs; what stops or restarts along with it */
    struct {
        bool more;
        uint32_t n;
        struct about_path list[ABOUT_PATHS];
    } paths;
    struct {
        bool told;
        char text[ABOUT_COMMANDS]; /* "ExecStop=/bin/x y; ..."; "" none; "..." at its end: cut */
    } start, stop;                 /* what is run beside ExecStart; at a stop also
                                      "FailureAction=reboot; OnFailure=x.service" */
    /* The first ExecStart: its program, and its words as /proc/PID/cmdline has them, each
     * ending in NUL, variables not filled in. 0 words: none, or more than fit. */
    char program[256];
    size_t words_len;
    char words[4096];
};

enum service_progress { SERVICE_DONE, SERVICE_WORKING, SERVICE_FAILED };

struct service {
    void *self;
    MUST_CHECK int (*begin)(void *self, enum service_act act, struct err *err);
    /* SERVICE_FAILED: the manager says the act failed, ret_text tells why. -1: the
     * manager could not be asked (ERR_NETWORK, ERR_TIMEOUT). */
    MUST_CHECK int (*poll)(void *self, enum service_progress *ret, char ret_text[static TEXT_MAX],
                           struct err *err);
    MUST_CHECK int (*state)(void *self, struct service_state *ret, struct err *err);
    /* ERR_REFUSED: nothing was changed, the text says why. */
    MUST_CHECK int (*at_boot)(void *self, bool starts, struct err *err);
    MUST_CHECK int (*about)(void *self, struct service_about *ret, struct err *err);
    /* Is this other unit active? Unknown: the manager could not be asked. No: there is none. */
    enum tri (*active)(void *self, const char *unit);
    /* The unit's last lines, or the last output of the status command; may be "". */
    void (*evidence)(void *self, char *dst, size_t n);
    int (*fd)(void *self);
    void (*free)(void *self);
};

/* conf must outlive the service. */
MUST_CHECK int service_systemd_new(const struct agent_conf *conf, struct service *ret,
                                   struct err *err);
/* lock_path: in the run directory. program: caravan-swap itself, started again as
 * `program run-command MS WORDS...` with the locked descriptor as number 3. */
MUST_CHECK int service_command_new(const struct agent_conf *conf, const char *program,
                                   const char *lock_path, struct service *ret, struct err *err);
/* The body of `run-command`: argv is MS and the command's words. Exit status. */
int service_command_main(int argc, char **argv);

#endif
