/*
 * main_inside.c - runs inside a unit and checks that the unit's settings are in force.
 *
 *   inside SETTING=VALUE...
 *
 * For each setting of a systemd unit the program tries what the setting forbids, in a child
 * process. It prints one line for each setting: "held SETTING"; "open SETTING=VALUE" if the attempt
 * succeeded; or "unknown SETTING" if the program has no attempt for it. Exit status 0: all settings
 * held.
 *
 * The settings are described in systemd.exec(5), systemd.resource-control(5), capabilities(7).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HOSTS_OWN "/usr/local/share/inside.host" /* "net:[4026531840] ipc:[...]" */

static bool is_yes(const char *value)
{
    return strcmp(value, "yes") == 0;
}

/* Reads a number with the suffix K, M or G. */
static unsigned long long size_of(const char *value)
{
    char *end;
    unsigned long long n = strtoull(value, &end, 10);

    n <<= *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    return n;
}

/* Can this process make a new file in the directory? */
static bool can_make_file(const char *dir)
{
    char path[512];
    int fd;

    snprintf(path, sizeof(path), "%s/caravan-inside", dir);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    return fd >= 0;
}

static bool can_read(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool got = fd >= 0 && read(fd, &byte, 1) == 1; /* a hidden file reads as empty */

    if (fd >= 0)
        close(fd);
    return got;
}

/* The link of this namespace differs from the host's link, which the host has stored in a file. */
static bool own_namespace(const char *name)
{
    char path[64], mine[64], all[256] = "";
    ssize_t n;
    FILE *f = fopen(HOSTS_OWN, "re");

    snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
    n = readlink(path, mine, sizeof(mine) - 1);
    if (n <= 0 || f == NULL || fgets(all, sizeof(all), f) == NULL)
        return false;
    fclose(f);
    mine[n] = '\0';
    return strstr(all, name) != NULL && strstr(all, mine) == NULL;
}

/* ---- the settings ---- */

static bool bounding_set(const char *value)
{
    static const struct {
        const char *name;
        unsigned long bit;
    } names[] = {{"CAP_CHOWN", 0},  {"CAP_DAC_OVERRIDE", 1}, {"CAP_DAC_READ_SEARCH", 2},
                 {"CAP_FOWNER", 3}, {"CAP_FSETID", 4},       {"CAP_SYS_PTRACE", 19}};
    unsigned long may = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        may |= strstr(value, names[i].name) != NULL ? 1ul << names[i].bit : 0;
    for (unsigned long i = 0; i < 64; i++) {
        int has = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
        if (has == 1 && (may & 1ul << i) == 0)
            return false;
    }
    return true;
}

/* Only the named families are allowed: a socket of every other family must fail. */
static bool families_forbidden(const char *value)
{
    static const struct {
        const char *name;
        int family;
    } all[] = {{"AF_INET ", AF_INET},           {"AF_INET6 ", AF_INET6},
               {"AF_NETLINK ", AF_NETLINK},     {"AF_PACKET ", AF_PACKET},
               {"AF_VSOCK ", AF_VSOCK},         {"AF_ALG ", AF_ALG},
               {"AF_BLUETOOTH ", AF_BLUETOOTH}, {"AF_UNIX ", AF_UNIX}};
    char padded[256];
    bool held = true;

    snprintf(padded, sizeof(padded), "%s ", value);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        int fd = socket(all[i].family, all[i].family == AF_UNIX ? SOCK_STREAM : SOCK_DGRAM, 0);
        bool named = strstr(padded, all[i].name) != NULL;

        held = held && (named || (fd < 0 && errno == EAFNOSUPPORT));
        held = held && (all[i].family != AF_UNIX || fd >= 0);
        if (fd >= 0)
            close(fd);
    }
    return held;
}

static bool no_address(const char *value)
{
    (void)value; /* "any": no socket can be made, or no packet arrives */
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr to = {.sa_family = AF_INET, .sa_data = {0, 9, 10, 77, 77, 77}};
    bool held = fd < 0 || sendto(fd, "x", 1, 0, &to, sizeof(to)) < 0;

    if (fd >= 0)
        close(fd);
    return held;
}

