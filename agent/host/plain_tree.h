/*
 * plain_tree.h - the ports of host.h that walk below a directory without following
 * links, and make directories of our own.
 */
#ifndef PLAIN_TREE_H
#define PLAIN_TREE_H

#include "host.h"

void plain_tree(struct host *h); /* sets those ports */

#endif
