/*
 * acl_rules.h - what an ACL policy allows, read from its text. Pure.
 *
 * Nomad keeps a policy's rules as the HCL text that it was given, and shows a token its own
 * policies. This reader only reads what Caravan needs. Several policies merge: the wider right
 * holds, but a "deny" in any policy wins. If the reader does not understand the text (JSON,
 * heredocs, deeper nesting), it returns -1 and changes nothing.
 */
#ifndef ACL_RULES_H
#define ACL_RULES_H

#include "str.h"

enum acl_right { ACL_NONE, ACL_READ, ACL_WRITE, ACL_DENY };

struct acl_rules {
    enum acl_right agent, node, operator_;
    enum acl_right all_jobs; /* namespace "*": its jobs may be listed and read */
    bool snapshot_save;      /* operator capability, since 1.11.3 */
    bool bare_namespace;     /* a namespace block without a label */
    char unknown[32];        /* first key that Nomad does not know; "": none */
    char other[96];  /* the first right that changes something, or reads more than jobs, and that no
                        member above contains: namespace "default": submit-job */
    unsigned others; /* how many such rights */
};

MUST_CHECK int acl_rules_read(const char *text, struct acl_rules *rules);

#endif
