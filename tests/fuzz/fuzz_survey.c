#include "acl_rules.h"
#include "fuzz_target.h"
#include "job_traits.h"

/* The first byte selects how the rest is read: as an ACL policy or as a job. */

static void policy(const uint8_t *p, size_t n)
{
    struct acl_rules r = {.agent = ACL_READ};
    auto_buf struct buf text = BUF_INIT;
    (void)buf_add(&text, p, n);
    if (acl_rules_read(buf_str(&text), &r) < 0)
        FUZZ_CHECK(r.agent == ACL_READ && r.node == ACL_NONE);
    FUZZ_CHECK(memchr(r.unknown, '\0', sizeof(r.unknown)) != NULL);
    FUZZ_CHECK(memchr(r.other, '\0', sizeof(r.other)) != NULL);
    FUZZ_CHECK((r.others > 0) == (r.other[0] != '\0'));
}

static void job(const uint8_t *p, size_t n)
{
    auto_json struct json *j = NULL;
    struct err err = ERR_INIT;
    struct job_traits got;
    if (json_parse(p, n, 1 << 20, &j, &err) < 0)
        return;
    job_traits_read(j, &got);
    FUZZ_CHECK(got.pool != NULL && got.traits < TRAIT(JOB_TRAITS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(const uint8_t *, size_t) = {policy, job};
    if (size > 0)
        kinds[data[0] % ARRAY_LEN(kinds)](data + 1, size - 1);
    return 0;
}
