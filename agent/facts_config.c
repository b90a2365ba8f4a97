/* Facts about Nomad's configuration files, and of programs it looks for. */
#include "facts_survey_parts.h"
#include "str.h"

static void ask_keys(struct surveying *s, const struct host_config *c)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *k = &c->keys.keys[i];
        char id[40];
        if (!k->found)
            continue; /* that it is not found proves nothing */
        snprintf(id, sizeof(id), "key.%.35s", config_key_names[i]);
        fact_add(s, id, TRI_YES, "%s:%u", k->file, k->line);
    }
}

static void ask_leftovers(struct surveying *s, const struct host_config *c)
{
    if (c->leftovers > 0)
        fact_add(s, "config-leftovers", TRI_YES, "%u of them, %s among them", c->leftovers,
                 c->leftover);
    else if (c->read == TRI_YES)
        fact_add(s, "config-leftovers", TRI_NO, "%s", "");
    else
        fact_add(s, "config-leftovers", TRI_UNKNOWN, "%s", c->why);
}

void facts_of_config(struct surveying *s)
{
    autofree struct host_config *c = xzalloc(1, sizeof(*c));

    s->h->config(s->h->ctx, s->f->data_dir, c);
    ask_keys(s, c);
    ask_leftovers(s, c);
    fact_add(s, "plugin-unlisted", c->plugins, "%s", c->plugin);
    fact_add(s, "dmidecode", c->dmidecode, "%s", "");
}
