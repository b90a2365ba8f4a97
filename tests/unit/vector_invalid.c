#include "codec.h"
#include "vector_cases.h"

/* ---- frames ---- */

static struct vector_case *bad(struct vector_set *set, const char *stage, const char *name,
                               const char *what, enum err_kind kind, const char *reason)
{
    char full[64];
    snprintf(full, sizeof(full), "invalid-%.50s", name);
    struct vector_case *c = vector_add(set, stage, full, what);
    c->expect = kind;
    c->reason = reason;
    return c;
}

/* Copies the bytes of a valid case; the caller damages them. */
static struct buf *copy(const struct vector_set *set, const char *of, struct vector_case *c)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->cases[i].name, of) == 0)
            (void)buf_add(&c->bytes, set->cases[i].bytes.data, set->cases[i].bytes.len);
    }
    if (c->bytes.len == 0)
        abort();
    return &c->bytes;
}

static void add_frames(const struct vector_keys *keys, struct vector_set *set)
{
    auto_buf struct buf inner = BUF_INIT;
    struct err err = ERR_INIT;
    struct vector_case *c;
    struct order o;

    c = bad(set, "frame", "frame-magic", "another magic", ERR_FORMAT, "not a frame of ours");
    copy(set, "frame-plain", c)->data[3] = 'M';
    c = bad(set, "frame", "frame-cut", "less than a header", ERR_FORMAT, "not a frame of ours");
    copy(set, "frame-plain", c)->len = OUTER_HEADER_LEN - 1;
    c = bad(set, "frame", "frame-format", "a format that is none", ERR_FORMAT, "format 3");
    copy(set, "frame-plain", c)->data[4] = 3;
    c = bad(set, "frame", "frame-longer", "a byte behind the end", ERR_FORMAT, "that says");
    (void)buf_add_byte(copy(set, "frame-plain", c), 0);
    c = bad(set, "frame", "frame-shorter", "a byte too few", ERR_FORMAT, "that says");
    copy(set, "frame-plain", c)->len--;
    c = bad(set, "frame", "frame-plain-swap", "an unsealed order that is no hello", ERR_FORMAT,
            "only the hello");
    vector_order(keys, MSG_SWAP, &o);
    if (envelope_sign_order(&o, keys->k[KEY_OPERATOR], &inner, &err) < 0)
        abort();
    (void)buf_add(&c->bytes, "CRVN\2", 5);
    (void)buf_add_u32(&c->bytes, (uint32_t)inner.len);
    (void)buf_add(&c->bytes, inner.data, inner.len);
    c = bad(set, "frame", "frame-plain-receiver", "an unsealed hello to one host", ERR_FORMAT,
            "only the hello");
    copy(set, "frame-plain", c)->data[OUTER_HEADER_LEN + 50] = 1;
    c = bad(set, "frame", "frame-sealed-changed", "a byte of the box changed", ERR_CRYPTO, "");
    c->sealed = true;
    copy(set, "frame-sealed", c)->data[100] ^= 1;
    c = bad(set, "frame", "frame-sealed-other", "sealed to another host", ERR_CRYPTO, "");
    c->sealed = true;
    if (envelope_seal(inner.data, inner.len, keypair_public(keys->k[KEY_STRANGER]), &c->bytes,
                      &err) < 0)
        abort();
}

/* ---- inner bytes: the envelope ---- */

static void resign(const struct vector_keys *keys, struct buf *b, const char *domain)
{
    crypto_sign_bytes(keys->k[KEY_OPERATOR], domain, b->data, b->len - SIG_LEN,
                      b->data + b->len - SIG_LEN);
}

