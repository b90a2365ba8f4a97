#include "sim_shell.h"
#include <sys/wait.h>
#include "file.h"
#include "spawn.h"
#include "str.h"

/* A task is a sleep process that outlives the agent, for a limited time. */
#define TASK_SECONDS "900"

static void pid_path(const struct sim_shell *s, const struct sim_task *t, char *dst, size_t n)
{
    char id[SIM_UUID_TEXT];
    sim_id_text(id, &t->alloc);
    snprintf(dst, n, "%s/tasks/%s.pid", s->conf.node.data_dir, id);
}

static void end_task(struct sim_shell *s, struct sim_task *t)
{
    char path[256];
    pid_t pid = (pid_t)(t->pid < 0 ? -t->pid : t->pid);
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0); /* fails if the process is no longer our child */
    }
    pid_path(s, t, path, sizeof(path));
    unlink(path);
    t->pid = 0;
    s->node.dirty = true;
}

/* Is this process still the started sleep? The kernel reuses pids. */
static bool is_there(int64_t pid)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof(path), "/proc/%lld/comm", (long long)pid);
    autofile FILE *f = fopen(path, "r");
    return f != NULL && fgets(name, sizeof(name), f) != NULL && str_starts(name, "sleep");
}

/* Finds a task that an agent started before it was killed and could not record. */
static pid_t adopt_task(const struct sim_shell *s, const struct sim_task *t)
{
    char path[256], text[24] = "";
    uint64_t pid = 0;
    pid_path(s, t, path, sizeof(path));
    autofile FILE *f = fopen(path, "r");
    if (f == NULL || fgets(text, sizeof(text), f) == NULL)
        return 0;
    text[strcspn(text, "\n")] = '\0';
    return str_to_u64(text, INT32_MAX, &pid) == 0 && is_there((int64_t)pid) ? (pid_t)pid : 0;
}

static void start_task(struct sim_shell *s, struct sim_task *t)
{
    static const char *const argv[] = {"/bin/sleep", TASK_SECONDS, NULL};
    struct spawn sp = {.argv = argv, .quiet = true, .pass_fd = -1};
    struct err err = ERR_INIT;
    char path[256], text[24];
    pid_t pid = adopt_task(s, t);
    if (pid == 0 && spawn_start(&sp, &pid, &err) < 0) {
        sim_shell_log(s, "ERROR", "client.driver_mgr: failed to start task: %s", err.text);
        return;
    }
    t->pid = pid;
    s->node.dirty = true;
    pid_path(s, t, path, sizeof(path));
    snprintf(text, sizeof(text), "%ld\n", (long)pid);
    if (file_replace(path, text, strlen(text), 0644, &err) < 0)
        sim_shell_log(s, "ERROR", "client: %s", err.text);
}

void sim_tasks_check(struct sim_shell *s)
{
    for (int i = 0; i < SIM_ALLOCS_MAX && s->settings.tasks; i++) {
        struct sim_task *t = &s->node.durable.tasks[i];
        if (!t->used || t->status != SIM_RUNNING || t->pid <= 0 || is_there(t->pid))
            continue;
        t->pid = 0;
        t->restarts++;
        t->started_ms = s->node.now;
        t->told = false;
    }
}

void sim_tasks_follow(struct sim_shell *s)
{
    for (int i = 0; i < SIM_ALLOCS_MAX && s->settings.tasks; i++) {
        struct sim_task *t = &s->node.durable.tasks[i];
        if (!t->used)
            continue;
        bool run = t->status == SIM_RUNNING;
        if (t->pid < 0 || (t->pid > 0 && !run))
            end_task(s, t);
        if (t->pid == 0 && run)
            start_task(s, t);
    }
}
