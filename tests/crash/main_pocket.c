/*
 * pocket - the smallest program that can take the place of Nomad on a host, and the service of it.
 *
 * A "Nomad binary" is this program with a text appended: "\npocket VERSION MODE\n". It has these
 * commands:
 *   version                 prints the same as real Nomad
 *   agent PORT              serves /v1/agent/health and /v1/status/... on 127.0.0.1
 * A copy of the program without that text is the service:
 *   start DIR PORT, stop DIR, status DIR      the binary is DIR/bin/nomad, its pid is in DIR/pid
 *
 * The agent ends when the directory from which it was started does not exist any more. So a test
 * that was killed leaves no process running after its directory was removed.
 *
 * MODE: good; exits (ends at once); mute (runs and never answers); fades (answers and ends after
 * 300 ms).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "clock.h"
#include "str.h"

#define TAIL_MAX 128
#define FADE_MS  300
#define STOP_MS  5000
#define LOOK_MS  500 /* time between two checks whether the directory still exists */

struct pocket {
    char version[32], mode[16];
};

static int read_tail(struct pocket *ret)
{
    char tail[TAIL_MAX + 1];
    struct stat st;
    autoclose int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    ssize_t n = pread(fd, tail, TAIL_MAX, st.st_size - TAIL_MAX);
    if (n != TAIL_MAX)
        return -1;
    tail[n] = '\0';
    for (char *p = tail; p < tail + TAIL_MAX - 8; p++) {
        if (memcmp(p, "\npocket ", 8) == 0 &&
            sscanf(p + 8, "%31s %15s", ret->version, ret->mode) == 2)
            return 0;
    }
    return -1;
}

static int64_t now(void)
{
    return clock_mono(clock_system());
}

static void answer(int fd)
{
    char request[4096] = "";
    ssize_t n = recv(fd, request, sizeof(request) - 1, 0);
    const char *body = strstr(request, "/v1/agent/health") != NULL
                           ? "{\"client\":{\"message\":\"ok\",\"ok\":true}}"
                           : "\"127.0.0.1:4647\"";

    if (n > 0)
        dprintf(fd,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                "Connection: close\r\n\r\n%s",
                strlen(body), body);
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
        bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0)
        return -1;
    return fd;
}

static bool is_gone(const char *program)
{
    char dir[256];
    const char *slash = strrchr(program, '/');

    if (slash == NULL)
        return false;
    snprintf(dir, sizeof(dir), "%.*s", (int)(slash - program), program);
    return access(dir, F_OK) < 0;
}

static int serve(const struct pocket *p, const char *program, uint16_t port)
{
    int64_t end = str_eq(p->mode, "fades") ? now() + FADE_MS : INT64_MAX;
    int fd = str_eq(p->mode, "mute") ? -1 : listen_on(port);

    if (str_eq(p->mode, "exits") || (fd < 0 && !str_eq(p->mode, "mute")))
        return 1;
    while (now() < end && !is_gone(program)) {
        struct pollfd f = {fd, POLLIN, 0};

        if (poll(&f, 1, (int)MIN_OF(MAX_OF(end - now(), (int64_t)0), (int64_t)LOOK_MS)) <= 0)
            continue;
        autoclose int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (c >= 0)
            answer(c);
    }
    return 1;
}

/* ---- the service ---- */

static pid_t read_pid(const char *path)
{
    char text[32] = "";
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint64_t pid = 0;

    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
        return 0;
    text[strcspn(text, "\n")] = '\0';
    return str_to_u64(text, INT32_MAX, &pid) < 0 ? 0 : (pid_t)pid;
}

/* A process that has ended but was not reaped, because there is no init, counts as ended. */
static bool is_alive(pid_t pid)
{
    char path[64], text[512] = "";
    const char *state;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (pid <= 0 || fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
        return false;
    state = strrchr(text, ')');
    return state != NULL && state[2] != 'Z' && state[2] != 'X';
}

static void in_dir(const char *dir, const char *name, char dst[static 256])
{
    snprintf(dst, 256, "%s/%s", dir, name);
}

static int start(const char *dir, const char *port)
{
    char binary[256], pid_file[256];

    in_dir(dir, "bin/nomad", binary);
    in_dir(dir, "pid", pid_file);
    if (is_alive(read_pid(pid_file)))
        return 0;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        setsid();
        execl(binary, binary, "agent", port, (char *)NULL);
        _exit(127);
    }
    autoclose int fd = open(pid_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return fd < 0 || dprintf(fd, "%d\n", (int)pid) < 0;
}

static int stop(const char *dir)
{
    char pid_file[256];
    int64_t until = now() + STOP_MS;

    in_dir(dir, "pid", pid_file);
    pid_t pid = read_pid(pid_file);

    if (!is_alive(pid))
        return 0;
    kill(pid, SIGTERM);
    while (is_alive(pid) && now() < until)
        clock_sleep(clock_system(), 2);
    return is_alive(pid);
}

static int status(const char *dir)
{
    char pid_file[256];

    in_dir(dir, "pid", pid_file);
    bool alive = is_alive(read_pid(pid_file));

    puts(alive ? "running" : "not running");
    return alive ? 0 : 3;
}

int main(int argc, char **argv)
{
    struct pocket p;
    uint64_t port = 0;
    bool dressed = read_tail(&p) == 0;

    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && str_eq(argv[1], "version") && dressed) {
        printf("Nomad v%s\n", p.version);
        return 0;
    }
    if (argc == 3 && str_eq(argv[1], "agent") && dressed && str_to_u64(argv[2], 65535, &port) == 0)
        return serve(&p, argv[0], (uint16_t)port);
    if (argc == 4 && str_eq(argv[1], "start"))
        return start(argv[2], argv[3]);
    if (argc == 3 && str_eq(argv[1], "stop"))
        return stop(argv[2]);
    if (argc == 3 && str_eq(argv[1], "status"))
        return status(argv[2]);
    fprintf(stderr, "pocket version | agent PORT | start DIR PORT | stop DIR | status DIR\n");
    return 2;
}
