#!/usr/bin/env bash
# An unexpected error is in the server's log under the request's id, and with it
# neither the caller's token nor a row's values.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
database=flagplane_log
log=$FLAGPLANE_CLUSTER/server.log
dropdb --force --if-exists "$database"
createdb "$database"
trap 'dropdb --force "$database"' EXIT
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }

sql >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c "SELECT flagplane.create_project('p', 'P')" \
	-c "ALTER TABLE flagplane_data.environment_key ADD CONSTRAINT unforeseen CHECK (kind <> 'sdk') NOT VALID"
token=$(sql -c "SELECT flagplane.create_access_token('t', role => 'admin')->>'token'")
answer=$(sql -c "SELECT status || ' ' || (body->>'message') FROM flagplane.handle('POST', '/api/v2/projects/p/environments',
	'{\"Authorization\": \"$token\"}', '{\"key\": \"e\", \"name\": \"E\", \"color\": \"000000\"}')")
request=$(sed -n 's/^500 internal error in request \(req_[0-9A-Z]*\)$/\1/p' <<<"$answer")
[ -n "$request" ] || { echo "not ok 1 - the answer is 500 with the request's id alone: $answer"; exit 1; }
echo "ok 1 - the answer is 500 with the request's id alone"
grep -q "flagplane request $request failed: .*unforeseen" "$log" || { echo "not ok 2 - the log has the error"; exit 1; }
echo "ok 2 - the log has the error under the request's id"
# A caller's function is context of the error, and its statement may name the token.
sql >/dev/null -c "DO \$\$ BEGIN ASSERT (SELECT status FROM flagplane.handle('POST', '/api/v2/projects/p/environments',
	'{\"Authorization\": \"$token\"}', '{\"key\": \"f\", \"name\": \"F\", \"color\": \"000000\"}')) = 500; END \$\$"
if grep -q "$token" "$log" || grep -q 'sdk-[0-9a-f]\{8\}' "$log"; then echo "not ok 3 - no secret is in the log"; exit 1; fi
echo "ok 3 - no secret is in the log"
echo "1..3"
