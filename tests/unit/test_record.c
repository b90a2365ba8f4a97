/* record.h and swap_status.h: a written text reads back, and every damage is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "model_host.h"
#include "record.h"
#include "scratch_dir.h"
#include "str.h"
#include "swap_status.h"

static struct record *full_record(void)
{
    struct record *r = xzalloc(1, sizeof(*r));

    record_init(r);
    r->phase = PHASE_FAILED;
    r->failed_in = PHASE_REVERTING;
    r->rest = PHASE_SETTLED;
    r->order = MSG_REVERT;
    r->order_sequence = UINT64_MAX;
    memset(&r->target, 0xab, sizeof(r->target));
    r->target_size = 1ULL << 40;
    str_cut(r->version, sizeof(r->version), "2.0.5+ent");
    r->on_not_ready = ON_REVERT_IF_UNTOUCHED;
    r->hold_ms = r->deadline_ms = UINT32_MAX;
    r->is_server = r->by_order = r->was_active = true;
    r->verdict.failure = FAILURE_CRASH_LOOP;
    str_cut(r->verdict.text, sizeof(r->verdict.text), "back\\slash, \x1b[31m, line\nend");
    memset(r->verdict.evidence, '\x01', sizeof(r->verdict.evidence) - 1);
    r->previous_since_s = INT64_MIN;
    r->first_wall_ns = INT64_MAX;
    r->epoch = 9;
    r->sequence = 12;
    r->dir_dev = 65024;
    r->dir_ino = UINT64_MAX;
    for (unsigned char i = 0; i < ORDER_KEPT + 1; i++) {
        unsigned char receipt[RECORD_RECEIPT_MAX];

        memset(receipt, i, sizeof(receipt));
        record_keep(r, &(struct digest){{i}}, receipt, sizeof(receipt) - i);
    }
    return r;
}

static void whole_and_back(void **state)
{
    autofree struct record *r = full_record();
    autofree struct record *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf a = BUF_INIT;
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    (void)state;
    record_text(r, &a);
    assert_true(a.len < RECORD_MAX);
    assert_int_equal(record_parse(a.data, a.len, back, &err), 0);
    record_text(back, &b);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    assert_string_equal(back->verdict.text, r->verdict.text);
    assert_string_equal(back->verdict.evidence, r->verdict.evidence);
    assert_int_equal(back->kept[0].len, RECORD_RECEIPT_MAX - ORDER_KEPT);
    assert_int_equal(back->kept[0].order.bytes[0],
                     ORDER_KEPT); /* the newest comes first, the oldest was dropped */
}

/* A record without this line can be read, and a record without such orders has no such line. */
static void what_was_refused_in_a_higher_epoch_is_kept(void **state)
{
    autofree struct record *r = full_record();
    autofree struct record *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf a = BUF_INIT;
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    (void)state;
    record_text(r, &a);
    assert_null(strstr(buf_str(&a), "refused"));
    r->refused_epoch = 10;
    r->refused_sequence = UINT64_MAX;
    record_text(r, &b);
    assert_int_equal(record_parse(b.data, b.len, back, &err), 0);
    assert_int_equal(back->refused_epoch, 10);
    assert_true(back->refused_sequence == UINT64_MAX);
    assert_int_equal(back->kept[0].len, r->kept[0].len);
    for (size_t n = 0; n < 3; n++) {
        static const char *const bad[] = {"refused 10\n", "refused 0 1\n",
                                          "refused 10 1\nrefused 10 1\n"};
        auto_buf struct buf c = BUF_INIT;
        const char *at = strstr(buf_str(&a), "kept ");

        (void)buf_add(&c, a.data, (size_t)(at - buf_str(&a)));
        (void)buf_add_str(&c, bad[n]);
        assert_int_equal(record_parse_body((const char *)c.data, c.len, back, &err), -1);
    }
}

