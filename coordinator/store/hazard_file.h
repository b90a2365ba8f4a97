/*
 * hazard_file.h - reads what Caravan knows of Nomad's versions (hazard_rows.h) from files.
 *
 *     hazards_load(&conf, &h, &err)           the built-in rows, and the files in hazards.d
 *     hazards_load(NULL, &h, &err)            only the built-in rows
 *     hazards_free(&h)
 *
 * The built-in rows are coordinator/plan/hazards.conf; other files have the same format. Caravan
 * reads the directories in this order, and the files of each directory by name:
 * /usr/share/caravan/hazards.d, /etc/caravan/hazards.d, and the configuration's own directory
 * ([paths] hazards_dir, by default hazards.d beside caravan.conf). When --config names a
 * configuration elsewhere, Caravan reads only that configuration's own directory. Files and
 * directories must belong to root or to the reader, and nobody else may be able to write to them.
 * A missing directory counts as empty, unless hazards_dir names it.
 *
 * A file adds rows. It may also change an existing row: raise `severity` and `unsure`, and add
 * versions to `target`. It cannot lower, remove or narrow anything. Everything else is ERR_CONFIG
 * with file and line: an unknown key, kind, trait, version or severity; a key that the kind needs
 * and that is missing; a section that occurs twice.
 */
#ifndef HAZARD_FILE_H
#define HAZARD_FILE_H

#include "coord_conf.h"
#include "hazard_rows.h"

#define HAZARD_FILE_MAX   (256 * 1024)
#define HAZARD_FILES_MAX  64   /* in one directory */
#define HAZARD_ROWS_MAX   1000 /* sections of each kind, in all files together */
#define HAZARD_WORD_MAX   48
#define HAZARD_WHAT_MAX   200
#define HAZARD_ADVICE_MAX 350 /* the advice and the commands added to it must fit ADVICE_MAX */

MUST_CHECK int hazards_load(const struct coord_conf *c, struct hazards *ret, struct err *err);
/* Add one more file, or the text of a file (error texts call it `name`). After an error the caller
 * can only free *h. */
MUST_CHECK int hazards_read(struct hazards *h, const char *path, struct err *err);
MUST_CHECK int hazards_add(struct hazards *h, const char *name, const char *text, struct err *err);

#endif
