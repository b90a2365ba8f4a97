#include "known_hosts.h"

#include <ctype.h>
#include "file.h"
#include "str.h"

#define KNOWN_HOSTS_MAX (16 * 1024 * 1024)

/* The index of the id, or the index at which the id would be inserted. */
static size_t index_of_id(const struct known_hosts *k, const char *id)
{
    size_t lo = 0, hi = k->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(k->items[mid].id, id) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const struct known_host *known_hosts_find(const struct known_hosts *k, const char *id)
{
    size_t at = index_of_id(k, id);
    return id[0] != '\0' && at < k->n && str_eq(k->items[at].id, id) ? &k->items[at] : NULL;
}

bool known_host_joins(const struct known_host *h)
{
    return str_starts(h->id, JOINER_PREFIX);
}

static int by_key_then_id(const void *a, const void *b)
{
    const struct known_host *x = *(const struct known_host *const *)a;
    const struct known_host *y = *(const struct known_host *const *)b;
    int order = memcmp(x->key.bytes, y->key.bytes, KEY_LEN);
    if (order == 0)
        order = known_host_joins(x) - known_host_joins(y);
    return order != 0 ? order : strcmp(x->id, y->id);
}

const struct known_host **known_hosts_by_key(const struct known_hosts *k)
{
    const struct known_host **list = xalloc((k->n + 1) * sizeof(*list));
    for (size_t i = 0; i < k->n; i++)
        list[i] = &k->items[i];
    qsort(list, k->n, sizeof(*list), by_key_then_id);
    return list;
}

const struct known_host *known_hosts_at(const struct known_hosts *k, const char *address)
{
    for (size_t i = index_of_id(k, JOINER_PREFIX); i < k->n && known_host_joins(&k->items[i]); i++)
        if (str_eq(k->items[i].name, address))
            return &k->items[i];
    return NULL;
}

const struct known_host *known_hosts_elsewhere(const struct known_hosts *k,
                                               const struct pubkey *key, const char *address)
{
    for (size_t i = 0; i < k->n; i++)
        if (pubkey_eq(&k->items[i].key, key) &&
            !(known_host_joins(&k->items[i]) && str_eq(k->items[i].name, address)))
            return &k->items[i];
    return NULL;
}

void joining_key(char dst[static UUID_MAX], const struct pubkey *key)
{
    char fingerprint[FINGERPRINT_LEN];
    pubkey_fingerprint(fingerprint, key);
    snprintf(dst, UUID_MAX, JOINER_PREFIX "%.32s", strchr(fingerprint, ':') + 1);
}

static void insert_host(struct known_hosts *k, size_t at, const struct known_host *h)
{
    if (k->n == k->cap) {
        k->cap = k->cap == 0 ? 64 : k->cap * 2;
        k->items = xrealloc(k->items, k->cap * sizeof(*k->items));
    }
    memmove(&k->items[at + 1], &k->items[at], (k->n - at) * sizeof(*k->items));
    k->items[at] = *h;
    k->n++;
}

/* ---- box keys ---- */

#define CHECK_LEN 4
#define BOX_HEX   (2 * (KEY_LEN + CHECK_LEN))

static void check_of(const struct known_host *h, unsigned char ret[static CHECK_LEN])
{
    struct digest_state s;
    struct digest digest;
    digest_init(&s);
    digest_add(&s, h->key.bytes, KEY_LEN);
    digest_add(&s, h->box.bytes, KEY_LEN);
    digest_final(&s, &digest);
    memcpy(ret, digest.bytes, CHECK_LEN);
}

static bool has_box(const struct known_host *h)
{
    static const struct boxkey none;
    return memcmp(&h->box, &none, sizeof(none)) != 0;
}

static void box_text(const struct known_host *h, char dst[static BOX_HEX + 1])
{
    unsigned char bytes[KEY_LEN + CHECK_LEN];
    memcpy(bytes, h->box.bytes, KEY_LEN);
    check_of(h, bytes + KEY_LEN);
    str_hex(dst, bytes, sizeof(bytes));
}

/* Ignores a box key that is missing (NULL), damaged, or of another key. */
static void take_box(struct known_host *h, const char *text)
{
    unsigned char bytes[KEY_LEN + CHECK_LEN], check[CHECK_LEN];
    if (text == NULL || str_unhex(text, bytes, sizeof(bytes)) < 0)
        return;
    memcpy(h->box.bytes, bytes, KEY_LEN);
    check_of(h, check);
    if (memcmp(check, bytes + KEY_LEN, CHECK_LEN) != 0)
        memset(&h->box, 0, sizeof(h->box));
}

/* If no box key can be derived, the first use of the key reports the error. */
static bool derive_box(struct known_host *h)
{
    struct err unused = ERR_INIT;
    return !has_box(h) && boxkey_of(&h->key, &h->box, &unused) == 0;
}

int known_host_box(const struct known_host *h, struct boxkey *ret, struct err *err)
{
    *ret = h->box;
    return has_box(h) ? 0 : boxkey_of(&h->key, ret, err);
}

/* ---- one line ---- */

static bool id_is_plain(const char *id)
{
    if (id[0] == '\0')
        return false;
    for (; *id != '\0'; id++)
        if (!isgraph((unsigned char)*id))
            return false;
    return true;
}

static int refuse_changed(const struct known_host *was, const char *name, const struct pubkey *now,
                          struct err *err)
{
    char a[FINGERPRINT_LEN], b[FINGERPRINT_LEN];
    pubkey_fingerprint(a, &was->key);
    pubkey_fingerprint(b, now);
    return err_set(err, ERR_CRYPTO, 0,
                   "the key of host %s (%s) has changed: known %s, now %s. Either its agent was "
                   "installed again, or somebody else answers in its place: find out which. "
                   "`caravan enroll --rekey %s` shows both keys, and accepts the new key",
                   name[0] != '\0' ? name : was->name, was->id, a, b, was->id);
}

static int add_host_line(struct known_hosts *k, const char *id, const char *name,
                         const struct pubkey *key, const char *box, struct err *err)
{
    struct known_host h;
    memset(&h, 0, sizeof(h));
    if (!id_is_plain(id) || str_copy(h.id, sizeof(h.id), id) < 0)
        return err_set(err, ERR_FORMAT, 0, "this is no id of Nomad");
    str_cut(h.name, sizeof(h.name), name);
    for (char *p = h.name; *p != '\0'; p++)
        if (!isgraph((unsigned char)*p))
            *p = '_';
    h.key = *key;
    size_t at = index_of_id(k, id);
    if (at < k->n && str_eq(k->items[at].id, id))
        return pubkey_eq(&k->items[at].key, key) ? 0
                                                 : refuse_changed(&k->items[at], name, key, err);
    take_box(&h, box);
    insert_host(k, at, &h);
    return 1;
}

int known_hosts_add(struct known_hosts *k, const char *id, const char *name,
                    const struct pubkey *key, struct err *err)
{
    int rc = add_host_line(k, id, name, key, NULL, err);
    if (rc == 1) {
        (void)derive_box(&k->items[index_of_id(k, id)]);
        k->dirty = true;
    }
    return rc;
}

size_t known_hosts_remove(struct known_hosts *k, const struct pubkey *key)
{
    size_t kept = 0, n = k->n;
    for (size_t i = 0; i < n; i++)
        if (!pubkey_eq(&k->items[i].key, key))
            k->items[kept++] = k->items[i];
    k->n = kept;
    k->dirty |= kept < n;
    return n - kept;
}

static int parse_known_host(struct known_hosts *k, char *line, struct err *err)
{
    char *save = NULL, *id = strtok_r(line, " \t\r", &save), *hex = strtok_r(NULL, " \t\r", &save);
    char *name = strtok_r(NULL, " \t\r", &save), *box = strtok_r(NULL, " \t\r", &save);
    struct pubkey key;
    if (id == NULL || id[0] == '#')
        return 0;
    if (hex == NULL || pubkey_from_hex(hex, &key) < 0)
        return err_set(err, ERR_CONFIG, 0, "the second word is not a key of 64 digits");
    const struct known_host *was = known_hosts_find(k, id);
    if (was != NULL && !pubkey_eq(&was->key, &key))
        return err_set(err, ERR_CONFIG, 0,
                       "%s occurs twice, with different keys: remove the wrong line", id);
    return add_host_line(k, id, name != NULL ? name : "", &key, box, err) < 0 ? -1 : 0;
}

int known_hosts_parse(const char *name, const char *text, size_t n, struct known_hosts *ret,
                      struct err *err)
{
    struct known_hosts k;
    memset(&k, 0, sizeof(k));
    autofree char *copy = xalloc(n + 1);
    memcpy(copy, text, n);
    copy[n] = '\0';
    unsigned number = 0;
    char *save = NULL;
    /* strtok_r skips empty lines, so that `number` counts only lines with text. */
    for (char *line = strtok_r(copy, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        number++;
        if (parse_known_host(&k, line, err) < 0) {
            known_hosts_free(&k);
            return err_wrap(err, "%s, line %u", name, number);
        }
    }
    *ret = k;
    return 0;
}

int known_hosts_load(const char *path, struct known_hosts *ret, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    bool there = false;
    if (file_read_if(path, KNOWN_HOSTS_MAX, FILE_FOLLOW, &text, &there, err) < 0 ||
        known_hosts_parse(path, buf_str(&text), text.len, ret, err) < 0)
        return -1;
    if (str_copy(ret->path, sizeof(ret->path), path) < 0) {
        known_hosts_free(ret);
        return err_set(err, ERR_LIMIT, 0, "path too long: %s", path);
    }
    for (size_t i = 0; i < ret->n; i++)
        ret->dirty |= derive_box(&ret->items[i]);
    return 0;
}

void known_hosts_free(struct known_hosts *k)
{
    free(k->items);
    memset(k, 0, sizeof(*k));
}

int known_hosts_save(struct known_hosts *k, struct err *err)
{
    if (!k->dirty)
        return 0;
    auto_buf struct buf text = BUF_INIT;
    for (size_t i = 0; i < k->n; i++) {
        const struct known_host *h = &k->items[i];
        char hex[65], box[BOX_HEX + 1] = "";
        pubkey_hex(hex, &h->key);
        if (has_box(h) && h->name[0] != '\0')
            box_text(h, box);
        buf_printf(&text, "%s %s %s%s%s\n", h->id, hex, h->name, box[0] != '\0' ? " " : "", box);
    }
    if (file_replace(k->path, text.data, text.len, 0600, err) < 0)
        return err_wrap(err, "write the list of enrolled hosts");
    k->dirty = false;
    return 0;
}
