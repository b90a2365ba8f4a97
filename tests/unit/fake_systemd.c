#include "fake_systemd.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#define JOB     "/org/freedesktop/systemd1/job/17"
#define MANAGER "org.freedesktop.systemd1.Manager"

/* Appends the words of a text to an open array of texts. */
static int append_words(sd_bus_message *reply, const char *text)
{
    char copy[8192], *rest = NULL;
    int rc = 0;

    snprintf(copy, sizeof(copy), "%s", text);
    for (char *w = strtok_r(copy, " ", &rest); w != NULL && rc >= 0; w = strtok_r(NULL, " ", &rest))
        rc = sd_bus_message_append(reply, "s", w);
    return rc;
}

static int fill_command(sd_bus_message *reply, const char *program, const char *words,
                        bool may_fail)
{
    int rc = sd_bus_message_open_container(reply, 'v', "a(sasbttttuii)");

    if (rc >= 0)
        rc = sd_bus_message_open_container(reply, 'a', "(sasbttttuii)");
    if (rc >= 0 && program[0] != '\0') {
        rc = sd_bus_message_open_container(reply, 'r', "sasbttttuii");
        if (rc >= 0)
            rc = sd_bus_message_append(reply, "s", program);
        if (rc >= 0)
            rc = sd_bus_message_open_container(reply, 'a', "s");
        if (rc >= 0)
            rc = append_words(reply, words);
        if (rc >= 0)
            rc = sd_bus_message_close_container(reply);
        if (rc >= 0)
            rc = sd_bus_message_append(reply, "bttttuii", may_fail, UINT64_C(0), UINT64_C(0),
                                       UINT64_C(0), UINT64_C(0), 0, 0, 0);
        if (rc >= 0)
            rc = sd_bus_message_close_container(reply);
    }
    if (rc >= 0)
        rc = sd_bus_message_close_container(reply);
    return rc < 0 ? rc : sd_bus_message_close_container(reply);
}

/* Structs of texts and flags, as `member` says, from groups of words. */
static int append_group(sd_bus_message *reply, const char *member, char **rest)
{
    int rc = sd_bus_message_open_container(reply, 'r', member);

    for (const char *m = member; *m != '\0' && rc >= 0; m++) {
        const char *w = *m == 'i' || *m == 't' ? "0" : strtok_r(NULL, " ", rest);

        if (*m == 't')
            rc = sd_bus_message_append(reply, "t", UINT64_C(0));
        else if (*m == 's')
            rc = sd_bus_message_append(reply, "s", w);
        else
            rc = sd_bus_message_append(reply, (char[]){*m, '\0'}, w[0] == '1');
    }
    return rc < 0 ? rc : sd_bus_message_close_container(reply);
}

static int fill_groups(sd_bus_message *reply, const char *member, const char *text)
{
    char copy[300], list[24], whole[26], *rest = copy;
    int rc;

    snprintf(copy, sizeof(copy), " %s", text);
    snprintf(list, sizeof(list), "(%s)", member);
    snprintf(whole, sizeof(whole), "a%s", list);
    rc = sd_bus_message_open_container(reply, 'v', whole);
    if (rc >= 0)
        rc = sd_bus_message_open_container(reply, 'a', list);
    while (rc >= 0 && rest != NULL && rest[strspn(rest, " ")] != '\0')
        rc = append_group(reply, member, &rest);
    if (rc >= 0)
        rc = sd_bus_message_close_container(reply);
    return rc < 0 ? rc : sd_bus_message_close_container(reply);
}

static int fill_texts(sd_bus_message *reply, const char *words)
{
    int rc = sd_bus_message_open_container(reply, 'v', "as");

    if (rc >= 0)
        rc = sd_bus_message_open_container(reply, 'a', "s");
    if (rc >= 0)
        rc = append_words(reply, words);
    if (rc >= 0)
        rc = sd_bus_message_close_container(reply);
    return rc < 0 ? rc : sd_bus_message_close_container(reply);
}

/* Appends the properties that are no single value: texts, and groups of words (their member says
 * how), and commands. */
struct list {
    const char *name;
    int (*fill)(sd_bus_message *reply, const struct list *l);
    const char *text;
    const char *member, *program;
    bool may_fail;
};

