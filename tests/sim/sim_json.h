/*
 * sim_json.h - writes JSON straight into a buffer.
 *
 * js_open(b, key, '{') ... js_close(b, '}'). key NULL: an element of an array, or the root. The
 * functions add the commas. js_raw takes constant JSON with single quotes. An answer with ten
 * thousand nodes needs no tree in memory.
 */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include "buf.h"
#include "sim_types.h"

void js_open(struct buf *b, const char *key, char bracket);
void js_close(struct buf *b, char bracket);
void js_str(struct buf *b, const char *key, const char *v);
void js_strf(struct buf *b, const char *key, const char *fmt, ...) PRINTF(3, 4);
void js_int(struct buf *b, const char *key, int64_t v);
void js_bool(struct buf *b, const char *key, bool v);
void js_raw(struct buf *b, const char *key, const char *quoted);
void js_json(struct buf *b, const char *key, const char *json); /* unchanged */
void js_id(struct buf *b, const char *key, const struct sim_id *id);
void js_addr(struct buf *b, const char *key, uint32_t ip, uint16_t port);
/* RFC 3339; 0 is Go's zero time. js_time has seconds, js_time_ns nanoseconds. */
void js_time(struct buf *b, const char *key, int64_t ms);
void js_time_ns(struct buf *b, const char *key, int64_t ms);
/* "31ms", "1.2s", "0s" */
void js_duration(struct buf *b, const char *key, int64_t ms);

#endif
