#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "file.h"
#include "binary_download.h"
#include "place_fixture.h"
#include "scratch_dir.h"
#include "str.h"
#include "zip_fixture.h"

#define BINARY_LEN (200 * 1024)

struct bench {
    char dir[64], out[96], zip_path[96];
    unsigned char binary[BINARY_LEN];
    struct buf zip;
    struct place *place, *zip_place;
    struct fetch_get job;
    struct binary_download get;
    uint64_t told;
    unsigned n_left; /* number of places that were left for the next one */
    enum failure left;
    char path[BINARY_PATH_MAX];
    enum failure failure;
    struct err err;
};

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct bench *b = ctx;
    assert_true(done <= total);
    b->told = done;
}

static void on_left(void *ctx, enum failure why, const char *text)
{
    struct bench *b = ctx;
    assert_non_null(strstr(text, "http://127.0.0.1:"));
    b->n_left++;
    b->left = why;
}

static int enter(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    scratch_make(b->dir, sizeof(b->dir));
    if (crypto_init(&b->err) < 0)
        return -1;
    snprintf(b->out, sizeof(b->out), "%s/fetch", b->dir);
    snprintf(b->zip_path, sizeof(b->zip_path), "%s/a.zip", b->dir);
    for (size_t i = 0; i < BINARY_LEN; i++)
        b->binary[i] = (unsigned char)(i * 31 + i / 255);
    const struct zip_member m = {.name = "nomad", .content = b->binary, .len = BINARY_LEN};
    zip_make(b->zip_path, &m, 1);
    if (mkdir(b->out, 0700) < 0 || file_read(b->zip_path, 1 << 20, 0, &b->zip, &b->err) < 0)
        return -1;
    b->place = place_start(b->binary, BINARY_LEN);
    b->zip_place = place_start(b->zip.data, b->zip.len);
    b->job = (struct fetch_get){.packing = PACKING_BARE,
                                .fetch_size = BINARY_LEN,
                                .size = BINARY_LEN,
                                .deadline_ms = 20000};
    crypto_digest(b->binary, BINARY_LEN, &b->job.digest);
    b->job.fetch_digest = b->job.digest;
    str_cut(b->job.dir, sizeof(b->job.dir), b->out);
    b->get = (struct binary_download){.job = &b->job,
                                      .clock = clock_system(),
                                      .stop_fd = -1,
                                      .progress = on_progress,
                                      .left = on_left,
                                      .ctx = b};
    *state = b;
    return 0;
}

static int leave(void **state)
{
    struct bench *b = *state;
    place_stop(b->place);
    place_stop(b->zip_place);
    if (b->path[0] != '\0')
        unlink(b->path);
    unlink(b->zip_path);
    int rv = rmdir(b->out) | rmdir(b->dir);
    buf_free(&b->zip);
    free(b);
    return rv; /* a file was left */
}

static void at(struct bench *b, const struct place *p, const char *path)
{
    snprintf(b->job.urls[b->job.n_urls++], URL_MAX_LEN, "http://127.0.0.1:%d%s", place_port(p),
             path);
}

static bool run(struct bench *b)
{
    b->path[0] = '\0';
    b->failure = FAILURE_NONE;
    memset(&b->err, 0, sizeof(b->err));
    return binary_download_run(&b->get, b->path, &b->failure, &b->err) == 0;
}