static int as_texts(sd_bus_message *reply, const struct list *l)
{
    return fill_texts(reply, l->text);
}

static int as_groups(sd_bus_message *reply, const struct list *l)
{
    return fill_groups(reply, l->member, l->text);
}

static int as_command(sd_bus_message *reply, const struct list *l)
{
    return fill_command(reply, l->program != NULL ? l->program : "", l->text, l->may_fail);
}

static int answer_list(sd_bus_message *m, const struct list *l)
{
    sd_bus_message *reply = NULL;
    int rc = sd_bus_message_new_method_return(m, &reply);

    if (rc >= 0)
        rc = l->fill(reply, l);
    if (rc >= 0)
        rc = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return rc < 0 ? rc : 1;
}

/* 0: the call is none of these. */
static int answer_lists(sd_bus_message *m, const struct fake_systemd *f, const char *name)
{
    const struct list lists[] = {
        {.name = "DropInPaths", as_texts, f->drop_ins},
        {.name = "OnFailure", as_texts, f->failure_units},
        {.name = "ReadWritePaths", as_texts, f->mounted},
        {.name = "SupplementaryGroups", as_texts, f->groups},
        {.name = "Requires", as_texts, f->needs},
        {.name = "Requisite", as_texts, ""},
        {.name = "BindsTo", as_texts, ""},
        {.name = "RequiredBy", as_texts, f->bound},
        {.name = "RequisiteOf", as_texts, ""},
        {.name = "WantedBy", as_texts, f->wanted},
        {.name = "TriggeredBy", as_texts, f->triggered},
        {.name = "BoundBy", as_texts, ""},
        {.name = "ConsistsOf", as_texts, ""},
        {.name = "BindPaths", as_groups, f->binds, .member = "ssbt"},
        {.name = "Conditions", as_groups, f->conditions, .member = "sbbsi"},
        {.name = "Asserts", as_groups, "", .member = "sbbsi"},
        {.name = "EnvironmentFiles", as_groups, f->files, .member = "sb"},
        {.name = "ExecStart", as_command, f->words, .program = f->program},
        {.name = "ExecStop", as_command, f->stop, .program = f->stop[0] != '\0' ? "/bin/stop" : ""},
        {.name = "ExecStopPost", as_command, ""},
        {.name = "ExecStartPre", as_command, "x", .program = f->start_pre, .may_fail = f->may_fail},
        {.name = "ExecStartPost", as_command, ""},
    };

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (strcmp(name, lists[i].name) == 0)
            return answer_list(m, &lists[i]);
    }
    if (strcmp(name, "RestartPreventExitStatus") == 0)
        return sd_bus_reply_method_return(m, "v", "(aiai)", f->prevented != 0, f->prevented, 0);
    return 0;
}

/* 0: the call is none of these. */
static int answer_loaded(sd_bus_message *m, const struct fake_systemd *f, const char *name)
{
    const struct {
        const char *name, *value;
    } texts[] = {
        {"LoadState", f->load},
        {"FragmentPath", f->fragment},
        {"Type", f->type},
        {"KillMode", f->kill_mode},
        {"User", f->user},
        {"Restart", f->restart},
        {"FailureAction", f->failure_action},
        {"WorkingDirectory", f->working},
        {"RootDirectory", f->root},
    };

    if (f->knows_little)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (strcmp(name, texts[i].name) == 0)
            return sd_bus_reply_method_return(m, "v", "s", texts[i].value);
    }
    if (strcmp(name, "NeedDaemonReload") == 0)
        return sd_bus_reply_method_return(m, "v", "b", f->reload);
    if (strcmp(name, "RefuseManualStop") == 0)
        return sd_bus_reply_method_return(m, "v", "b", f->refuses_stop);
    if (strcmp(name, "KillSignal") == 0)
        return sd_bus_reply_method_return(m, "v", "i", f->kill_signal);
    if (strcmp(name, "RestartUSec") == 0)
        return sd_bus_reply_method_return(m, "v", "t", (uint64_t)f->restart_us);
    if (strcmp(name, "StartLimitIntervalUSec") == 0)
        return sd_bus_reply_method_return(m, "v", "t", (uint64_t)f->limit_us);
    if (strcmp(name, "StartLimitBurst") == 0)
        return sd_bus_reply_method_return(m, "v", "u", f->limit_starts);
    return answer_lists(m, f, name);
}

