/*
 * skip_because.h - a skipped cmocka test that says why.
 *
 * cmocka's own skip() leaves no room for a reason; the runner takes the comment
 * line before it.
 */
#ifndef SKIP_BECAUSE_H
#define SKIP_BECAUSE_H

#define skip_because(reason)                                                                       \
    do {                                                                                           \
        print_message("# %s\n", reason);                                                           \
        skip();                                                                                    \
    } while (0)

#endif
