#!/bin/bash
# After an upgrade the record of signed orders and receipts is complete, agrees with the hosts, and
# can be exported. If somebody changes the ledger file, `caravan` detects each change and names it.
# timeout: 150
. "$(dirname "$0")/lib_fleet.sh"
e2e_begin 174 3 2
LEDGER=$E2E/state/ledger.db
sql() { "$FLEET_BUILD/tests/ledger_sql" "$LEDGER" "$1"; }
keep() { # saves the ledger, to restore it later
    sql "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null && cp "$LEDGER" "$E2E/kept.db"
}
spoilt() { # STATEMENT...: runs verify on a ledger changed by these statements
    cp "$E2E/kept.db" "$LEDGER" && rm -f "$LEDGER-wal" "$LEDGER-shm"
    local statement
    for statement; do sql "$statement" || return 1; done
    run audit verify
    sql "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    cp "$E2E/kept.db" "$LEDGER" && rm -f "$LEDGER-wal" "$LEDGER-shm"
    [[ $STATUS == 1 ]] || { echo "exit status $STATUS, expected 1"; return 1; }
}
line() { grep -F -- "$1" "$OUT" | grep -qF -- "$2" || { echo "no line has both: $1, $2"; return 1; }; }
lines_are() { (($(wc -l <"$OUT") == $1)) || { echo "$(wc -l <"$OUT") lines, expected $1"; return 1; }; }
each_line() { ! grep -vE "$1" "$OUT"; }

run audit verify
check "without a ledger verify says that there is none" says "no run was begun on this machine"
release 1.11.4
run upgrade "$TARGET" --yes
check "the fleet is upgraded" status_is 0
run audit verify
check "the record of the upgrade is complete" status_is 0
check "it contains two orders for each host, each with a receipt" says "10 orders, 10 receipts: all is well"
RUN=$(sql "SELECT lower(hex(run)) FROM run")
run audit verify "${RUN:0:8}"
check "verify of this one run agrees" says "Run ${RUN:0:8} to $TARGET: 10 orders, 10 receipts: all genuine, none missing"
run audit verify --ask
check "every host says the same" status_is 0
check "and all hosts were asked" says "5 hosts asked: all is well"
run audit verify --json
check "the JSON output says the same" line '"event":"end"' '"well":true'

run audit export
check "export has a line for each order" lines_are 10
check "with the signed bytes and the signer" each_line '^\{"run":"[0-9a-f]{32}","host":"[^"]+".*"kind":"(stage|swap)".*"signer":"SHA256:[0-9a-f]{32}".*"refusal":"none".*"genuine":true,"order":"[0-9a-f]+","receipt":"[0-9a-f]+"\}$'
run audit export "$RUN" --ask
check "only verify may ask the hosts" status_is 2

# ---- changes by somebody who can write the file ----
# The first host of the plan has rows 1 and 2: stage and swap.
keep
check "verify finds a removed record" spoilt "DELETE FROM record WHERE n = 2"
check "and names the run, the host and the missing order" line "Run ${RUN:0:8}, " "removed: the ledger's last order (sequence 2)"
check "verify finds that the first record of a host is removed" spoilt "DELETE FROM record WHERE n = 1"
check "because the next order was signed to follow another" says "swap order 2 of epoch 1: removed: it was signed to follow an order that is not in the record, as the host's first"
check "also when the other records have new numbers" spoilt "DELETE FROM record WHERE n = 1" "UPDATE record SET n = 1 WHERE n = 2"
check "verify finds that all records of a host are removed" spoilt "DELETE FROM record WHERE n < 65536"
check "because the ledger contains the number of the last order" says "removed: no order is kept, and the ledger says that order 2 was given"
INNER=$(sql "SELECT inner_bytes FROM record WHERE n = 1")
check "a changed record shows" spoilt "UPDATE record SET inner_bytes = x'${INNER:0:600}$(printf '%x' $((15 - 0x${INNER:600:1})))${INNER:601}' WHERE n = 1"
check "as changed" says "changed: the signature of a stage does not match its sender's key"
check "records that change places show" spoilt "UPDATE record SET n = 3 WHERE n = 1"
check "as reordered" says "reordered: it comes after order 2 of epoch 1"
check "a record of another host shows" spoilt "UPDATE record SET inner_bytes = (SELECT inner_bytes FROM record WHERE n = 65537), digest = (SELECT digest FROM record WHERE n = 65537) WHERE n = 1"
check "as that host's" says "misplaced: it is an order for "
check "a receipt of another order shows" spoilt "UPDATE record SET receipt_bytes = (SELECT receipt_bytes FROM record WHERE n = 2) WHERE n = 1"
check "as no answer to it" says "false-receipt: the swap receipt does not answer this order: it answers another kind of order"
check "a receipt that was taken away shows" spoilt "UPDATE record SET receipt_bytes = NULL WHERE n = 2"
check "where the ledger goes by it" says "no-receipt: the ledger says that it was answered (accepted), and no receipt is kept"
check "a ledger that says refused shows" spoilt "UPDATE host SET refusal = 12 WHERE n = 0"
check "against the receipt" says "contradiction: its receipt says accepted, and the ledger says"
check "a trust file put in its place shows" spoilt "UPDATE trust SET file = substr(file, 1, length(file) - 1)"
check "a run that was taken away shows" spoilt "DELETE FROM run"
check "so does a record that is said not to be kept" spoilt "UPDATE run SET record = 0"
check "as a contradiction" says "(run): contradiction: the ledger says that no record is kept with this run"

# ---- changes that the file alone cannot show ----
run audit verify
check "after the ledger is restored, verify finds nothing" status_is 0
sql "DELETE FROM record WHERE n = 2" && sql "UPDATE host SET inner_digest = (SELECT digest FROM record WHERE n = 1), message = 4 WHERE n = 0"
run audit verify
check "verify alone cannot find a removed last order with a changed ledger" status_is 0
run audit verify --ask
check "but the host's answer shows it" status_is 1
check "and verify names the host" says "ahead: it carried out order 2 of epoch 1; the last order kept here is 1 of epoch 1"
# As an earlier version made the ledger.
sql "DROP TABLE record" && sql "DROP TABLE trust" && sql "ALTER TABLE run DROP COLUMN record" && sql "ALTER TABLE host DROP COLUMN kept_last"
run audit verify
check "a run of before there was a record is no fault" status_is 0
check "and is told" says "Run ${RUN:0:8} to $TARGET: there is no record"
run audit export
check "export prints nothing of this run" lines_are 0
run audit verify --ask
check "verify says that it cannot check that host" says "s1: unknown: it carried out orders up to epoch 1, sequence 2, and none of them is in this record"
cp "$E2E/kept.db" "$LEDGER" && rm -f "$LEDGER-wal" "$LEDGER-shm"
fleet_stop_agents c2
run audit verify --ask
check "a host that does not answer is not well" status_is 1
check "it cannot tell" says "c2: unknown: no answer from the agent of this host"
e2e_end