static int answer_property(sd_bus_message *m, struct fake_systemd *f)
{
    const char *interface = NULL, *name = NULL;
    int rc = sd_bus_message_read(m, "ss", &interface, &name);

    if (rc < 0)
        return rc;
    if (strstr(sd_bus_message_get_path(m), "/nomad_") == NULL && strcmp(name, "ConsistsOf") == 0)
        return answer_list(m, &(struct list){"", as_texts, f->bound_to_others, NULL, NULL, false});
    if (strstr(sd_bus_message_get_path(m), "/nomad_") == NULL)
        return sd_bus_reply_method_return(
            m, "v", "s", strcmp(name, "LoadState") == 0 ? f->other_load : f->other_active);
    if (strcmp(name, "ActiveState") == 0)
        return sd_bus_reply_method_return(m, "v", "s", f->active);
    if (strcmp(name, "SubState") == 0)
        return sd_bus_reply_method_return(m, "v", "s", f->sub);
    if (strcmp(name, "MainPID") == 0)
        return sd_bus_reply_method_return(m, "v", "u", f->main_pid);
    if (strcmp(name, "NRestarts") == 0)
        return sd_bus_reply_method_return(m, "v", "u", f->restarts);
    if (strcmp(name, "ExecMainStartTimestamp") == 0)
        return sd_bus_reply_method_return(m, "v", "t", (uint64_t)1234567);
    if (strcmp(name, "Job") == 0)
        return sd_bus_reply_method_return(m, "v", "(uo)", f->has_job ? 17 : 0,
                                          f->has_job ? JOB : "/");
    rc = answer_loaded(m, f, name);
    return rc != 0 ? rc
                   : sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNKNOWN_PROPERTY, "no %s", name);
}

static int answer_act(sd_bus_message *m, struct fake_systemd *f, _Atomic unsigned *count)
{
    (*count)++;
    if (f->refuses)
        return sd_bus_reply_method_errorf(m, "org.freedesktop.systemd1.NoSuchUnit",
                                          "Unit nomad.service not found.");
    f->has_job = true;
    return sd_bus_reply_method_return(m, "o", JOB);
}

static int answer_change(sd_bus_message *m, struct fake_systemd *f, bool enable)
{
    sd_bus_message *reply = NULL;
    int rc = sd_bus_message_new_method_return(m, &reply);

    if (enable)
        f->enabled++;
    else
        f->disabled++;
    if (!f->stubborn)
        snprintf(f->file_state, sizeof(f->file_state), "%s", enable ? "enabled" : "disabled");
    if (rc >= 0 && enable)
        rc = sd_bus_message_append(reply, "b", 1);
    if (rc >= 0)
        rc = sd_bus_message_append(reply, "a(sss)", 0);
    if (rc >= 0)
        rc = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return rc < 0 ? rc : 1;
}

static int answer_links(sd_bus_message *m, const struct fake_systemd *f)
{
    sd_bus_message *reply = NULL;
    int rc;

    if (f->no_links)
        return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNKNOWN_METHOD, "no such method");
    rc = sd_bus_message_new_method_return(m, &reply);
    if (rc >= 0)
        rc = sd_bus_message_open_container(reply, 'a', "s");
    if (rc >= 0 && strcmp(f->file_state, "enabled") == 0)
        rc = append_words(reply, f->links);
    if (rc >= 0)
        rc = sd_bus_message_close_container(reply);
    if (rc >= 0)
        rc = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return rc < 0 ? rc : 1;
}

static int answer_reload(sd_bus_message *m, struct fake_systemd *f)
{
    f->reloaded++;
    if (f->no_reload)
        return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_FAILED, "not now");
    memcpy(f->wanted, f->wanted_then, sizeof(f->wanted));
    return sd_bus_reply_method_return(m, "");
}

