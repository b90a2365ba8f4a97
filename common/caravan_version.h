/*
 * caravan_version.h - the one place that knows which Caravan this is.
 *
 * Read by the programs (--version, hello) and by packaging.
 */
#ifndef CARAVAN_VERSION_H
#define CARAVAN_VERSION_H

#define CARAVAN_VERSION "0.1.0"

#endif
