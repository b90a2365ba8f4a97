/*
 * json.h - reads JSON from outside strictly, and writes JSON. Only this file uses jansson.
 *
 * json_parse refuses a text that is too large, too deep (jansson's own limit), not UTF-8, or has
 * duplicate keys; the error says where. 64-bit integers stay integers (Nomad's nanoseconds exceed
 * 2^53). Values belong to their root; the caller frees the root only (json_free). Accessors accept
 * NULL and values of another type: they return the given default. So an absent field and null look
 * the same; json_has is false for both. Go writes a nil slice as null; json_len of null is 0.
 *
 * To write, build a tree with json_new_object and friends. json_text prints the tree without
 * blanks, with the keys in the order in which they were set. A container owns the values that were
 * set into it.
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
bool json_has(const struct json *o, const char *key); /* the field exists and is not null */
bool json_is_object(const struct json *v);
bool json_is_array(const struct json *v);
bool json_is_text(const struct json *v);
bool json_is_int(const struct json *v);
bool json_is_bool(const struct json *v);
size_t json_len(const struct json *v); /* items of an array, or keys of an object */
const struct json *json_item(const struct json *a, size_t i);
/* The i-th key of an object, in the order of the text, and its value; NULL: there is none. */
const struct json *json_pair(const struct json *o, size_t i, const char **ret_key);

const char *json_text_of(const struct json *v, const char *def);
int64_t json_int_of(const struct json *v, int64_t def);
bool json_bool_of(const struct json *v, bool def);
/* Like the three functions above, for the member `key` of an object. */
const char *json_str(const struct json *o, const char *key, const char *def);
int64_t json_int(const struct json *o, const char *key, int64_t def);
bool json_bool(const struct json *o, const char *key, bool def);

struct json *json_new_object(void);
struct json *json_new_array(void);
void json_set_str(struct json *o, const char *key, const char *v); /* escapes invalid UTF-8 */
void json_set_int(struct json *o, const char *key, int64_t v);
void json_set_bool(struct json *o, const char *key, bool v);
void json_set_null(struct json *o, const char *key);
void json_set(struct json *o, const char *key, struct json *v); /* o owns v from now on */
void json_add(struct json *a, struct json *v);                  /* a owns v from now on */
void json_add_str(struct json *a, const char *v);
void json_text(const struct json *v, struct buf *out);

#endif
