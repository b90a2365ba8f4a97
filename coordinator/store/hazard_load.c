/* Loads the built-in rows and the files of the directories. hazard_file.h has the contract. */
#include "hazard_file.h"

#include <inttypes.h>
#include "file.h"
#include "hazard_kinds.h"
#include "hazards_built_in.h"

#define DIRECTORY "hazards.d"

/* ---- the digest ---- */

static void digest_texts(struct buf *b, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%s\n", texts[i] != NULL ? texts[i] : "");
}

static void digest_row(struct buf *b, const struct hazard *row)
{
    const char *const texts[] = {row->id,   row->kind->name, row->crossing, row->target, row->from,
                                 row->what, row->key,        row->least,    row->advice};
    digest_texts(b, texts, ARRAY_LEN(texts));
    buf_printf(b, "%d %d %d %d %" PRIu64 " %d %d\n", (int)row->edition, (int)row->scope,
               (int)row->severity, (int)row->unsure, row->number, row->of_unit, row->staged_only);
}

static void digest_rest(struct buf *b, const struct hazards *h)
{
    for (size_t i = 0; i < h->n_walls; i++) {
        const struct wall *w = &h->walls[i];
        digest_texts(b, (const char *const[]){"wall", w->from, w->before, w->feature}, 4);
        buf_printf(b, "%d\n", w->clients);
    }
    for (size_t i = 0; i < h->n_bad_leaders; i++) {
        const struct bad_leader *l = &h->bad_leaders[i];
        digest_texts(b, (const char *const[]){"bad-leader", l->first, l->last}, 3);
        buf_printf(b, "%d\n", l->ent);
    }
    for (size_t i = 0; i < h->n_lates; i++) {
        const struct late *l = &h->lates[i];
        digest_texts(
            b, (const char *const[]){"late", l->id, l->target, l->crossing, l->what, l->look}, 6);
        buf_printf(b, "%" PRId64 "\n", l->after_ms);
    }
    for (size_t i = 0; i < h->n_minors; i++)
        buf_printf(b, "%u.%u %s\n", h->minors[i].major, h->minors[i].minor, h->minors[i].days);
}

static void set_digest(struct hazards *h)
{
    auto_buf struct buf text = BUF_INIT;

    for (size_t i = 0; i < h->n_rows; i++)
        digest_row(&text, &h->rows[i]);
    digest_rest(&text, h);
    crypto_digest(text.data, text.len, &h->digest);
}

/* ---- files ---- */

static int add_built_in(struct hazards *h, struct err *err)
{
    return hazards_add(h, "hazards.conf (built in)", hazards_conf, err);
}

/* needed: a missing directory is an error. */
static int add_directory(struct hazards *h, const char *dir, bool needed, struct err *err)
{
    auto_names struct names names = NAMES_INIT;
    struct err why = ERR_INIT;

    if (file_names(dir, ".conf", HAZARD_FILES_MAX, FILE_TRUSTED, &names, &why) < 0) {
        if (why.kind == ERR_NOTFOUND && !needed)
            return 0;
        *err = why;
        return err_wrap(err, "rows of hazards");
    }
    for (size_t i = 0; i < names.n; i++) {
        autofree char *path = NULL;
        if (asprintf(&path, "%s/%s", dir, names.items[i]) < 0)
            die_oom();
        if (hazards_read(h, path, err) < 0)
            return -1;
    }
    return 0;
}

static int add_directories(struct hazards *h, const struct coord_conf *c, struct err *err)
{
    static const char *const shared[] = {"/usr/share/caravan/" DIRECTORY,
                                         "/etc/caravan/" DIRECTORY};
    bool given = c->hazards_dir[0] != '\0';
    char own[300];

    if (given)
        str_cut(own, sizeof(own), c->hazards_dir);
    else if (conf_path(c, DIRECTORY, own, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(shared) && !c->elsewhere; i++)
        if (!str_eq(shared[i], own) && add_directory(h, shared[i], false, err) < 0)
            return -1;
    return add_directory(h, own, given, err);
}

static int load_hazards(struct hazards *h, const struct coord_conf *c, struct err *err)
{
    if (add_built_in(h, err) < 0 || (c != NULL && add_directories(h, c, err) < 0))
        return -1;
    set_digest(h);
    return 0;
}

int hazards_load(const struct coord_conf *c, struct hazards *ret, struct err *err)
{
    struct hazards h = {.n_rows = 0};

    if (load_hazards(&h, c, err) < 0) {
        hazards_free(&h);
        return -1;
    }
    *ret = h;
    return 0;
}
