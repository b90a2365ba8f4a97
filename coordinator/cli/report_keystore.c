#include "report_keystore.h"

#include "decide_keystore.h"
#include "table.h"

void report_keystore(const struct plan *p, const struct ledger *l, size_t i, FILE *out)
{
    const struct ledger_keys *k = &l->hosts[i].keys;

    fputs("Keystore of ", out);
    print_safe(out, p->hosts[i].name);
    fprintf(out, ": %u %s, copied to ", k->files, str_count(k->files, "key", "keys"));
    print_safe(out, k->path);
    fputs(" on that host\n", out);
}

static void report_not_copied(const struct plan *p, const struct ledger *l, size_t i, FILE *out)
{
    fputs("Keystore of ", out);
    print_safe(out, p->hosts[i].name);
    fputs(": not copied: ", out);
    print_safe(out, l->hosts[i].keys.problem);
    fputc('\n', out);
}

void report_keystores(const struct plan *p, const struct ledger *l, FILE *out)
{
    char text[TEXT_MAX];

    for (size_t i = 0; i < p->n_servers && i < l->n_hosts; i++) {
        if (l->hosts[i].keys.path[0] != '\0')
            report_keystore(p, l, i, out);
        else if (l->hosts[i].keys.problem[0] != '\0')
            report_not_copied(p, l, i, out);
    }
    for (size_t i = 0; i < p->n_regions; i++) {
        if (!keystores_differ(p, l, p->regions[i].name, text))
            continue;
        fputs("Warning: the servers of region ", out);
        print_safe(out, p->regions[i].name);
        fputs(" do not have the same root keys: ", out);
        print_safe(out, text);
        fputs(". Keep all copies of the keystores, and compare with nomad operator root keyring "
              "list.\n",
              out);
    }
}

struct json *report_keystores_json(const struct plan *p, const struct ledger *l)
{
    struct json *list = json_new_array();

    for (size_t i = 0; i < p->n_servers && i < l->n_hosts; i++) {
        const struct ledger_keys *k = &l->hosts[i].keys;
        char hex[65];
        if (k->path[0] == '\0' && k->problem[0] == '\0')
            continue;
        struct json *o = json_new_object();
        digest_hex(hex, &k->digest);
        json_set_str(o, "host", p->hosts[i].name);
        json_set_str(o, "path", k->path);
        json_set_int(o, "keys", k->files);
        json_set_str(o, "digest", k->path[0] != '\0' ? hex : "");
        json_set_str(o, "problem", k->problem);
        json_add(list, o);
    }
    return list;
}