static void add_envelopes(const struct vector_keys *keys, struct vector_set *set)
{
    struct vector_case *c;

    c = bad(set, "inner", "inner-cut", "shorter than header and signature", ERR_FORMAT,
            "at least 238");
    copy(set, "order-cancel", c)->len = 237;
    c = bad(set, "inner", "inner-kind-0", "kind 0", ERR_FORMAT, "kind 0");
    copy(set, "order-cancel", c)->data[0] = 0;
    c = bad(set, "inner", "inner-kind-new", "a kind from the future", ERR_FORMAT, "kind 120");
    copy(set, "order-cancel", c)->data[0] = 120; /* large: new kinds change no case */
    c = bad(set, "inner", "inner-version-0", "version 0", ERR_FORMAT, "version 0");
    copy(set, "order-cancel", c)->data[1] = 0;
    c = bad(set, "inner", "inner-version-new", "a version from the future", ERR_FORMAT,
            "version 200");
    copy(set, "order-cancel", c)->data[1] = 200;
    c = bad(set, "inner", "inner-length", "a payload length that is not so", ERR_FORMAT,
            "that says");
    copy(set, "order-cancel", c)->data[173]++;
    c = bad(set, "inner", "inner-signature", "a byte of the signature changed", ERR_CRYPTO,
            "signature");
    copy(set, "order-cancel", c)->data[c->bytes.len - 1] ^= 1;
    c = bad(set, "inner", "inner-sequence", "the sequence changed after signing", ERR_CRYPTO,
            "signature");
    copy(set, "order-cancel", c)->data[129] ^= 1;
    c = bad(set, "inner", "inner-sender", "somebody else's name under it", ERR_CRYPTO, "signature");
    memcpy(copy(set, "order-cancel", c)->data + 18, keypair_public(keys->k[KEY_OBSERVER])->bytes,
           KEY_LEN);
    c = bad(set, "inner", "inner-domain-kind", "signed as another kind", ERR_CRYPTO, "signature");
    resign(keys, copy(set, "order-cancel", c), "caravan/preserve/v2");
    c = bad(set, "inner", "inner-domain-receipt", "signed as a receipt", ERR_CRYPTO, "signature");
    resign(keys, copy(set, "order-cancel", c), "caravan/cancel-receipt/v2");
    c = bad(set, "inner", "inner-domain-version", "signed as version 1", ERR_CRYPTO, "signature");
    resign(keys, copy(set, "order-cancel", c), "caravan/cancel/v1");
    c = bad(set, "inner", "inner-domain-trust", "a trust order signed as a trust file is",
            ERR_CRYPTO, "signature");
    resign(keys, copy(set, "order-trust", c), "caravan/trust/v1");
}

/* ---- payloads, properly signed ---- */

static const char uuid40[] = "0123456789012345678901234567890123456789";

