/*
 * certificate_names.h - the host names in a certificate, and its validity. Pure.
 *
 * Reads, in a PEM text, the subject alternative names of kind dNSName of the first certificate
 * (RFC 5280, 4.2.1.6), or the validity of each certificate (4.1.2.5). These functions verify
 * nothing. They skip a private key in the same text.
 */
#ifndef CERTIFICATE_NAMES_H
#define CERTIFICATE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "compiler.h"

#define CERTIFICATE_NAMES 32

struct certificate_names {
    uint32_t n;
    bool more; /* there are more names than fit, or a name is too long */
    char name[CERTIFICATE_NAMES][128];
};

/* -1: the text contains no certificate that can be read. */
MUST_CHECK int certificate_names(const char *pem, size_t n, struct certificate_names *ret);

/* Seconds since 1970. */
struct certificate_time {
    int64_t begins, ends;
};

/* Reads the next certificate from *at on (0: the first) and moves *at past it. 0: *ret is filled;
 * 1: there is no further certificate; -1: the certificate cannot be read. */
MUST_CHECK int certificate_next(const char *pem, size_t n, size_t *at,
                                struct certificate_time *ret);

#endif
