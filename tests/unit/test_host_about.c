/*
 * link_chain.h, file_users.h, unit_files.h, dir_names.h, package_owner.h, elf_arch.h: answers of a
 * real file system, of dpkg and of the kernel about files of the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <elf.h>
#include <fcntl.h>
#include <mntent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "account_names.h"
#include "dir_names.h"
#include "elf_arch.h"
#include "file_users.h"
#include "link_chain.h"
#include "host_linux.h"
#include "package_known.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "spawn.h"
#include "str.h"
#include "unit_files.h"

struct bench {
    char *dir;
    struct host_linux l;
    struct host host;
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    b->dir = scratch_open();
    b->host = host_linux(&b->l);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    host_linux_done(&b->l);
    scratch_close(b->dir);
    free(b);
    return 0;
}

static void make_dir(const struct bench *b, const char *name)
{
    char path[300];

    scratch_path(b->dir, name, path);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void make_link(const struct bench *b, const char *to, const char *name)
{
    char path[300];

    scratch_path(b->dir, name, path);
    assert_int_equal(symlink(to, path), 0);
}

/* ---- names and links ---- */

static void ways_from_a_name_to_a_file(void **state)
{
    static const struct {
        const char *name, *target;
        bool there, through, same;
    } rows[] = {
        {"store/nomad", "store/nomad", true, true, true},
        {"bin/nomad", "bin/nomad", true, true, true},     /* a link leads to itself */
        {"bin/nomad", "store/nomad", true, true, true},   /* and to the file */
        {"bin/nomad", "store/current", true, true, true}, /* through this link */
        {"bin/nomad", "bin/other", true, false, true},    /* not through this link */
        {"store/nomad", "bin/nomad", true, false, true},  /* in the other direction */
        {"dir/nomad", "store/nomad", true, true, true},   /* a directory that is a link */
        {"store/nomad", "dir/nomad", true, true, true},
        {"bin/else", "store/nomad", true, false, false},
        {"bin/gone", "store/nomad", false, false, false},
        {"bin/loop", "store/nomad", false, false, false},
        {"gone/nomad", "store/nomad", false, false, false},
    };
    struct bench *b = *state;

    make_dir(b, "store");
    make_dir(b, "bin");
    scratch_write(b->dir, "store/nomad", "x", 0755);
    scratch_write(b->dir, "bin/else", "y", 0755);
    make_link(b, "nomad", "store/current");
    make_link(b, "../store/current", "bin/nomad");
    make_link(b, "../store/nomad", "bin/other");
    make_link(b, "nowhere", "bin/gone");
    make_link(b, "loop", "bin/loop");
    make_link(b, "store", "dir");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[300], target[300];
        struct host_link_chain way;

        scratch_path(b->dir, rows[i].name, name);
        scratch_path(b->dir, rows[i].target, target);
        link_chain(name, target, &way);
        if (way.there != rows[i].there || way.through != rows[i].through ||
            way.same != rows[i].same)
            fail_msg("from %s to %s: %d %d %d", rows[i].name, rows[i].target, way.there,
                     way.through, way.same);
    }
}

static void a_link_is_seen_and_seen_through(void **state)
{
    struct bench *b = *state;
    const struct host *h = &b->host;
    char file[300], link[300], to[64] = "x";
    struct host_stat is, leads;
    struct err err = ERR_INIT;
    int handle = -1;

    scratch_write(b->dir, "file", "content", 0640);
    make_link(b, "file", "link");
    scratch_path(b->dir, "file", file);
    scratch_path(b->dir, "link", link);
    assert_int_equal(h->link_of(h->ctx, HOST_OWN_PATH, file, to, sizeof(to), &err), 0);
    assert_string_equal(to, "");
    assert_int_equal(h->link_of(h->ctx, HOST_OWN_PATH, link, to, sizeof(to), &err), 0);
    assert_string_equal(to, "file");
    assert_int_equal(h->stat(h->ctx, HOST_OWN_PATH, link, &is, &err), 0);
    assert_int_equal(h->stat_through(h->ctx, HOST_OWN_PATH, link, &leads, &err), 0);
    assert_int_not_equal(is.ino, leads.ino);
    assert_int_equal(leads.mode, 0640);
    assert_int_equal(h->open(h->ctx, HOST_OWN_PATH, link, &handle, &err), -1);
    assert_int_equal(h->open_through(h->ctx, HOST_OWN_PATH, link, &handle, &err), 0);
    h->close(h->ctx, handle);
    /* The revert needs this: a hard link to the link. */
    scratch_path(b->dir, "kept", file);
    assert_int_equal(h->link(h->ctx, HOST_OWN_PATH, link, file, &err), 0);
    assert_int_equal(h->link_of(h->ctx, HOST_OWN_PATH, file, to, sizeof(to), &err), 0);
    assert_string_equal(to, "file");
    assert_int_equal(h->stat_through(h->ctx, HOST_OWN_PATH, "/nonexistent/x", &leads, &err), 0);
    assert_false(leads.there);
}

