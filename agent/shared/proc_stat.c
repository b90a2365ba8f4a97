#include "proc_stat.h"
#include "str.h"

/* Field numbers of proc(5). */
#define PARENT 4
#define START  22

/* Reads the field at *at as a number. *at moves to the blank after the field. */
static int read_stat_number(const char **at, uint64_t max, uint64_t *ret)
{
    char number[24];
    size_t n = strcspn(*at, " \n");

    if (n >= sizeof(number))
        return -1;
    memcpy(number, *at, n);
    number[n] = '\0';
    *at += n;
    return str_to_u64(number, max, ret);
}

int proc_stat_parse(const char *text, struct proc_stat *ret)
{
    const char *at = strrchr(text, ')');
    uint64_t parent = 0, start = 0;

    if (at == NULL || at[1] != ' ' || at[2] == '\0' || at[3] != ' ')
        return -1;
    char state = at[2];
    at += 4;
    if (read_stat_number(&at, UINT32_MAX, &parent) < 0)
        return -1;
    for (int field = PARENT; field < START; field++) {
        at = strchr(at, ' ');
        if (at == NULL)
            return -1;
        at++;
    }
    if (read_stat_number(&at, UINT64_MAX, &start) < 0)
        return -1;
    *ret = (struct proc_stat){.state = state, .parent = (uint32_t)parent, .start = start};
    return 0;
}
