#include <archive.h>
#include <archive_entry.h>
#include "zip_fixture.h"

static void must(int rv)
{
    if (rv < 0)
        abort();
}

static void add(struct archive *a, const struct zip_member *m)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, m->name);
    archive_entry_set_filetype(e, m->type != 0 ? m->type : AE_IFREG);
    archive_entry_set_perm(e, 0755);
    archive_entry_set_size(e, (la_int64_t)m->len);
    if (m->link_to != NULL)
        archive_entry_set_symlink(e, m->link_to);
    must(archive_write_header(a, e));
    if (m->len > 0)
        must((int)archive_write_data(a, m->content, m->len));
    archive_entry_free(e);
}

void zip_make(const char *path, const struct zip_member *members, size_t n)
{
    struct archive *a = archive_write_new();
    must(archive_write_set_format_zip(a));
    must(archive_write_open_filename(a, path));
    for (size_t i = 0; i < n; i++)
        add(a, &members[i]);
    must(archive_write_close(a));
    archive_write_free(a);
}
