#include "swap_status.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "codec.h"
#include "file.h"

#define MAGIC      "CRVV"
#define HEADER_LEN 12 /* magic, length of hello, length of status */

/* Version 2 also reads what version 1 wrote, because an older caravan-swap may still be running. */
static struct header make_half_header(enum message_kind kind)
{
    return (struct header){
        .kind = kind, .is_receipt = true, .version = kind == MSG_HELLO ? 1 : WIRE_MAX};
}

static int pack_half(const struct swap_status *v, enum message_kind kind, struct buf *ret,
                     struct err *err)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));

    r->head = make_half_header(kind);
    if (kind == MSG_HELLO)
        r->u.hello = v->hello;
    else
        r->u.status = v->status;
    return codec_pack_receipt(r, ret, err);
}

int swap_status_pack(const struct swap_status *v, struct buf *ret, struct err *err)
{
    auto_buf struct buf hello = BUF_INIT;
    auto_buf struct buf status = BUF_INIT;

    if (v->status.n_notes != 0)
        return err_set(err, ERR_USAGE, 0, "the view cannot contain notes");
    if (pack_half(v, MSG_HELLO, &hello, err) < 0 || pack_half(v, MSG_STATUS, &status, err) < 0)
        return err_wrap(err, "pack the view");
    if (HEADER_LEN + hello.len + status.len > SWAP_STATUS_MAX)
        return err_set(err, ERR_LIMIT, 0, "the view is too large");
    (void)buf_add_str(ret, MAGIC);
    (void)buf_add_u32(ret, (uint32_t)hello.len);
    (void)buf_add_u32(ret, (uint32_t)status.len);
    (void)buf_add(ret, hello.data, hello.len);
    (void)buf_add(ret, status.data, status.len);
    return 0;
}

static int read_half(const unsigned char *p, size_t n, enum message_kind kind,
                     struct swap_status *v, struct err *err)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));

    r->head = make_half_header(kind);
    if (codec_read_receipt(p, n, r, err) < 0)
        return -1;
    if (kind == MSG_HELLO) {
        v->hello = r->u.hello;
        return 0;
    }
    v->status = r->u.status;
    v->status.notes = NULL;
    v->status.n_notes = 0;
    if (r->u.status.n_notes != 0)
        (void)err_set(err, ERR_FORMAT, 0, "the view contains notes");
    bool bad = r->u.status.n_notes != 0;
    receipt_done_with(r);
    return bad ? -1 : 0;
}

int swap_status_parse(const void *p, size_t n, struct swap_status *ret, struct err *err)
{
    const unsigned char *b = p;
    size_t hello, status;

    if (n < HEADER_LEN || n > SWAP_STATUS_MAX || memcmp(b, MAGIC, 4) != 0)
        return err_set(err, ERR_FORMAT, 0, "the file is not a view");
    hello = get_u32(b + 4);
    status = get_u32(b + 8);
    if (hello > n || status > n || HEADER_LEN + hello + status != n)
        return err_set(err, ERR_FORMAT, 0, "the lengths in the view are wrong");
    autofree struct swap_status *v = xzalloc(1, sizeof(*v));
    if (read_half(b + HEADER_LEN, hello, MSG_HELLO, v, err) < 0 ||
        read_half(b + HEADER_LEN + hello, status, MSG_STATUS, v, err) < 0)
        return err_wrap(err, "read the view");
    *ret = *v;
    return 0;
}

int swap_status_read(const char *path, struct swap_status *ret, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;

    if (file_read(path, SWAP_STATUS_MAX, 0, &b, err) < 0)
        return -1;
    return swap_status_parse(b.data, b.len, ret, err);
}

/* /run does not survive a power cut, so nothing is synced. The rename makes readers see either the
 * old view or the new one. */
static int write_view_text(const char *tmp, const struct buf *b, struct err *err)
{
    (void)unlink(tmp);
    autoclose int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "create %s", tmp);
    if (fchmod(fd, 0640) < 0)
        return err_set(err, ERR_IO, errno, "chmod %s", tmp);
    return file_write_all(fd, b->data, b->len, err);
}

int swap_status_write(const char *path, const struct swap_status *v, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    char tmp[512];

    if (swap_status_pack(v, &b, err) < 0)
        return -1;
    if (snprintf(tmp, sizeof(tmp), "%s.new", path) >= (int)sizeof(tmp))
        return err_set(err, ERR_LIMIT, 0, "%s is too long", path);
    if (write_view_text(tmp, &b, err) < 0)
        return -1;
    if (rename(tmp, path) < 0)
        return err_set(err, ERR_IO, errno, "rename %s", tmp);
    return 0;
}
