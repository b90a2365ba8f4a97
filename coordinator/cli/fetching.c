#include "fetching.h"

#include "release_fetch.h"
#include "table.h"

#define TELL_MS 250

/* The progress of one file. */
struct meter {
    const struct clock *clock;
    bool live; /* true: a terminal, one line that changes; false: one line for each finished file */
    char name[VENDOR_NAME_MAX];
    int64_t began, told;
    uint64_t first; /* bytes that were on the disk before */
    bool open;      /* the last line on the terminal has no newline yet */
};

static void rate_text(const struct meter *m, uint64_t done, uint64_t total, char dst[static 80])
{
    int64_t ms = clock_mono(m->clock) - m->began;
    uint64_t came = done - MIN_OF(done, m->first);
    uint64_t rate = ms > 0 ? came * 1000 / (uint64_t)ms : 0;
    char speed[24], left[24] = "";
    str_for_bytes(speed, sizeof(speed), rate);
    if (rate > 0 && total > done)
        str_for_ms(left, sizeof(left), (int64_t)((total - done) / rate) * 1000);
    snprintf(dst, 80, "%s/s%s%s%s", speed, left[0] != '\0' ? ", " : "", left,
             left[0] != '\0' ? " left" : "");
}

static void end_line(struct meter *m)
{
    if (m->open)
        fputc('\n', stderr);
    m->open = false;
}

static void show_meter(struct meter *m, uint64_t done, uint64_t total)
{
    char have[24], all[24] = "", rate[80];
    str_for_bytes(have, sizeof(have), done);
    if (total > 0)
        str_for_bytes(all, sizeof(all), total);
    rate_text(m, done, total, rate);
    fprintf(stderr, "%s%s  %s%s%s, %s%s", m->live ? "\r" : "", m->name, have,
            total > 0 ? " of " : "", all, rate, m->live ? "\033[K" : "\n");
    m->open = m->live;
}

static void on_progress(void *ctx, const char *name, uint64_t done, uint64_t total)
{
    struct meter *m = ctx;
    int64_t now = clock_mono(m->clock);
    bool whole = total > 0 && done >= total;
    if (!str_eq(name, m->name)) {
        end_line(m);
        str_cut(m->name, sizeof(m->name), name);
        m->began = now;
        m->told = 0;
        m->first = done;
    }
    if (!whole && (!m->live || now - m->told < TELL_MS))
        return;
    m->told = now;
    show_meter(m, done, total);
}

/* ---- the systems and architectures ---- */

static int read_targets(const struct options *o, struct build_target *ret, size_t *ret_n,
                        struct err *err)
{
    *ret_n = 0;
    for (size_t i = 0; i < o->arch.n; i++) {
        if (*ret_n == BUILDS_MAX)
            return err_set(err, ERR_USAGE, 0, "--arch: at most %d", BUILDS_MAX);
        struct build_target *t = &ret[(*ret_n)++];
        if (str_copy(t->os, sizeof(t->os), o->os != NULL ? o->os : "linux") < 0 ||
            str_copy(t->arch, sizeof(t->arch), o->arch.items[i]) < 0)
            return err_set(err, ERR_USAGE, 0,
                           "--os and --arch: use the names of Go, such as linux and amd64");
    }
    return 0;
}

static void add_target(struct build_target *list, size_t *n, const char *os, const char *arch)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(list[i].os, os) && str_eq(list[i].arch, arch))
            return;
    if (*n == BUILDS_MAX || os[0] == '\0' || arch[0] == '\0')
        return;
    str_cut(list[*n].os, sizeof(list[*n].os), os);
    str_cut(list[*n].arch, sizeof(list[*n].arch), arch);
    (*n)++;
}

static int targets_of_fleet(struct command_context *c, struct build_target *ret, size_t *ret_n,
                            struct err *err)
{
    static const char advice[] = "Caravan cannot ask the fleet for its architectures; give them: "
                                 "--arch amd64 or --arch amd64,arm64 (--os linux is the default)";
    const struct world *w = NULL;
    *ret_n = 0;
    if ((c->http == NULL && context_open(c, err) < 0) ||
        context_look(c, NULL, PATIENCE_MS, &w, err) < 0)
        return err_wrap(err, "%s", advice);
    for (size_t i = 0; i < w->n_hosts; i++)
        add_target(ret, ret_n, w->hosts[i].agent.hello.os, w->hosts[i].agent.hello.arch);
    if (*ret_n == 0)
        return err_set(err, ERR_NETWORK, 0, "%s. No agent answered", advice);
    return 0;
}

