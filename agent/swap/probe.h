/*
 * probe.h - does the binary just put in place really run here?
 *
 * Pure: looks go in, a verdict comes out. The probe passes when, for hold_ms
 * without a break, the service is active, its main process executes exactly the
 * file that was put in place, was started once, and the local API answers. It
 * fails at once when the process ended and nobody will start it again, or when it
 * was started more than once; a live process that does not answer fails only at
 * the deadline: a server may be restoring for minutes.
 *
 * What "answers" means, from Nomad's own behaviour: a server is asked
 * /v1/status/leader?stale, which it answers at once from its own state, also
 * without leader and without quorum (agent/health would wait for a leader and
 * then fail, and a server without quorum but up must not be called dead). A
 * client is asked /v1/agent/health?type=client, which is local and 200 once it
 * knows a server (status/leader on a client is forwarded and may block). What counts as
 * Nomad's answer: probe_answers. An answer counts only while the main process executes the
 * new file: the old one may still be answering while it stops.
 */
#ifndef PROBE_H
#define PROBE_H

#include "host.h"

#define PROBE_HOLD_MS            5000
#define PROBE_DEADLINE_SERVER_MS (10 * 60 * 1000)
#define PROBE_DEADLINE_CLIENT_MS (2 * 60 * 1000)
#define PROBE_ASK_MS             1000

struct probe {
    int64_t began_ms, deadline_ms, hold_ms; /* uptime; lengths */
    bool counted, seen;                     /* restarts is set; the new file was seen running */
    uint32_t main_pid;
    uint64_t main_start, restarts;
    int64_t answered_ms; /* first answer; 0: none yet */
    int64_t since_ms;    /* all has held since; 0: it does not hold */
};

struct probe_look {
    int64_t now_ms;
    enum service_progress act; /* of the start or restart */
    char act_text[TEXT_MAX];
    bool known; /* the service manager answered */
    struct service_state state;
    bool executes; /* the main process executes the new file */
    bool answers;
    int status;              /* HTTP; 0: none */
    char api_text[TEXT_MAX]; /* why it did not answer */
};

enum probe_outcome { PROBE_WAIT, PROBE_PASS, PROBE_FAIL };

struct probe_verdict {
    enum probe_outcome outcome;
    enum failure failure;
    bool ended;       /* the process ended at least once: it is not merely slow */
    bool unanswered;  /* it runs, and its API never answered: where it listens is not said yet */
    bool elsewhere;   /* its API listens, and not where it was asked */
    int64_t again_ms; /* PROBE_WAIT: look again after this long */
    char text[TEXT_MAX];
};

void probe_begin(struct probe *p, int64_t now_ms, int64_t deadline_ms, int64_t hold_ms);
struct probe_verdict probe_judge(struct probe *p, const struct probe_look *look);
/* Adds to an unanswered verdict where was asked (NULL: not known), and where the process listens.
 * elsewhere: its API, and not where it was asked; then the text begins with "[api-silent]", the row
 * of the hazard table whose advice helps. */
void probe_say_where(struct probe_verdict *v, const char *asked, bool elsewhere, const char *where);
const char *probe_path(bool server);

/* Is that what Nomad answers to probe_path? ANSWER_OF_ANOTHER: some other program's, which answers
 * at the place where the API is asked. A status below 500 that Nomad's own HTTP server gives
 * without having looked at the question (TLS is asked for; too many connections) counts as Nomad's.
 */
enum probe_answer { ANSWER_OF_NOMAD, ANSWER_OF_ANOTHER, ANSWER_BAD };
enum probe_answer probe_answers(bool server, int status, const struct buf *body);
/* For people: "HTTP status 500", "what answers there is not Nomad's API". */
void probe_answer_text(enum probe_answer a, int status, char dst[static TEXT_MAX]);

#endif
