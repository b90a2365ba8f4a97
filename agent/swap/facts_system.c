/* Facts about the system around it: packages, clock, C library; and what the staged binary says
 * of Nomad's configuration. */
#include "facts_survey_parts.h"
#include <gnu/libc-version.h>
#include "str.h"

static const char *what_happens(const struct host_package *k)
{
    return str_eq(k->manager, "dpkg")
               ? "an `apt upgrade` of it would put its own file back and restart Nomad at once, "
                 "outside any order"
               : "a `dnf upgrade` of it would put its own file back";
}

static void ask_package(struct surveying *s)
{
    struct host_package k = {.owned = TRI_UNKNOWN};

    s->h->package(s->h->ctx, s->p->shelf.target, &k);
    s->out->packaged = k.owned;
    if (k.owned == TRI_UNKNOWN)
        fact_add(s, "package", TRI_UNKNOWN, "%s", k.why);
    else if (k.owned == TRI_NO)
        fact_add(s, "package", TRI_NO, "%s", "no package owns it");
    else if (k.kept == TRI_YES)
        fact_add(s, "package", TRI_NO, "%s (%s) owns it, %s", k.name, k.manager, k.how);
    else
        fact_add(s, "package", TRI_YES, "%s (%s) owns it: %s", k.name, k.manager, what_happens(&k));
}

static void ask_clock(struct surveying *s)
{
    struct host_clock c = {.synchronised = TRI_UNKNOWN};
    struct err err = ERR_INIT;
    char error[24];

    if (s->h->clock(s->h->ctx, &c, &err) < 0) {
        fact_unknown(s, "clock", &err);
        return;
    }
    str_for_ms(error, sizeof(error), c.error_us / 1000);
    if (c.synchronised == TRI_YES)
        fact_add(s, "clock", TRI_NO, "synchronised, to within %s", error);
    else
        fact_add(s, "clock", c.synchronised == TRI_NO ? TRI_YES : TRI_UNKNOWN, "%s",
                 "the kernel's clock is not synchronised (NTP)");
}

static void ask_config(struct surveying *s)
{
    const struct config_verdict *c = &s->p->config;

    if (s->p->rec.phase != PHASE_STAGED)
        return;
    if (digest_eq(&c->of, &s->p->rec.target))
        fact_add(s, "config-rejected", c->rejects, "%s", c->text);
    else
        fact_add(s, "config-rejected", TRI_UNKNOWN, "%s", "the staged binary was not asked");
}

void facts_of_system(struct surveying *s)
{
    ask_package(s);
    ask_clock(s);
    fact_add(s, "libc", TRI_YES, "%s", gnu_get_libc_version());
    ask_config(s);
}
