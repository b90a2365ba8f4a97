#include "acl_rules.h"
#include "config_keys.h"
#include "fuzz_target.h"
#include "nomad_parse_job.h"

/* The first byte says what the rest is: an ACL policy, a job, a configuration file. */

static void policy(const uint8_t *p, size_t n)
{
    struct acl_rules r = {.agent = ACL_READ};
    auto_buf struct buf text = BUF_INIT;
    (void)buf_add(&text, p, n);
    if (acl_rules_read(buf_str(&text), &r) < 0)
        FUZZ_CHECK(r.agent == ACL_READ && r.node == ACL_NONE);
    FUZZ_CHECK(memchr(r.unknown, '\0', sizeof r.unknown) != NULL);
}

static void job(const uint8_t *p, size_t n)
{
    auto_json struct json *j = NULL;
    struct err err = ERR_INIT;
    struct job_answer got;
    if (json_parse(p, n, 1 << 20, &j, &err) < 0)
        return;
    parse_job(j, &got);
    FUZZ_CHECK(got.pool != NULL && got.traits < TRAIT(JOB_TRAITS));
}

static void config(const uint8_t *p, size_t n)
{
    struct config_keys k;
    memset(&k, 0, sizeof k);
    config_keys_scan((const char *)p, n, "nomad.hcl", &k);
    FUZZ_CHECK(k.n_plugins <= CONFIG_PLUGINS_MAX);
    for (size_t i = 0; i < config_key_count; i++)
        FUZZ_CHECK(k.keys[i].found == (k.keys[i].line > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(const uint8_t *, size_t) = {policy, job, config};
    if (size > 0)
        kinds[data[0] % ARRAY_LEN(kinds)](data + 1, size - 1);
    return 0;
}
