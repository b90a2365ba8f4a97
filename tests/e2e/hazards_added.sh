#!/bin/bash
# One file says "this version is bad": the finding blocks the upgrade, the operator can accept it by
# its id, and Caravan refuses a file with an error.
# timeout: 180
. "$(dirname "$0")/lib_fleet.sh"
needs_standin "it plans for one pair of versions"
e2e_begin 143 3 1
release 1.11.4
rows=$E2E/config/hazards.d
run plan "$TARGET"
check "the plan does not refuse this pair" status_is 0

mkdir "$rows"
cat >"$rows/acme.conf" <<'CONF'
# Ticket 4711.
[hazard acme-1.11.4]
kind = told
target = 1.11.4
severity = block
what = its scheduler
  forgets jobs
advice = Choose 1.11.5 or later.
CONF
run plan "$TARGET"
check "with the new file the plan refuses" status_is 4
check "and prints the id and the text" says "[acme-1.11.4] 1.11.4: its scheduler forgets jobs"
check "and its advice" says "Choose 1.11.5 or later."
run upgrade "$TARGET" --yes
check "the upgrade refuses, too" status_is 4
check "nothing was touched" all_run "$FROM_VERSION"
run plan "$TARGET" --accept acme-1.11.4
check "with --accept the plan does not refuse" status_is 0
check "and shows the finding as accepted" says "accepted [acme-1.11.4]"

printf '[hazard acme-1.11.4]\nseverity = warn\n' >"$rows/later.conf"
run plan "$TARGET" --accept acme-1.11.4
check "a file cannot lower the level of a row" says "later.conf:1: severity of a row that exists already can only be raised, not lowered"
check "with a wrong file there is no plan" status_is 2
printf '[hazard acme-1.11.4]\nseverity = hrad\n' >"$rows/later.conf"
run upgrade "$TARGET" --yes --accept acme-1.11.4
check "the message names file and line" says "later.conf:2: severity must be info, warn, block or hard, not \"hrad\""
check "and nothing was touched" all_run "$FROM_VERSION"
printf '[hazard acme-1.11.4]\nseverity = hard\n' >"$rows/later.conf"
run plan "$TARGET" --accept acme-1.11.4
check "a file can raise the level so that nobody can accept the finding" status_is 4
chmod o+w "$rows/later.conf"
run plan "$TARGET"
check "a file that anybody may change is refused" says "later.conf may be changed by anybody"
rm "$rows/later.conf"

begin upgrade "$TARGET" --yes --accept acme-1.11.4
check "a run begins" within 60 upgraded 1
killed
echo "[hazard" >"$rows/acme.conf"
run show
check "a wrong file does not hide a run" status_is 0
check "and is told" says "Caravan uses only its built-in hazards"
run resume --yes
check "resume refuses with a wrong file" status_is 2
rm "$rows/acme.conf"
run resume --yes
check "other hazards than the run began with are told" says "have changed since the run began"
check "what was accepted stays accepted" status_is 0
check "every host runs the target" all_run "$TARGET"
e2e_end
