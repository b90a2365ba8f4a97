#include "swap.h"
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include "agent_session.h"
#include "clock.h"
#include "file.h"
#include "identity.h"
#include "seed.h"
#include "str.h"
#include "status_update.h"
#include "trust_store.h"

/* The user for trials of a binary without systemd. This user owns nothing. The package makes
 * caravan-try for this purpose alone. */
static void find_try_user(struct fetch_who *who)
{
    static const char *const names[] = {"caravan-try", "nobody"};
    const struct passwd *pw = NULL;

    for (size_t i = 0; i < ARRAY_LEN(names) && pw == NULL; i++)
        pw = getpwnam(names[i]);
    who->try_uid = who->drop && pw != NULL && pw->pw_uid != 0 ? pw->pw_uid : who->uid;
    who->try_gid = who->drop && pw != NULL && pw->pw_uid != 0 ? pw->pw_gid : who->gid;
}

/* Only this user may verify a vendor's signature (vendor_trial.h). */
static void find_verify_user(struct fetch_who *who)
{
    const struct passwd *pw = getpwnam("caravan-verify");
    bool there = who->drop && pw != NULL && pw->pw_uid != 0;

    who->verify_uid = there ? pw->pw_uid : who->uid;
    who->verify_gid = there ? pw->pw_gid : who->gid;
}

/* The rights of programs that read the network. If caravan-swap is not root: its own rights. */
static int find_user(const char *name, const char *key, struct fetch_who *who, struct err *err)
{
    const struct passwd *pw;

    who->uid = geteuid();
    who->gid = getegid();
    if (geteuid() != 0)
        return 0;
    errno = 0;
    pw = getpwnam(name);
    if (pw == NULL)
        return err_set(err, ERR_CONFIG, errno, "%s: there is no user %s on this host", key, name);
    if (pw->pw_uid == 0)
        return err_set(err, ERR_CONFIG, 0, "%s: %s is root: name another user", key, name);
    *who = (struct fetch_who){.conf = who->conf,
                              .config = who->config,
                              .drop = true,
                              .uid = pw->pw_uid,
                              .gid = pw->pw_gid};
    return 0;
}

static int find_users(struct swap *s, struct err *err)
{
    const struct agent_conf *c = s->conf;
    const char *key = c->fetch_user[0] != '\0' ? "[fetch] fetch_user" : "[agent] user";
    const char *name = c->fetch_user[0] != '\0' ? c->fetch_user : c->user;

    struct fetch_who ask = s->ports.who;

    if (find_user(c->user, "[agent] user", &s->agent, err) < 0 ||
        find_user(name, key, &s->ports.who, err) < 0 ||
        (c->ask_user[0] != '\0' && find_user(c->ask_user, "[fetch] ask_user", &ask, err) < 0))
        return -1;
    s->ports.who.ask_uid = c->ask_user[0] != '\0' ? ask.uid : s->ports.who.uid;
    s->ports.who.ask_gid = c->ask_user[0] != '\0' ? ask.gid : s->ports.who.gid;
    find_try_user(&s->ports.who);
    find_verify_user(&s->ports.who);
    return 0;
}

/* give: the directory gets the user of *who as its owner. Else root keeps the directory, and only
 * the group of *who may read it. */
static int make_state_dir(const char *path, mode_t mode, const struct fetch_who *who, bool give,
                          struct err *err)
{
    if (file_make_dirs(path, mode & 0777, err) < 0)
        return -1;
    if (!who->drop)
        return 0;
    if (chown(path, give ? who->uid : 0, who->gid) < 0 || chmod(path, mode) < 0)
        return err_set(err, ERR_IO, errno, "set owner and mode of %s", path);
    return 0;
}

static bool is_seed(const struct swap *s)
{
    char base[TEXT_MAX];

    return s->conf->seed_url[0] != '\0' && seed_base(s->conf->seed_url, base) == NULL;
}

/* The set-group-ID bit lets caravan-seed read the files in this directory. If the group does not
 * exist, only root reads them. */
static int make_seed_dir(const struct swap *s, struct err *err)
{
    const struct group *g = getgrnam(SEED_GROUP);
    struct fetch_who who = {.drop = s->agent.drop && g != NULL};

    if (!is_seed(s))
        return 0;
    who.gid = who.drop ? g->gr_gid : 0;
    return make_state_dir(s->seed_dir, 02750, &who, false, err);
}

static int make_state_dirs(const struct swap *s, struct err *err)
{
    const struct fetch_who *who = &s->agent;
    char agent_dir[AGENT_PATH_MAX];

    agent_path(agent_dir, s->conf->state_dir, AGENT_DIR_NAME);
    if (make_state_dir(s->conf->state_dir, 0755, who, false, err) < 0 ||
        make_state_dir(agent_dir, 0700, who, true, err) < 0 ||
        make_state_dir(s->fetch_dir, 0700, &s->ports.who, true, err) < 0)
        return -1;
    if (file_make_dirs(s->swap_dir, 0700, err) < 0)
        return -1;
    if (make_seed_dir(s, err) < 0)
        return -1;
    /* With set-group-ID the view gets the group of caravan-agent, and root stays its owner. */
    return make_state_dir(s->conf->run_dir, 02755, who, false, err);
}

