#include "msgpack_tree.h"
#include "codec.h"
#include "codec_layout.h"
#include "message_samples.h"

#define ROUNDS 200

/* ---- round trips ---- */

static uint8_t newest(enum message_kind kind)
{
    return kind == MSG_HELLO ? 1 : WIRE_MAX;
}

static void order_round_trip(struct samples *s, enum message_kind kind)
{
    struct order o = {.head = {.kind = kind, .version = newest(kind)}}, back = o;
    auto_buf struct buf bytes = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;

    sample_order(s, kind, &o);
    if (codec_pack_order(&o, &bytes, &err) < 0)
        fail_msg("%s", err.text);
    memset(&back.u, 0xaa, sizeof(back.u));
    if (codec_read_order(bytes.data, bytes.len, &back, &err) < 0)
        fail_msg("%s", err.text);
    assert_memory_equal(&o.u, &back.u, sizeof(o.u));
    assert_int_equal(codec_pack_order(&back, &again, &err), 0);
    assert_int_equal(bytes.len, again.len);
    assert_memory_equal(bytes.data, again.data, bytes.len);
}

static void receipt_round_trip(struct samples *s, enum message_kind kind)
{
    struct receipt r = {.head = {.kind = kind, .version = newest(kind), .is_receipt = true}},
                   back = r;
    auto_buf struct buf bytes = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;

    do { /* a full status is larger than the limit of a receipt: a test below covers it */
        receipt_done_with(&r);
        sample_receipt(s, kind, &r);
    } while (codec_pack_receipt(&r, &bytes, &err) < 0);
    memset(&back.u, 0xaa, sizeof(back.u));
    if (codec_read_receipt(bytes.data, bytes.len, &back, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(codec_pack_receipt(&back, &again, &err), 0);
    assert_int_equal(bytes.len, again.len);
    assert_memory_equal(bytes.data, again.data, bytes.len);
    if (kind == MSG_STATUS) {
        struct note *mine = r.u.status.notes, *theirs = back.u.status.notes;
        assert_int_equal(r.u.status.n_notes, back.u.status.n_notes);
        if (r.u.status.n_notes > 0)
            assert_memory_equal(mine, theirs, r.u.status.n_notes * sizeof(*mine));
        free(mine);
        free(theirs);
        r.u.status.notes = back.u.status.notes = NULL;
    }
    assert_memory_equal(&r.u, &back.u, sizeof(r.u));
}

static void test_every_order_comes_back(void **state)
{
    struct samples s = {.state = 42};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++)
            order_round_trip(&s, k);
    }
}

static void test_every_receipt_comes_back(void **state)
{
    struct samples s = {.state = 43};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++)
            receipt_round_trip(&s, k);
    }
}

static void test_messages_read_as_msgpack_c_reads_them(void **state)
{
    struct samples s = {.state = 44};
    struct err err = ERR_INIT;
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
            auto_buf struct buf bytes = BUF_INIT;
            struct order o = {.head = {.kind = k, .version = newest(k)}};
            struct receipt r = {.head = {.kind = k, .version = newest(k), .is_receipt = true}};
            sample_order(&s, k, &o);
            assert_int_equal(codec_pack_order(&o, &bytes, &err), 0);
            compare_with_tree(bytes.data, bytes.len);
            buf_clear(&bytes);
            sample_receipt(&s, k, &r);
            if (codec_pack_receipt(&r, &bytes, &err) == 0)
                compare_with_tree(bytes.data, bytes.len);
            receipt_done_with(&r);
        }
    }
}

static void test_cut_or_longer_is_refused(void **state)
{
    struct samples s = {.state = 47, .small = true};
    (void)state;
    for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
        auto_buf struct buf bytes = BUF_INIT;
        struct err err = ERR_INIT;
        struct receipt r = {.head = {.kind = k, .version = newest(k), .is_receipt = true}},
                       back = r;
        sample_receipt(&s, k, &r);
        assert_int_equal(codec_pack_receipt(&r, &bytes, &err), 0);
        memset(&back.u, 0x5a, sizeof(back.u));
        struct receipt before = back;
        for (size_t n = 0; n < bytes.len; n++) {
            autofree unsigned char *cut = memcpy(xalloc(n), bytes.data, n);
            assert_int_equal(codec_read_receipt(cut, n, &back, &err), -1);
            assert_int_equal(err.kind, ERR_FORMAT);
        }
        assert_int_equal(buf_add_byte(&bytes, 0), 0);
        assert_int_equal(codec_read_receipt(bytes.data, bytes.len, &back, &err), -1);
        assert_memory_equal(&before, &back, sizeof(back)); /* the outputs are unchanged */
        receipt_done_with(&r);
    }
}

