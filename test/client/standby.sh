#!/usr/bin/env bash
# A standby serves what SDKs ask for while the primary is away; after its promotion a change that was lost,
# and the one that has the same number, are never taken for each other.
set -euo pipefail
cluster=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)/cluster.sh
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
primary=$FLAGPLANE_CLUSTER
standby=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
chmod 755 "$primary" "$standby"
on_standby() { CLUSTER_PRIMARY=$primary PRIMARY_PORT=5432 FLAGPLANE_CLUSTER=$standby "$@"; }
trap '"$cluster" stop; on_standby "$cluster" stop' EXIT
CLUSTER_OPTIONS="shared_preload_libraries = 'flagplane'" "$cluster" start
eval "$("$cluster" env)"
database=flagplane_standby
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"
finish() {
	if [ -n "$nginx_pid" ]; then kill "$nginx_pid" && wait "$nginx_pid" || true; fi
	for pid in $rest_pid ${second_pid:-}; do kill "$pid" && wait "$pid" || true; done
	"$cluster" stop
	on_standby "$cluster" stop
	rm -rf "$place"
}
trap finish EXIT

sql -c "SELECT flagplane.create_project('default', 'Default')" \
	-c "SELECT flagplane.create_flag('default', 'f', 'F', variations => '[{\"value\": \"first\"}, {\"value\": \"second\"}, {\"value\": \"lost\"}]', client_side_availability => '{\"usingEnvironmentId\": true}')" >/dev/null
