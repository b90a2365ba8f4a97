/*
 * keystore_on_disk.h - servers that keep their root keys only on their own disks. Pure.
 *
 * From 1.4 and before 1.9, a Nomad server keeps its root keys only in files in its own data_dir. So
 * no snapshot brings back what these keys encrypted.
 */
#ifndef KEYSTORE_ON_DISK_H
#define KEYSTORE_ON_DISK_H

#include <stdbool.h>

/* True if a server of this version keeps its root keys only on its disk. False if the text is no
 * version. */
bool keystore_on_disk(const char *version);

#endif
