#include "key_file.h"

#include "str.h"

enum role key_purpose(const char *word)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++)
        if (str_eq(word, role_name(r)))
            return r;
    return ROLE_NONE;
}

void key_public_pack(const struct key_public *k, struct buf *ret)
{
    char hex[65];
    pubkey_hex(hex, &k->key);
    buf_printf(ret, "caravan-key 1 %s %s %s\n", k->name, hex, role_name(k->purpose));
}

int key_public_parse(const char *text, size_t n, struct key_public *ret, struct err *err)
{
    char copy[KEY_FILE_MAX] = "", *save = NULL;
    const char *word[6] = {NULL};
    struct key_public k = {.purpose = ROLE_NONE};
    auto_buf struct buf again = BUF_INIT;
    size_t words = 0;
    if (n < sizeof copy) {
        memcpy(copy, text, n);
        for (char *w = strtok_r(copy, " \n", &save); w != NULL && words < ARRAY_LEN(word);
             w = strtok_r(NULL, " \n", &save))
            word[words++] = w;
    }
    bool good = words == 5 && str_copy(k.name, sizeof k.name, word[2]) == 0 &&
                pubkey_from_hex(word[3], &k.key) == 0 &&
                (k.purpose = key_purpose(word[4])) != ROLE_NONE && trust_name_ok(k.name);
    if (good)
        key_public_pack(&k, &again);
    /* One key has one line: what packing would not make is none. */
    if (!good || again.len != n || memcmp(again.data, text, n) != 0)
        return err_set(err, ERR_FORMAT, 0,
                       "not the public part of a key: one line \"caravan-key 1 NAME KEY PURPOSE\"");
    *ret = k;
    return 0;
}