/* The mark outlives this process: the host reports the alarm until root removes the mark. */
static void raise_alarm(const struct swap *s)
{
    char mark[AGENT_PATH_MAX];
    struct err err = ERR_INIT;

    agent_path(mark, s->conf->state_dir, KEY_ALARM_NAME);
    log_say(s->log, LOG_ERROR, EVENT_KEY_REPLACED,
            "caravan-agent's copy of this host's key was a different key, and caravan-swap has "
            "replaced it: find out who can write as root here, then remove %s",
            mark);
    if (file_replace(mark, "", 0, 0600, &err) < 0)
        log_say(s->log, LOG_ERROR, EVENT_NONE, "%s", err.text);
}

static void log_identity(const struct swap *s, const struct identity_changes *told)
{
    char print[FINGERPRINT_LEN];

    pubkey_fingerprint(print, keypair_public(s->key));
    if (told->made)
        log_say(s->log, LOG_INFO, EVENT_IDENTITY_MADE, "this host's key is %s", print);
    if (told->moved)
        log_say(
            s->log, LOG_WARNING, EVENT_NONE,
            "the machine id cannot be read, or has changed since this host's key was made: the key "
            "stays until the unfinished work is done");
    if (told->replaced)
        raise_alarm(s);
}

static int open_identity(struct swap *s, struct err *err)
{
    char key[AGENT_PATH_MAX], machine[AGENT_PATH_MAX], unfinished[2 * AGENT_PATH_MAX];
    char copy[AGENT_PATH_MAX];
    struct identity_where w = {
        .key_path = key,
        .copy_path = copy,
        .machine_path = machine,
        .machine_id = s->conf->machine_id,
        .give = s->agent.drop,
        .uid = geteuid(),
        .gid = s->agent.gid,
    };
    struct identity_changes told;

    agent_path(copy, s->conf->state_dir, HOST_KEY_NAME);
    agent_path(key, s->conf->state_dir, ROOT_KEY_NAME);
    agent_path(machine, s->conf->state_dir, MACHINE_NAME);
    snprintf(unfinished, sizeof(unfinished), "%s/" UNFINISHED_NAME, s->swap_dir);
    w.unfinished = access(unfinished, F_OK) == 0;
    if (identity_open(&w, &s->key, &told, err) < 0)
        return -1;
    log_identity(s, &told);
    return trust_store_open(s->trust_path, s->conf->anchor, clock_wall(clock_system()) / 1000,
                            s->log, &s->trust, err);
}

static int open_service(struct swap *s, const char *program, struct err *err)
{
    char lock[AGENT_PATH_MAX];

    if (agent_conf_service(s->conf) == SERVICE_KIND_SYSTEMD)
        return service_systemd_new(s->conf, &s->ports.service, err);
    agent_path(lock, s->conf->run_dir, "service.lock");
    return service_command_new(s->conf, program, lock, &s->ports.service, err);
}

/* A swap replaces the last name of the path, be it a link or not. Links in the path of the
 * directory are resolved. */
static int resolve_binary(struct swap *s, struct err *err)
{
    const char *base = strrchr(s->conf->binary, '/');
    char dir[256], real[PATH_MAX];

    /* If the directory does not exist, the facts report it: caravan-swap must run to answer. */
    if (file_dir_of(s->conf->binary, dir, sizeof(dir), err) < 0)
        return -1;
    if (realpath(dir, real) == NULL)
        str_cut(real, sizeof(real), dir);
    if (snprintf(s->binary, sizeof(s->binary), "%.*s%s", PATH_MAX - 1,
                 str_eq(real, "/") ? "" : real, base) >= (int)sizeof(s->binary))
        return err_set(err, ERR_CONFIG, 0, "[nomad] binary: %s is too long", real);
    return 0;
}

static void show_change(void *ctx)
{
    status_update(ctx);
}

static void add_line(struct swap *s, const char *text)
{
    struct log_line *l;
    uint64_t cursor = (uint64_t)s->host.uptime(s->host.ctx) * 1000;

    if (s->n_lines > 0)
        cursor = MAX_OF(cursor, s->lines[s->n_lines - 1].cursor + 1);
    if (s->n_lines == LOG_LINES_MAX) {
        memmove(&s->lines[0], &s->lines[1], sizeof(s->lines) - sizeof(s->lines[0]));
        s->n_lines--;
    }
    l = &s->lines[s->n_lines++];
    l->cursor = cursor;
    str_cut(l->text, sizeof(l->text), text);
}

struct log_about swap_about(struct swap *s)
{
    struct log_about about = record_about(&s->phases.rec);