/* 0: the call is none of these. */
static int answer_boot(sd_bus_message *m, struct fake_systemd *f, const char *member)
{
    if (strcmp(member, "GetUnitFileState") == 0)
        return f->file_state[0] != '\0'
                   ? sd_bus_reply_method_return(m, "s", f->file_state)
                   : sd_bus_reply_method_errorf(m, SD_BUS_ERROR_FAILED, "no such file");
    if (strcmp(member, "GetUnitFileLinks") == 0)
        return answer_links(m, f);
    if (strcmp(member, "EnableUnitFiles") == 0 || strcmp(member, "DisableUnitFiles") == 0)
        return answer_change(m, f, member[0] == 'E');
    return strcmp(member, "Reload") == 0 ? answer_reload(m, f) : 0;
}

static int on_message(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct fake_systemd *f = ctx;
    const char *member = sd_bus_message_get_member(m);
    int rc;

    (void)error;
    if (!sd_bus_message_is_method_call(m, NULL, NULL) || member == NULL)
        return 0;
    if (strcmp(member, "Hello") == 0)
        return sd_bus_reply_method_return(m, "s", ":1.1");
    if (strcmp(member, "Get") == 0)
        return answer_property(m, f);
    if (strcmp(member, "RestartUnit") == 0)
        return answer_act(m, f, &f->restarted);
    if (strcmp(member, "StartUnit") == 0)
        return answer_act(m, f, &f->started);
    if (strcmp(member, "StopUnit") == 0)
        return answer_act(m, f, &f->stopped);
    rc = answer_boot(m, f, member);
    if (rc != 0)
        return rc;
    if (strcmp(member, "ResetFailedUnit") == 0)
        f->reset++;
    return sd_bus_reply_method_return(m, "");
}

static void send_removed(sd_bus *bus, struct fake_systemd *f)
{
    sd_bus_message *m = NULL;

    f->has_job = false;
    if (sd_bus_message_new_signal(bus, &m, "/org/freedesktop/systemd1", MANAGER, "JobRemoved") >=
            0 &&
        sd_bus_message_set_sender(m, ":1.0") >= 0 &&
        sd_bus_message_append(m, "uoss", 17, JOB, "nomad.service", f->result) >= 0)
        sd_bus_send(bus, m, NULL);
    sd_bus_message_unref(m);
    sd_bus_flush(bus);
}

static void serve(int fd, struct fake_systemd *f)
{
    sd_bus *bus = NULL;
    sd_id128_t id = {.bytes = {1}};

    if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
        sd_bus_set_server(bus, 1, id) < 0 || sd_bus_set_anonymous(bus, 1) < 0 ||
        sd_bus_add_filter(bus, NULL, on_message, f) < 0 || sd_bus_start(bus) < 0)
        _exit(3);
    while (!f->hang_up) {
        int rc = sd_bus_process(bus, NULL);

        if (rc < 0)
            break;
        if (f->end_job) {
            f->end_job = false;
            send_removed(bus, f);
        }
        if (rc == 0 && sd_bus_wait(bus, 5000) < 0)
            break;
    }
    f->hang_up = false;
    sd_bus_close_unref(bus);
}

NORETURN static void live(int listener, struct fake_systemd *f)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0)
            serve(fd, f);
    }
}

struct fake_systemd *fake_systemd_start(const char *dir)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct fake_systemd *f =
        mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(a.sun_path, sizeof(a.sun_path), "%.90s/bus", dir);
    if (f == MAP_FAILED || fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ||
        listen(fd, 4) < 0)
        abort();
    snprintf(f->address, sizeof(f->address), "unix:path=%s", a.sun_path);
    snprintf(f->active, sizeof(f->active), "active");
    snprintf(f->sub, sizeof(f->sub), "running");
    snprintf(f->result, sizeof(f->result), "done");
    /* Not f->pid = fork(): the child would write its 0 into the shared struct, too. */
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0)
        live(fd, f);
    f->pid = pid;
    close(fd);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", f->address, 1);
    return f;
}

void fake_systemd_stop(struct fake_systemd *f)
{
    kill(f->pid, SIGKILL);
    waitpid(f->pid, NULL, 0);
    unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    munmap(f, sizeof(*f));
}
