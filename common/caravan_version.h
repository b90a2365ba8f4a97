/*
 * caravan_version.h - the version of Caravan. It is written here only.
 *
 * The programs (--version, hello) and the packaging scripts read it.
 */
#ifndef CARAVAN_VERSION_H
#define CARAVAN_VERSION_H

#define CARAVAN_VERSION "0.1.0"

#endif
