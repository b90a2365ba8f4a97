#include "buf.h"
#include "sp.h"

#define ID_BIT 0x80000000u

void sp_hello(unsigned char dst[static SP_HELLO_LEN], unsigned protocol)
{
    const unsigned char p[SP_HELLO_LEN] = {
        0, 'S', 'P', 0, (unsigned char)(protocol >> 8), (unsigned char)protocol, 0, 0};
    memcpy(dst, p, sizeof(p));
}

bool sp_is_hello(const unsigned char p[static SP_HELLO_LEN], unsigned protocol)
{
    unsigned char expected[SP_HELLO_LEN];
    sp_hello(expected, protocol);
    return memcmp(p, expected, sizeof(expected)) == 0;
}

void sp_head(unsigned char dst[static SP_HEAD_LEN], uint32_t id, size_t n)
{
    uint64_t length = (uint64_t)n + 4;
    for (unsigned i = 0; i < 8; i++)
        dst[i] = (unsigned char)(length >> (56 - 8 * i));
    for (unsigned i = 0; i < 4; i++)
        dst[8 + i] = (unsigned char)((id | ID_BIT) >> (24 - 8 * i));
}

bool sp_read_head(const unsigned char p[static SP_HEAD_LEN], size_t max, uint32_t *ret_id,
                  size_t *ret_n)
{
    uint64_t length = get_u64(p);
    uint32_t id = get_u32(p + 8);

    if (length < 4 || length - 4 > max || (id & ID_BIT) == 0)
        return false;
    *ret_id = id;
    *ret_n = (size_t)(length - 4);
    return true;
}