    if (s->run.hex[0] == '\0')
        event_run_look(s->agent_state, s->phases.rec.epoch, &s->run);
    about.run = s->run.hex;
    if (s->phases.now.act_order != 0) {
        about.order = message_kind_name(MSG_SERVICE);
        about.sequence = s->phases.now.act_order;
        about.failure = NULL;
    }
    return about;
}

void swap_note(void *ctx, enum log_level level, enum log_event event, const char *text)
{
    struct swap *s = ctx;
    struct log_about about = swap_about(s);

    log_say_about(s->log, level, event, &about, "%s", text);
    add_line(s, text);
}

static int open_swap_phases(struct swap *s, struct err *err)
{
    struct phases_config conf = {
        .dir = s->swap_dir,
        .fetch_dir = s->fetch_dir,
        .seed_dir = is_seed(s) ? s->seed_dir : NULL,
        .seed_url = s->conf->seed_url,
        .binary = s->binary,
        .data_dir = s->nomad.data_dir,
        .hold_file = s->conf->hold_file,
        .api = s->conf->address,
        .act_ms = 2 * s->conf->start_deadline_ms,
        .law = &s->law,
        .vendor_keys = {.vendor = s->conf->vendor_keyring, .own = s->conf->own_keyring},
        .changed = show_change,
        .note = swap_note,
        .ctx = s,
    };

    memcpy(conf.session, s->session, SESSION_LEN);
    return phases_open(&s->host, &conf, &s->phases, err);
}

static int open_swap_parts(struct swap *s, const char *program, struct err *err)
{
    char lock[2 * AGENT_PATH_MAX];

    if (find_users(s, err) < 0 || make_state_dirs(s, err) < 0 ||
        hours_parse(s->conf->hours, &s->hours, err) < 0 ||
        operators_parse(s->conf->operators, &s->operators, err) < 0)
        return -1;
    snprintf(lock, sizeof(lock), "%s/lock", s->swap_dir);
    if (file_lock(lock, &s->lock, err) < 0)
        return err_wrap(err, "another caravan-swap runs on this host");
    if (agent_session_read(s->session, err) < 0 || open_identity(s, err) < 0 ||
        resolve_binary(s, err) < 0 || open_service(s, program, err) < 0)
        return -1;
    s->host = host_linux(&s->ports);
    return open_swap_phases(s, err);
}

int swap_open(struct swap *s, const struct agent_conf *conf, const char *config,
              const char *program, const struct log *log, struct err *err)
{
    *s = (struct swap){.conf = conf, .config = config, .log = log, .lock = -1};
    s->ports.who = s->agent = (struct fetch_who){.conf = conf, .config = config};
    s->law = (struct law){
        .gap_ms = conf->gap_ms,
        .allow_outage = conf->allow_outage,
        .start_stopped = conf->start_stopped,
        .allow_stop = conf->allow_stop,
        .allow_file_urls = conf->allow_file_urls,
        .url_prefixes = conf->url_prefixes,
        .min_version = conf->min_version,
        .require_vendor_signature = conf->require_vendor_signature,
        .release_threshold = (uint32_t)conf->release_threshold,
        .hours = &s->hours,
        .hours_text = conf->hours,
        .operators = &s->operators,
    };
    s->max_lease_ms = (uint64_t)conf->max_lease_ms;
    agent_path(s->trust_path, conf->state_dir, TRUST_NAME);
    agent_path(s->view_path, conf->run_dir, VIEW_NAME);
    agent_path(s->swap_dir, conf->state_dir, SWAP_DIR_NAME);
    agent_path(s->agent_state, conf->state_dir, AGENT_STATE_NAME);
    agent_path(s->fetch_dir, conf->state_dir, "fetch");
    agent_path(s->seed_dir, conf->state_dir, SEED_DIR_NAME);
    if (open_swap_parts(s, program, err) < 0) {
        swap_close(s);
        return -1;
    }
    status_update(s);
    return 0;
}

/* If it is not known whether a lease is held, the file stays. */
static bool seed_is_over(const struct swap *s)
{
    struct lease_now now = {.uptime_ms = (uint64_t)s->host.uptime(s->host.ctx),
                            .max_ttl_ms = s->max_lease_ms};

    memcpy(now.session, s->session, SESSION_LEN);
    return s->phases.conf.seed_dir == NULL ||
           (s->phases.rec.phase != PHASE_STAGED && seed_leased(s->agent_state, &now) == TRI_NO);
}

void swap_tidy(struct swap *s)
{
    struct err err = ERR_INIT;

    phases_tidy(&s->phases);
    if (!phases_works(&s->phases) && seed_is_over(s) &&
        seed_sweep(&s->host, s->seed_dir, NULL, &err) < 0)
        log_say(s->log, LOG_WARNING, EVENT_NONE, "%s", err.text);
}

void swap_close(struct swap *s)
{
    if (s->phases.host != NULL)
        phases_close(&s->phases);
    host_linux_done(&s->ports);
    keypair_free(s->key);
    if (s->lock >= 0)
        close(s->lock);
    s->lock = -1;
    s->key = NULL;
    s->phases.host = NULL;
}