static bool file_size(const char *value)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    off_t most = (off_t)size_of(value);
    bool held;

    signal(SIGXFSZ, SIG_IGN);
    if (fd < 0)
        return false;
    held = pwrite(fd, "x", 1, most - 1) == 1 && pwrite(fd, "x", 1, most) < 0 && errno == EFBIG;
    close(fd);
    return held;
}

static bool open_files(const char *value)
{
    long n = 0;

    while (n <= 100000 && dup(1) >= 0)
        n++;
    return errno == EMFILE && n < strtol(value, NULL, 10) && n > strtol(value, NULL, 10) - 32;
}

static bool no_core(const char *value)
{
    struct rlimit none = {0, 0}, more = {1, 1};

    (void)value;
    return getrlimit(RLIMIT_CORE, &none) == 0 && none.rlim_max == 0 &&
           setrlimit(RLIMIT_CORE, &more) < 0;
}

static bool personality_locked(const char *value)
{
    (void)value;
    return personality(ADDR_NO_RANDOMIZE) < 0;
}

static bool no_written_code(const char *value)
{
    (void)value;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
               MAP_FAILED &&
           mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0;
}

static bool no_new_rights(const char *value)
{
    (void)value;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool own_devices(const char *value)
{
    (void)value;
    return !can_read("/dev/mem") && !can_read("/dev/kmsg") && access("/dev/tty0", F_OK) < 0 &&
           access("/dev/null", R_OK | W_OK) == 0 &&
           mknod("/tmp/inside-null", S_IFCHR | 0666, 0x103) < 0;
}

static bool own_ipc(const char *value)
{
    (void)value;
    return own_namespace("ipc");
}

static bool own_network(const char *value)
{
    (void)value;
    return own_namespace("net");
}

/* The host has made /tmp/inside.host; the unit must not see it. */
static bool own_tmp(const char *value)
{
    (void)value;
    return access("/tmp/inside.host", F_OK) < 0 && errno == ENOENT && can_make_file("/tmp");
}

static bool only_processes(const char *value)
{
    (void)value;
    return !can_read("/proc/meminfo") && !can_read("/proc/sys/kernel/ostype") &&
           can_read("/proc/self/stat");
}

static bool others_unseen(const char *value)
{
    (void)value;
    return access("/proc/1", F_OK) < 0;
}

static bool clock_kept(const char *value)
{
    struct timex t = {.modes = ADJ_TICK, .tick = 10000};
    struct timespec now;

    (void)value;
    clock_gettime(CLOCK_REALTIME, &now);
    return adjtimex(&t) < 0 && clock_settime(CLOCK_REALTIME, &now) < 0;
}

static bool groups_kept(const char *value)
{
    (void)value;
    return mkdir("/sys/fs/cgroup/inside", 0755) < 0 && !can_make_file("/sys/fs/cgroup");
}

static bool homes_hidden(const char *value)
{
    bool read_only = strcmp(value, "read-only") == 0;

    return !can_make_file("/root") && !can_make_file("/home") &&
           (read_only || access("/home/.inside", F_OK) < 0);
}

static bool name_kept(const char *value)
{
    (void)value;
    return sethostname("inside", 6) < 0;
}

static bool no_kernel_log(const char *value)
{
    char text[64];

    (void)value;
    return klogctl(3, text, sizeof(text)) < 0 && !can_read("/dev/kmsg") && !can_read("/proc/kmsg");
}

static bool no_modules(const char *value)
{
    (void)value;
    return syscall(SYS_init_module, "", 0ul, "") < 0 && errno == EPERM &&
           access("/usr/lib/modules/.", R_OK) < 0;
}

static bool tunables_kept(const char *value)
{
    int fd = open("/proc/sys/kernel/domainname", O_WRONLY | O_CLOEXEC);

    (void)value;
    return fd < 0 && !can_make_file("/sys/kernel");
}

static bool system_kept(const char *value)
{
    (void)value;
    return !can_make_file("/usr/lib") && !can_make_file("/etc") && !can_make_file("/var/lib") &&
           !can_make_file("/boot") && !can_make_file("/srv");
}

/* Each path must be writable; a path without "-" must also exist. */
static bool may_write(const char *value)
{
    char all[512];
    bool held = true;

    snprintf(all, sizeof(all), "%s", value);
    for (char *rest = all, *dir; (dir = strtok_r(rest, " ", &rest)) != NULL;) {
        bool optional = dir[0] == '-';
        dir += optional;
        held = held && ((optional && access(dir, F_OK) < 0) || can_make_file(dir));
    }
    return held;
}

static bool paths_unreachable(const char *value)
{
    char all[512];
    bool held = true;

    snprintf(all, sizeof(all), "%s", value);
    for (char *rest = all, *dir; (dir = strtok_r(rest, " ", &rest)) != NULL;) {
        dir += dir[0] == '-';
        held = held && access(dir, R_OK) < 0 && access(dir, X_OK) < 0;
    }
    return held;
}

static bool no_namespaces(const char *value)
{
    static const int all[] = {CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWNS,    CLONE_NEWPID,
                              CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};

    (void)value;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (unshare(all[i]) == 0 || errno != EPERM)
            return false;
    return true;
}

static bool no_realtime(const char *value)
{
    struct sched_param p = {.sched_priority = 1};

    (void)value;
    return sched_setscheduler(0, SCHED_FIFO, &p) < 0 && sched_setscheduler(0, SCHED_RR, &p) < 0;
}

static bool no_setuid(const char *value)
{
    int fd = open("/tmp/inside-setuid", O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    bool held = fd >= 0 && fchmod(fd, 04700) < 0 && fchmod(fd, 02700) < 0;

    (void)value;
    unlink("/tmp/inside-setuid");
    return held && open("/tmp/inside-setgid", O_WRONLY | O_CREAT | O_CLOEXEC, 04700) < 0;
}

static bool only_native(const char *value)
{
    (void)value;
#ifdef __x86_64__
    long got = 20; /* getpid of 32 bits */
    __asm__ volatile("int $0x80" : "+a"(got) : : "memory", "r8", "r9", "r10", "r11");
    return got != getpid();
#else
    return true;
#endif
}

/* The filter refuses the call with its own error; without the filter a missing argument is
 * EFAULT. */
static bool refused_by_filter(const char *value)
{
    (void)value;
    return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0ul) < 0 && errno == EPERM;
}

/* "~@group...": tries one call of each group that would succeed without the filter. */
static bool calls_filtered(const char *value)
{
    struct sched_param p = {.sched_priority = 0};
    bool held = refused_by_filter(value);

    if (strstr(value, "@privileged") != NULL)
        held = held && can_make_file("/tmp") && chown("/tmp", (uid_t)-1, (gid_t)-1) < 0;
    if (strstr(value, "@resources") != NULL)
        held = held && sched_setscheduler(0, SCHED_OTHER, &p) < 0;
    if (strstr(value, "@keyring") != NULL)
        held = held && syscall(SYS_keyctl, 0, -3, 0) < 0 && errno == EPERM;
    if (strstr(value, "@debug") != NULL)
        held = held && syscall(SYS_ptrace, 0, 0, 0, 0) < 0;
    return held;
}

/* Writes files of 32 MiB until there is no more room, at most 1 GiB. */
static bool has_an_end(const char *dir, unsigned long long most)
{
    unsigned long long all = 0;
    const off_t each = 32 << 20;
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    while (fd >= 0 && all <= most && posix_fallocate(fd, 0, each) == 0) {
        all += (unsigned long long)each;
        fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    }
    return fd >= 0 && all > 0 && all <= most;
}

static bool is_temporary(const char *dir, const char *options)
{
    const char *size = strstr(options, "size=");
    struct statvfs st;

    if (strcmp(options, "ro") == 0)
        return !can_make_file(dir);
    return can_make_file(dir) && statvfs(dir, &st) == 0 &&
           (strstr(options, "noexec") == NULL || (st.f_flag & ST_NOEXEC) != 0) &&
           (size == NULL || has_an_end(dir, size_of(size + strlen("size="))));
}

static bool directory_is_temporary(const char *value)
{
    char all[512];
    bool held = true;

    snprintf(all, sizeof(all), "%s", value);
    for (char *rest = all, *dir; (dir = strtok_r(rest, " ", &rest)) != NULL;) {
        char *options = strchr(dir, ':');
        if (options == NULL)
            return false;
        *options = '\0';
        held = held && is_temporary(dir, options + 1);
    }
    return held;
}

static bool user_is(const char *value)
{
    const struct passwd *p = getpwuid(getuid());

    return p != NULL && strcmp(p->pw_name, value) == 0 && getuid() == geteuid() && getuid() != 0;
}

static bool mask_is(const char *value)
{
    return umask(0) == (mode_t)strtoul(value, NULL, 8);
}

static bool state_of(const char *value)
{
    char path[256];
    struct stat st;

    snprintf(path, sizeof(path), "/var/lib/%s", value);
    return stat(path, &st) == 0 && st.st_uid == getuid() && can_make_file(path);
}

static bool state_mode(const char *value)
{
    const char *path = getenv("STATE_DIRECTORY");
    struct stat st;

    return path != NULL && stat(path, &st) == 0 &&
           (st.st_mode & 07777) == (mode_t)strtoul(value, NULL, 8);
}

static bool variable_is_set(const char *value)
{
    char name[128];
    const char *is = strchr(value, '=');

    snprintf(name, sizeof(name), "%.*s", (int)(is - value), value);
    return getenv(name) != NULL && strcmp(getenv(name), is + 1) == 0;
}

/* Leaves a shared memory object. The host looks for it when the unit has ended. */
static bool leaves_an_object(const char *value)
{
    (void)value;
    return shmget(0x1ca70000 + (key_t)getuid(), 4096, IPC_CREAT | 0600) >= 0;
}

static const struct {
    const char *setting;
    bool (*held)(const char *value);
    bool only_yes; /* this test applies only to the value yes */
} settings[] = {
    {"CapabilityBoundingSet", bounding_set, false},
    {"Environment", variable_is_set, false},
    {"IPAddressDeny", no_address, false},
    {"InaccessiblePaths", paths_unreachable, false},
    {"LimitCORE", no_core, false},
    {"LimitFSIZE", file_size, false},
    {"LimitNOFILE", open_files, false},
    {"LockPersonality", personality_locked, true},
    {"MemoryDenyWriteExecute", no_written_code, true},
    {"NoNewPrivileges", no_new_rights, true},
    {"PrivateDevices", own_devices, true},
    {"PrivateIPC", own_ipc, true},
    {"PrivateNetwork", own_network, true},
    {"PrivateTmp", own_tmp, true},
    {"ProcSubset", only_processes, false},
    {"ProtectClock", clock_kept, true},
    {"ProtectControlGroups", groups_kept, true},
    {"ProtectHome", homes_hidden, false},
    {"ProtectHostname", name_kept, true},
    {"ProtectKernelLogs", no_kernel_log, true},
    {"ProtectKernelModules", no_modules, true},
    {"ProtectKernelTunables", tunables_kept, true},
    {"ProtectProc", others_unseen, false},
    {"ProtectSystem", system_kept, false},
    {"ReadWritePaths", may_write, false},
    {"RemoveIPC", leaves_an_object, true},
    {"RestrictAddressFamilies", families_forbidden, false},
    {"RestrictNamespaces", no_namespaces, true},
    {"RestrictRealtime", no_realtime, true},
    {"RestrictSUIDSGID", no_setuid, true},
    {"StateDirectory", state_of, false},
    {"StateDirectoryMode", state_mode, false},
    {"SystemCallArchitectures", only_native, false},
    {"SystemCallErrorNumber", refused_by_filter, false},
    {"SystemCallFilter", calls_filtered, false},
    {"TemporaryFileSystem", directory_is_temporary, false},
    {"UMask", mask_is, false},
    {"User", user_is, false},
};

/* Runs the attempt in a child process, because the filter or the attempt may end the process. */
static bool try_in_child(bool (*held)(const char *), const char *value)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(held(value) ? 0 : 1);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    return (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) || status == 0;
}

static bool try_one(const char *setting, const char *value)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (strcmp(settings[i].setting, setting) != 0)
            continue;
        bool held =
            (!settings[i].only_yes || is_yes(value)) && try_in_child(settings[i].held, value);
        printf(held ? "held %s\n" : "open %s=%s\n", setting, value);
        return held;
    }
    printf("unknown %s\n", setting);
    return false;
}

int main(int argc, char **argv)
{
    bool all = true;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        char *is = strchr(argv[i], '=');
        if (is == NULL)
            return 2;
        *is = '\0';
        all = try_one(argv[i], is + 1) && all;
    }
    return all ? 0 : 1;
}
