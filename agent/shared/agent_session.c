#include "agent_session.h"
#include "file.h"
#include "str.h"

int agent_session_read(unsigned char ret[static SESSION_LEN], struct err *err)
{
    static const char path[] = "/proc/sys/kernel/random/boot_id";
    auto_buf struct buf b = BUF_INIT;
    char hex[2 * SESSION_LEN + 1];
    size_t n = 0;

    if (file_read(path, 64, 0, &b, err) < 0)
        return -1;
    for (size_t i = 0; i < b.len && n < sizeof(hex) - 1; i++)
        if (b.data[i] != '-' && b.data[i] != '\n')
            hex[n++] = (char)b.data[i];
    hex[n] = '\0';
    if (str_unhex(hex, ret, SESSION_LEN) < 0)
        return err_set(err, ERR_FORMAT, 0, "%s does not contain a boot id", path);
    return 0;
}
