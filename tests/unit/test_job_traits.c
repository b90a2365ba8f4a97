/* The features of Nomad that jobs use, read from their specifications. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "job_traits.h"

#define TASK(inner)    "'TaskGroups':[{'Name':'g','Count':1,'Tasks':[{'Name':'t'," inner "}]}]"
#define GROUP(inner)   "'TaskGroups':[{'Name':'g','Count':1," inner ",'Tasks':[]}]"
#define TEMPLATE(text) TASK("'Templates':[{'EmbeddedTmpl':'" text "','DestPath':'local/x'}]")

static const struct {
    const char *job; /* with ' instead of " */
    uint64_t traits;
} rows[] = {
    {"'Type':'service'", 0},
    {TASK("'Driver':'docker','KillSignal':'SIGINT','Config':{'image':'x'}"), TRAIT(JOB_DOCKER)},
    {TASK("'Driver':'docker','Config':{'image':'x'}"),
     TRAIT(JOB_DOCKER) | TRAIT(JOB_DOCKER_SIGNAL)},
    {TASK("'Driver':'docker','KillSignal':'x','Config':{'volumes':['/a:/b'],'ipc_mode':'host'}"),
     TRAIT(JOB_DOCKER) | TRAIT(JOB_DOCKER_BINDS) | TRAIT(JOB_DOCKER_HOST_MODE)},
    {TASK("'Driver':'docker','KillSignal':'x','Config':{'volumes':['local/a:/b'],"
          "'auth':[{'email':'a@b'}]}"),
     TRAIT(JOB_DOCKER) | TRAIT(JOB_DOCKER_EMAIL)},
    {TASK("'Driver':'exec','Resources':{'Cores':2,'Devices':[{'Name':'nvidia/gpu'}]}"),
     TRAIT(JOB_EXEC) | TRAIT(JOB_CORES) | TRAIT(JOB_NVIDIA)},
    {TASK("'Driver':'raw_exec','KillTimeout':31000000000"),
     TRAIT(JOB_RAW_EXEC) | TRAIT(JOB_LONG_KILL)},
    {TASK("'Driver':'raw_exec','KillTimeout':30000000000"), TRAIT(JOB_RAW_EXEC)},
    {TASK("'Driver':'raw_exec','Config':{'args':['-l','${NOMAD_ALLOC_DIR}/logs/x']}"),
     TRAIT(JOB_RAW_EXEC) | TRAIT(JOB_WRITES_LOGS)},
    {TEMPLATE("{{ sprig_dateInZone 1 }}"), TRAIT(JOB_TEMPLATE_SPRIG)},
    {TEMPLATE("{{ now | sprig_env }}"), TRAIT(JOB_TEMPLATE_SPRIG)},
    {TEMPLATE("{{ sprig_lower x }} sprig_env"), 0},
    {TEMPLATE("{{ key `file` }}"), TRAIT(JOB_TEMPLATE_CONSUL)},
    {TEMPLATE("{{ with secret `kv/x` }}{{ .Data }}{{ end }}"), TRAIT(JOB_TEMPLATE_VAULT)},
    {TEMPLATE("{{ .secrets }} {{ $file }}"), 0},
    {TEMPLATE("{{ range nomadService `x` }}{{ end }}"), 0},
    {TEMPLATE("{{ executeTemplate `a` }}{{ `x` | writeToFile `y` }}{{ plugin `z` }}"),
     TRAIT(JOB_TEMPLATE_EXECUTE) | TRAIT(JOB_TEMPLATE_WRITE) | TRAIT(JOB_TEMPLATE_PLUGIN)},
    {TASK("'Templates':[{'EmbeddedTmpl':'[[ file 1 ]] {{ key 2 }}','LeftDelim':'[[',"
          "'RightDelim':']]','DestPath':'local/../../x'}]"),
     TRAIT(JOB_TEMPLATE_FILE) | TRAIT(JOB_PATH_ESCAPES)},
    {TASK("'Templates':[{'EmbeddedTmpl':'%% file 1 %% key 2','LeftDelim':'%%','RightDelim':'%%'}]"),
     TRAIT(JOB_TEMPLATE_FILE)},
    {TASK("'Artifacts':[{'GetterSource':'http://x','RelativeDest':'local/'}]"),
     TRAIT(JOB_ARTIFACT)},
    {"'Meta':{'a.b':'1'}", 0},
    {"'Meta':{'a b':'1'}", TRAIT(JOB_BAD_META)},
    {"'Constraints':[{'LTarget':'${attr.unique.cgroup.version}','Operand':'='}]",
     TRAIT(JOB_ATTR_CGROUP)},
    {"'Affinities':[{'LTarget':'${attr.consul.dns.addr}'}]", TRAIT(JOB_ATTR_ADVERTISE)},
    {"'Affinities':[{'LTarget':'${attr.unique.consul.dns.addr}'}]", 0},
    {"'Spreads':[{'Attribute':'${attr.unique.storage.bytesfree}'}]", TRAIT(JOB_ATTR_DISK)},
    {"'Constraints':[{'Operand':'distinct_hosts'}]", TRAIT(JOB_DISTINCT_HOSTS)},
    {GROUP("'Networks':[{'Mode':'bridge'}]"), TRAIT(JOB_BRIDGE)},
    {GROUP("'Networks':[{'Mode':'cni/x'}]"), TRAIT(JOB_CNI)},
    {GROUP("'Services':[{'Provider':'nomad'}]"), 0},
    {GROUP("'Services':[{'Connect':{}}]"), TRAIT(JOB_CONNECT) | TRAIT(JOB_CONSUL)},
    {GROUP("'MaxClientDisconnect':3600"), TRAIT(JOB_OLD_DISCONNECT)},
    {GROUP("'MaxClientDisconnect':null,'PreventRescheduleOnLost':false"), 0},
    {GROUP("'Volumes':{'v':{'Type':'csi','AccessMode':'x','AttachmentMode':'y'}}"), TRAIT(JOB_CSI)},
    {GROUP("'Volumes':{'v':{'Type':'csi'}}"), TRAIT(JOB_CSI) | TRAIT(JOB_CSI_NO_MODE)},
    {GROUP("'Volumes':{'v':{'Type':'host'}}"), 0},
    {TASK("'Vault':{'Policies':['x'],'ChangeMode':'restart'}"), TRAIT(JOB_VAULT)},
    {TASK("'Vault':{'Policies':['x'],'ChangeMode':'signal'}"), TRAIT(JOB_VAULT)},
    {TASK("'Vault':{}"), TRAIT(JOB_VAULT)},
    {TASK("'Vault':{'Policies':['x'],'ChangeMode':'noop'}"), 0},
    {TASK("'Vault':null"), 0},
    {"'Type':'system'," GROUP("'ReschedulePolicy':{'Attempts':3}"), TRAIT(JOB_SYSTEM_RESCHEDULE)},
    {"'Type':'service'," GROUP("'ReschedulePolicy':{'Attempts':3}"), 0},
    {"'TaskGroups':7,'Meta':[],'Constraints':{}", 0},
};

static void every_trait(void **state)
{
    uint64_t seen = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_json struct json *j = NULL;
        auto_buf struct buf text = BUF_INIT;
        struct err err = ERR_INIT;
        struct job_traits got;
        buf_printf(&text, "{%s}", rows[i].job);
        for (size_t k = 0; k < text.len; k++)
            if (text.data[k] == '\'')
                text.data[k] = '"';
        if (json_parse(text.data, text.len, 1 << 16, &j, &err) < 0)
            fail_msg("%s: %s", rows[i].job, err.text);
        job_traits_read(j, &got);
        if (got.traits != rows[i].traits)
            fail_msg("%s: traits %llx, not %llx", rows[i].job, (unsigned long long)got.traits,
                     (unsigned long long)rows[i].traits);
        seen |= got.traits;
    }
    /* drivers that are reported in the same way need no line of their own */
    seen |= TRAIT(JOB_LXC) | TRAIT(JOB_RKT) | TRAIT(JOB_REMOTE_DRIVER) | TRAIT(JOB_QEMU) |
            TRAIT(JOB_JAVA);
    assert_int_equal(seen, TRAIT(JOB_TRAITS) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_trait)};
    return cmocka_run_group_tests_name("job_traits", tests, NULL, NULL);
}