environment() { sql -c "SELECT flagplane.get_environment('default', 'production')->>'$1'"; }
SDK=$(environment apiKey) ID=$(environment _id)
serve() { # which variation the flag serves from now on
	sql -c "SELECT flagplane.update_flag('default', 'f', '[{\"op\": \"replace\", \"path\": \"/environments/production/on\", \"value\": true},
		{\"op\": \"replace\", \"path\": \"/environments/production/fallthrough\", \"value\": {\"variation\": $1}}]')" >/dev/null
}
serve 0
on_standby "$cluster" follow
standby_sql() { PGHOST=$standby sql "$@"; }
replicated() { [ "$(standby_sql -c "SELECT pg_last_wal_replay_lsn() >= '$lsn'")" = t ]; }
catch_up() {
	lsn=$(sql -c 'SELECT pg_current_wal_lsn()')
	wait_for replicated || { echo "not ok - the standby does not catch up"; exit 1; }
}
PGHOST=$standby start_rest second
second_pid=$rest_pid second_port=$rest_port rest_pid= rest_port=
nginx_edit="/upstream flagplane_postgrest_sdk/,/}/{s|server 127.0.0.1:\([0-9]*\);|server 127.0.0.1:\1 fail_timeout=1s;|;s|# server 127.0.0.1:3010 |server 127.0.0.1:$second_port |}"
start_servers

# By a URI of its own each, past the cache of nginx.
poll() { ask "$base/sdk/latest-all?$(date +%s%N)" -H "Authorization: $SDK" "$@"; }
second() { # what PostgREST before the standby says
	ask "http://127.0.0.1:$second_port/rpc/sdk" -X POST -H 'X-Original-Request: GET /sdk/latest-all' \
		-H "X-Original-Authorization: $SDK" -H 'Content-Type: application/octet-stream' -H 'Accept: application/json' "$@"
}
serves() { grep -o '"fallthrough":{"variation":[0-9]}' "$place/body.txt" | tr -d '\n'; }

catch_up
check 'the primary serves' "$(poll; serves)" '200"fallthrough":{"variation":0}'
first=$(header ETag)
cp "$place/body.txt" "$place/first"
check 'the standby serves the same' "$(second; header ETag; cmp "$place/body.txt" "$place/first")" "200$first"
check 'and knows who has it' "$(second -H "If-None-Match: $first")" 304
serve 1
catch_up
check 'a change arrives' "$(second -H "If-None-Match: $first"; serves)" '200"fallthrough":{"variation":1}'
changed=$(header ETag)
check 'under the tag that the primary gives it' "$(poll; header ETag)" "200$changed"
check 'evaluations on the standby' "$(standby_sql -c "SELECT flagplane.variation('default', 'production', 'f', '{\"key\": \"a\"}'), flagplane.text_variation('default', 'production', 'f', '{\"key\": \"a\"}', 'none')")" '"second"|second'
check 'it takes no change' "$(standby_sql -c "SELECT (flagplane.handle('DELETE', '/api/v2/flags/default/f')).status")" 405

# PostgREST notices at a request that a connection is gone: that one is 503, and no SDK stops for it.
away() { # until the standby serves
	local status=503 tries=0
	while [ "$status" = 503 ] && [ "$tries" -lt 100 ]; do
		status=$(poll)
		tries=$((tries + 1))
		[ "$status" != 503 ] || sleep 0.1
	done
	echo "$status"
}
"$cluster" kill
check 'the primary is away' "$(away)" 200
check 'the standby serves' "$(poll; serves; header ETag)" "200\"fallthrough\":{\"variation\":1}$changed"
check 'and knows who has it' "$(poll -H "If-None-Match: $changed")" 304
for ((i = 0; i < 30; i++)); do poll; echo; done >"$place/statuses"
check 'each poll is answered' "$(sort "$place/statuses" | uniq -c | tr -s ' ')" ' 30 200'
context=$(printf '{"kind": "user", "key": "a"}' | base64 -w0)
check 'flags of a context' "$(ask "$base/sdk/evalx/$ID/contexts/$context"; body)" '200{"f":{"value":"second",*}}'
check 'a stream' "$(ask "$base/all" -H "Authorization: $SDK"; body)" $'200retry: 30000\nevent: put\n*"variation":1*'
check 'an unknown key' "$(ask "$base/sdk/latest-all" -H "Authorization: ${SDK%?}x")" 401
bulk() { ask -X POST "$base/bulk" -H "Authorization: $SDK" -H 'Content-Type: application/json' -d '[]'; }
check 'events must wait' "$(bulk; body; header Retry-After)" '503{"code":"service_unavailable",*}1'
check 'the standby counts by environment' "$(standby_sql -c "SELECT environment_key, polls > 30, refused >= 1 FROM flagplane.environment_stats")" 'production|t|t'
"$cluster" recover
taken() { [ "$(bulk)" = 202 ]; }
check 'the primary is back, and takes events' "$(wait_for taken && echo taken)" taken
check 'and polls' "$(poll; header ETag)" "200$changed"

# Of two servers that are asked it is the last one's refusal that counts.
sql -c 'REVOKE EXECUTE ON FUNCTION flagplane.sdk(bytea) FROM flagplane_anonymous'
catch_up
"$cluster" kill
for ((i = 0; i < 5; i++)); do poll; echo; done >"$place/statuses"
check 'what neither may do is no refusal' "$(sort "$place/statuses" | uniq -c | tr -s ' ')" ' 5 503'
"$cluster" recover
sql -c 'GRANT EXECUTE ON FUNCTION flagplane.sdk(bytea) TO flagplane_anonymous'
catch_up
check 'and is served again' "$(away)" 200
# A change that the standby never gets, with the number that the next one after the promotion gets.
on_standby "$cluster" kill
serve 2
check 'the primary is there alone' "$(away)" 200
check 'the change that will be lost' "$(poll; serves)" '200"fallthrough":{"variation":2}'
lost=$(header ETag)
"$cluster" kill
on_standby "$cluster" recover
check 'the standby is back' "$(away)" 200
check 'and serves what it has' "$(poll; serves; header ETag)" "200\"fallthrough\":{\"variation\":1}$changed"
check 'also those who have the lost change' "$(poll -H "If-None-Match: $lost"; serves)" '200"fallthrough":{"variation":1}'
on_standby "$cluster" promote
check 'it becomes the primary' "$(standby_sql -c 'SELECT pg_is_in_recovery()')" f
export PGHOST=$standby
check 'with the state that it had' "$(poll -H "If-None-Match: $changed")" 304
sql -c BEGIN -c "SELECT flagplane.update_flag('default', 'f', '[{\"op\": \"replace\", \"path\": \"/environments/production/on\", \"value\": false}]')" -c ROLLBACK >/dev/null
check 'a change that is rolled back is none' "$(poll -H "If-None-Match: $changed")" 304
serve 0
version() { sed 's/.*-\([0-9]*\)-.*/\1/' <<<"$1"; }
check 'the next change is seen by those who have the lost one' "$(poll -H "If-None-Match: $lost"; serves)" '200"fallthrough":{"variation":0}'
next=$(header ETag)
check 'it has the number of the lost one' "$(version "$next")" "$(version "$lost")"
check 'and is told apart from it' "$([ "$next" != "$lost" ] && poll -H "If-None-Match: $next")" 304
check 'evaluations go by it' "$(sql -c "SELECT flagplane.variation('default', 'production', 'f', '{\"key\": \"a\"}')")" '"first"'
check 'events are taken' "$(wait_for taken && echo taken)" taken
if grep -E 'PANIC|TRAP:|terminated by signal' "$primary/server.log" "$standby/server.log"; then check 'no crash' yes no; fi
echo "1..$number"
[ "$failures" = 0 ]
