#include "service.h"

int service_systemd_new(const struct agent_conf *conf, struct service *ret, struct err *err)
{
    (void)conf;
    (void)ret;
    return err_set(err, ERR_STATE, 0, "service = systemd is not built in yet");
}