/* ---- processes ---- */

static void only_other_agents_use_the_file(void **state)
{
    const char *agent[] = {"/proc/self/exe", "agent", NULL};
    const char *helper[] = {"/proc/self/exe", "logmon", NULL};
    struct spawn s = {.argv = agent, .pass_fd = -1, .quiet = true};
    struct host_users u = {.n = 9};
    struct err err = ERR_INIT;
    struct stat self;
    pid_t pids[2];

    (void)state;
    assert_int_equal(stat("/proc/self/exe", &self), 0);
    assert_int_equal(spawn_start(&s, &pids[0], &err), 0);
    s.argv = helper;
    assert_int_equal(spawn_start(&s, &pids[1], &err), 0);
    assert_int_equal(file_users("/proc", self.st_dev, self.st_ino, 0, &u, &err), 0);
    assert_int_equal(u.n, 1);
    assert_int_equal(u.pid, pids[0]);
    assert_int_equal(file_users("/proc", self.st_dev, self.st_ino, (uint32_t)pids[0], &u, &err), 0);
    assert_int_equal(u.n, 0);
    /* A process that Nomad has just forked is no second agent. */
    assert_int_equal(file_users("/proc", self.st_dev, self.st_ino, (uint32_t)getpid(), &u, &err),
                     0);
    assert_int_equal(u.n, 0);
    for (size_t i = 0; i < 2; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    assert_int_equal(file_users("/nonexistent", 1, 1, 0, &u, &err), -1);
}

/* ---- units ---- */

static void texts_of_units(void **state)
{
    static const struct {
        const char *text;
        enum tri starts;
    } rows[] = {
        {"[Service]\nExecStart=/usr/bin/nomad agent\n", TRI_YES},
        {"ExecStart = -/usr/bin/nomad agent", TRI_YES},
        {"  ExecStart=@/usr/bin/nomad nomad agent\n", TRI_YES},
        {"ExecStart=\"/usr/bin/nomad\" \"agent\"\n", TRI_YES},
        {"ExecStart=\nExecStart=/usr/bin/nomad agent -dev", TRI_YES},
        {"ExecStart=/usr/bin/nomad \\\n  agent \\\n -dev\n", TRI_YES},
        {"ExecStart=\\\n/usr/bin/nomad\\\r\n agent\n", TRI_YES},
        /* Commands that end by themselves. */
        {"ExecStart=/usr/bin/nomad operator snapshot save /x\n", TRI_NO},
        {"ExecStart=/usr/bin/nomad system gc\nExecStart=/usr/bin/nomad agent\n", TRI_YES},
        {"ExecStart=/usr/bin/nomad agent-info\n", TRI_NO},
        {"ExecStart=/usr/bin/nomad\n", TRI_NO},
        {"ExecStart=/usr/bin/nomad\nagent\n", TRI_NO},
        {"ExecStart=@/usr/bin/nomad agent operator\n", TRI_NO},
        /* Who knows. */
        {"ExecStart=/usr/bin/nomad $WHAT\n", TRI_UNKNOWN},
        {"ExecStart=/usr/bin/nomad \"${WHAT}\" -dev\n", TRI_UNKNOWN},
        {"ExecStart=/usr/bin/nomad %i\n", TRI_UNKNOWN},
        {"ExecStart=/usr/bin/nomad $WHAT\nExecStart=/usr/bin/nomad agent\n", TRI_YES},
        {"ExecStart=/usr/bin/nomad operator $WHAT\n", TRI_NO},
        {"ExecStart=/usr/bin/nomad-pack run\n", TRI_NO},
        {"#ExecStart=/usr/bin/nomad agent\n", TRI_NO},
        {"ExecStartPre=/usr/bin/nomad version\n", TRI_NO},
        {"ExecStart=/bin/sh -c '/usr/bin/nomad agent'\n", TRI_NO},
        {"", TRI_NO},
        {"[Service]\nExecStart", TRI_NO},
        {"ExecStart \t", TRI_NO},
        {"ExecStart=", TRI_NO},
        {"ExecStart=\\", TRI_NO},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (unit_text_starts(rows[i].text, "/usr/bin/nomad") != rows[i].starts)
            fail_msg("%s", rows[i].text);
    }
}

static void another_unit_that_names_the_program(void **state)
{
    struct bench *b = *state;
    char etc[300], lib[300], own[300], found[64] = "x";
    const char *dirs[] = {etc, lib, "/nonexistent", NULL};

    make_dir(b, "etc");
    make_dir(b, "lib");
    scratch_path(b->dir, "etc", etc);
    scratch_path(b->dir, "lib", lib);
    scratch_path(b->dir, "etc/nomad.service", own);
    scratch_write(b->dir, "etc/nomad.service", "ExecStart=/x/nomad agent\n", 0644);
    scratch_write(b->dir, "lib/nomad.service", "ExecStart=/x/nomad agent\n", 0644); /* hidden */
    scratch_write(b->dir, "lib/other.service", "ExecStart=/x/else\n", 0644);
    scratch_write(b->dir, "lib/nomad2.conf", "ExecStart=/x/nomad agent\n", 0644);
    scratch_write(b->dir, "lib/backup.service", "ExecStart=/x/nomad operator snapshot save x\n",
                  0644);
    assert_int_equal(unit_files_naming(dirs, "/x/nomad", own, found, sizeof(found)), TRI_NO);
    assert_string_equal(found, "");
    scratch_write(b->dir, "etc/vague.service", "ExecStart=/x/nomad $VERB\n", 0644);
    assert_int_equal(unit_files_naming(dirs, "/x/nomad", own, found, sizeof(found)), TRI_UNKNOWN);
    assert_string_equal(found, "vague.service");
    scratch_write(b->dir, "lib/nomad2.service", "ExecStart=/x/nomad agent\n", 0644);
    assert_int_equal(unit_files_naming(dirs, "/x/nomad", own, found, sizeof(found)), TRI_YES);
    assert_string_equal(found, "nomad2.service");
    assert_int_equal(unit_files_naming(dirs, "/x/nomad", "", found, sizeof(found)), TRI_YES);
}

/* ---- users and groups ---- */

static void who_tells_names(void **state)
{
    static const struct {
        const char *text;
        bool own;
    } rows[] = {
        {"passwd: files\ngroup: files sss\n", true},
        {"passwd:\tfiles systemd # sss\n", true},
        {"passwd : compat systemd\r\n", true},
        {"# passwd: ldap\nshadow: ldap\n", true},
        {"", true},
        {"passwd:", true},
        {"passwd: files sss\n", false},
        {"x: y\n  passwd: ldap [NOTFOUND=return] files", false},
        {"passwd: filesystem\n", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (account_sources_own(rows[i].text, "passwd") != rows[i].own)
            fail_msg("%s", rows[i].text);
    }
    assert_int_equal(account_exists(false, "root"), TRI_YES);
    assert_int_equal(account_exists(true, "root"), TRI_YES);
    assert_int_equal(account_exists(false, "4711"), TRI_YES);
    assert_int_not_equal(account_exists(false, "nobody-of-this-name"), TRI_YES);
    assert_int_not_equal(account_exists(true, "nobody-of-this-name"), TRI_YES);
}

/* ---- packages ---- */

static void answers_of_dpkg(void **state)
{
    static const struct {
        const char *out, *owner, *diverted;
    } rows[] = {
        {"nomad: /usr/bin/nomad\n", "nomad", ""},
        {"nomad:amd64: /usr/bin/nomad\n", "nomad", ""},
        {"one, two: /usr/bin/nomad\n", "one", ""},
        {"local diversion from: /usr/bin/nomad\nlocal diversion to: /usr/bin/nomad.distrib\n"
         "nomad: /usr/bin/nomad\n",
         "nomad", "local"},
        {"diversion by our-nomad from: /usr/bin/nomad\ndiversion by our-nomad to: /x\n"
         "nomad: /usr/bin/nomad\n",
         "nomad", "our-nomad"},
        {"dpkg-query: no path found matching pattern /bin/nomad\nnomad: /usr/bin/nomad\n", "nomad",
         ""},
        {"dpkg-query: no path found matching pattern /bin/nomad\n", "", ""},
        {"", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char owner[64], diverted[64];

        package_read_search(rows[i].out, owner, diverted);
        assert_string_equal(owner, rows[i].owner);
        assert_string_equal(diverted, rows[i].diverted);
    }
}

static void version_locks(void **state)
{
    static const char *const locks[] = {"nomad-0:1.9.7-1.*\n", "# x\n0:nomad-1.9.7-1.x86_64\n",
                                        "nomad\n", "a\nnomad-1.9.7-*\n", "nomad-*"};
    static const char *const others[] = {"", "nomad-pack-1.0\n", "nomadic\n", "# nomad\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(locks); i++) {
        if (!package_is_locked(locks[i], "nomad"))
            fail_msg("%s", locks[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (package_is_locked(others[i], "nomad"))
            fail_msg("%s", others[i]);
    }
}

/* dpkg's own files for one package with this "want" state. */
static void make_dpkg(const struct bench *b, const char *want)
{
    char status[400];

    snprintf(status, sizeof(status),
             "Package: nomad\nStatus: %s ok installed\nMaintainer: x <x@example.com>\n"
             "Architecture: amd64\nVersion: 1.9.7-1\nDescription: x\n\n",
             want);
    scratch_write(b->dir, "dpkg/status", status, 0644);
}

static void a_real_dpkg_is_asked(void **state)
{
    struct bench *b = *state;
    char admin[300];
    struct package_where w;
    struct host_package k;

    if (access("/usr/bin/dpkg-query", X_OK) < 0)
        skip_because("there is no dpkg-query here");
    make_dir(b, "dpkg");
    make_dir(b, "dpkg/info");
    make_dir(b, "dpkg/updates");
    scratch_path(b->dir, "dpkg", admin);
    scratch_write(b->dir, "dpkg/info/nomad.list", "/.\n/usr\n/usr/bin\n/usr/bin/nomad\n", 0644);
    make_dpkg(b, "install");
    package_where_usual(&w);
    w.dpkg_admin = admin;
    w.rpm = "/nonexistent/rpm";
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.owned, TRI_YES);
    assert_int_equal(k.kept, TRI_NO);
    assert_string_equal(k.manager, "dpkg");
    assert_string_equal(k.name, "nomad 1.9.7-1");
    package_owner(&w, "/bin/nomad", &k); /* the same file under its other name */
    assert_int_equal(k.owned, TRI_YES);
    package_owner(&w, "/usr/local/bin/nomad", &k);
    assert_int_equal(k.owned, TRI_NO);

    make_dpkg(b, "hold");
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.kept, TRI_YES);
    assert_string_equal(k.how, "held");

    make_dpkg(b, "install");
    scratch_write(b->dir, "dpkg/diversions", "/usr/bin/nomad\n/usr/bin/nomad.distrib\n:\n", 0644);
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.kept, TRI_YES);
    assert_string_equal(k.how, "diverted");
    /* A package's own diversion does not move its own file. */
    scratch_write(b->dir, "dpkg/diversions", "/usr/bin/nomad\n/usr/bin/nomad.distrib\nnomad\n",
                  0644);
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.kept, TRI_NO);
}

static void package_managers_that_fail(void **state)
{
    struct bench *b = *state;
    char query[300], rpm[300], db[300], lock[300];
    struct package_where w;
    struct host_package k;

    scratch_path(b->dir, "query", query);
    scratch_path(b->dir, "rpm", rpm);
    scratch_path(b->dir, "db", db);
    scratch_path(b->dir, "lock", lock);
    w = (struct package_where){.dpkg_query = query, .rpm = rpm, .rpm_files = {db}, .locks = {lock}};
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.owned, TRI_NO); /* neither file exists */
    scratch_write(b->dir, "query", "#!/bin/sh\nexit 2\n", 0755);
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.owned, TRI_UNKNOWN);
    assert_non_null(strstr(k.why, "status 2"));
    scratch_write(b->dir, "query", "#!/bin/sh\nexit 1\n", 0755);
    scratch_write(b->dir, "rpm", "#!/bin/sh\necho nomad 1.9.7-1\n", 0755);
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.owned, TRI_NO); /* there is no rpm database here: rpm is not asked */
    scratch_write(b->dir, "db", "", 0644);
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.owned, TRI_YES);
    assert_int_equal(k.kept, TRI_NO);
    assert_string_equal(k.manager, "rpm");
    scratch_write(b->dir, "lock", "nomad-0:1.9.7-1.*\n", 0644);
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.kept, TRI_YES);
    scratch_write(b->dir, "rpm", "#!/bin/sh\nexit 1\n", 0755);
    package_owner(&w, "/usr/bin/nomad", &k);
    assert_int_equal(k.owned, TRI_NO);
}

