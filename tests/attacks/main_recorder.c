/*
 * main_recorder.c - the HTTP API of a rogue client: it records all requests.
 *
 *   recorder ADDRESS PORT FILE
 *
 * Appends a line to FILE for each request, "GET /v1/agent/self", and for each header of the
 * request, "  Name: value". Answers like a healthy client with ACLs to a request without a token.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include "str.h"

struct recorder {
    FILE *out;
};

static enum MHD_Result header(void *ctx, enum MHD_ValueKind kind, const char *key,
                              const char *value)
{
    struct recorder *r = ctx;
    (void)kind;
    fprintf(r->out, "  %s: %s\n", key, value != NULL ? value : "");
    return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **state)
{
    static char healthy[] = "{\"client\":{\"message\":\"ok\",\"ok\":true}}";
    static char denied[] = "Permission denied\n";
    struct recorder *r = ctx;
    (void)version;
    (void)data;
    (void)state;
    *data_len = 0;
    fprintf(r->out, "%s %s\n", method, path);
    MHD_get_connection_values(c, MHD_HEADER_KIND, header, r);
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, header, r);
    fflush(r->out);
    bool health = str_eq(path, "/v1/agent/health");
    char *body = health ? healthy : denied;
    struct MHD_Response *a =
        MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc = MHD_queue_response(c, health ? 200 : 403, a);
    MHD_destroy_response(a);
    return rc;
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    uint64_t port = 0;
    sigset_t stop;
    int which = 0;
    if (argc != 4 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1 ||
        str_to_u64(argv[2], 65535, &port) < 0) {
        fprintf(stderr, "usage: recorder ADDRESS PORT FILE\n");
        return 2;
    }
    at.sin_port = htons((uint16_t)port);
    struct recorder r = {.out = fopen(argv[3], "ae")};
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    struct MHD_Daemon *d =
        r.out == NULL
            ? NULL
            : MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, &r,
                               MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at, MHD_OPTION_END);
    if (d == NULL) {
        fprintf(stderr, "recorder: cannot listen on %s:%s, or write %s\n", argv[1], argv[2],
                argv[3]);
        return 1;
    }
    fprintf(r.out, "listening\n");
    fflush(r.out);
    sigwait(&stop, &which);
    MHD_stop_daemon(d);
    fclose(r.out);
    return 0;
}
