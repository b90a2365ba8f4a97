/*
 * model_swap.h - what runs on a model host: the phases, and a caravan-swap around them.
 *
 * model_phases gives a configuration in which nobody is told of anything; model_swap a caravan-swap
 * of the desk's host, as yet without law and paths. A bench changes what it is about, then opens.
 */
#ifndef MODEL_SWAP_H
#define MODEL_SWAP_H

#include "model_host.h"
#include "order_desk.h"
#include "swap.h"

struct phases_config model_phases(const struct law *law);
void model_swap(struct swap *ret, const struct model_host *m, const struct desk *desk);
/* Law and session are those of s. */
MUST_CHECK int model_swap_open(struct swap *s, struct phases_config conf, struct err *err);

#endif
