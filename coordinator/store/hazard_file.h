/*
 * hazard_file.h - files of what is known of Nomad's versions, read into one value (hazard_rows.h).
 *
 *     hazards_load(&conf, &h, &err)           what is built in, and the files in hazards.d
 *     hazards_load(NULL, &h, &err)            what is built in
 *     hazards_free(&h)
 *
 * Built in is coordinator/plan/hazards.conf; files have its format. They are read in this order, in
 * each directory by name: /usr/share/caravan/hazards.d, /etc/caravan/hazards.d, and the
 * configuration's own ([paths] hazards_dir, else hazards.d beside it); where --config names a
 * configuration elsewhere, its own alone. Files and directories must be root's or the reader's, and
 * others must not be able to write there. A directory that is not there holds none, unless it was
 * named.
 *
 * A file adds rows. Of a row that is there already it may raise severity and unsure, and add to
 * target; it never lowers, removes or narrows. All else is ERR_CONFIG with file and line: an
 * unknown key, kind, trait, version or severity, what a kind wants and is not there, a section that
 * is given twice.
 */
#ifndef HAZARD_FILE_H
#define HAZARD_FILE_H

#include "coord_conf.h"
#include "hazard_rows.h"

#define HAZARD_FILE_MAX   (256 * 1024)
#define HAZARD_FILES_MAX  64   /* in one directory */
#define HAZARD_ROWS_MAX   1000 /* sections of each kind, in all */
#define HAZARD_WORD_MAX   48
#define HAZARD_WHAT_MAX   200
#define HAZARD_ADVICE_MAX 350 /* with how to go on it has to fit ADVICE_MAX */

MUST_CHECK int hazards_load(const struct coord_conf *c, struct hazards *ret, struct err *err);
/* One more file, or its text (`name` stands in errors). After an error the value is only to be
 * freed. */
MUST_CHECK int hazards_read(struct hazards *h, const char *path, struct err *err);
MUST_CHECK int hazards_add(struct hazards *h, const char *name, const char *text, struct err *err);

#endif
