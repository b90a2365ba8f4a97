/*
 * place_fixture.h - a web server on loopback that misbehaves on demand, for tests.
 *
 * It serves one body. The path selects the answer: /ok the body; /twice the body twice; /half half
 * of it and then the end of the connection; /other other bytes of the same length; /short half of
 * it with the length of the half; /encoded the body marked as compressed; /boast a length of a
 * thousand times its own; /endless no length and no end; /drip a byte at intervals; /to-file/PATH a
 * redirect to file:///PATH; /missing 404 with a page; /moved a redirect to /ok (also with a digest
 * after it); /slow 1 KiB and then nothing for as long as the server lives; /silent nothing at all;
 * /v1/large 64 KiB and one byte; and any other path that begins with /v1/ 200 with the path as its
 * body. A digest after one of these (/other/<64 digits>) changes nothing. The server counts the
 * requests.
 */
#ifndef PLACE_FIXTURE_H
#define PLACE_FIXTURE_H

#include "compiler.h"

struct place;

struct place *place_start(const void *body, size_t len); /* the caller keeps the body */
/* Listens at another loopback address than 127.0.0.1. */
struct place *place_start_at(const char *address, const void *body, size_t len);
void place_stop(struct place *p); /* NULL is allowed */
int place_port(const struct place *p);
unsigned place_requests(const struct place *p);

#endif
