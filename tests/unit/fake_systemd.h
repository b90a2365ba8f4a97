/*
 * fake_systemd.h - a service manager on its own socket, for tests of service_systemd.
 *
 * A forked process answers on a Unix socket like a bus with one unit; DBUS_SYSTEM_BUS_ADDRESS names
 * the socket. A change of the shared struct by the test shows in the unit's properties at once, and
 * the struct counts the requests to the manager.
 */
#ifndef FAKE_SYSTEMD_H
#define FAKE_SYSTEMD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include "compiler.h"

struct fake_systemd {
    char active[32], sub[32], result[32]; /* the result of the next job */
    unsigned main_pid, restarts;
    _Atomic unsigned started, stopped, restarted, reset;
    _Atomic bool end_job; /* set by the test: send JobRemoved */
    _Atomic bool hang_up; /* set by the test: close the connection */
    _Atomic bool has_job; /* the value of the unit's Job property */
    bool refuses;         /* RestartUnit fails */
    /* The loaded unit. Blanks separate the words and the drop-ins. */
    char load[32], fragment[128], type[32], kill_mode[32], user[32], drop_ins[256];
    char program[128], words[8192];
    /* Groups of words: type trigger negate what; path optional; program words. Of other units:
     * their state. */
    char conditions[256], files[256], stop[256], needs[256], bound[256];
    char start_pre[256], failure_units[64], mounted[256], binds[256], groups[64];
    char failure_action[32], working[128], root[128];
    bool may_fail, refuses_stop; /* may_fail: of the command before the start */
    char bound_to_others[256];   /* the same values for every other unit */
    char restart[32], other_load[32], other_active[32];
    int kill_signal, prevented;
    unsigned long restart_us, limit_us;
    unsigned limit_starts;
    /* Is it started at boot: its file's state, the links that disabling takes away, what starts it
     * as it is loaded, and after the next reload. */
    char file_state[32], links[256], wanted[256], wanted_then[256], triggered[128];
    bool no_links, stubborn, no_reload; /* stubborn: a change of the unit file has no effect */
    _Atomic unsigned enabled, disabled, reloaded;
    bool reload, knows_little; /* knows_little: the manager has only the first properties */
    char address[128];
    pid_t pid;
};

struct fake_systemd *fake_systemd_start(const char *dir);
void fake_systemd_stop(struct fake_systemd *f);

#endif
