#include "box_keys.h"

#include "file.h"
#include "str.h"

static const char title[] = "caravan box keys v1\n";
#define TITLE_LEN (sizeof title - 1)
#define FRONT_LEN (TITLE_LEN + DIGEST_LEN)

struct box_keys {
    const struct known_hosts *known;
    struct boxkey *keys; /* of known->items as they were: they are only ever added to */
    size_t n, fresh;     /* fresh: derived since the file was read */
    char path[300];
};

static void digest_of(const struct box_keys *b, const void *keys, struct digest *ret)
{
    struct digest_state s;
    digest_init(&s);
    for (size_t i = 0; i < b->n; i++)
        digest_add(&s, b->known->items[i].key.bytes, KEY_LEN);
    digest_add(&s, keys, b->n * sizeof *b->keys);
    digest_final(&s, ret);
}

static void recall(struct box_keys *b)
{
    auto_buf struct buf file = BUF_INIT;
    struct err unused = ERR_INIT;
    struct digest digest;
    bool there = false;
    size_t size = b->n * sizeof *b->keys;
    if (file_read_if(b->path, FRONT_LEN + size, 0, &file, &there, &unused) < 0 || !there ||
        file.len != FRONT_LEN + size || memcmp(file.data, title, TITLE_LEN) != 0)
        return;
    digest_of(b, file.data + FRONT_LEN, &digest);
    if (memcmp(file.data + TITLE_LEN, digest.bytes, DIGEST_LEN) == 0)
        memcpy(b->keys, file.data + FRONT_LEN, size);
}

struct box_keys *box_keys_open(const struct known_hosts *known, const char *path)
{
    struct box_keys *b = xzalloc(1, sizeof *b);
    b->known = known;
    b->n = known->n;
    b->keys = xzalloc(b->n + 1, sizeof *b->keys);
    if (str_copy(b->path, sizeof b->path, path) < 0)
        b->path[0] = '\0';
    if (b->path[0] != '\0' && b->n >= BOX_KEYS_WORTH)
        recall(b);
    return b;
}

static void keep(const struct box_keys *b)
{
    auto_buf struct buf file = BUF_INIT;
    struct err unused = ERR_INIT;
    struct digest digest;
    digest_of(b, b->keys, &digest);
    buf_add(&file, title, TITLE_LEN);
    buf_add(&file, digest.bytes, DIGEST_LEN);
    buf_add(&file, b->keys, b->n * sizeof *b->keys);
    (void)!file_replace(b->path, file.data, file.len, 0600, &unused);
}

static bool is_bound(const struct box_keys *b)
{
    return b->n == b->known->n;
}

void box_keys_close(struct box_keys *b)
{
    if (b == NULL)
        return;
    if (b->fresh >= BOX_KEYS_WORTH && b->path[0] != '\0' && is_bound(b))
        keep(b);
    free(b->keys);
    free(b);
}

int box_keys_find(struct box_keys *b, const struct known_host *h, struct boxkey *ret,
                  struct err *err)
{
    static const struct boxkey none;
    if (!is_bound(b))
        return boxkey_of(&h->key, ret, err);
    struct boxkey *at = &b->keys[h - b->known->items];
    if (memcmp(at, &none, sizeof none) == 0) {
        if (boxkey_of(&h->key, at, err) < 0)
            return -1;
        b->fresh++;
    }
    *ret = *at;
    return 0;
}