/* The second call answers from memory, until a package manager writes. */
static void owner_is(struct package_known *known, const struct package_where *w, const char *name,
                     enum tri owned)
{
    struct host_package k;

    package_known_owner(known, w, "/usr/bin/nomad", &k);
    assert_int_equal(k.owned, owned);
    if (owned == TRI_YES)
        assert_true(str_starts(k.name, name)); /* the version is behind it */
}

static void package_answers_are_kept(void **state)
{
    struct bench *b = *state;
    struct package_known known = {.path = ""};
    char query[300], rpm[300], db[300], lock[300], admin[300];
    struct package_where w;

    make_dir(b, "admin");
    scratch_path(b->dir, "query", query);
    scratch_path(b->dir, "rpm", rpm);
    scratch_path(b->dir, "db", db);
    scratch_path(b->dir, "lock", lock);
    scratch_path(b->dir, "admin", admin);
    w = (struct package_where){
        .dpkg_query = query, .dpkg_admin = admin, .rpm = rpm, .rpm_files = {db}, .locks = {lock}};
    scratch_write(b->dir, "query", "#!/bin/sh\nexit 2\n", 0755);
    owner_is(&known, &w, "", TRI_UNKNOWN);
    scratch_write(b->dir, "query", "#!/bin/sh\necho one: /usr/bin/nomad\n", 0755);
    owner_is(&known, &w, "one", TRI_YES); /* an unknown answer is asked for again */
    scratch_write(b->dir, "query", "#!/bin/sh\necho two: /usr/bin/nomad\n", 0755);
    owner_is(&known, &w, "one", TRI_YES); /* the package managers have written nothing */
    scratch_write(b->dir, "admin/status", "", 0644);
    owner_is(&known, &w, "two", TRI_YES);
    scratch_write(b->dir, "query", "#!/bin/sh\necho three: /usr/bin/nomad\n", 0755);
    owner_is(&known, &w, "two", TRI_YES);
    scratch_write(b->dir, "lock", "nomad\n", 0644);
    owner_is(&known, &w, "three", TRI_YES);
}

