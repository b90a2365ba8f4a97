/*
 * passphrase_prompt.h - reads a passphrase from the terminal without showing it.
 *
 * The terminal is /dev/tty, independent of standard input and output. When passphrase_prompt_ask
 * returns, the terminal shows typed text again, also if SIGINT, SIGTERM or SIGHUP ended the
 * question (ERR_STATE). The quit and suspend keys have no effect during the question.
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
