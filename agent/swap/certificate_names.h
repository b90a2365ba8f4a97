/*
 * certificate_names.h - the names of hosts that a certificate is for. Pure.
 *
 * Reads the first certificate of a PEM text as far as its subject alternative names of kind
 * dNSName (RFC 5280, 4.2.1.6); it verifies nothing. A private key in the same text is passed
 * over.
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

#endif
