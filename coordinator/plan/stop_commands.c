#include "stop_commands.h"

#include <string.h>
#include "compiler.h"
#include "str.h"

#define WORDS_MAX 64
#define WORD_MAX  128

static const char between[] = " \t'\"()`"; /* between words; a shell's quotes included */

struct words {
    size_t n;
    char at[WORDS_MAX][WORD_MAX];
};

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++)
        if (str_eq(word, *list))
            return true;
    return false;
}

static bool ends_command(const char *word)
{
    size_t n = strlen(word);

    return n > 0 && (word[n - 1] == ';' || word[n - 1] == '|' || word[n - 1] == '&');
}

/* "ExecStop=/usr/bin/docker" begins a new command: adds an empty word, then the program alone. */
static void add_word(struct words *w, const char *word, size_t n)
{
    const char *name = memchr(word, '=', n);

    if (n > 4 && memcmp(word, "Exec", 4) == 0 && name != NULL) {
        if (w->n < WORDS_MAX)
            w->at[w->n++][0] = '\0';
        n -= (size_t)(name + 1 - word);
        word = name + 1;
    }
    if (n > 0 && w->n < WORDS_MAX)
        snprintf(w->at[w->n++], WORD_MAX, "%.*s", (int)MIN_OF(n, (size_t)WORD_MAX - 1), word);
}

static void split_stop_commands(const char *text, struct words *w)
{
    w->n = 0;
    for (text += strspn(text, between); *text != '\0'; text += strspn(text, between)) {
        size_t n = strcspn(text, between);
        add_word(w, text, n);
        text += n;
    }
}

/* The last part of the path, without the characters that systemd and shells put around it. */
static const char *program_name(const char *word, char dst[static WORD_MAX])
{
    const char *slash = strrchr(word, '/');

    str_cut(dst, WORD_MAX, slash != NULL ? slash + 1 : word + strspn(word, "-@:+!$"));
    dst[strcspn(dst, ";|&")] = '\0';
    return dst;
}

/* ---- programs, and the arguments with which they take something away ---- */

static const char *const containers[] = {"stop", "rm", "kill", "down", "prune", "delete", NULL};
static const char *const nomads[] = {"drain", "eligibility", "leave", "force-leave",
                                     "stop",  "remove-peer", "purge", NULL};
static const char *const services[] = {"stop", "kill", "mask", "isolate", NULL};
static const char *const leaves[] = {"leave", "force-leave", NULL};

static const struct {
    const char *program;
    const char *const *words; /* NULL: any arguments */
} takers[] = {
    {"rmdir", NULL},
    {"shred", NULL},
    {"unlink", NULL},
    {"pkill", NULL},
    {"killall", NULL},
    {"docker", containers},
    {"podman", containers},
    {"nerdctl", containers},
    {"crictl", containers},
    {"ctr", containers},
    {"docker-compose", containers},
    {"nomad", nomads},
    {"consul", leaves},
    {"systemctl", services},
    {"service", services},
};

/* These run the command in their arguments. */
static const char *const wrappers[] = {"sh",      "bash",   "dash",   "env",   "sudo",    "timeout",
                                       "nice",    "exec",   "ionice", "nohup", "nsenter", "runuser",
                                       "setpriv", "chroot", "xargs",  NULL};

/* Words in the name of a script that takes something away: "nomad-drain.sh". */
static const char *const script_words[] = {"drain", "leave", "rm", "purge", "wipe", "prune", NULL};

static bool name_says(const char *name)
{
    char part[WORD_MAX];

    for (name += strspn(name, "-_."); *name != '\0'; name += strspn(name, "-_.")) {
        size_t n = strcspn(name, "-_.");
        snprintf(part, sizeof(part), "%.*s", (int)n, name);
        if (is_one_of(part, script_words))
            return true;
        name += n;
    }
    return false;
}

/* A signal to another process than Nomad's main process, or to its whole group. */
static bool kills_another(const struct words *w, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const char *word = w->at[i];
        if (str_eq(word, "-s") || str_eq(word, "--signal"))
            i++;
        else if (word[0] == '-' ? strchr(word, '$') != NULL
                                : !str_starts(word, "$MAINPID") && !str_starts(word, "${MAINPID}"))
            return true;
    }
    return false;
}

/* To remove a .pid file is harmless: it is about one start only. */
static bool removes_more(const struct words *w, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        size_t n = strcspn(w->at[i], ";|&");
        if (n > 0 && w->at[i][0] != '-' && (n < 5 || memcmp(w->at[i] + n - 4, ".pid", 4) != 0))
            return true;
    }
    return false;
}

/* Does the program with the arguments from..to take something away? */
static bool program_takes(const char *program, const struct words *w, size_t from, size_t to)
{
    char word[WORD_MAX];

    if (str_starts(program, "FailureAction=") || str_starts(program, "SuccessAction="))
        return true; /* reboot, poweroff, exit */
    if (str_eq(program, "kill"))
        return kills_another(w, from, to);
    if (str_eq(program, "rm"))
        return removes_more(w, from, to);
    for (size_t k = 0; k < ARRAY_LEN(takers); k++) {
        if (!str_eq(program, takers[k].program))
            continue;
        for (size_t i = from; i < to && takers[k].words != NULL; i++)
            if (is_one_of(program_name(w->at[i], word), takers[k].words))
                return true;
        return takers[k].words == NULL;
    }
    return name_says(program);
}

static size_t command_end(const struct words *w, size_t from)
{
    while (from < w->n && w->at[from][0] != '\0' && !ends_command(w->at[from]))
        from++;
    return from < w->n && w->at[from][0] != '\0' ? from + 1 : from;
}

/* After a wrapper any word may be the program. */
static bool command_takes(const struct words *w, size_t from, size_t to)
{
    char program[WORD_MAX];
    bool wrapped = false;

    for (size_t i = from; i < to && (i == from || wrapped); i++) {
        program_name(w->at[i], program);
        if (program_takes(program, w, i + 1, to))
            return true;
        wrapped = wrapped || is_one_of(program, wrappers);
    }
    return false;
}

bool stop_takes_away(const char *commands)
{
    struct words w;

    if (str_ends(commands, "...")) /* cut off: the rest is unknown */
        return true;
    split_stop_commands(commands, &w);
    for (size_t at = 0, end; at < w.n; at = end) {
        end = command_end(&w, at);
        if (end == at) {
            end++;
            continue;
        }
        if (command_takes(&w, at, end))
            return true;
    }
    return false;
}