/* ---- attributes, room, clock ---- */

/* Except attributes that give rights: other bytes must not get these. */
static void attributes_are_carried_over(void **state)
{
    /* cap_net_bind_service=ep, in the kernel's format. */
    static const unsigned char capability[20] = {1, 0, 0, 2, 0, 4};
    struct bench *b = *state;
    const struct host *h = &b->host;
    char like[300], fresh[300];
    struct host_attributes a, n;
    struct err err = ERR_INIT;
    int handle = -1, from = -1;

    scratch_write(b->dir, "like", "x", 0750);
    scratch_path(b->dir, "like", like);
    scratch_path(b->dir, "fresh", fresh);
    if (geteuid() != 0 || setxattr(like, "security.capability", capability, sizeof(capability), 0))
        skip_because("file capabilities need root and a file system that has them");
    assert_int_equal(chown(like, 12, 34), 0);
    assert_int_equal(chmod(like, 06772), 0);
    assert_int_equal(setxattr(like, "security.capability", capability, sizeof(capability), 0), 0);
    assert_int_equal(h->open(h->ctx, HOST_OWN_PATH, like, &from, &err), 0);
    assert_int_equal(h->create(h->ctx, HOST_OWN_PATH, fresh, 0600, &handle, &err), 0);
    assert_int_equal(h->adopt(h->ctx, handle, from, &err), 0);
    h->close(h->ctx, handle);
    h->close(h->ctx, from);
    assert_int_equal(h->attributes(h->ctx, HOST_OWN_PATH, like, &a, &err), 0);
    assert_int_equal(h->attributes(h->ctx, HOST_OWN_PATH, fresh, &n, &err), 0);
    assert_true(a.there && a.mode == 06772);
    assert_true(n.there && n.mode == 0755 && n.uid == 0 && n.gid == 34);
    assert_string_not_equal(a.capability, "");
    assert_string_equal(n.capability, "");
    assert_string_equal(a.label, n.label);
    assert_int_equal(h->attributes(h->ctx, HOST_OWN_PATH, "/nonexistent/x", &n, &err), 0);
    assert_false(n.there);
}

