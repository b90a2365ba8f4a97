#include "free_port.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include "cleanup.h"

#define FIRST 10000
#define COUNT 22000

static int is_free(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        abort();
    return bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
}

uint16_t free_port(void)
{
    uint32_t at = 0;

    if (getrandom(&at, sizeof(at), 0) != sizeof(at))
        abort();
    for (uint32_t i = 0; i < COUNT; i++) {
        uint16_t port = (uint16_t)(FIRST + (at + i) % COUNT);
        if (is_free(port))
            return port;
    }
    abort();
}
