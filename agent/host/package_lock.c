#include "package_lock.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "cleanup.h"

#define LOCK_FILE "/var/lib/dpkg/lock-frontend"

enum tri package_lock_take(int *fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (*fd > 0)
        return TRI_YES;
    autoclose int opened = open(LOCK_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (opened < 0)
        return TRI_UNKNOWN;
    if (fcntl(opened, F_SETLK, &lock) < 0)
        return errno == EAGAIN || errno == EACCES ? TRI_NO : TRI_UNKNOWN;
    *fd = take_fd(&opened);
    return TRI_YES;
}

void package_lock_drop(int *fd)
{
    if (*fd > 0)
        close(*fd);
    *fd = 0;
}
