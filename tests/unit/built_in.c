#include "built_in.h"

#include "hazard_file.h"
#include "hazard_kinds.h"

const struct hazards *built_in(void)
{
    static struct hazards h;
    struct err err = ERR_INIT;

    if (h.n_rows == 0 && hazards_load(NULL, &h, &err) < 0) {
        fprintf(stderr, "built_in: %s\n", err.text);
        abort();
    }
    return &h;
}

const struct hazard *built_in_row(const char *id)
{
    for (size_t i = 0; i < built_in()->n_rows; i++)
        if (str_eq(built_in()->rows[i].id, id))
            return &built_in()->rows[i];
    return NULL;
}

bool row_of_replaced(const struct hazard *row)
{
    unsigned roles = row->roles != 0 ? row->roles : row->kind->roles;
    return roles != 0 && (roles & 1u << ROLE_UPGRADE) == 0;
}
