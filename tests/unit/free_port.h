/*
 * free_port.h - a TCP port at any address, for a program under test.
 *
 * The port is below the range from which the kernel chooses ports of connections
 * (ip_local_port_range: by default from 32768): another connection could use a port of that range
 * before the program listens.
 */
#ifndef FREE_PORT_H
#define FREE_PORT_H

#include <stdint.h>

uint16_t free_port(void); /* aborts if there is none */

#endif