static const struct {
    const char *name, *what;
    enum message_kind kind;
    bool is_receipt;
    enum err_kind expect;
    const char *reason;
    const char *payload;
    size_t n;
} payloads[] = {
#define P(s) (s), sizeof(s) - 1
    {"empty", "no payload at all", MSG_CANCEL, false, ERR_FORMAT, "the bytes end", P("")},
    {"not-array", "a number where the array belongs", MSG_CANCEL, false, ERR_FORMAT,
     "an array expected", P("\x05")},
    {"map", "a map", MSG_CANCEL, false, ERR_FORMAT, "an array expected", P("\x81\x01\x05")},
    {"few", "an element too few", MSG_CANCEL, false, ERR_FORMAT, "an array of 0, not of 1",
     P("\x90")},
    {"many", "an element too many", MSG_CANCEL, false, ERR_FORMAT, "an array of 2, not of 1",
     P("\x92\x05\x05")},
    {"rest", "a byte behind the end", MSG_CANCEL, false, ERR_FORMAT, "too many", P("\x91\x05\x05")},
    {"cut", "ends within a number", MSG_CANCEL, false, ERR_FORMAT, "goes past the end",
     P("\x91\xcd\x01")},
    {"nil", "nil for a number", MSG_CANCEL, false, ERR_FORMAT, "unsigned number expected",
     P("\x91\xc0")},
    {"float", "a float for a number", MSG_CANCEL, false, ERR_FORMAT, "unsigned number expected",
     P("\x91\xca\x40\xa0\x00\x00")},
    {"ext", "an extension type", MSG_CANCEL, false, ERR_FORMAT, "unsigned number expected",
     P("\x91\xd4\x01\x05")},
    {"negative", "a negative number", MSG_CANCEL, false, ERR_FORMAT, "unsigned number expected",
     P("\x91\xff")},
    {"long-uint8", "5 in two bytes", MSG_CANCEL, false, ERR_FORMAT, "shortest form",
     P("\x91\xcc\x05")},
    {"long-uint64", "255 in nine bytes", MSG_CANCEL, false, ERR_FORMAT, "shortest form",
     P("\x91\xcf\0\0\0\0\0\0\0\xff")},
    {"long-array", "an array of 1 in three bytes", MSG_CANCEL, false, ERR_FORMAT, "shortest form",
     P("\xdc\0\1\x05")},
    {"huge-array", "five bytes that ask for gigabytes", MSG_CANCEL, false, ERR_FORMAT,
     "goes past the end", P("\xdd\x10\0\0\0")},
    {"enum", "a service operation that is none", MSG_SERVICE, false, ERR_FORMAT,
     "5 is not within 1 to 4", P("\x91\x05")},
    {"enum-0", "no service operation", MSG_SERVICE, false, ERR_FORMAT, "0 is not within 1 to 4",
     P("\x91\x00")},
    {"width", "a version of 256", MSG_HELLO, false, ERR_LIMIT, "256 is not within 0 to 255",
     P("\x92\x01\xcd\x01\x00")},
    {"wait", "a wait beyond the limit", MSG_STATUS, false, ERR_LIMIT, "wait_ms",
     P("\x93\x00\xcd\xea\x61\x00")},
    {"bytes-short", "a run id of 15 bytes", MSG_PRESERVE, false, ERR_FORMAT, "15 bytes, not 16",
     P("\x91\xc4\x0f"
       "123456789012345")},
    {"bytes-text", "a run id as text", MSG_PRESERVE, false, ERR_FORMAT, "a byte string expected",
     P("\x91\xb0"
       "1234567890123456")},
    {"bool", "1 for true", MSG_NOTE, false, ERR_FORMAT, "true or false expected",
     P("\x94\x01\x03\xc4\x10"
       "1234567890123456\xc4\x00")},
    {"text-utf8", "a URL that is not UTF-8", MSG_STAGE, false, ERR_FORMAT, "invalid UTF-8",
     P("\x94\xc4\x00\x91\xa2\xc3\x28\x00\x00")},
    {"text-nul", "a URL with NUL in it", MSG_STAGE, false, ERR_FORMAT, "NUL",
     P("\x94\xc4\x00\x91\xa2x\x00\x00\x00")},
    {"text-long-form", "a short text with a length byte", MSG_STAGE, false, ERR_FORMAT,
     "shortest form", P("\x94\xc4\x00\x91\xd9\x01x\x00\x00")},
    {"list-long", "nine URLs", MSG_STAGE, false, ERR_LIMIT, "9 items, at most 8",
     P("\x94\xc4\x00\x99\xa0\xa0\xa0\xa0\xa0\xa0\xa0\xa0\xa0\x00\x00")},
    {"receipt-refusal", "a refusal from the future", MSG_CANCEL, true, ERR_FORMAT, "refusal",
     P("\x98\x2a\xa0\x97\x00\x00\xc2\xc2\xc4\x10"
       "1234567890123456\xc4\x20"
       "12345678901234567890123456789012\x00\x00\x00\x00\xc4\x20"
       "12345678901234567890123456789012\x00")},
#undef P
};

static void add_signed(const struct vector_keys *keys, struct vector_set *set, const char *name,
                       const char *what, const struct header *like, enum err_kind kind,
                       const char *reason, const struct buf *payload)
{
    struct err err = ERR_INIT;
    struct vector_case *c = bad(set, "inner", name, what, kind, reason);
    const struct keypair *key = keys->k[like->is_receipt ? KEY_HOST : KEY_OPERATOR];
    if (envelope_sign(like, payload->data, payload->len, key, &c->bytes, &err) < 0)
        abort();
}

