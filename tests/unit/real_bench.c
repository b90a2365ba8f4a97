#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include "real_bench.h"
#include "scratch_dir.h"
#include "str.h"

#define STEPS_MAX 200

static struct real_bench *bench; /* the ports get the real context */

static int state_of(void *self, struct service_state *ret, struct err *err)
{
    (void)self;
    (void)err;
    *ret = (struct service_state){.active = TRI_NO, .ended = true};
    return 0;
}

static void says_nothing(void *self, char *dst, size_t n)
{
    (void)self;
    snprintf(dst, n, "%s", "");
}

static int about_nothing(void *self, struct service_about *ret, struct err *err)
{
    (void)self;
    (void)ret;
    return err_set(err, ERR_NETWORK, 0, "no service manager");
}

static int fetch_begin(void *ctx, const struct fetch_get *job, struct err *err)
{
    (void)ctx;
    (void)job;
    (void)err;
    return 0;
}

static int fetch_poll(void *ctx, struct fetch_news *ret, struct err *err)
{
    (void)ctx;
    (void)err;
    scratch_write(bench->dir, "fetch/got", bench->brings, 0644);
    bench->fetches++;
    *ret = (struct fetch_news){.state = FETCH_DONE};
    snprintf(ret->path, sizeof(ret->path), "%.200s/got", bench->fetch);
    return 0;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static enum tri not_active(void *ctx, const char *unit)
{
    (void)ctx;
    (void)unit;
    return TRI_NO;
}

static void on_note(void *ctx, enum log_level level, enum log_event event, const char *text)
{
    (void)ctx;
    (void)level;
    (void)event;
    print_message("# %s\n", text);
    str_cut(bench->note, sizeof(bench->note), text);
}

void real_make_dir(const char *path, mode_t mode)
{
    assert_int_equal(mkdir(path, mode), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void make_ports(struct real_bench *b)
{
    b->service = (struct service){.self = b,
                                  .state = state_of,
                                  .about = about_nothing,
                                  .active = not_active,
                                  .evidence = says_nothing};
    b->l.who = (struct fetch_who){.conf = &b->agent, .config = ""};
    b->real = b->host = host_linux(&b->l);
    b->host.service = &b->service;
    b->host.fetch_begin = fetch_begin;
    b->host.fetch_poll = fetch_poll;
    b->host.fetch_end = nothing;
}

void real_make(struct real_bench *b, const char *brings)
{
    bench = b;
    *b = (struct real_bench){.dir = scratch_open(), .brings = brings};
    assert_int_equal(chmod(b->dir, 0755), 0);
    scratch_path(b->dir, "bin", b->bin);
    scratch_path(b->dir, "fetch", b->fetch);
    scratch_path(b->dir, "swap", b->swap);
    snprintf(b->target, sizeof(b->target), "%s/nomad", b->bin);
    real_make_dir(b->bin, 0755);
    real_make_dir(b->fetch, 0700);
    real_make_dir(b->swap, 0700);
    scratch_write(b->dir, "bin/nomad", "\177ELF, the old binary", 0755);
    make_ports(b);
    b->conf = (struct phases_config){.dir = b->swap,
                                     .fetch_dir = b->fetch,
                                     .binary = b->target,
                                     .data_dir = "",
                                     .hold_file = "/nonexistent/hold",
                                     .changed = nothing,
                                     .note = on_note};
}

void real_start(struct real_bench *b)
{
    struct err err = ERR_INIT;

    b->l.service = b->service;
    assert_int_equal(phases_open(&b->host, &b->conf, &b->p, &err), 0);
}

void real_done(struct real_bench *b)
{
    phases_close(&b->p);
    host_linux_done(&b->l);
    scratch_close(b->dir);
}

void real_begin(struct real_bench *b, enum phase phase, const char *version)
{
    size_t n = strlen(b->brings);
    struct stage_job job = {.get = {.size = n, .deadline_ms = 5000}, .kept = b->kept};
    struct record next = b->p.rec;
    struct err err = ERR_INIT;

    next.rest = b->p.rec.phase;
    next.phase = phase;
    next.verdict = (struct verdict){.failure = FAILURE_NONE};
    str_cut(next.version, sizeof(next.version), version);
    next.target_size = n;
    next.deadline_ms = 5000;
    crypto_digest(b->brings, n, &next.target);
    assert_int_equal(phases_accept(&b->p, &next, &job, &err), 0);
    for (int i = 0; phases_works(&b->p); i++) {
        if (i == STEPS_MAX)
            fail_msg("no rest: %s", phase_name(b->p.rec.phase));
        phases_step(&b->p);
    }
}
