/*
 * model_fs.h - a file system in memory that keeps volatile and durable state apart.
 *
 * A write is volatile until sync (content, owner, mode) or sync_dir (names). model_fs_crash makes a
 * state that a power cut may leave. A file without a sync since its last change has its old
 * content, its new content, or a torn mixture. Of the names that changed in a directory since its
 * last sync_dir, any subset is kept; a rename is kept whole or not at all. All handles are closed.
 *
 * Paths are absolute. Directories directly below the root always exist. Deeper directories must be
 * made (model_fs_make_dir). A rename or a loss of a directory includes all files in it.
 */
#ifndef MODEL_FS_H
#define MODEL_FS_H

#include "host.h"

#define MODEL_CONTENT 65536
#define MODEL_INODES  512
#define MODEL_NAMES   64
#define MODEL_CHANGES 512
#define MODEL_HANDLES 16
#define MODEL_DIR_AT  100 /* the first handle of a directory */

struct model_file {
    size_t len, safe_len;
    unsigned char data[MODEL_CONTENT], safe[MODEL_CONTENT];
    uint32_t mode, safe_mode;
    bool dirty;
    bool dir;
    int leads_to; /* of a link: the inode of its target; 0: this is no link */
    int64_t changed_ns;
};

struct model_name {
    char path[128];
    int inode; /* 0: free place */
};

struct model_change {
    char dir[96];
    char from[128]; /* "": none */
    char to[128];   /* "": only removes from */
    int inode;
};

struct model_fs {
    struct model_file files[MODEL_INODES]; /* inode numbers begin at 1 */
    int n_files;
    struct model_name names[MODEL_NAMES], safe[MODEL_NAMES];
    struct model_change changes[MODEL_CHANGES];
    int n_changes;
    int handles[MODEL_HANDLES];   /* inode; 0: free */
    size_t at[MODEL_HANDLES];     /* where the next write goes */
    char dirs[MODEL_HANDLES][96]; /* paths of the open directories; "": free */
    int64_t now_ns;
};

enum model_loss { LOSE_ALL, LOSE_NOTHING, LOSE_SOME };

void model_fs_reset(struct model_fs *fs);
void model_fs_put(struct model_fs *fs, const char *path, const void *p, size_t n, uint32_t mode);
/* Makes a link to the file at `to`, durable at once. */
void model_fs_put_link(struct model_fs *fs, const char *path, const char *to);
void model_fs_drop(struct model_fs *fs, const char *path); /* durable at once */
void model_fs_put_dir(struct model_fs *fs, const char *path);
int model_fs_find(const struct model_fs *fs, const char *path);    /* inode; 0: none */
int model_fs_through(const struct model_fs *fs, const char *path); /* the same, through links */
/* Through links. */
const struct model_file *model_fs_file(const struct model_fs *fs, const char *path);
void model_fs_crash(struct model_fs *fs, enum model_loss loss, uint64_t *random);
uint64_t model_random(uint64_t *state);

/* A handle of the directory, which need not exist; and the path of a name in it. */
int model_fs_open_dir(struct model_fs *fs, const char *path);
void model_fs_at(const struct model_fs *fs, int dir, const char *name, char dst[static 256]);
void model_fs_close(struct model_fs *fs, int h);
int model_fs_create(struct model_fs *fs, const char *path, uint32_t mode); /* handle; -1 */
int model_fs_open(struct model_fs *fs, const char *path); /* handle; -1, also for a link */
int model_fs_open_through(struct model_fs *fs, const char *path);
/* The additional room that a write of n bytes would need. */
size_t model_fs_grows(const struct model_fs *fs, int h, size_t n);
void model_fs_write(struct model_fs *fs, int h, const void *p, size_t n);
void model_fs_cut(struct model_fs *fs, int h, size_t size);
void model_fs_sync(struct model_fs *fs, int h);
void model_fs_sync_dir(struct model_fs *fs, const char *dir);
bool model_fs_rename(struct model_fs *fs, const char *from, const char *to);
bool model_fs_link(struct model_fs *fs, const char *from, const char *to);
void model_fs_unlink(struct model_fs *fs, const char *path);
bool model_fs_make_dir(struct model_fs *fs, const char *path);
bool model_fs_remove_dir(struct model_fs *fs, const char *path); /* false: not empty */
/* The name of the path, if the path is directly in this directory; else NULL. */
const char *model_fs_in(const char *path, const char *dir);
void model_fs_stat(const struct model_fs *fs, int inode, struct host_stat *ret);

#endif
