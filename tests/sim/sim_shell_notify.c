#include "sim_shell.h"
#include <sys/socket.h>
#include <sys/un.h>
#include "sim_build.h"

void sim_notify(const struct sim_shell *s, const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (path == NULL || !sim_build_at_least(s->settings.version, 1, 8, 0))
        return;
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(to.sun_path))
        return;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@')
        to.sun_path[0] = '\0'; /* systemd writes an abstract name with @ */
    autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, len) < 0)
        sim_shell_log(s, "WARN", "agent: could not tell the service manager: %s", strerror(errno));
}