static int find_targets(struct command_context *c, struct build_target *ret, size_t *ret_n,
                        struct err *err)
{
    return c->opt.arch.n > 0 ? read_targets(&c->opt, ret, ret_n, err)
                             : targets_of_fleet(c, ret, ret_n, err);
}

/* ---- fetch and report ---- */

static void print_fetched(const struct stored_release *r, const struct gpgv_verdict *signer,
                          const struct release_fetch *f)
{
    char size[24];
    printf("Release %s: its SHA256SUMS is signed by %s\n", r->manifest.version, signer->key);
    for (size_t i = 0; i < f->n_targets; i++) {
        const struct build *b = manifest_build(&r->manifest, f->targets[i].os, f->targets[i].arch);
        str_for_bytes(size, sizeof(size), b != NULL ? b->size : 0);
        printf("  %s/%s: a binary of %s\n", f->targets[i].os, f->targets[i].arch, size);
    }
    printf("Verified and signed; %u build%s in this release. Caravan changed no host.\n",
           r->manifest.n_builds, r->manifest.n_builds == 1 ? "" : "s");
}

static int fetch_files(struct command_context *c, const char *version, const struct keypair *key,
                       struct stored_release *ret, struct err *err)
{
    struct build_target targets[BUILDS_MAX];
    struct meter m = {.clock = c->clock, .live = isatty(STDERR_FILENO) == 1 && !c->opt.json};
    struct gpgv_verdict signer;
    struct release_fetch f = {.conf = &c->conf,
                              .trust = &c->trust,
                              .key = key,
                              .clock = c->clock,
                              .version = version,
                              .from = c->opt.from,
                              .targets = targets,
                              .stop_fd = -1,
                              .progress = on_progress,
                              .ctx = &m};
    if (find_targets(c, targets, &f.n_targets, err) < 0 ||
        (c->signals.fd < 0 && signals_open(&c->signals, err) < 0))
        return -1;
    f.stop_fd = c->signals.fd;
    int rc = release_fetch(&f, ret, &signer, err);
    end_line(&m);
    if (rc < 0 && (err->kind == ERR_NETWORK || err->kind == ERR_TIMEOUT))
        return err_wrap(err, "the download is not complete; run the command again to continue, or "
                             "give a mirror or a directory: --from URL|DIR");
    if (rc == 0 && !c->opt.json)
        print_fetched(ret, &signer, &f);
    return rc;
}

int fetch_release(struct command_context *c, const char *version, struct stored_release *ret,
                  struct err *err)
{
    auto_keypair struct keypair *key = NULL;
    struct stored_release r;
    if (context_load_conf(c, err) < 0 || release_version_ok(version, err) < 0 ||
        keys_trust(&c->conf, &c->trust, err) < 0 ||
        keys_load_release(&c->conf, &c->trust, &key, err) < 0 ||
        fetch_files(c, version, key, &r, err) < 0)
        return -1;
    /* The caller needs a release that has all signatures. */
    if (ret != NULL && !c->trust.solo) {
        stored_release_free(&r);
        return release_load(&c->conf, &c->trust, version, ret, err);
    }
    if (ret != NULL)
        *ret = r;
    else
        stored_release_free(&r);
    return 0;
}

int offer_release(struct command_context *c, const char *version, struct stored_release *ret,
                  struct err *err)
{
    char question[160];
    if (c->opt.json || c->opt.yes || isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
        return err_set(
            err, ERR_REFUSED, 0,
            "release %s is not on this machine. First run: caravan release fetch %s (for a "
            "build of your own: caravan release add %s --file PATH --arch amd64)",
            version, version, version);
    snprintf(question, sizeof(question), "Release %.63s is not on this machine. Fetch it now?",
             version);
    int rc = question_confirm(&c->signals, question, err);
    if (rc == 0)
        return err_set(err, ERR_REFUSED, 0,
                       "nothing was fetched. To fetch it later: caravan release fetch %s", version);
    if (rc < 0)
        return -1;
    return fetch_release(c, version, ret, err) < 0
               ? err_wrap(err, "caravan release fetch %s", version)
               : 0;
}
