/*
 * json.h - JSON from outside, read strictly: jansson, and only here.
 *
 * json_parse refuses what is too large, too deep (jansson's own limit), not UTF-8
 * or has duplicate keys, and says where. 64-bit integers stay integers (Nomad's
 * nanoseconds exceed 2^53). Values are borrowed from their root; json_free frees
 * the root only. Accessors accept NULL and the wrong type: they return the
 * given default, so that an absent field and a null are the same; json_has tells.
 * Go's nil slices arrive as null: json_len of it is 0.
 *
 * Writing: json_new_object and friends build a tree; json_text renders it
 * compact, keys in the order set. Ownership passes to the container set into.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "buf.h"

struct json; /* jansson's json_t */

MUST_CHECK int json_parse(const void *p, size_t n, size_t max, struct json **ret, struct err *err);
void json_free(struct json *root); /* NULL is fine */
AUTO_DEFINE(json, struct json, json_free)
#define auto_json CLEANUP(cleanup_json)

const struct json *json_get(const struct json *o, const char *key);
bool json_has(const struct json *o, const char *key); /* there and not null */
bool json_is_object(const struct json *v);
bool json_is_array(const struct json *v);
bool json_is_text(const struct json *v);
bool json_is_int(const struct json *v);
bool json_is_bool(const struct json *v);
size_t json_len(const struct json *v); /* array; object: number of keys */
const struct json *json_item(const struct json *a, size_t i);
/* i-th key of an object, in file order. */
const struct json *json_pair(const struct json *o, size_t i, const char **ret_key);

const char *json_text_of(const struct json *v, const char *def);
int64_t json_int_of(const struct json *v, int64_t def);
bool json_bool_of(const struct json *v, bool def);
/* Shorthands on a member. */
const char *json_str(const struct json *o, const char *key, const char *def);
int64_t json_int(const struct json *o, const char *key, int64_t def);
bool json_bool(const struct json *o, const char *key, bool def);

struct json *json_new_object(void);
struct json *json_new_array(void);
void json_set_str(struct json *o, const char *key, const char *v); /* invalid UTF-8: escaped */
void json_set_int(struct json *o, const char *key, int64_t v);
void json_set_bool(struct json *o, const char *key, bool v);
void json_set_null(struct json *o, const char *key);
void json_set(struct json *o, const char *key, struct json *v); /* takes v */
void json_add(struct json *a, struct json *v);                  /* takes v */
void json_add_str(struct json *a, const char *v);
void json_text(const struct json *v, struct buf *out);

#endif
