/*
 * keystore_on_disk.h - servers that keep their root keys on their own disks alone. Pure.
 *
 * From 1.4 up to 1.9 a Nomad server keeps its root keys in files of its own data_dir alone:
 * no snapshot brings back what they encrypted.
 */
#ifndef KEYSTORE_ON_DISK_H
#define KEYSTORE_ON_DISK_H

#include <stdbool.h>

/* Does a server of this version keep its root keys on its disk alone? False for what is no
 * version. */
bool keystore_on_disk(const char *version);

#endif
