/*
 * package_lock.h - the lock that apt and dpkg hold as long as they work, held against them.
 *
 * Calling sequence: package_lock_take, again as often as one likes, then package_lock_drop.
 * *fd is the caller's and says whether it is held: 0 is not. The kernel drops the lock when
 * the process ends. rpm has no lock that could be held so.
 */
#ifndef PACKAGE_LOCK_H
#define PACKAGE_LOCK_H

#include "message.h"

/* TRI_YES: held. TRI_NO: one of them works just now. TRI_UNKNOWN: there is no such lock here,
 * or we may not take it. Never waits. */
enum tri package_lock_take(int *fd);
void package_lock_drop(int *fd);

#endif