static void test_changed_bytes_are_refused_or_mean_what_they_say(void **state)
{
    struct samples s = {.state = 48};
    size_t taken = 0, tried = 0;
    (void)state;
    for (int round = 0; round < 20; round++) {
        for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
            struct err err = ERR_INIT;
            auto_buf struct buf bytes = BUF_INIT, again = BUF_INIT;
            struct order o = {.head = {.kind = k, .version = newest(k)}};
            sample_order(&s, k, &o);
            assert_int_equal(codec_pack_order(&o, &bytes, &err), 0);
            for (size_t i = 0; i < MIN_OF(bytes.len, (size_t)64); i++) {
                unsigned char was = bytes.data[i];
                bytes.data[i] = (unsigned char)sample_bits(&s);
                tried++;
                if (codec_read_order(bytes.data, bytes.len, &o, &err) == 0) {
                    taken++;
                    buf_clear(&again);
                    assert_int_equal(codec_pack_order(&o, &again, &err), 0);
                    assert_int_equal(again.len, bytes.len);
                    assert_memory_equal(again.data, bytes.data, bytes.len);
                }
                bytes.data[i] = was;
            }
        }
    }
    assert_true(taken > 0 && taken < tried);
}

/* ---- ranges ---- */

static int packs(const struct order *o, struct err *err)
{
    auto_buf struct buf bytes = BUF_INIT;
    return codec_pack_order(o, &bytes, err);
}

static void test_packing_keeps_the_limits(void **state)
{
    struct err err = ERR_INIT;
    struct order o = {.head = {.kind = MSG_STATUS, .version = WIRE_MAX}};
    (void)state;
    o.u.status.wait_ms = STATUS_WAIT_MAX_MS;
    assert_int_equal(packs(&o, &err), 0);
    o.u.status.wait_ms++;
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_non_null(strstr(err.text, "wait_ms"));

    memset(&o.u, 0, sizeof(o.u));
    o.head.kind = MSG_LEASE; /* 0 is no operation */
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);

    memset(&o.u, 0, sizeof(o.u));
    o.head.kind = MSG_NOTE;
    o.u.note.len = NOTE_MAX + 1;
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);

    memset(&o.u, 0, sizeof(o.u));
    o.head.kind = MSG_STAGE;
    o.u.stage.n_urls = URLS_MAX + 1;
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    o.u.stage.n_urls = 1;
    memset(o.u.stage.urls[0], 'u', URL_MAX_LEN); /* no NUL */
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    memcpy(o.u.stage.urls[0], "http://\xff", 9);
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);

    memset(&o.u, 0, sizeof(o.u)); /* each is within its limit, together they are too much */
    o.u.stage.manifest_len = MANIFEST_MAX;
    o.u.stage.n_urls = URLS_MAX;
    for (int i = 0; i < URLS_MAX; i++)
        memset(o.u.stage.urls[i], 'u', URL_MAX_LEN - 1);
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
}

static void test_kinds_versions_and_directions(void **state)
{
    struct err err = ERR_INIT;
    struct order o = {.head = {.kind = MSG_NONE, .version = 1}};
    (void)state;
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
    o.head = (struct header){.kind = MSG_CANCEL, .version = WIRE_MAX + 1};
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
    o.head = (struct header){.kind = MSG_KIND_COUNT, .version = 1};
    assert_int_equal(packs(&o, &err), -1);
    o.head = (struct header){.kind = MSG_CANCEL, .version = 1, .is_receipt = true};
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
}

static void test_prose_is_repaired(void **state)
{
    struct err err = ERR_INIT;
    auto_buf struct buf bytes = BUF_INIT;
    struct receipt r = {.head = {.kind = MSG_SWAP, .version = 1, .is_receipt = true}};
    (void)state;
    memcpy(r.u.done.text, "bad \xff\xe2\x82 end \xc3\xa9", 14);
    assert_int_equal(codec_pack_receipt(&r, &bytes, &err), 0);
    assert_int_equal(codec_read_receipt(bytes.data, bytes.len, &r, &err), 0);
    assert_string_equal(r.u.done.text, "bad ??? end \xc3\xa9");
}

