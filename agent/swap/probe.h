/*
 * probe.h - does the new binary really run here?
 *
 * Pure: the caller passes one look after the other, and gets a verdict. The probe passes if, for
 * hold_ms without a break, the service is active, its main process executes exactly the file that
 * was put in place, this process started only once, and the local API answers. The probe fails at
 * once if the process ended and nobody will start it again, or if it started more than once. A live
 * process that does not answer fails only at the deadline, because a server may be restoring its
 * state for minutes.
 *
 * The question for the API follows from Nomad's own behaviour. A server is asked
 * /v1/status/leader?stale: it answers at once from its own state, also without a leader and without
 * a quorum. (agent/health would wait for a leader and then fail; but a server that is up without a
 * quorum must not count as dead.) A client is asked /v1/agent/health?type=client: this is local,
 * and 200 once the client knows a server. (A client forwards status/leader, which may block.)
 * probe_answers decides which answers count as Nomad's. An answer counts only while the main
 * process executes the new file, because the old process may still answer while it stops.
 */
#ifndef PROBE_H
#define PROBE_H

#include "host.h"

#define PROBE_HOLD_MS            5000
#define PROBE_DEADLINE_SERVER_MS (10 * 60 * 1000)
#define PROBE_DEADLINE_CLIENT_MS (2 * 60 * 1000)
#define PROBE_ASK_MS             1000

struct probe {
    int64_t began_ms;             /* uptime */
    int64_t deadline_ms, hold_ms; /* durations */
    bool counted;                 /* restarts is set */
    bool seen;                    /* a look saw the new file running */
    uint32_t main_pid;
    uint64_t main_start, restarts;
    int64_t answered_ms; /* first answer; 0: none yet */
    int64_t since_ms;    /* uptime since when all conditions hold; 0: they do not hold */
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
    bool ended;       /* the process ended at least once, so it is not only slow */
    bool unanswered;  /* the process runs, and its API never answered: call probe_add_where */
    bool elsewhere;   /* the API listens, but at another address than the configured one */
    int64_t again_ms; /* PROBE_WAIT: time until the next look */
    char text[TEXT_MAX];
};

void probe_begin(struct probe *p, int64_t now_ms, int64_t deadline_ms, int64_t hold_ms);
struct probe_verdict probe_judge(struct probe *p, const struct probe_look *look);
/* Adds to an unanswered verdict the address that was asked (NULL: not known), and the addresses
 * where the process listens. elsewhere: the API listens at another address; then the text begins
 * with "[api-silent]", the row of the hazard table with the right advice. */
void probe_add_where(struct probe_verdict *v, const char *asked, bool elsewhere, const char *where);
const char *probe_path(bool server);

/* Is this Nomad's answer to probe_path? ANSWER_OF_ANOTHER: another program answers at the
 * configured address. A status below 500 that Nomad's own HTTP server gives without looking at the
 * question (it wants TLS; there are too many connections) counts as Nomad's answer. */
enum probe_answer { ANSWER_OF_NOMAD, ANSWER_OF_ANOTHER, ANSWER_BAD };
enum probe_answer probe_answers(bool server, int status, const struct buf *body);
/* A text for people: "HTTP status 500", or that another program answers. */
void probe_answer_text(enum probe_answer a, int status, char dst[static TEXT_MAX]);

#endif