static unsigned files_in(const char *dir)
{
    DIR *d = opendir(dir);
    unsigned n = 0;
    const struct dirent *e;
    while ((e = readdir(d)) != NULL)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void expect_binary(struct bench *b)
{
    auto_buf struct buf got = BUF_INIT;
    struct stat st;
    if (b->failure != FAILURE_NONE)
        fail_msg("%s: %s", failure_name(b->failure), b->err.text);
    assert_int_equal(file_read(b->path, BINARY_LEN + 1, 0, &got, &b->err), 0);
    assert_int_equal(got.len, BINARY_LEN);
    assert_memory_equal(got.data, b->binary, BINARY_LEN);
    assert_int_equal(stat(b->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(files_in(b->out), 1);
    assert_int_equal(b->told, b->job.fetch_size);
}

static void want_zip(struct bench *b)
{
    b->job.packing = PACKING_ZIP;
    b->job.fetch_size = b->zip.len;
    crypto_digest(b->zip.data, b->zip.len, &b->job.fetch_digest);
}

static void bare_comes(void **state)
{
    struct bench *b = *state;
    at(b, b->place, "/ok");
    assert_true(run(b));
    expect_binary(b);
}

static void zip_comes_unpacked(void **state)
{
    struct bench *b = *state;
    want_zip(b);
    at(b, b->zip_place, "/moved");
    assert_true(run(b));
    expect_binary(b);
}

/* The link leads to the right file, and still is not followed. */
static void where_a_file_lies_under_its_digest_no_redirect_is_followed(void **state)
{
    struct bench *b = *state;
    char path[80], hex[65];

    digest_hex(hex, &b->job.fetch_digest);
    snprintf(path, sizeof(path), "/moved/%s", hex);
    at(b, b->place, path);
    assert_false(run(b));
    assert_int_equal(b->failure, FAILURE_NO_NETWORK);
    assert_non_null(strstr(b->err.text, "HTTP status 302"));
    assert_int_equal(place_requests(b->place), 1);
    at(b, b->place, "/moved");
    assert_true(run(b));
    expect_binary(b);
}

static void file_places_only_where_allowed(void **state)
{
    struct bench *b = *state;
    want_zip(b);
    b->job.n_urls = 1;
    snprintf(b->job.urls[0], URL_MAX_LEN, "file://%s", b->zip_path);
    assert_false(run(b));
    assert_int_equal(b->failure, FAILURE_REFUSED_BY_LAW);
    b->get.allow_file = true;
    assert_true(run(b));
    expect_binary(b);
}

static void failures_have_their_type(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *path;
        enum failure failure;
        const char *why;
    } rows[] = {
        {"/missing", FAILURE_NO_NETWORK, "status 404"},
        {"/twice", FAILURE_BAD_DIGEST, "were signed"},
        {"/other", FAILURE_BAD_DIGEST, "SHA-256"},
        {"/half", FAILURE_NO_NETWORK, "/half"},
        {"/encoded", FAILURE_BAD_DIGEST, "Content-Encoding: gzip"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        b->job.n_urls = 0;
        at(b, b->place, rows[i].path);
        assert_false(run(b));
        if (b->failure != rows[i].failure || strstr(b->err.text, rows[i].why) == NULL)
            fail_msg("%s: %s: %s", rows[i].path, failure_name(b->failure), b->err.text);
        assert_int_equal(files_in(b->out), 0);
    }
}

static void places_are_tried_in_turn(void **state)
{
    struct bench *b = *state;
    b->job.n_urls = 1;
    snprintf(b->job.urls[0], URL_MAX_LEN, "http://127.0.0.1:9/nobody");
    at(b, b->place, "/missing");
    at(b, b->place, "/twice");
    at(b, b->place, "/half");
    at(b, b->place, "/ok");
    at(b, b->place, "/ok");
    assert_true(run(b));
    expect_binary(b);
    assert_int_equal(place_requests(b->place), 4);
    assert_int_equal(b->n_left, 4);
}

static void the_last_failure_is_told(void **state)
{
    struct bench *b = *state;
    at(b, b->place, "/missing");
    at(b, b->place, "/other");
    assert_false(run(b));
    assert_int_equal(b->failure, FAILURE_BAD_DIGEST);
    assert_non_null(strstr(b->err.text, "/other"));
}

/* If this place is the only one, the fetch fails and the reason names the place. Before a good
 * place it does no harm. */
static void is_left(struct bench *b, const char *path, enum failure failure, const char *why)
{
    unsigned before = place_requests(b->place);
    b->job.n_urls = 0;
    at(b, b->place, path);
    assert_false(run(b));
    if (b->failure != failure || strstr(b->err.text, why) == NULL ||
        strstr(b->err.text, path) == NULL)
        fail_msg("%s: %s: %s", path, failure_name(b->failure), b->err.text);
    assert_int_equal(files_in(b->out), 0);
    at(b, b->place, "/ok");
    b->n_left = 0;
    assert_true(run(b));
    expect_binary(b);
    assert_int_equal(place_requests(b->place), before + 3);
    assert_int_equal(b->n_left, 1);
    assert_int_equal(b->left, failure);
}

static void a_place_that_lies_about_its_size_is_left(void **state)
{
    is_left(*state, "/short", FAILURE_BAD_DIGEST, "were signed");
    is_left(*state, "/twice", FAILURE_BAD_DIGEST, "were signed");
    is_left(*state, "/boast", FAILURE_BAD_DIGEST, "were signed");
    is_left(*state, "/endless", FAILURE_BAD_DIGEST, "larger than");
}

static void a_place_that_sends_another_version_is_left(void **state)
{
    is_left(*state, "/other", FAILURE_BAD_DIGEST, "is not the one that was signed");
}

/* Also if root allows file:// places: an order may name such a place, a redirect may not. */
static void a_place_that_leads_to_a_file_is_left(void **state)
{
    struct bench *b = *state;
    char path[160];
    char file[128];
    snprintf(file, sizeof(file), "%s/right", b->dir);
    assert_int_equal(file_create(file, b->binary, BINARY_LEN, 0600, &b->err), 0);
    snprintf(path, sizeof(path), "/to-file%s", file);
    is_left(b, path, FAILURE_NO_NETWORK, "file");
    b->get.allow_file = true;
    is_left(b, path, FAILURE_NO_NETWORK, "file");
    unlink(file);
}

static void a_place_that_drips_is_left(void **state)
{
    struct bench *b = *state;
    b->job.speed_min = 1024;
    b->get.speed_window_s = 1;
    is_left(b, "/drip", FAILURE_TOO_SLOW, "/drip");
}

/* A seed on a hostile host sends bytes without an end, never below the minimum speed. */
static void a_place_does_not_take_the_time_of_the_next(void **state)
{
    struct bench *b = *state;
    b->job.deadline_ms = 4000;
    at(b, b->place, "/drip");
    at(b, b->place, "/slow");
    at(b, b->place, "/ok");
    assert_true(run(b));
    expect_binary(b);
    assert_int_equal(b->n_left, 2);
    assert_int_equal(b->left, FAILURE_TOO_SLOW);
}

static void a_place_that_stops_in_the_middle_is_left(void **state)
{
    struct bench *b = *state;
    b->job.speed_min = 1024;
    b->get.speed_window_s = 1;
    is_left(b, "/half", FAILURE_NO_NETWORK, "/half");
    is_left(b, "/slow", FAILURE_TOO_SLOW, "/slow");
}

static void a_wrong_member_is_told(void **state)
{
    struct bench *b = *state;
    want_zip(b);
    b->job.digest.bytes[0] ^= 1;
    at(b, b->zip_place, "/ok");
    assert_false(run(b));
    assert_int_equal(b->failure, FAILURE_BAD_DIGEST);
    assert_int_equal(files_in(b->out), 0);
    /* A signed and fetched file that is no zip. */
    b->job.n_urls = 0;
    crypto_digest(b->binary, BINARY_LEN, &b->job.fetch_digest);
    b->job.fetch_size = BINARY_LEN;
    at(b, b->place, "/ok");
    assert_false(run(b));
    assert_int_equal(b->failure, FAILURE_BAD_ARCHIVE);
    assert_int_equal(files_in(b->out), 0);
}

static void the_deadline_ends_it(void **state)
{
    struct bench *b = *state;
    b->job.deadline_ms = 300;
    at(b, b->place, "/slow");
    assert_false(run(b));
    assert_int_equal(b->failure, FAILURE_TOO_SLOW);
    assert_int_equal(files_in(b->out), 0);
}

static void closing_its_input_ends_it(void **state)
{
    struct bench *b = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    b->get.stop_fd = ends[0];
    at(b, b->place, "/silent");
    at(b, b->place, "/ok");
    close(ends[1]);
    assert_false(run(b));
    close(ends[0]);
    assert_int_equal(b->failure, FAILURE_CANCELLED);
    assert_int_equal(files_in(b->out), 0);
}

/* The files of a killed fetch are removed; foreign files stay. */
static void left_overs_are_removed(void **state)
{
    struct bench *b = *state;
    char name[200], stranger[200];
    memset(name, 0, sizeof(name));
    snprintf(name, sizeof(name), "%s/%064d.part", b->out, 7);
    snprintf(stranger, sizeof(stranger), "%s/README", b->out);
    assert_int_equal(file_create(name, "x", 1, 0600, &b->err), 0);
    assert_int_equal(file_create(stranger, "x", 1, 0600, &b->err), 0);
    at(b, b->place, "/missing");
    assert_false(run(b));
    assert_int_equal(access(name, F_OK), -1);
    assert_int_equal(access(stranger, F_OK), 0);
    unlink(stranger);
}

/* A link under the name of the download leads nowhere. */
static void a_planted_link_is_not_followed(void **state)
{
    struct bench *b = *state;
    char name[200], victim[128], hex[65];
    auto_buf struct buf got = BUF_INIT;
    digest_hex(hex, &b->job.digest);
    snprintf(name, sizeof(name), "%s/%s.part", b->out, hex);
    snprintf(victim, sizeof(victim), "%s/victim", b->dir);
    assert_int_equal(file_create(victim, "precious", 8, 0600, &b->err), 0);
    assert_int_equal(symlink(victim, name), 0);
    at(b, b->place, "/ok");
    assert_true(run(b));
    expect_binary(b);
    assert_int_equal(file_read(victim, 100, 0, &got, &b->err), 0);
    assert_int_equal(got.len, 8);
    unlink(victim);
}

static void no_room_is_told(void **state)
{
    struct bench *b = *state;
    b->job.size = b->job.fetch_size = (uint64_t)1 << 50;
    at(b, b->place, "/ok");
    assert_false(run(b));
    assert_int_equal(b->failure, FAILURE_NO_SPACE);
    assert_int_equal(place_requests(b->place), 0);
    assert_int_equal(files_in(b->out), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(bare_comes),
        T(zip_comes_unpacked),
        T(where_a_file_lies_under_its_digest_no_redirect_is_followed),
        T(file_places_only_where_allowed),
        T(failures_have_their_type),
        T(places_are_tried_in_turn),
        T(the_last_failure_is_told),
        T(a_place_that_lies_about_its_size_is_left),
        T(a_place_that_sends_another_version_is_left),
        T(a_place_that_leads_to_a_file_is_left),
        T(a_place_that_drips_is_left),
        T(a_place_does_not_take_the_time_of_the_next),
        T(a_place_that_stops_in_the_middle_is_left),
        T(a_wrong_member_is_told),
        T(the_deadline_ends_it),
        T(closing_its_input_ends_it),
        T(left_overs_are_removed),
        T(a_planted_link_is_not_followed),
        T(no_room_is_told),
    };
    return cmocka_run_group_tests_name("binary_download", tests, NULL, NULL);
}
