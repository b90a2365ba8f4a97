#include "vendor_names.h"

#include "sha256sums.h"
#include "str.h"

#define PRODUCT "nomad"

void vendor_zip_name(char dst[static VENDOR_NAME_MAX], const char *version, const char *os,
                     const char *arch)
{
    snprintf(dst, VENDOR_NAME_MAX, PRODUCT "_%.63s_%.15s_%.15s.zip", version, os, arch);
}

void vendor_sums_name(char dst[static VENDOR_NAME_MAX], const char *version)
{
    snprintf(dst, VENDOR_NAME_MAX, PRODUCT "_%.63s_SHA256SUMS", version);
}

void vendor_sig_name(char dst[static VENDOR_NAME_MAX], const char *version, const char *key_id)
{
    snprintf(dst, VENDOR_NAME_MAX, PRODUCT "_%.63s_SHA256SUMS%s%.40s.sig", version,
             key_id != NULL ? "." : "", key_id != NULL ? key_id : "");
}

/* Reads "linux_amd64.zip", the part of a name after the version. */
static bool take_target(const char *s, size_t n, struct build_target *ret)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char text[48];
    if (n >= sizeof(text))
        return false;
    memcpy(text, s, n);
    text[n] = '\0';
    size_t os = strspn(text, word);
    size_t arch = text[os] == '_' ? strspn(text + os + 1, word) : 0;
    if (os == 0 || os >= sizeof(ret->os) || arch == 0 || arch >= sizeof(ret->arch) ||
        !str_eq(text + os + 1 + arch, ".zip"))
        return false;
    snprintf(ret->os, sizeof(ret->os), "%.*s", (int)os, text);
    snprintf(ret->arch, sizeof(ret->arch), "%.*s", (int)arch, text + os + 1);
    return true;
}

size_t vendor_targets(const char *sums, size_t n, const char *version, struct build_target *ret,
                      size_t max)
{
    char prefix[VENDOR_NAME_MAX];
    const char *at = sums, *end = sums + n;
    struct sum_line line;
    struct err unused = ERR_INIT;
    size_t found = 0, len = (size_t)snprintf(prefix, sizeof(prefix), PRODUCT "_%.63s_", version);
    int rc = 0;
    while (found < max && (rc = sha256sums_next(&at, end, &line, &unused)) > 0)
        if (line.name_len > len && memcmp(line.name, prefix, len) == 0)
            found += take_target(line.name + len, line.name_len - len, &ret[found]);
    return rc < 0 ? 0 : found;
}

bool vendor_names_build(const char *sums, size_t n, const char *version, const struct build *b)
{
    char name[VENDOR_NAME_MAX];
    struct digest digest;
    struct err unused = ERR_INIT;
    vendor_zip_name(name, version, b->os, b->arch);
    return b->packing == PACKING_ZIP && sha256sums_find(sums, n, name, &digest, &unused) == 0 &&
           digest_eq(&digest, &b->fetch_digest);
}
