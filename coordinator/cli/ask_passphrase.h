/*
 * ask_passphrase.h - reads a passphrase from the terminal without showing it.
 *
 * The terminal is /dev/tty, independent of standard input and output. When ask_passphrase returns,
 * the terminal shows typed text again, also if SIGINT, SIGTERM or SIGHUP ended the question
 * (ERR_STATE). The quit and suspend keys have no effect during the question.
 */
#ifndef ASK_PASSPHRASE_H
#define ASK_PASSPHRASE_H

#include "passphrase.h"

/* Is there a terminal to ask on? */
bool ask_passphrase_can(void);
/* A passphrase_ask; ctx is not used. */
int ask_passphrase(void *ctx, const char *prompt, char dst[static PASSPHRASE_SIZE],
                   struct err *err);

#endif
