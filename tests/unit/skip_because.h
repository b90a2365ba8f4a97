/*
 * skip_because.h - skips a cmocka test and prints the reason.
 *
 * cmocka's own skip() has no parameter for a reason; the runner takes the comment line before it.
 */
#ifndef SKIP_BECAUSE_H
#define SKIP_BECAUSE_H

#define skip_because(reason)                                                                       \
    do {                                                                                           \
        print_message("# %s\n", reason);                                                           \
        skip();                                                                                    \
    } while (0)

#endif