static void head_of(const struct vector_keys *keys, enum message_kind kind, bool is_receipt,
                    struct header *h)
{
    struct order o;
    struct receipt r;

    if (is_receipt) {
        vector_receipt(keys, kind, &r);
        *h = r.head;
        receipt_done_with(&r);
    } else {
        vector_order(keys, kind, &o);
        *h = o.head;
    }
}

static void add_payloads(const struct vector_keys *keys, struct vector_set *set)
{
    auto_buf struct buf b = BUF_INIT;
    struct header h;
    char name[64];

    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        snprintf(name, sizeof(name), "payload-%s", payloads[i].name);
        head_of(keys, payloads[i].kind, payloads[i].is_receipt, &h);
        buf_clear(&b);
        (void)buf_add(&b, payloads[i].payload, payloads[i].n);
        add_signed(keys, set, name, payloads[i].what, &h, payloads[i].expect, payloads[i].reason,
                   &b);
    }
    /* Values that are too long: a note above its limit, a text above its field. */
    autofree unsigned char *note = xzalloc(1, NOTE_MAX + 1);
    head_of(keys, MSG_NOTE, false, &h);
    buf_clear(&b);
    (void)buf_add(&b,
                  "\x94\xc2\x03\xc4\x10"
                  "1234567890123456\xc5\x10\x01",
                  24);
    (void)buf_add(&b, note, NOTE_MAX + 1);
    add_signed(keys, set, "payload-blob-long", "a note of 4097 bytes", &h, ERR_LIMIT,
               "4097 bytes, at most 4096", &b);
    head_of(keys, MSG_HELLO, true, &h);
    buf_clear(&b);
    (void)buf_add(&b, "\xdc\x00\x12\x01\x01\xa0\xa0\xa0\xa0\xd9\x28", 11);
    (void)buf_add(&b, uuid40, 40);
    (void)buf_add(&b, note, 64);
    add_signed(keys, set, "payload-text-long", "an id of 40 bytes, 39 fit", &h, ERR_LIMIT,
               "40 bytes, at most 39", &b);
}

/* The payload of a good receipt of version 2 under version 1, which allows less. */
static void add_old_version(const struct vector_keys *keys, struct vector_set *set)
{
    auto_buf struct buf payload = BUF_INIT;
    struct err err = ERR_INIT;
    struct receipt r;

    vector_receipt(keys, MSG_STATUS, &r);
    r.u.status.n_facts = FACTS_MAX_V1 + 1;
    if (codec_pack_receipt(&r, &payload, &err) < 0)
        abort();
    r.head.version = 1;
    add_signed(keys, set, "payload-facts-v1", "49 facts in a status of version 1", &r.head,
               ERR_LIMIT, "49 items, at most 48", &payload);
    receipt_done_with(&r);
}

/* ---- containers ---- */

static void sign_manifest(const struct vector_keys *keys, const struct manifest *m,
                          enum vector_key a, enum vector_key b, struct buf *ret)
{
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    if (manifest_pack(m, &body, &err) < 0)
        abort();
    vector_container(keys, CONTAINER_MANIFEST, &body, a, b, ret);
}

static void sign_trust(const struct vector_keys *keys, const struct trust *t, enum vector_key a,
                       enum vector_key b, struct buf *ret)
{
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    if (trust_pack(t, &body, &err) < 0)
        abort();
    vector_container(keys, CONTAINER_TRUST, &body, a, b, ret);
}

