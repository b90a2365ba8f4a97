/*
 * certificate_names.h - the names of hosts that a certificate is for, and its time. Pure.
 *
 * Reads the first certificate of a PEM text as far as its subject alternative names of kind
 * dNSName (RFC 5280, 4.2.1.6), or each one's validity (4.1.2.5); it verifies nothing. A private key
 * in the same text is passed over.
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
    bool more; /* than these, or one that is too long */
    char name[CERTIFICATE_NAMES][128];
};

/* -1: no certificate that is understood. */
MUST_CHECK int certificate_names(const char *pem, size_t n, struct certificate_names *ret);

/* Seconds since 1970. */
struct certificate_time {
    int64_t begins, ends;
};

/* The certificate that begins at *at (0: the first) or behind it; *at moves behind it. 0: one; 1:
 * there is no more; -1: one that is not understood. */
MUST_CHECK int certificate_next(const char *pem, size_t n, size_t *at,
                                struct certificate_time *ret);

#endif
