#include "keystore_on_disk.h"

#include "version.h"

bool keystore_on_disk(const char *version)
{
    struct version v;
    struct err err;

    return version_parse(version, &v, &err) == 0 && version_cmp_text(&v, "1.4.0") >= 0 &&
           version_cmp_text(&v, "1.9.0") < 0;
}
