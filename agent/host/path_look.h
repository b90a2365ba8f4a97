/*
 * path_look.h - what lies at a path, as a process sees it that has another root directory.
 *
 * Walks from the open root, name by name; links lead within that root. Nothing is opened but
 * directories as places (O_PATH), and, where it is asked for, a regular file's content. (The links
 * on the way of a pattern lead within one's own root.) It may hang in the kernel for as long as a
 * server is dead: look_call.h runs it in a child. Any thread.
 */
#ifndef PATH_LOOK_H
#define PATH_LOOK_H

#include "host.h"

/* content: LOOK_CONTENT bytes. ret->content is not touched. */
void path_look(int root, const struct path_user *user, const struct host_wish *wish,
               struct host_look *ret, unsigned char *content);

#endif
