/*
 * passphrase_prompt.h - a passphrase typed on the terminal, which does not show it.
 *
 * The terminal is /dev/tty, whatever standard input and output are. It shows again what is typed
 * when passphrase_prompt_ask returns, also when SIGINT, SIGTERM or SIGHUP ended the question
 * (ERR_STATE). Its keys for quit and suspend do nothing while it asks.
 */
#ifndef PASSPHRASE_PROMPT_H
#define PASSPHRASE_PROMPT_H

#include "passphrase.h"

/* Is there a terminal to ask on? */
bool passphrase_prompt_can_ask(void);
/* A passphrase_ask; ctx is not used. */
int passphrase_prompt_ask(void *ctx, const char *prompt, char dst[static PASSPHRASE_SIZE],
                          struct err *err);

#endif
