/*
 * package_lock.h - takes the lock of apt and dpkg, so that they do not work meanwhile.
 *
 * Calling sequence: package_lock_take, as often as the caller likes; then package_lock_drop. *fd
 * belongs to the caller and says whether the lock is held (0: not held). The kernel drops the lock
 * when the process ends. rpm has no lock of this kind.
 */
#ifndef PACKAGE_LOCK_H
#define PACKAGE_LOCK_H

#include "message.h"

/* TRI_YES: the lock is held. TRI_NO: apt or dpkg is working now. TRI_UNKNOWN: this host has no such
 * lock, or this process may not take it. Never waits. */
enum tri package_lock_take(int *fd);
void package_lock_drop(int *fd);

#endif