/* As above. */
static void orders_about_the_service_are_kept(void **state)
{
    autofree struct record *r = full_record();
    autofree struct record *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf a = BUF_INIT;
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    (void)state;
    record_text(r, &a);
    assert_null(strstr(buf_str(&a), "stop"));
    assert_null(strstr(buf_str(&a), "disabled"));
    r->disabled = (struct service_order){9, 13};
    r->stopped = (struct service_order){9, UINT64_MAX};
    r->stopped_main = 4711;
    r->stopping = 1;
    r->joining = 1;
    r->stopped_disk.bytes[DIGEST_LEN - 1] = 1; /* beginning with zeros it is a digest as well */
    record_text(r, &b);
    assert_int_equal(record_parse(b.data, b.len, back, &err), 0);
    assert_int_equal(back->disabled.sequence, 13);
    assert_true(back->stopped.sequence == UINT64_MAX);
    assert_int_equal(back->stopped_main, 4711);
    assert_int_equal(back->stopping, 1);
    assert_int_equal(back->joining, 1);
    assert_true(digest_eq(&back->stopped_disk, &r->stopped_disk));
    assert_false(record_runs(back, 4711)); /* the process has not ended yet */
    assert_false(record_runs(back, 0));
    assert_true(record_runs(back, 4712));
    assert_int_equal(back->stopped.sequence, 0);
    assert_false(record_runs(back, 4713));
}

/* As above: a record from before floors existed has no floor. */
static void what_settled_is_kept(void **state)
{
    autofree struct record *r = full_record();
    autofree struct record *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf a = BUF_INIT;
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    (void)state;
    record_text(r, &a);
    assert_null(strstr(buf_str(&a), "settled"));
    assert_int_equal(record_parse(a.data, a.len, back, &err), 0);
    assert_true(back->settled[0] == '\0' && back->settled_s == 0 && back->created_s == 0);
    r->created_s = 1790000000;
    record_settled(r);
    record_text(r, &b);
    assert_non_null(strstr(buf_str(&b), "\nsettled 2.0.5+ent\nsettled-created 1790000000\n"));
    assert_int_equal(record_parse(b.data, b.len, back, &err), 0);
    assert_string_equal(back->settled, "2.0.5+ent");
    assert_int_equal(back->settled_s, 1790000000);
}

/* A downgrade with a new signature, and then the old upgrade: its older signature stays older. */
static void nothing_lowers_what_settled(void **state)
{
    autofree struct record *r = full_record();

    (void)state;
    r->created_s = 300;
    record_settled(r);
    str_cut(r->version, sizeof(r->version), "2.1.0");
    r->created_s = 200;
    record_settled(r);
    assert_string_equal(r->settled, "2.1.0");
    assert_int_equal(r->settled_s, 300);
}

static void any_damage_is_noticed(void **state)
{
    autofree struct record *r = full_record();
    autofree struct record *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf a = BUF_INIT;
    struct err err = ERR_INIT;

    (void)state;
    record_text(r, &a);
    for (size_t i = 0; i < a.len; i += 7) {
        a.data[i] ^= 1;
        assert_int_equal(record_parse(a.data, a.len, back, &err), -1);
        a.data[i] ^= 1;
    }
    for (size_t n = 0; n < a.len; n += 13)
        assert_int_equal(record_parse(a.data, n, back, &err), -1);
    (void)buf_add_byte(&a, '\n');
    assert_int_equal(record_parse(a.data, a.len, back, &err), -1);
}