/* A directory that is mounted with this option; "": none. */
static void find_mount(const char *option, char dst[static 300])
{
    FILE *f = setmntent("/proc/self/mounts", "r");
    const struct mntent *m;
    struct stat st;

    dst[0] = '\0';
    while (f != NULL && dst[0] == '\0' && (m = getmntent(f)) != NULL) {
        if (hasmntopt(m, option) != NULL && stat(m->mnt_dir, &st) == 0 && S_ISDIR(st.st_mode))
            str_cut(dst, 300, m->mnt_dir);
    }
    if (f != NULL)
        endmntent(f);
}

static void room_and_clock_can_be_asked(void **state)
{
    char mount[300];
    struct bench *b = *state;
    const struct host *h = &b->host;
    struct host_room room;
    struct host_clock clock = {.synchronised = TRI_UNKNOWN};
    struct err err = ERR_INIT;

    assert_int_equal(h->room(h->ctx, HOST_OWN_PATH, b->dir, &room, &err), 0);
    assert_false(room.read_only);
    find_mount("noexec", mount);
    if (mount[0] != '\0') {
        assert_int_equal(h->room(h->ctx, HOST_OWN_PATH, mount, &room, &err), 0);
        assert_true(room.noexec);
    }
    find_mount("ro", mount);
    if (mount[0] != '\0') {
        assert_int_equal(h->room(h->ctx, HOST_OWN_PATH, mount, &room, &err), 0);
        assert_true(room.read_only);
    }
    assert_int_equal(h->clock(h->ctx, &clock, &err), 0);
    assert_int_not_equal(clock.synchronised, TRI_UNKNOWN);
}

