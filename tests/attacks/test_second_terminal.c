/*
 * A hostile Nomad against the terminal of the operator: every text that Nomad can choose contains
 * an escape sequence. The real `caravan status` gets canned answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "clock.h"
#include "nomad_desk.h"
#include "scratch_dir.h"
#include "spawn.h"
#include "str.h"

#define ESCAPE "\\u001b]0;gone\\u0007\\u001b[2J\\u202e\\u009b31m" /* as JSON escapes it */

/* One server and one client, which send the same texts. */
static void answer(void *ctx, int server, const char *path, const char *token,
                   struct desk_answer *ret)
{
    static const struct {
        const char *path, *body;
    } canned[] = {
        {"/v1/status/leader", "\"10.0.0.1:4647\""},
        {"/v1/agent/members",
         "{\"ServerRegion\":\"r" ESCAPE "\",\"Members\":[{\"Name\":\"s0" ESCAPE
         ".r\",\"Addr\":\"127.0.0.1\",\"Status\":\"alive\",\"Tags\":{\"role\":\"nomad\",\"id\":"
         "\"id-0\",\"region\":\"r" ESCAPE "\",\"build\":\"1.10.5" ESCAPE
         "\",\"port\":\"4647\"}}]}"},
        {"/v1/agent/self",
         "{\"config\":{\"Region\":\"r" ESCAPE "\",\"Version\":{\"Version\":\"1.10.5" ESCAPE
         "\"}},\"member\":{\"Tags\":{\"id\":\"id-0\"}},\"stats\":{\"raft\":{\"state\":\"L" ESCAPE
         "\"}}}"},
        {"/v1/nodes", "[{\"ID\":\"node-1\",\"Name\":\"c1" ESCAPE
                      "\",\"Address\":\"127.0.0.1\",\"Version\":\"1.10.5" ESCAPE
                      "\",\"Status\":\"ready" ESCAPE "\"}]"},
    };

    (void)ctx;
    (void)server;
    (void)token;
    ret->status = 404;
    for (size_t i = 0; i < ARRAY_LEN(canned); i++) {
        if (!str_eq(path, canned[i].path))
            continue;
        ret->status = 200;
        buf_add_str(&ret->body, canned[i].body);
    }
}

static void find_program(char dst[static 300])
{
    char self[256] = "";
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    assert_true(n > 0);
    self[n] = '\0';
    snprintf(dst, 300, "%.*s/../caravan", (int)(strrchr(self, '/') - self), self);
}

static void run(const char *dir, const char *address, const char *verb, const char *option,
                struct buf *ret_said)
{
    char program[300], nomad[80], state[320];
    const char *argv[] = {program, verb, "--config", dir, option, NULL};
    const char *env[] = {nomad, state, "PATH=/usr/bin:/bin", "HOME=/nonexistent", NULL};
    struct spawn s = {
        .argv = argv, .env = env, .deadline_ms = 50000, .out_max = 1 << 20, .pass_fd = -1};
    struct spawn_result r = {.out = BUF_INIT};
    struct err err = ERR_INIT;

    find_program(program);
    snprintf(nomad, sizeof(nomad), "NOMAD_ADDR=%s", address);
    snprintf(state, sizeof(state), "XDG_STATE_HOME=%s", dir);
    if (spawn_run(&s, clock_system(), &r, &err) < 0)
        fail_msg("%s", err.text);
    (void)buf_add(ret_said, r.out.data, r.out.len);
    buf_free(&r.out);
}

static void nothing_reaches_the_terminal(void **state)
{
    static const char *const raw[] = {"\x1b", "\x07", "\xe2\x80\xae", "\xc2\x9b"};
    struct nomad_desk *desk = nomad_desk_start(1, answer, NULL);
    char *dir = scratch_open(), address[64], text[400];
    auto_buf struct buf said = BUF_INIT;

    (void)state;
    snprintf(address, sizeof(address), "http://127.0.0.1:%u", nomad_desk_port(desk, 0));
    snprintf(text, sizeof(text), "[paths]\nstate_dir = %s/state\n", dir);
    scratch_write(dir, "caravan.conf", text, 0600);
    run(dir, address, "init", "--no-passphrase", &said);
    buf_clear(&said);
    run(dir, address, "status", NULL, &said);
    print_message("# %zu bytes\n", said.len);
    if (strstr(buf_str(&said), "all on 1.10.5") == NULL)
        fail_msg("%s", buf_str(&said));
    for (size_t i = 0; i < ARRAY_LEN(raw); i++)
        if (strstr(buf_str(&said), raw[i]) != NULL)
            fail_msg("it is on the terminal as it came: %zu", i);
    nomad_desk_stop(desk);
    scratch_close(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_reaches_the_terminal)};

    return cmocka_run_group_tests_name("second_terminal", tests, NULL, NULL);
}