static void add_containers(struct vector_set *set)
{
    struct vector_case *c;
    size_t end;

    c = bad(set, "manifest", "container-magic", "another magic", ERR_FORMAT, "not a manifest");
    copy(set, "manifest", c)->data[0] = 'X';
    c = bad(set, "manifest", "container-type", "a trust file", ERR_FORMAT, "not a manifest");
    copy(set, "anchor", c);
    c = bad(set, "manifest", "container-cut", "a body beyond the end", ERR_FORMAT, "cut short");
    copy(set, "manifest", c)->data[5] = 0x7f;
    c = bad(set, "manifest", "container-rest", "a byte behind the end", ERR_FORMAT, "does not end");
    (void)buf_add_byte(copy(set, "manifest", c), 0);
    c = bad(set, "manifest", "container-unsigned", "no signatures", ERR_FORMAT, "0 signatures");
    end = copy(set, "manifest", c)->len - 2 * (KEY_LEN + SIG_LEN);
    c->bytes.data[end - 1] = 0;
    c->bytes.len = end;
    c = bad(set, "manifest", "container-many", "nine signatures", ERR_LIMIT, "9 signatures");
    copy(set, "manifest", c)->data[end - 1] = 9;
    c = bad(set, "manifest", "container-large", "larger than it may be", ERR_LIMIT, "at most 8192");
    autofree unsigned char *zeros = xzalloc(1, MANIFEST_MAX);
    (void)buf_add(copy(set, "manifest", c), zeros, MANIFEST_MAX);
}

static void add_manifests(const struct vector_keys *keys, struct vector_set *set)
{
    struct vector_case *c;
    struct manifest m;

    vector_manifest(&m);
    c = bad(set, "manifest", "manifest-one", "signed by 1 of 2, twice", ERR_CRYPTO,
            "1 of the release keys");
    sign_manifest(keys, &m, KEY_RELEASE1, KEY_RELEASE1, &c->bytes);
    c = bad(set, "manifest", "manifest-root", "signed by keys of another role", ERR_CRYPTO,
            "0 of the release keys");
    sign_manifest(keys, &m, KEY_ROOT1, KEY_ROOT2, &c->bytes);
    c = bad(set, "manifest", "manifest-changed", "a byte of the body changed", ERR_CRYPTO,
            "0 of the release keys");
    copy(set, "manifest", c)->data[12] ^= 1;

    /* Properly signed bytes that differ from the packed form. */
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    if (manifest_pack(&m, &body, &err) < 0)
        abort();
    memcpy(memmem(body.data, body.len, "arm64", 5), "amd64", 5);
    c = bad(set, "manifest", "manifest-twice", "a build named twice", ERR_FORMAT, "named twice");
    vector_container(keys, CONTAINER_MANIFEST, &body, KEY_RELEASE1, KEY_RELEASE2, &c->bytes);
    memcpy(memmem(body.data, body.len, "2.0.5", 5), "../..", 5);
    c = bad(set, "manifest", "manifest-version", "a version that is a path", ERR_FORMAT,
            "no version");
    vector_container(keys, CONTAINER_MANIFEST, &body, KEY_RELEASE1, KEY_RELEASE2, &c->bytes);
    body.data[1] = 2;
    c = bad(set, "manifest", "manifest-format", "a format from the future", ERR_LIMIT, "format");
    vector_container(keys, CONTAINER_MANIFEST, &body, KEY_RELEASE1, KEY_RELEASE2, &c->bytes);
}

static void add_trust(const struct vector_keys *keys, struct vector_set *set)
{
    struct vector_case *c;
    struct trust t;

    vector_trust(keys, &t);
    c = bad(set, "trust", "trust-same", "not newer than what is in force", ERR_STATE,
            "version 1 is in force");
    sign_trust(keys, &t, KEY_ROOT1, KEY_ROOT2, &c->bytes);
    t.version = 2;
    c = bad(set, "trust", "trust-one", "signed by 1 of 2 root keys", ERR_CRYPTO,
            "1 of the root keys");
    sign_trust(keys, &t, KEY_ROOT1, KEY_STRANGER, &c->bytes);
    t.cluster[0] ^= 1;
    c = bad(set, "trust", "trust-cluster", "for another cluster", ERR_CRYPTO, "another cluster");
    sign_trust(keys, &t, KEY_ROOT1, KEY_ROOT2, &c->bytes);
    t.cluster[0] ^= 1;
    t.roles[ROLE_ROOT].keys[0] = *keypair_public(keys->k[KEY_STRANGER]);
    t.roles[ROLE_ROOT].threshold = 1;
    c = bad(set, "trust", "trust-usurped", "signed by the roots it would put in place", ERR_CRYPTO,
            "1 of the root keys");
    sign_trust(keys, &t, KEY_STRANGER, KEY_ROOT2, &c->bytes);
    c = bad(set, "anchor", "anchor-stranger", "signed by no key of its own", ERR_CRYPTO,
            "not signed by its own root");
    sign_trust(keys, &t, KEY_RELEASE1, KEY_OPERATOR, &c->bytes);
}

