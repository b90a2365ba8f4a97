/*
 * sim_shell.h - the stand-in process around one node of the model.
 *
 * The shell does everything that touches the machine: configuration, the release's trailer and the
 * stand-in's settings, sockets, HTTP, files, child processes, the clock. One thread; sim_shell_run
 * is its loop. Tests of the model do not use the shell.
 */
#ifndef SIM_SHELL_H
#define SIM_SHELL_H

#include <signal.h>
#include "sim_answer.h"

struct MHD_Daemon;
struct MHD_Connection;
struct MHD_Response;
struct sim_stream;

/* The content of the release's trailer and of the settings. */
struct sim_settings {
    char version[SIM_NAME];
    struct sim_timing timing;
    struct sim_faults faults; /* of trailer and settings; the run-time file has priority */
    char only[8];             /* "server", "client": the faults apply only there; "": everywhere */
    int allocs;
    bool tasks;    /* allocations are real processes */
    bool requests; /* logs every request, as Nomad does at DEBUG */
    int crowd;
    struct sim_id management, reader;
};

/* Nomad's own configuration, as far as the stand-in uses it. */
struct sim_nomad_conf {
    struct sim_config node;
    char http_address[SIM_ADDR_TEXT]; /* to listen on */
    char ca_file[256], cert_file[256], key_file[256];
    int conns_per_client;
};

/* One request, from its first line until microhttpd has its answer. */
struct sim_pending {
    struct sim_pending *next;
    struct MHD_Connection *connection; /* NULL: a client agent asks for its caller */
    struct buf body;
    char *path, *query, *token, *method;
    char content_type[64];
    struct sim_request request;
    struct sim_answer answer;
    bool suspended, ready;
    uint32_t ticket; /* its number, if it goes to or comes from another agent */
    struct sim_addr asker;
    int64_t asked_ms;
};

/* The number of connections of an address: above the limit they get 429. */
#define SIM_CALLERS_MAX 64
struct sim_caller {
    uint32_t ip;
    int connections;
};

/* One connection on the RPC port: its first byte, and a question. */
#define SIM_RPC_CONNS 32
struct sim_rpc_conn {
    int fd; /* 0: free */
    size_t n;
    unsigned char got[16];
};

struct sim_shell {
    struct sim_settings settings;
    struct sim_nomad_conf conf;
    struct sim_node node;
    int64_t clock_offset; /* node's time less CLOCK_BOOTTIME, ms */
    int udp, rpc, signals;
    int rpc_waits; /* epoll descriptor of rpc and its connections */
    struct sim_rpc_conn rpc_conns[SIM_RPC_CONNS];
    int state_fd; /* the file of the durable state, kept open; 0: not yet open */
    struct MHD_Daemon *http;
    int http_fd;
    struct sim_pending *pending;
    uint32_t last_ticket;
    struct sim_caller callers[SIM_CALLERS_MAX];
    struct sim_stream *streams; /* the connections that read the log */
    int64_t grumble_due;
    char *tls_key, *tls_cert, *tls_ca;
    int64_t saved_ms, faults_due;
    int64_t faults_stamp; /* mtime of the run-time file, ns; -1: there is no file */
    bool crowd_made;
};

/* ---- sim_shell_settings.c ---- */
MUST_CHECK int sim_settings_load(struct sim_settings *ret, struct err *err);
/* Re-reads <data_dir>/faults when it changed. */
void sim_settings_faults(struct sim_shell *s);

/* ---- sim_shell_conf.c ---- */
/* Reads files or directories in this order; later ones have priority. */
MUST_CHECK int sim_conf_load(int n, char **paths, const char *version, struct sim_nomad_conf *ret,
                             struct err *err);

/* ---- sim_shell_net.c ---- */
MUST_CHECK int sim_net_open(struct sim_shell *s, struct err *err);
void sim_net_receive(struct sim_shell *s);
void sim_net_send(struct sim_shell *s);
void sim_net_datagram(struct sim_shell *s, struct sim_addr to, const void *p, size_t n);
bool sim_net_accepts(void *ctx, uint32_t ip, uint16_t port);

/* ---- sim_shell_rpc.c: the answers of the RPC port, when the agent serves ---- */
MUST_CHECK int sim_rpc_open(struct sim_shell *s, struct err *err);
int sim_rpc_fd(const struct sim_shell *s); /* to poll; -1: the port accepts nothing now */
void sim_rpc_work(struct sim_shell *s);
void sim_rpc_close(struct sim_shell *s);

/* ---- sim_shell_http.c ---- */
MUST_CHECK int sim_http_open(struct sim_shell *s, struct err *err);
void sim_http_close(struct sim_shell *s);
void sim_http_work(struct sim_shell *s);
int64_t sim_http_timeout(const struct sim_shell *s); /* ms; -1: none */
/* Answers the waiting requests that can be answered now. */
void sim_http_resume(struct sim_shell *s);

struct sim_pending *sim_pending_new(struct sim_shell *s, const char *method, const char *path,
                                    const char *query, const char *token);
void sim_pending_free(struct sim_shell *s, struct sim_pending *p);

/* ---- sim_shell_proxy.c: an agent in client mode asks a server for its caller ---- */
void sim_proxy_ask(struct sim_shell *s, struct sim_pending *p);
/* A datagram that is no message of the model: a question or an answer. */
void sim_proxy_receive(struct sim_shell *s, const unsigned char *p, size_t n);
void sim_proxy_reply(struct sim_shell *s, const struct sim_pending *p);

/* ---- sim_shell_disk.c ---- */
MUST_CHECK int sim_disk_load(struct sim_shell *s, struct err *err);
MUST_CHECK int sim_disk_save(struct sim_shell *s, struct err *err);

/* ---- sim_shell_tasks.c ---- */
void sim_tasks_check(struct sim_shell *s);  /* at start: finds tasks that still run */
void sim_tasks_follow(struct sim_shell *s); /* starts and ends processes for the model */

/* ---- sim_shell_log.c: /v1/agent/monitor ---- */
struct MHD_Response *sim_stream_open(struct sim_shell *s, const struct sim_pending *p);
void sim_streams_tell(const struct sim_shell *s, const char *level, const char *line);
void sim_streams_work(struct sim_shell *s);
void sim_streams_wake(struct sim_shell *s); /* before the end: no stream may be suspended then */

/* ---- sim_shell_notify.c: Nomad's messages to systemd, since 1.8 ("READY=1", "STOPPING=1") ---- */
void sim_notify(const struct sim_shell *s, const char *state);

/* ---- sim_shell_command.c, sim_shell.c ---- */
int sim_shell_command(int argc, char **argv); /* exit status */
MUST_CHECK int sim_shell_run(struct sim_shell *s, struct err *err);
void sim_shell_close(struct sim_shell *s);
int64_t sim_shell_now(const struct sim_shell *s);
void sim_shell_log(const struct sim_shell *s, const char *level, const char *fmt, ...) PRINTF(3, 4);

#endif
