/*
 * place_fixture.h - a web server on loopback that misbehaves on demand, for tests.
 *
 * Serves one body: /ok whole, /twice with everything again behind it, /half and
 * then the end of the connection, /other the same length with other bytes,
 * /short half of it as if it were all, /encoded as if it were compressed, /boast a length a
 * thousand times its own, /endless no length and no end, /drip a byte now and then, /to-file/PATH a
 * redirect to that file (file:///PATH), /missing 404 with a page, /moved a redirect to /ok (also
 * with a digest behind it), /slow 1 KiB and then nothing for as long as the server lives, /silent
 * nothing at all, /v1/large 64 KiB and one byte, and any other path beginning with /v1/ 200 with
 * the path as its body. A digest behind one of these (/other/<64 digits>) changes nothing. Counts
 * the requests.
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
