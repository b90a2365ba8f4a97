#include "certificate_names.h"
#include <ctype.h>
#include "cleanup.h"
#include "crypto.h"

#define DER_MAX (64 * 1024)

/* Tags, X.690. */
#define SEQUENCE   0x30
#define BOOLEAN    0x01
#define OCTETS     0x04
#define OID        0x06
#define EXTENSIONS 0xa3
#define DNS_NAME   0x82
#define UTC_TIME   0x17
#define LONG_TIME  0x18

struct der {
    const unsigned char *at, *end;
};

struct item {
    unsigned char tag;
    struct der body;
};

/* -1: there is no item, or its length is wrong. */
static int next_der_item(struct der *d, struct item *ret)
{
    size_t left = (size_t)(d->end - d->at), n, wide;

    if (left < 2)
        return -1;
    ret->tag = d->at[0];
    n = d->at[1];
    d->at += 2;
    left -= 2;
    if (n >= 0x80) {
        wide = n & 0x7f;
        if (wide == 0 || wide > 3 || wide > left)
            return -1;
        for (n = 0; wide > 0; wide--, left--)
            n = n << 8 | *d->at++;
    }
    if (n > left)
        return -1;
    ret->body = (struct der){d->at, d->at + n};
    d->at += n;
    return 0;
}

static int enter_item(struct der *d, unsigned char tag, struct der *ret)
{
    struct item i;

    if (next_der_item(d, &i) < 0 || i.tag != tag)
        return -1;
    *ret = i.body;
    return 0;
}

static int take_dns_names(struct der octets, struct certificate_names *ret)
{
    struct der names;
    struct item i;

    if (enter_item(&octets, SEQUENCE, &names) < 0)
        return -1;
    while (names.at < names.end) {
        size_t n;

        if (next_der_item(&names, &i) < 0)
            return -1;
        n = (size_t)(i.body.end - i.body.at);
        if (i.tag != DNS_NAME)
            continue;
        if (ret->n == CERTIFICATE_NAMES || n >= sizeof(ret->name[0]) ||
            memchr(i.body.at, '\0', n) != NULL) {
            ret->more = true;
            continue;
        }
        memcpy(ret->name[ret->n], i.body.at, n);
        ret->name[ret->n++][n] = '\0';
    }
    return 0;
}

static int take_extension(struct der extension, struct certificate_names *ret)
{
    static const unsigned char alternative[] = {0x55, 0x1d, 0x11};
    struct item id, value;

    if (next_der_item(&extension, &id) < 0 || id.tag != OID ||
        next_der_item(&extension, &value) < 0 ||
        (value.tag == BOOLEAN && next_der_item(&extension, &value) < 0) || value.tag != OCTETS)
        return -1;
    if ((size_t)(id.body.end - id.body.at) != sizeof(alternative) ||
        memcmp(id.body.at, alternative, sizeof(alternative)) != 0)
        return 0;
    return take_dns_names(value.body, ret);
}

static int take_certificate(struct der whole, struct certificate_names *ret)
{
    struct der certificate, signed_part, list, extension;
    struct item i;

    if (enter_item(&whole, SEQUENCE, &certificate) < 0 ||
        enter_item(&certificate, SEQUENCE, &signed_part) < 0)
        return -1;
    while (signed_part.at < signed_part.end) {
        if (next_der_item(&signed_part, &i) < 0)
            return -1;
        if (i.tag != EXTENSIONS)
            continue;
        if (enter_item(&i.body, SEQUENCE, &list) < 0)
            return -1;
        while (list.at < list.end) {
            if (enter_item(&list, SEQUENCE, &extension) < 0 || take_extension(extension, ret) < 0)
                return -1;
        }
    }
    return 0;
}

/* ---- PEM ---- */

