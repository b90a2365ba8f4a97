/* Caravan's write requests to Nomad, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "operation_send.h"

static const struct {
    struct nomad_operation o;
    const char *path, *body;
    const char *method;
} rows[] = {
    {{.op = OP_DRAIN,
      .region = "eu west",
      .node_id = "n1",
      .deadline_ms = 60000,
      .run_hex = "ab12"},
     "/v1/node/n1/drain?region=eu%20west",
     "{\"DrainSpec\":{\"Deadline\":60000000000,\"IgnoreSystemJobs\":true},\"MarkEligible\":false,"
     "\"Meta\":{\"caravan_run\":\"ab12\",\"message\":\"drained by Caravan for an upgrade\"}}",
     "PUT"},
    {{.op = OP_UNDRAIN, .region = "r", .node_id = "n1", .eligible = true},
     "/v1/node/n1/drain?region=r",
     "{\"DrainSpec\":null,\"MarkEligible\":true}",
     "PUT"},
    {{.op = OP_UNDRAIN, .region = "", .node_id = "n1", .eligible = false},
     "/v1/node/n1/drain",
     "{\"DrainSpec\":null,\"MarkEligible\":false}",
     "PUT"},
    {{.op = OP_ELIGIBILITY, .region = "r", .node_id = "a/b", .eligible = false},
     "/v1/node/a%2Fb/eligibility?region=r",
     "{\"Eligibility\":\"ineligible\"}",
     "PUT"},
    {{.op = OP_TRANSFER, .region = "r", .peer_id = "7283cfc5"},
     "/v1/operator/raft/transfer-leadership?id=7283cfc5&region=r",
     "",
     "PUT"},
    {{.op = OP_TRANSFER, .region = "", .peer_id = "10.0.0.1:4647"},
     "/v1/operator/raft/transfer-leadership?address=10.0.0.1%3A4647",
     "",
     "PUT"},
    {{.op = OP_REMOVE_PEER, .region = "eu west", .peer_id = "7283cfc5"},
     "/v1/operator/raft/peer?id=7283cfc5&region=eu%20west",
     "",
     "DELETE"},
    /* Nomad answers 400 to a removal by address. */
    {{.op = OP_REMOVE_PEER, .region = "", .peer_id = "10.0.0.1:4647"},
     "/v1/operator/raft/peer?id=10.0.0.1%3A4647",
     "",
     "DELETE"},
    /* The name is the member's own; a name cannot add a query parameter. */
    {{.op = OP_FORCE_LEAVE, .region = "global", .member = "s1.global"},
     "/v1/agent/force-leave?node=s1.global",
     "",
     "PUT"},
    {{.op = OP_FORCE_LEAVE, .region = "", .member = "a b&prune=1"},
     "/v1/agent/force-leave?node=a%20b%26prune%3D1",
     "",
     "PUT"},
};

static void test_paths_and_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_buf struct buf path = BUF_INIT, body = BUF_INIT;
        operation_path(&rows[i].o, &path);
        operation_body(&rows[i].o, &body);
        assert_string_equal(buf_str(&path), rows[i].path);
        assert_string_equal(buf_str(&body), rows[i].body);
        assert_string_equal(operation_method(&rows[i].o), rows[i].method);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths_and_bodies)};
    return cmocka_run_group_tests_name("operation_send", tests, NULL, NULL);
}
