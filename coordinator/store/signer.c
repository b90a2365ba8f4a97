#include "signer.h"

#include "clock.h"
#include "spawn.h"

#define WORDS_MAX    16
#define ENV_MAX      128
#define OWN_VARIABLE "SIGNER_"
#define INPUT_MAX    (60 * 1024)

extern char **environ;

int signer_check(const struct coord_conf *c, struct err *err)
{
    return c->signer[0] == '\0' || c->signer[0] == '/'
               ? 0
               : err_set(err, ERR_CONFIG, 0,
                         "%s: [keys] signer must begin with the absolute path of a program: %s",
                         c->file, c->signer);
}

/* Writes a NUL behind each word of `text`; argv points into it. */
static int split_words(char *text, const char *argv[static WORDS_MAX + 1], struct err *err)
{
    size_t n = 0;
    char *save = NULL;
    for (char *w = strtok_r(text, " \t", &save); w != NULL; w = strtok_r(NULL, " \t", &save)) {
        if (n == WORDS_MAX)
            return err_set(err, ERR_CONFIG, 0, "[keys] signer has more than %d words", WORDS_MAX);
        argv[n++] = w;
    }
    argv[n] = NULL;
    return 0;
}

/* Our own holds what is no signer's business: Nomad's token, where the passphrase is. */
static bool is_for_signer(const char *variable)
{
    static const char *const names[] = {"PATH",         "HOME",   "USER", "LOGNAME",
                                        "LANG",         "LC_ALL", "TZ",   "XDG_RUNTIME_DIR",
                                        "SSH_AUTH_SOCK"};
    size_t len = strcspn(variable, "=");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strlen(names[i]) == len && strncmp(variable, names[i], len) == 0)
            return true;
    return str_starts(variable, OWN_VARIABLE);
}

static void take_environment(const char *env[static ENV_MAX + 1])
{
    size_t n = 0;
    for (char **e = environ; *e != NULL && n < ENV_MAX; e++)
        if (is_for_signer(*e))
            env[n++] = *e;
    env[n] = NULL;
}

static int write_question(const char *name, const void *p, size_t n, struct buf *ret,
                          struct err *err)
{
    autofree char *hex = xalloc(2 * n + 1);
    str_hex(hex, p, n);
    buf_printf(ret, "sign %s %s\n", name, hex);
    return ret->len > INPUT_MAX
               ? err_set(err, ERR_LIMIT, 0, "%zu bytes are too many for a signer", n)
               : 0;
}

int signer_answer(const char *out, size_t n, unsigned char ret_sig[static SIG_LEN])
{
    char hex[2 * SIG_LEN + 1];
    if (n > 0 && out[n - 1] == '\n')
        n--;
    const char *at = n > 0 ? memrchr(out, '\n', n) : NULL;
    const char *last = at != NULL ? at + 1 : out;
    size_t len = n - (size_t)(last - out);
    if (n == 0 || len != 2 * SIG_LEN || memchr(last, '\0', len) != NULL)
        return -1;
    memcpy(hex, last, len);
    hex[len] = '\0';
    return str_unhex(hex, ret_sig, SIG_LEN);
}

/* The program ended. Did it print a signature? */
static int read_signer_result(const struct spawn_result *r, const char *program,
                              unsigned char ret_sig[static SIG_LEN], struct err *err)
{
    char said[160];
    str_cut(said, sizeof(said), buf_str(&r->out));
    if (r->exit_code < 0)
        return err_set(err, ERR_REFUSED, 0, "%s was ended by signal %d", program, r->signal);
    if (r->exit_code != 0)
        return err_set(err, ERR_REFUSED, 0, "%s ended with exit code %d%s%s", program, r->exit_code,
                       said[0] != '\0' ? " and printed: " : "", said);
    if (signer_answer(buf_str(&r->out), r->out.len, ret_sig) < 0)
        return err_set(err, ERR_REFUSED, 0,
                       "the last line that %s printed is no signature (128 hex digits)", program);
    return 0;
}

static int run_signer(const struct coord_conf *c, const char *question,
                      unsigned char ret_sig[static SIG_LEN], struct err *err)
{
    char text[sizeof(c->signer)];
    const char *argv[WORDS_MAX + 1], *env[ENV_MAX + 1];
    struct spawn_result r = {.out = BUF_INIT};
    str_cut(text, sizeof(text), c->signer);
    if (split_words(text, argv, err) < 0)
        return -1;
    take_environment(env);
    const struct spawn s = {.argv = argv,
                            .env = env,
                            .deadline_ms = c->signer_ms,
                            .out_max = SIGNER_OUT,
                            .pass_fd = -1,
                            .input = question};
    int rc = spawn_run(&s, clock_system(), &r, err);
    if (rc == 0)
        rc = read_signer_result(&r, argv[0], ret_sig, err);
    else
        err->kind = ERR_REFUSED;
    buf_free(&r.out);
    return rc;
}

int signer_sign(void *ctx, const char *name, const void *p, size_t n,
                unsigned char ret_sig[static SIG_LEN], struct err *err)
{
    auto_buf struct buf question = BUF_INIT;
    if (write_question(name, p, n, &question, err) < 0 ||
        run_signer(ctx, buf_str(&question), ret_sig, err) < 0)
        return err_wrap(err,
                        "nothing was signed, because [keys] signer made no signature with the key "
                        "%s",
                        name);
    return 0;
}
