/*
 * main_depot.c - the operator's web server in the lab: serves the files of one folder.
 *
 *   depot FOLDER PORT
 *
 * Prints for each request the client, the file and the status. While FOLDER/hold.ADDRESS exists, an
 * answer to the client ADDRESS stops after its first half: so a scenario can stop a fetch in the
 * middle.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include "cleanup.h"
#include "clock.h"
#include "str.h"

#define BLOCK   65536
#define HOLD_MS 20

struct answer {
    int fd;
    uint64_t size;
    char hold[512];
};

static ssize_t more_of_file(void *ctx, uint64_t at, char *dst, size_t n)
{
    const struct answer *a = ctx;
    /* The scenario can signal only by this file, so the server looks again and again. */
    while (at >= a->size / 2 && access(a->hold, F_OK) == 0)
        clock_sleep(clock_system(), HOLD_MS);
    ssize_t got = pread(a->fd, dst, n, (off_t)at);
    return got > 0 ? got : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_answer(void *ctx)
{
    struct answer *a = ctx;
    close(a->fd);
    free(a);
}

static struct MHD_Response *file_answer(const char *folder, const char *name, const char *who)
{
    char path[512];
    struct stat st;
    if (name[0] == '.' || strchr(name, '/') != NULL)
        return NULL;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        cleanup_close(&fd);
        return NULL;
    }
    struct answer *a = xzalloc(1, sizeof(*a));
    a->fd = fd;
    a->size = (uint64_t)st.st_size;
    snprintf(a->hold, sizeof(a->hold), "%s/hold.%s", folder, who);
    return MHD_create_response_from_callback(a->size, BLOCK, more_of_file, a, free_answer);
}

static enum MHD_Result on_request(void *folder, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **state)
{
    static char nothing[] = "not here\n";
    const union MHD_ConnectionInfo *from =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char who[INET_ADDRSTRLEN] = "";
    (void)version;
    (void)data;
    (void)data_len;
    (void)state;
    if (from != NULL && from->client_addr->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)from->client_addr)->sin_addr,
                  who, sizeof(who));
    struct MHD_Response *r = str_eq(method, "GET") ? file_answer(folder, url + 1, who) : NULL;
    unsigned status = r != NULL ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND;
    if (r == NULL)
        r = MHD_create_response_from_buffer(strlen(nothing), nothing, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rv = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    printf("%s %s %u\n", who, url, status);
    fflush(stdout);
    return rv;
}

int main(int argc, char **argv)
{
    uint64_t port = 0;
    sigset_t set;
    int number;
    if (argc != 3 || str_to_u64(argv[2], 65535, &port) < 0) {
        fprintf(stderr, "usage: depot FOLDER PORT\n");
        return 2;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct MHD_Daemon *d =
        MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD,
                         (uint16_t)port, NULL, NULL, on_request, argv[1], MHD_OPTION_END);
    if (d == NULL) {
        fprintf(stderr, "depot: cannot listen on port %u\n", (unsigned)port);
        return 1;
    }
    sigwait(&set, &number);
    return 0; /* the kernel closes open connections */
}