/* Properly signed bodies of format 2, damaged in a byte or a word. */
static void spoil(const struct vector_keys *keys, struct vector_set *set, const char *name,
                  const char *what, const char *from, const char *to, enum err_kind kind,
                  const char *reason)
{
    auto_buf struct buf body = BUF_INIT;
    struct vector_case *c = bad(set, "trust", name, what, kind, reason);
    struct trust t;

    vector_named_trust(keys, &t);
    t.version = 2;
    vector_trust_body(&t, &body);
    memcpy(memmem(body.data, body.len, from, strlen(from)), to, strlen(to));
    vector_container(keys, CONTAINER_TRUST, &body, KEY_ROOT1, KEY_ROOT2, &c->bytes);
}

static void add_named_trust(const struct vector_keys *keys, struct vector_set *set)
{
    auto_buf struct buf body = BUF_INIT, silent = BUF_INIT;
    struct vector_case *c;
    struct trust t;

    spoil(keys, set, "trust-name", "a name that is a path", "anna", "../a", ERR_FORMAT, "the name");
    spoil(keys, set, "trust-name-twice", "two keys of one name", "rel-b", "rel-a", ERR_FORMAT,
          "two keys are called rel-a");
    vector_named_trust(keys, &t);
    t.version = 3;
    vector_trust_body(&t, &body);
    c = bad(set, "trust", "trust-skipped", "version 3 after version 1", ERR_STATE,
            "version 2 is left out");
    vector_container(keys, CONTAINER_TRUST, &body, KEY_ROOT1, KEY_ROOT2, &c->bytes);
    body.data[body.len - 1] = 1; /* the expiry of the last root key */
    c = bad(set, "trust", "trust-root-expires", "a root key that expires", ERR_FORMAT,
            "root keys do not expire");
    vector_container(keys, CONTAINER_TRUST, &body, KEY_ROOT1, KEY_ROOT2, &c->bytes);
    memcpy(memmem(body.data, body.len, keypair_public(keys->k[KEY_ROOT1])->bytes, KEY_LEN),
           keypair_public(keys->k[KEY_OPERATOR])->bytes, KEY_LEN);
    c = bad(set, "trust", "trust-two-purposes", "a root key that is an operator's, too", ERR_FORMAT,
            "two purposes");
    vector_container(keys, CONTAINER_TRUST, &body, KEY_ROOT1, KEY_ROOT2, &c->bytes);
    t.version = 2;
    t.roles[ROLE_ROOT].keys[0] = *keypair_public(keys->k[KEY_STRANGER]);
    vector_trust_body(&t, &silent);
    c = bad(set, "trust", "trust-silent-root", "a new root that does not show its key", ERR_CRYPTO,
            "do not show their keys");
    vector_container(keys, CONTAINER_TRUST, &silent, KEY_ROOT1, KEY_ROOT2, &c->bytes);
}

void vector_invalid(const struct vector_keys *keys, struct vector_set *set)
{
    add_frames(keys, set);
    add_envelopes(keys, set);
    add_payloads(keys, set);
    add_old_version(keys, set);
    add_containers(set);
    add_manifests(keys, set);
    add_trust(keys, set);
    add_named_trust(keys, set);
}
