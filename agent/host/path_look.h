/*
 * path_look.h - what is at a path, as a process with another root directory sees the path.
 *
 * Walks from the open root, name by name. Links lead within that root. Directories are opened only
 * as places (O_PATH). A regular file is opened only if the wish asks for its content. (For a
 * pattern, the links on the way are resolved in this process's own root.) The walk may hang in the
 * kernel as long as a file server is dead, so look_call.h runs it in a child. Any thread.
 */
#ifndef PATH_LOOK_H
#define PATH_LOOK_H

#include "host.h"

/* content: a buffer of LOOK_CONTENT bytes for the file's content; ret->content stays empty. */
void path_look(int root, const struct path_user *user, const struct path_question *question,
               struct host_look *ret, unsigned char *content);

#endif
