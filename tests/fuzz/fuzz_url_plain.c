#include <curl/curl.h>
#include "cleanup.h"
#include "fuzz_target.h"
#include "str.h"
#include "url_plain.h"

#define GOOD "https://good.example/good/"

/* libcurl's own parser reads an allowed URL as the same URL. */
static void agrees(const char *url)
{
    char *host = NULL, *path = NULL, *port = NULL;
    CURLU *u = curl_url();

    FUZZ_CHECK(u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK);
    FUZZ_CHECK(curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
               curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
               curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
    FUZZ_CHECK(strcasecmp(host, "good.example") == 0 || strcasecmp(host, "good.example.") == 0);
    FUZZ_CHECK(str_starts(path, "/good/") && str_eq(port, "443"));
    curl_free(host);
    curl_free(path);
    curl_free(port);
    curl_url_cleanup(u);
}

/* The text is a URL. If it contains a blank, the part before the blank is also a prefix. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *url = fuzz_text(data, size);
    char plain[URL_MAX_LEN], again[URL_MAX_LEN];

    if (url_plain(url, plain) == NULL) {
        FUZZ_CHECK(url_plain(plain, again) == NULL && str_eq(plain, again));
        FUZZ_CHECK(url_refused(plain, url) == NULL);
        (void)url_is_at(plain, url); /* url is not an address; the call must survive that */
    }
    if (url_refused(GOOD, url) == NULL) {
        agrees(url);
        FUZZ_CHECK(url_is_at(plain, "good.example:4650"));
        FUZZ_CHECK(!url_is_at(plain, "10.0.0.1:4650"));
    }
    (void)!url_refused(url, GOOD);
    return 0;
}