/* The digest fits, but the lines are wrong. */
static void lines_are_read_strictly(void **state)
{
    char phase_beyond[16];
    const struct {
        const char *find, *put;
    } rows[] = {
        {"caravan record v1", "caravan record v2"},
        {"phase 8", phase_beyond},
        {"phase 8", "phase -1"},
        {"phase 8", "phase  8"},
        {"is-server 1", "is-server 2"},
        {"epoch 9", "epoch 9x"},
        {"epoch 9", "epoch 09"},
        {"epoch 9", "epok 9"},
        {"version 2.0.5+ent", "version \\x00"},
        {"version 2.0.5+ent", "version \\x4"},
        {"version 2.0.5+ent", "version \\n"},
        {"\nkept 04", "\nkept 0g"},
        {"\nkept 04", "\nkept 04 "},
        {"\nsequence 12\n", "\n"},
        {"\ndir-dev 65024\n", "\ndir-dev 0\n"},
        {"\ndir-dev 65024\n", "\ndir-dev x\n"},
    };
    autofree struct record *r = full_record();
    autofree struct record *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf a = BUF_INIT;
    struct err err = ERR_INIT;
    size_t body;

    (void)state;
    snprintf(phase_beyond, sizeof(phase_beyond), "phase %d", PHASE_COUNT);
    record_text(r, &a);
    body = a.len - (4 + 64 + 1);
    assert_int_equal(record_parse_body((const char *)a.data, body, back, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *at = strstr(buf_str(&a), rows[i].find);
        auto_buf struct buf b = BUF_INIT;
        size_t head = (size_t)(at - buf_str(&a)), skip = head + strlen(rows[i].find);

        assert_non_null(at);
        (void)buf_add(&b, a.data, head);
        (void)buf_add_str(&b, rows[i].put);
        (void)buf_add(&b, a.data + skip, body - skip);
        if (record_parse_body((const char *)b.data, b.len, back, &err) == 0)
            fail_msg("accepted: %s", rows[i].put);
    }
}

/* A new caravan-swap reads the record of an older version. */
static void what_came_later_need_not_be_there(void **state)
{
    autofree struct record *r = full_record();
    autofree struct record *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf a = BUF_INIT;
    struct err err = ERR_INIT;

    (void)state;
    r->dir_dev = r->dir_ino = 0;
    record_text(r, &a);
    assert_null(strstr(buf_str(&a), "\ndir-"));
    back->dir_ino = 1;
    assert_int_equal(record_parse(a.data, a.len, back, &err), 0);
    assert_int_equal(back->dir_ino, 0);
    assert_int_equal(back->kept[0].len, RECORD_RECEIPT_MAX - ORDER_KEPT);
}

static void absent_is_fresh_and_torn_is_an_error(void **state)
{
    autofree struct model_host *m = xzalloc(1, sizeof(*m));
    autofree struct record *r = full_record();
    struct err err = ERR_INIT;

    (void)state;
    model_open(m, "new");
    assert_int_equal(record_load(&m->host, MODEL_DIR, r, &err), 0);
    assert_int_equal(r->phase, PHASE_IDLE);
    model_fs_put(&m->fs, MODEL_DIR "/" RECORD_NAME, "caravan record v1\n", 18, 0600);
    assert_int_equal(record_load(&m->host, MODEL_DIR, r, &err), -1);
    assert_non_null(strstr(err.text, "move the file away"));
}

static struct swap_status *full_view(void)
{
    struct swap_status *v = xzalloc(1, sizeof(*v));

    str_cut(v->hello.program, sizeof(v->hello.program), "0.1.0");
    str_cut(v->hello.server_id, sizeof(v->hello.server_id), "0d2b3c");
    v->hello.wire_min = v->hello.wire_max = 1;
    v->hello.view_revision = v->status.work.revision = 77;
    v->hello.phase = v->status.work.phase = PHASE_PROBING;
    v->status.n_facts = 2;
    str_cut(v->status.facts[1].id, sizeof(v->status.facts[1].id), "held");
    v->status.facts[1].value = TRI_YES;
    v->status.n_log = 1;
    str_cut(v->status.log[0].text, TEXT_MAX, "a line");
    return v;
}

static void a_view_is_told_whole(void **state)
{
    autofree struct swap_status *v = full_view();
    autofree struct swap_status *back = xzalloc(1, sizeof(*back));
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(swap_status_pack(v, &b, &err), 0);
    assert_int_equal(swap_status_parse(b.data, b.len, back, &err), 0);
    assert_memory_equal(back, v, sizeof(*v));
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(swap_status_parse(b.data, n, back, &err), -1);
    b.data[0] ^= 1;
    assert_int_equal(swap_status_parse(b.data, b.len, back, &err), -1);
}

static void a_view_replaces_the_last(void **state)
{
    char *dir = scratch_open();
    autofree struct swap_status *v = full_view();
    autofree struct swap_status *back = xzalloc(1, sizeof(*back));
    struct err err = ERR_INIT;
    char path[300];

    (void)state;
    snprintf(path, sizeof(path), "%s/view", dir);
    assert_int_equal(swap_status_write(path, v, &err), 0);
    v->status.work.revision = 78;
    assert_int_equal(swap_status_write(path, v, &err), 0);
    assert_int_equal(swap_status_read(path, back, &err), 0);
    assert_int_equal(back->status.work.revision, 78);
    v->status.n_notes = 1;
    assert_int_equal(swap_status_write(path, v, &err), -1);
    scratch_close(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_back),
        cmocka_unit_test(what_settled_is_kept),
        cmocka_unit_test(orders_about_the_service_are_kept),
        cmocka_unit_test(nothing_lowers_what_settled),
        cmocka_unit_test(any_damage_is_noticed),
        cmocka_unit_test(what_was_refused_in_a_higher_epoch_is_kept),
        cmocka_unit_test(lines_are_read_strictly),
        cmocka_unit_test(what_came_later_need_not_be_there),
        cmocka_unit_test(absent_is_fresh_and_torn_is_an_error),
        cmocka_unit_test(a_view_is_told_whole),
        cmocka_unit_test(a_view_replaces_the_last),
    };

    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
