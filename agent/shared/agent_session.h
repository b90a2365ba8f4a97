/*
 * agent_session.h - the session: the kernel's boot id, 16 bytes, which differs after each reboot.
 */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include "err.h"
#include "wire_limits.h"

MUST_CHECK int agent_session_read(unsigned char ret[static SESSION_LEN], struct err *err);

#endif