/* ---- executables ---- */

static void arch_is(const struct bench *b, const char *path, const char *wanted)
{
    struct err err = ERR_INIT;
    char arch[16] = "?";
    int file = -1;

    assert_int_equal(b->host.open_through(b->host.ctx, HOST_OWN_PATH, path, &file, &err), 0);
    assert_int_equal(elf_arch_of(&b->host, file, arch, &err), 0);
    b->host.close(b->host.ctx, file);
    assert_string_equal(arch, wanted);
}

static void machines(void **state)
{
    static const struct {
        unsigned char bits, order, machine[2];
        const char *arch;
    } rows[] = {
        {ELFCLASS64, ELFDATA2LSB, {EM_X86_64, 0}, "amd64"},
        {ELFCLASS32, ELFDATA2LSB, {EM_X86_64, 0}, "another machine"},
        {ELFCLASS64, ELFDATA2LSB, {EM_AARCH64, 0}, "arm64"},
        {ELFCLASS32, ELFDATA2LSB, {EM_386, 0}, "386"},
        {ELFCLASS32, ELFDATA2LSB, {EM_ARM, 0}, "arm"},
        {ELFCLASS64, ELFDATA2MSB, {0, EM_S390}, "s390x"},
        {ELFCLASS64, ELFDATA2LSB, {EM_RISCV, 0}, "another machine"},
    };
    struct bench *b = *state;
    char path[300];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned char header[ELF_HEADER] = {0x7f, 'E', 'L', 'F', rows[i].bits, rows[i].order};

        memcpy(header + 18, rows[i].machine, 2);
        assert_string_equal(elf_arch(header), rows[i].arch);
    }
    arch_is(b, "/proc/self/exe", elf_arch_here());
    scratch_write(b->dir, "script", "#!/bin/sh\nexit 0 # long enough\n", 0755);
    scratch_path(b->dir, "script", path);
    arch_is(b, path, "");
    scratch_write(b->dir, "script", "x", 0755);
    arch_is(b, path, "");
}