static void test_a_full_status_is_too_large(void **state)
{
    struct err err = ERR_INIT;
    auto_buf struct buf bytes = BUF_INIT;
    struct receipt r = {.head = {.kind = MSG_STATUS, .version = WIRE_MAX, .is_receipt = true}};
    (void)state;
    r.u.status.n_notes = NOTES_MAX;
    r.u.status.notes = xzalloc(NOTES_MAX, sizeof(struct note));
    for (int i = 0; i < NOTES_MAX; i++)
        r.u.status.notes[i].len = NOTE_MAX;
    r.u.status.n_facts = FACTS_MAX;
    for (int i = 0; i < FACTS_MAX; i++)
        memset(r.u.status.facts[i].text, 'f', TEXT_MAX - 1);
    r.u.status.n_log = LOG_LINES_MAX;
    assert_int_equal(codec_pack_receipt(&r, &bytes, &err), 0);
    for (int i = 0; i < LOG_LINES_MAX; i++)
        memset(r.u.status.log[i].text, 'l', TEXT_MAX - 1);
    for (int i = 0; i < FACTS_MAX; i++)
        memset(r.u.status.facts[i].id, 'i', sizeof(r.u.status.facts[i].id) - 1);
    memset(r.u.status.verdict.evidence, 'e', sizeof(r.u.status.verdict.evidence) - 1);
    size_t before = bytes.len;
    int rv = codec_pack_receipt(&r, &bytes, &err);
    assert_int_equal(rv, -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(bytes.len, before);
    receipt_done_with(&r);
}

static void test_each_version_has_its_room_for_facts(void **state)
{
    struct err err = ERR_INIT;
    struct receipt r = {.head = {.kind = MSG_STATUS, .is_receipt = true}}, back = r;
    (void)state;
    for (uint8_t version = 1; version <= WIRE_MAX; version++) {
        auto_buf struct buf bytes = BUF_INIT;
        r.head.version = back.head.version = version;
        r.u.status.n_facts = message_facts_max(version);
        assert_int_equal(r.u.status.n_facts, version == 1 ? 48 : 96);
        assert_int_equal(codec_pack_receipt(&r, &bytes, &err), 0);
        assert_int_equal(codec_read_receipt(bytes.data, bytes.len, &back, &err), 0);
        assert_int_equal(back.u.status.n_facts, r.u.status.n_facts);
        r.u.status.n_facts++;
        assert_int_equal(codec_pack_receipt(&r, &bytes, &err), -1);
        assert_int_equal(err.kind, ERR_LIMIT);
    }
    /* A message with more facts than version 1 allows is not accepted as version 1. */
    auto_buf struct buf bytes = BUF_INIT;
    r.head.version = WIRE_MAX;
    r.u.status.n_facts = FACTS_MAX_V1 + 1;
    assert_int_equal(codec_pack_receipt(&r, &bytes, &err), 0);
    back.head.version = 1;
    assert_int_equal(codec_read_receipt(bytes.data, bytes.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
}

/* Notes are promises, and somebody asked for the facts: log lines make room for both. */
static void test_all_notes_and_facts_fit(void **state)
{
    struct err err = ERR_INIT;
    auto_buf struct buf bytes = BUF_INIT;
    struct receipt r;
    struct receipt_status *v = &r.u.status;
    (void)state;
    memset(&r, 0xff, sizeof(r));
    r.head = (struct header){.kind = MSG_STATUS, .version = WIRE_MAX, .is_receipt = true};
    v->work.phase = v->work.failed_in = PHASE_FAILED;
    v->lease.held = v->lease.paused = true;
    memset(&v->verdict, 'e', sizeof(v->verdict));
    v->verdict.failure = FAILURE_IO;
    v->verdict.text[TEXT_MAX - 1] = v->verdict.evidence[sizeof(v->verdict.evidence) - 1] = '\0';
    v->n_facts = FACTS_MAX;
    for (int i = 0; i < FACTS_MAX; i++) {
        memset(&v->facts[i], 'f', sizeof(v->facts[i]));
        v->facts[i].value = TRI_YES;
        v->facts[i].id[sizeof(v->facts[i].id) - 1] = v->facts[i].text[TEXT_MAX - 1] = '\0';
    }
    v->n_notes = NOTES_MAX;
    v->notes = xalloc(NOTES_MAX * sizeof(struct note));
    memset(v->notes, 0xff, NOTES_MAX * sizeof(struct note));
    for (int i = 0; i < NOTES_MAX; i++)
        v->notes[i].len = NOTE_MAX;
    v->n_log = 0;
    if (codec_pack_receipt(&r, &bytes, &err) < 0)
        fail_msg("%s", err.text);
    print_message("# %zu bytes\n", bytes.len);
    receipt_done_with(&r);
}

static unsigned depth_of(const struct layout *l);

static unsigned depth_of_field(const struct field *f)
{
    if (f->type == FIELD_STRUCT)
        return depth_of(f->sub);
    return f->item != NULL ? 1 + depth_of_field(f->item) : 0;
}

static unsigned depth_of(const struct layout *l)
{
    unsigned deepest = 0;
    for (uint32_t i = 0; i < l->n; i++)
        deepest = MAX_OF(deepest, depth_of_field(&l->fields[i]));
    return deepest + 1;
}

static void test_no_message_is_too_deep(void **state)
{
    (void)state;
    for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
        for (unsigned v = WIRE_MIN; v <= newest(k); v++) {
            if (!message_has_version(k, v))
                continue;
            assert_true(depth_of(message_layout(k, false, v)) <= PAYLOAD_DEPTH_MAX);
            assert_true(depth_of(message_layout(k, true, v)) <= PAYLOAD_DEPTH_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order_comes_back),
        cmocka_unit_test(test_every_receipt_comes_back),
        cmocka_unit_test(test_messages_read_as_msgpack_c_reads_them),
        cmocka_unit_test(test_cut_or_longer_is_refused),
        cmocka_unit_test(test_changed_bytes_are_refused_or_mean_what_they_say),
        cmocka_unit_test(test_packing_keeps_the_limits),
        cmocka_unit_test(test_kinds_versions_and_directions),
        cmocka_unit_test(test_prose_is_repaired),
        cmocka_unit_test(test_a_full_status_is_too_large),
        cmocka_unit_test(test_each_version_has_its_room_for_facts),
        cmocka_unit_test(test_all_notes_and_facts_fit),
        cmocka_unit_test(test_no_message_is_too_deep),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
