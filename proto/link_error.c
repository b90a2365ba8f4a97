#include <stdarg.h>
#include <nng/nng.h>
#include "link_error.h"

#if NNG_MAJOR_VERSION != 1
#error "written for nng 1.5 to 1.12; version 2 has other calls"
#endif

static const struct {
    int code;
    enum err_kind kind;
} kinds[] = {
    {NNG_ETIMEDOUT, ERR_TIMEOUT},    {NNG_ECONNREFUSED, ERR_NETWORK}, {NNG_ECLOSED, ERR_NETWORK},
    {NNG_ECONNRESET, ERR_NETWORK},   {NNG_ECONNABORTED, ERR_NETWORK}, {NNG_ECONNSHUT, ERR_NETWORK},
    {NNG_EUNREACHABLE, ERR_NETWORK}, {NNG_EPROTO, ERR_NETWORK},       {NNG_EADDRINUSE, ERR_BUSY},
    {NNG_EADDRINVAL, ERR_USAGE},     {NNG_EMSGSIZE, ERR_LIMIT},       {NNG_ECANCELED, ERR_STATE},
};

int link_error(struct err *err, int code, const char *fmt, ...)
{
    char front[200];
    enum err_kind kind = ERR_IO;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(front, sizeof(front), fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].code == code)
            kind = kinds[i].kind;
    }
    return err_set(err, kind, 0, "%s: %s", front, nng_strerror(code));
}
