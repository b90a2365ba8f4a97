/*
 * key_file.h - a key's name, and the file of its public part.
 *
 * NAME is 1 to 31 of a-z, 0-9, '.', '_' and '-', and begins with a letter or a digit. The purpose
 * is observer, operator, release or root. NAME.pub, one line:
 *     caravan-key 1 NAME <64 hex digits> PURPOSE
 * Other spellings are refused. Nothing here reads or writes files.
 */
#ifndef KEY_FILE_H
#define KEY_FILE_H

#include "trust.h"

#define KEY_FILE_MAX 1024

struct key_public {
    char name[KEY_NAME_MAX];
    enum role purpose;
    struct pubkey key;
};

/* ROLE_NONE: no such purpose. */
enum role key_purpose(const char *word);
/* ERR_FORMAT. n bytes of text. */
MUST_CHECK int key_public_parse(const char *text, size_t n, struct key_public *ret,
                                struct err *err);
void key_public_pack(const struct key_public *k, struct buf *ret);

#endif