/* Decodes the next certificate from *at on and moves *at past it. 1: there is none. */
static int next_der(const char *pem, size_t n, size_t *at, unsigned char *der, size_t *ret_size)
{
    static const char first[] = "-----BEGIN CERTIFICATE-----", last[] = "-----END";
    const char *from = memmem(pem + *at, n - *at, first, strlen(first));
    const char *end;
    size_t len = 0;

    if (from == NULL)
        return 1;
    from += strlen(first);
    *at = (size_t)(from - pem);
    end = memmem(from, n - *at, last, strlen(last));
    if (end == NULL || end - from > DER_MAX)
        return -1;
    autofree char *text = xzalloc((size_t)(end - from) + 1, 1);
    *at = (size_t)(end - pem);
    for (; from < end; from++) {
        if (!isspace((unsigned char)*from))
            text[len++] = *from;
    }
    return base64_decode(text, len, der, DER_MAX, ret_size) < 0 ? -1 : 0;
}

int certificate_names(const char *pem, size_t n, struct certificate_names *ret)
{
    autofree unsigned char *der = xzalloc(DER_MAX, 1);
    struct certificate_names names = {.n = 0};
    size_t at = 0, size = 0;

    if (next_der(pem, n, &at, der, &size) != 0 ||
        take_certificate((struct der){der, der + size}, &names) < 0)
        return -1;
    *ret = names;
    return 0;
}

/* ---- validity ---- */

static int two_digits(const unsigned char *p, int *ret)
{
    if (!isdigit(p[0]) || !isdigit(p[1]))
        return -1;
    *ret = (p[0] - '0') * 10 + (p[1] - '0');
    return 0;
}

/* "YYMMDDHHMMSSZ", or the same with a year of four digits: the forms that RFC 5280 allows. */
static int take_certificate_time(struct der *d, int64_t *ret)
{
    struct tm t = {.tm_year = 0};
    int century = 0, year, parts[5];
    const unsigned char *p;
    struct item i;

    if (next_der_item(d, &i) < 0 || (i.tag != UTC_TIME && i.tag != LONG_TIME) ||
        i.body.end - i.body.at != (i.tag == UTC_TIME ? 13 : 15) || i.body.end[-1] != 'Z')
        return -1;
    p = i.body.at;
    if (i.tag == LONG_TIME && two_digits(p, &century) < 0)
        return -1;
    p += i.tag == LONG_TIME ? 2 : 0;
    if (two_digits(p, &year) < 0)
        return -1;
    for (int k = 0; k < 5; k++) {
        if (two_digits(p + 2 * (k + 1), &parts[k]) < 0)
            return -1;
    }
    if (i.tag == UTC_TIME)
        century = year < 50 ? 20 : 19;
    t.tm_year = century * 100 + year - 1900;
    t.tm_mon = parts[0] - 1;
    t.tm_mday = parts[1];
    t.tm_hour = parts[2];
    t.tm_min = parts[3];
    t.tm_sec = parts[4];
    *ret = timegm(&t);
    return 0;
}

/* The validity is the third sequence, after the signature and the issuer. */
static int take_validity(struct der whole, struct certificate_time *ret)
{
    struct certificate_time t;
    struct der certificate, part;
    int sequences = 0;
    struct item i;

    if (enter_item(&whole, SEQUENCE, &certificate) < 0 ||
        enter_item(&certificate, SEQUENCE, &part) < 0)
        return -1;
    while (sequences < 3) {
        if (next_der_item(&part, &i) < 0)
            return -1;
        sequences += i.tag == SEQUENCE;
    }
    if (take_certificate_time(&i.body, &t.begins) < 0 ||
        take_certificate_time(&i.body, &t.ends) < 0)
        return -1;
    *ret = t;
    return 0;
}

int certificate_next(const char *pem, size_t n, size_t *at, struct certificate_time *ret)
{
    autofree unsigned char *der = xzalloc(DER_MAX, 1);
    size_t size = 0;
    int rc = next_der(pem, n, at, der, &size);

    return rc != 0 ? rc : take_validity((struct der){der, der + size}, ret);
}
