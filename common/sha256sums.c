#include "sha256sums.h"

#include "str.h"

#define HEX (2 * DIGEST_LEN)

static bool is_sums_name(const char *s, size_t n)
{
    if (n == 0 || s[0] == ' ' || s[n - 1] == ' ')
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return false;
    return true;
}

int sha256sums_next(const char **at, const char *end, struct sum_line *ret, struct err *err)
{
    char hex[HEX + 1];
    if (*at == end)
        return 0;
    const char *line = *at, *stop = memchr(line, '\n', (size_t)(end - line));
    size_t n = (size_t)((stop != NULL ? stop : end) - line);
    if (n < HEX + 3 || line[HEX] != ' ' || (line[HEX + 1] != ' ' && line[HEX + 1] != '*'))
        return err_set(err, ERR_FORMAT, 0, "a line of SHA256SUMS is not a digest and a file name");
    memcpy(hex, line, HEX);
    hex[HEX] = '\0';
    ret->name = line + HEX + 2;
    ret->name_len = n - (HEX + 2);
    if (digest_from_hex(hex, &ret->digest) < 0 || !is_sums_name(ret->name, ret->name_len))
        return err_set(err, ERR_FORMAT, 0, "a line of SHA256SUMS is not a digest and a file name");
    *at = stop != NULL ? stop + 1 : end;
    return 1;
}

int sha256sums_find(const char *text, size_t n, const char *name, struct digest *ret,
                    struct err *err)
{
    const char *at = text, *end = text + n;
    struct sum_line line;
    struct digest found;
    bool there = false;
    int rc;
    while ((rc = sha256sums_next(&at, end, &line, err)) > 0) {
        if (line.name_len != strlen(name) || memcmp(line.name, name, line.name_len) != 0)
            continue;
        if (there && !digest_eq(&found, &line.digest))
            return err_set(err, ERR_FORMAT, 0, "SHA256SUMS has two digests for %s", name);
        found = line.digest;
        there = true;
    }
    if (rc < 0)
        return -1;
    if (!there)
        return err_set(err, ERR_NOTFOUND, 0, "SHA256SUMS has no line for %s", name);
    *ret = found;
    return 0;
}
