#include "fuzz_target.h"
#include "listener.h"
#include "order_desk.h"

/*
 * Orders that are correctly signed and sealed, with any content. Byte 0 is the kind; byte 1 selects
 * the key that signs; byte 2 says which other parts of the header are right; then one byte each for
 * epoch and sequence; then the payload.
 */
#define HEAD 5

struct room {
    struct desk desk;
    struct listener *listener;
    struct log log;
    struct clock clock;
    int64_t now;
    char dir[64], state[96];
};

static int64_t mono(void *ctx)
{
    return ((struct room *)ctx)->now;
}

static void sleep_on(void *ctx, int64_t ms)
{
    ((struct room *)ctx)->now += ms;
}

static struct room *the_room(void)
{
    static struct room r;
    return &r;
}

static void clean_up(void)
{
    struct room *r = the_room();
    unlink(r->state);
    rmdir(r->dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct room *r = the_room();
    struct err err = ERR_INIT;
    /* In memory instead of on a disk, if there is such a directory. */
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    (void)argc;
    (void)argv;
    desk_open(&r->desk);
    r->log = (struct log){.level = LOG_ERROR, .program = "fuzz"};
    r->clock = (struct clock){r, mono, mono, sleep_on};
    snprintf(r->dir, sizeof(r->dir), "%s/caravan.XXXXXX", tmp);
    FUZZ_CHECK(mkdtemp(r->dir) != NULL);
    snprintf(r->state, sizeof(r->state), "%.63s/state", r->dir);
    atexit(clean_up);
    struct listener_config c = {.key = r->desk.host,
                                .max_lease_ms = LEASE_MAX_MS,
                                .max_held = 0,
                                .state_path = r->state,
                                .swap = swap_link_new("/nonexistent/swap.sock", -1, &r->clock),
                                .binary = "",
                                .hold_file = "",
                                .clock = &r->clock,
                                .log = &r->log};
    memcpy(c.session, r->desk.session, SESSION_LEN);
    FUZZ_CHECK(listener_new(&c, &r->listener, &err) == 0);
    listener_set_trust(r->listener, &r->desk.trust);
    listener_stop(
        r->listener); /* no status is held back, because time does not pass in this target */
    return 0;
}

static void fill_head(const struct room *r, const uint8_t *data, struct header *h)
{
    h->kind = (enum message_kind)(data[0] % MSG_KIND_COUNT);
    h->version = (uint8_t)(h->kind == MSG_HELLO ? 1 : 1 + (data[2] >> 3 & 1));
    memcpy(h->cluster, r->desk.trust.cluster, CLUSTER_ID_LEN);
    h->receiver = *keypair_public(r->desk.host);
    memcpy(h->nonce, data, HEAD);
    memcpy(h->session, r->desk.session, SESSION_LEN);
    if ((data[2] & 1) != 0)
        h->session[0] ^= 1;
    if ((data[2] & 2) != 0)
        h->cluster[0] ^= 1;
    if ((data[2] & 4) != 0)
        h->time_ms = 1;
    h->epoch = data[3];
    h->sequence = data[4];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct room *r = the_room();
    struct header h = {.kind = MSG_NONE};
    const struct keypair *keys[] = {r->desk.operator, r->desk.other_operator, r->desk.observer,
                                    r->desk.stranger};
    auto_buf struct buf inner = BUF_INIT, frame = BUF_INIT, answer = BUF_INIT;
    struct err err = ERR_INIT;

    if (size < HEAD || size - HEAD > ORDER_PAYLOAD_MAX)
        return 0;
    const struct keypair *by = keys[data[1] % ARRAY_LEN(keys)];
    fill_head(r, data, &h);
    r->now++;
    if (envelope_sign(&h, data + HEAD, size - HEAD, by, &inner, &err) < 0)
        return 0;
    FUZZ_CHECK(envelope_seal(inner.data, inner.len, keypair_public(r->desk.host), &frame, &err) ==
               0);
    int rv = listener_handle(r->listener, frame.data, frame.len, &answer);
    FUZZ_CHECK(rv == 0 || answer.len == 0);
    FUZZ_CHECK(rv < 0 || (by != r->desk.stranger && (data[2] & 2) == 0));
    if (rv == 0) {
        struct receipt *got = desk_receipt(&r->desk, by, &inner, answer.data, answer.len, &err);
        FUZZ_CHECK(got != NULL);
        FUZZ_CHECK(h.kind == MSG_HELLO || h.kind == MSG_STATUS || by != r->desk.observer ||
                   got->u.done.refusal == REFUSAL_ROLE);
        receipt_done_with(got);
        free(got);
    }
    return 0;
}
