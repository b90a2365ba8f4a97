#include "sim_types.h"
#include <arpa/inet.h>
#include "str.h"

void sim_ip_text(char dst[static SIM_ADDR_TEXT], uint32_t ip)
{
    snprintf(dst, SIM_ADDR_TEXT, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

void sim_addr_text(char dst[static SIM_ADDR_TEXT], uint32_t ip, uint16_t port)
{
    char host[SIM_ADDR_TEXT];
    sim_ip_text(host, ip);
    snprintf(dst, SIM_ADDR_TEXT, "%.15s:%u", host, (unsigned)port);
}

int sim_ip_parse(const char *s, uint32_t *ret)
{
    struct in_addr in;
    if (inet_pton(AF_INET, s, &in) != 1)
        return -1;
    *ret = ntohl(in.s_addr);
    return 0;
}

void sim_id_text(char dst[static SIM_UUID_TEXT], const struct sim_id *id)
{
    char hex[33];
    str_hex(hex, id->b, sizeof(id->b));
    snprintf(dst, SIM_UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

int sim_id_parse(const char *s, struct sim_id *ret)
{
    char hex[33];
    size_t n = 0;
    if (strlen(s) != SIM_UUID_TEXT - 1)
        return -1;
    for (size_t i = 0; s[i] != '\0'; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (s[i] == '-'))
            return -1;
        if (!dash)
            hex[n++] = s[i];
    }
    hex[n] = '\0';
    return str_unhex(hex, ret->b, sizeof(ret->b));
}

uint64_t sim_random(uint64_t *state)
{
    uint64_t x = *state != 0 ? *state : UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

int64_t sim_between(uint64_t *state, int64_t low, int64_t high)
{
    if (high <= low)
        return low;
    return low + (int64_t)(sim_random(state) % (uint64_t)(high - low));
}

void sim_id_random(uint64_t *state, struct sim_id *ret)
{
    for (size_t i = 0; i < sizeof(ret->b); i += 8) {
        uint64_t x = sim_random(state);
        memcpy(ret->b + i, &x, 8);
    }
}

const char *sim_serf_status_name(enum sim_serf_status s)
{
    static const char *const names[] = {"none", "alive", "leaving", "left", "failed"};
    return names[s];
}

const char *sim_node_status_name(enum sim_node_status s)
{
    static const char *const names[] = {"initializing", "ready", "down"};
    return names[s];
}

const char *sim_alloc_status_name(enum sim_alloc_status s)
{
    static const char *const names[] = {"pending", "running", "complete", "failed", "lost"};
    return names[s];
}
