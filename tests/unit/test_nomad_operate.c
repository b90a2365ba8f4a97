/* What Caravan writes to Nomad, to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "nomad_operate.h"

static const struct {
    struct operate o;
    const char *path, *body;
} rows[] = {
    {{.op = OP_DRAIN,
      .region = "eu west",
      .node_id = "n1",
      .deadline_ms = 60000,
      .run_hex = "ab12"},
     "/v1/node/n1/drain?region=eu%20west",
     "{\"DrainSpec\":{\"Deadline\":60000000000,\"IgnoreSystemJobs\":true},\"MarkEligible\":false,"
     "\"Meta\":{\"caravan_run\":\"ab12\",\"message\":\"drained by Caravan for an upgrade\"}}"},
    {{.op = OP_UNDRAIN, .region = "r", .node_id = "n1", .eligible = true},
     "/v1/node/n1/drain?region=r",
     "{\"DrainSpec\":null,\"MarkEligible\":true}"},
    {{.op = OP_UNDRAIN, .region = "", .node_id = "n1", .eligible = false},
     "/v1/node/n1/drain",
     "{\"DrainSpec\":null,\"MarkEligible\":false}"},
    {{.op = OP_ELIGIBILITY, .region = "r", .node_id = "a/b", .eligible = false},
     "/v1/node/a%2Fb/eligibility?region=r",
     "{\"Eligibility\":\"ineligible\"}"},
    {{.op = OP_TRANSFER, .region = "r", .peer_id = "7283cfc5"},
     "/v1/operator/raft/transfer-leadership?id=7283cfc5&region=r",
     ""},
    {{.op = OP_TRANSFER, .region = "", .peer_id = "10.0.0.1:4647"},
     "/v1/operator/raft/transfer-leadership?address=10.0.0.1%3A4647",
     ""},
};

static void test_paths_and_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_buf struct buf path = BUF_INIT, body = BUF_INIT;
        operate_path(&rows[i].o, &path);
        operate_body(&rows[i].o, &body);
        assert_string_equal(buf_str(&path), rows[i].path);
        assert_string_equal(buf_str(&body), rows[i].body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths_and_bodies)};
    return cmocka_run_group_tests_name("nomad_operate", tests, NULL, NULL);
}
