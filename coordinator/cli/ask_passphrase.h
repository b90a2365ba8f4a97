/*
 * ask_passphrase.h - a passphrase typed on the terminal, which does not show it.
 *
 * The terminal is /dev/tty, whatever standard input and output are. It shows again what is typed
 * when ask_passphrase returns, also when SIGINT, SIGTERM or SIGHUP ended the question (ERR_STATE).
 * Its keys for quit and suspend do nothing while it asks.
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
