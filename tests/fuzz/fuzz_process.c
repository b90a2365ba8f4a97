#include "account_names.h"
#include "cleanup.h"
#include "elf_arch.h"
#include "nomad_on_host.h"
#include "fuzz_target.h"
#include "proc_stat.h"
#include "path_right.h"
#include "process.h"
#include "str.h"
#include "tcp_table.h"

static void stat_text(const char *text)
{
    struct proc_stat s = {.state = '?', .parent = 7, .start = 7};

    if (proc_stat_parse(text, &s) < 0)
        FUZZ_CHECK(s.state == '?' && s.parent == 7 && s.start == 7);
    else
        FUZZ_CHECK(s.state != '\0' && strchr(text, ')') != NULL);
}

static void data_dir(const char *text)
{
    char dir[40] = "x";

    if (process_data_dir_parse(text, dir, sizeof(dir)) == 0)
        FUZZ_CHECK(strnlen(dir, sizeof(dir)) < sizeof(dir) && str_starts(text, dir));
}

static void user(const char *text)
{
    struct path_user u = {.uid = 7};

    if (path_user_parse(text, &u) < 0)
        FUZZ_CHECK(u.uid == 7 && u.n_groups == 0);
    FUZZ_CHECK(u.n_groups <= PATH_GROUPS);
}

static void sockets(const char *text, bool six)
{
    autofree struct tcp_table *t = xzalloc(1, sizeof(*t));

    tcp_table_add(t, text, six);
    FUZZ_CHECK(t->n <= TCP_LISTENERS);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct tcp_listener *l = &t->list[i];

        FUZZ_CHECK(memchr(l->address, '\0', sizeof(l->address)) != NULL && l->six == six);
        FUZZ_CHECK(tcp_table_at(t, l->address, l->port) != NULL);
        FUZZ_CHECK(tcp_table_against(t, "", l->port) != NULL);
    }
}

/* Files about processes that root reads: stat, status, net/tcp, the path of an open file, a pid
 * file, Nomad's id files, the head of an executable; and nsswitch.conf, which names the sources of
 * users and groups. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size);
    char id[UUID_MAX];

    stat_text(text);
    user(text);
    sockets(text, false);
    sockets(text, true);
    data_dir(text);
    FUZZ_CHECK(process_pid_parse(text) >= 0);
    FUZZ_CHECK(account_sources_own(text, "group") || strstr(text, "group") != NULL);
    nomad_id_parse(text, id);
    FUZZ_CHECK(strspn(id, "0123456789abcdefABCDEF-") == strlen(id) && strlen(id) < UUID_MAX);
    if (size >= ELF_HEADER)
        FUZZ_CHECK(strlen(elf_arch(data)) < 16);
    return 0;
}
