#include "vendor_trial.h"
#include <errno.h>
#include <sys/mman.h>
#include "file.h"

static int begin_verifying(const struct fetch_who *who, struct fetch_call **ret, struct err *err)
{
    bool shared = who->verify_uid == who->uid || who->verify_uid == who->ask_uid ||
                  who->verify_uid == who->try_uid;
    char socket_path[160];

    agent_conf_socket(who->conf, FETCH_VERIFIES, socket_path);
    if (socket_path[0] == '\0' && who->drop && shared)
        return err_set(err, ERR_STATE, 0,
                       "this host has no user caravan-verify, and processes of another user could "
                       "forge gpgv's answer: create the user caravan-verify");
    return fetch_call_begin(who, FETCH_VERIFIES, ret, err);
}

static int put_into_memory_file(const struct buf *bytes, int *ret, struct err *err)
{
    autoclose int fd = memfd_create("signed", MFD_CLOEXEC);

    if (fd < 0)
        return err_set(err, ERR_IO, errno, "create a file in memory");
    if (file_write_all(fd, bytes->data, bytes->len, err) < 0)
        return -1;
    *ret = take_fd(&fd);
    return 0;
}

static int run_gpgv_trial(const struct fetch_who *who, const int files[static 3],
                          struct fetch_ran *ret, struct err *err)
{
    struct fetch_call *call = NULL;
    int rc = begin_verifying(who, &call, err);

    if (rc == 0)
        rc = fetch_call_verify(call, files, ret, err);
    fetch_call_end(call);
    return rc;
}

int vendor_trial(const struct fetch_who *who, const struct host_signed *what,
                 struct buf *ret_status, struct err *err)
{
    const struct buf *const parts[3] = {what->keyring, what->signature, what->text};
    int files[3] = {-1, -1, -1};
    struct fetch_ran r = {.said = BUF_INIT};
    int rc = 0;

    for (size_t i = 0; i < ARRAY_LEN(parts) && rc == 0; i++)
        rc = put_into_memory_file(parts[i], &files[i], err);
    if (rc == 0)
        rc = run_gpgv_trial(who, files, &r, err);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (files[i] >= 0)
            close(files[i]);
    if (rc == 0 && buf_add(ret_status, r.said.data, r.said.len) < 0)
        rc = err_set(err, ERR_LIMIT, 0, "gpgv's output is too long");
    buf_free(&r.said);
    return rc;
}

int vendor_trial_unzip(const struct fetch_who *who, int zip, uint64_t size,
                       const struct digest *digest, struct fetch_call **call, struct err *err)
{
    fetch_call_end(take_ptr(call));
    return begin_verifying(who, call, err) < 0 ? -1
                                               : fetch_call_unzip(*call, zip, size, digest, err);
}
