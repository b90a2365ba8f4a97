/*
 * fetch_bench.h - a state directory with one release in it, a vendor, and what is asked of both.
 *
 * bench_open and bench_close are a group's, bench_begin and bench_end a test's. Version V is signed
 * by every key of the vendor (vendor_fixture.h), each as SHA256SUMS.ID.sig: A0 good, A1 expired and
 * signed before, A2 after, A3 revoked, A4 sub, A5 good and unknown, A6 unknown and good, A7 young,
 * A8 unknown. signed_by says which of them are asked for.
 */
#ifndef FETCH_BENCH_H
#define FETCH_BENCH_H

#include "context_fixture.h"
#include "release_fetch.h"
#include "vendor_fixture.h"

#define V    "2.0.5"
#define ZIP  "nomad_2.0.5_linux_amd64.zip"
#define SUMS "SHA256SUMS"
#define SIG  ".sig"
#define SIZE 200000

struct fetch_bench {
    struct context_fixture fixture;
    struct trust trust;
    struct keypair *release_key;
    struct vendor *vendor;
    char noise[SIZE]; /* a binary that does not compress */
    struct digest listing;
    char from[300];
    int stop_fd;
    int64_t deadline_ms;
};
extern struct fetch_bench bench;

int bench_open(void **state);
int bench_close(void **state);
int bench_begin(void **state);
int bench_end(void **state);
bool has_vendor(void); /* otherwise the test is skipped */
/* A test that needs the vendor; the body follows the macro. */
#define VENDOR_TEST(name)                                                                          \
    static void name##_with_vendor(void);                                                          \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        if (has_vendor())                                                                          \
            name##_with_vendor();                                                                  \
    }                                                                                              \
    static void name##_with_vendor(void)

void make_release(const char *version);
void signed_by(const char *ids);
int fetch_as(const char *version, const char *arch, uint64_t max, struct stored_release *r,
             struct err *err);
void fetches(const char *version);
/* The fetch fails in this way, every release is unchanged, and only parts of downloads are left. */
void refuses_of(const char *version, enum err_kind kind, const char *text);
void refuses(enum err_kind kind, const char *text);
void list_releases(struct digest *ret);

#endif