/* ---- directories ---- */

static void what_lies_in_a_directory(void **state)
{
    struct bench *b = *state;
    autofree struct host_names *names = xzalloc(1, sizeof(*names));
    struct err err = ERR_INIT;
    char path[300];

    make_dir(b, "d");
    make_dir(b, "d/below.hcl");
    scratch_write(b->dir, "d/z.hcl", "", 0644);
    scratch_write(b->dir, "d/run", "", 0755);
    make_link(b, "run", "d/a");
    make_link(b, "nowhere", "d/lost");
    make_link(b, "below.hcl", "d/linked");
    scratch_path(b->dir, "d", path);
    assert_int_equal(dir_names(path, names, &err), 0);
    assert_true(names->dir && !names->more);
    assert_int_equal(names->n, 4);
    assert_string_equal(names->list[0].name, "a");
    assert_true(names->list[0].program);
    assert_string_equal(names->list[1].name, "lost");
    assert_string_equal(names->list[2].name, "run");
    assert_string_equal(names->list[3].name, "z.hcl");
    assert_false(names->list[3].program);
    scratch_path(b->dir, "d/z.hcl", path);
    assert_int_equal(dir_names(path, names, &err), 0);
    assert_true(!names->dir && names->n == 0);
    scratch_path(b->dir, "absent", path);
    assert_int_equal(dir_names(path, names, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
}

static void a_directory_of_many(void **state)
{
    struct bench *b = *state;
    autofree struct host_names *names = xzalloc(1, sizeof(*names));
    struct err err = ERR_INIT;
    char path[300], name[16];

    make_dir(b, "d");
    scratch_path(b->dir, "d", path);
    for (unsigned i = 0; i <= HOST_NAMES; i++) {
        assert_int_equal(dir_names(path, names, &err), 0);
        assert_true(names->n == i && !names->more);
        snprintf(name, sizeof(name), "d/%u", i);
        scratch_write(b->dir, name, "", 0644);
    }
    assert_int_equal(dir_names(path, names, &err), 0);
    assert_true(names->n == HOST_NAMES && names->more);
}

#define IN_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_BENCH(ways_from_a_name_to_a_file),
        IN_BENCH(a_link_is_seen_and_seen_through),
        cmocka_unit_test(only_other_agents_use_the_file),
        cmocka_unit_test(who_tells_names),
        cmocka_unit_test(texts_of_units),
        IN_BENCH(another_unit_that_names_the_program),
        cmocka_unit_test(answers_of_dpkg),
        cmocka_unit_test(version_locks),
        IN_BENCH(a_real_dpkg_is_asked),
        IN_BENCH(package_managers_that_fail),
        IN_BENCH(package_answers_are_kept),
        IN_BENCH(attributes_are_carried_over),
        IN_BENCH(room_and_clock_can_be_asked),
        IN_BENCH(machines),
        IN_BENCH(what_lies_in_a_directory),
        IN_BENCH(a_directory_of_many),
    };

    if (argc > 1 && (str_eq(argv[1], "agent") || str_eq(argv[1], "logmon")))
        return pause();
    return cmocka_run_group_tests_name("host_about", tests, NULL, NULL);
}
