/*
 * free_port.h - a TCP port that a program under test can listen on, at any address.
 *
 * Below the range from which the kernel takes ports for connections (ip_local_port_range: 32768 and
 * on, where it was not changed): one from there can be gone again before the program listens.
 */
#ifndef FREE_PORT_H
#define FREE_PORT_H

#include <stdint.h>

uint16_t free_port(void); /* aborts if there is none */

#endif
