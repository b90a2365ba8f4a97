/* stop_commands.h: what the stop commands of a unit do to the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "stop_commands.h"

static const char *const take[] = {
    "ExecStop=/usr/bin/nomad node drain -self -enable -yes",
    "nomad server force-leave s1",
    "/bin/rm -rf /var/lib/x",
    "systemctl stop other",
    "ExecStop=/usr/bin/docker stop web",
    "ExecStop=/bin/kill -INT $MAINPID; ExecStopPost=/usr/bin/docker stop web",
    "ExecStop=/bin/sh -c docker stop $(docker ps -q)",
    "ExecStop=/bin/sh -c 'kill -INT $MAINPID; rm -rf /var/lib/x'",
    "ExecStop=/usr/bin/env PATH=/x nomad node drain -self",
    "ExecStop=/opt/nomad-drain.sh",
    "ExecStop=/bin/kill -TERM -$MAINPID", /* the whole process group: also the tasks */
    "ExecStop=/bin/kill -TERM 4711",
    "ExecStop=/usr/bin/pkill nomad",
    "ExecStop=/bin/kill -INT $MAINPID; ExecStopPost=/usr/bin/kill 12",
    "ExecStop=/usr/bin/pkill -x docker; ExecStopPost=/bin/kill 7",
    "ExecStopPost=/bin/rm -rf /var/lib/x /run/nomad.pid",
    "ExecStopPost=/bin/rm -f /run/nomad.pid; ExecStopPost=/bin/rm /etc/x",
    "/opt/bin/node_drain.sh 10m",
    "FailureAction=reboot",
    "ExecStop=/bin/kill -INT $MAINPID; SuccessAction=poweroff-force",
    "OnFailure=nomad-drain.service",
    "ExecStopPost=/usr/bin/logger one of many words, of which the last are not told ...",
};

static const char *const leave[] = {
    "ExecStop=/bin/kill -INT $MAINPID",
    "ExecStop=/bin/kill -s INT ${MAINPID}",
    "ExecStop=/bin/sh -c 'kill -INT $MAINPID'",
    "ExecStop=/bin/kill -s INT $MAINPID",
    "ExecStop=/bin/true; ExecStopPost=/bin/rm -f /run/nomad.pid",
    "/usr/bin/logger \"stopped\"",
    "/usr/bin/logger rm stop drain",
    "ExecStop=/opt/stop/drain/tell --leave now",
    "ExecStop=/usr/bin/nomad status; ExecStopPost=/bin/echo stop",
    "/opt/alarm --informed",
    "/bin/true",
    "ExecStop=/bin/true; OnFailure=mail-root.service",
};

static void test_programs_and_their_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(take) / sizeof(take[0]); i++)
        if (!stop_takes_away(take[i]))
            fail_msg("%s", take[i]);
    for (size_t i = 0; i < sizeof(leave) / sizeof(leave[0]); i++)
        if (stop_takes_away(leave[i]))
            fail_msg("%s", leave[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_programs_and_their_words)};
    return cmocka_run_group_tests_name("stop_commands", tests, NULL, NULL);
}
