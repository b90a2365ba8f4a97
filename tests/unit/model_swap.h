/*
 * model_swap.h - the phases, and a caravan-swap around them, on a model host.
 *
 * model_phases returns a configuration whose callbacks do nothing. model_swap makes a caravan-swap
 * of the desk's host, without law and paths. A bench changes the parts that it tests, and then
 * opens the phases.
 */
#ifndef MODEL_SWAP_H
#define MODEL_SWAP_H

#include "model_host.h"
#include "order_desk.h"
#include "swap.h"

struct phases_config model_phases(const struct law *law);
void model_swap(struct swap *ret, const struct model_host *m, const struct desk *desk);
/* Opens the phases with the law and session of s. */
MUST_CHECK int model_swap_open(struct swap *s, struct phases_config conf, struct err *err);

#endif
