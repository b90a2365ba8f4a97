/*
 * http_transfer.h - one request as libcurl sees it; only http.c uses this.
 *
 * transfer_new copies the request and sets up the easy handle; http.c adds it to
 * its multi handle, and at the end transfer_judge turns curl's verdict into an
 * answer (valid until transfer_free) and an error. The owner takes `easy` out of
 * the multi handle before transfer_free.
 */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include <curl/curl.h>
#include "http.h"

#define HTTP_BODY_MAX    (8 * 1024 * 1024) /* when the request names no cap */
#define HTTP_HEADERS_MAX (64 * 1024)

struct transfer {
    struct transfer *next;
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    char *label; /* "GET http://..." for errors */
    char why[CURL_ERROR_SIZE];
    int64_t began;
    size_t max;
    size_t got; /* bytes of body */
    size_t got_headers;
    bool refused; /* on_data said no */
    bool keep;    /* its answer outlives its end: http_do */
    struct buf body;
    int (*on_data)(void *ctx, const void *p, size_t n);
    void (*on_done)(void *ctx, const struct http_answer *answer, const struct err *err);
    void *ctx;
};

MUST_CHECK int transfer_new(const struct http_request *r, struct transfer **ret, struct err *err);
void transfer_free(struct transfer *t); /* NULL is fine */

/* Fills the answer as far as there is one; -1 when the transfer failed, whatever
 * its status. */
MUST_CHECK int transfer_judge(struct transfer *t, CURLcode code, struct http_answer *ret,
                              struct err *err);

#endif
