#!/usr/bin/env bash
# The database and what is before it end at once and come back under SDKs that poll: none of them
# is told anything but what is true or to come again, and LaunchDarkly's SDK for Node goes on.
set -euo pipefail
cluster=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)/cluster.sh
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
chmod 755 "$FLAGPLANE_CLUSTER"
trap '"$cluster" stop' EXIT
CLUSTER_OPTIONS="shared_preload_libraries = 'flagplane'" "$cluster" start
eval "$("$cluster" env)"
database=flagplane_restart
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"
pollers=()
finish() {
	touch "$place/stop"
	for pid in "${pollers[@]}" ${node_pid:-} $nginx_pid $rest_pid; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
	"$cluster" stop
	rm -rf "$place"
}
trap finish EXIT

sql -c "SELECT flagplane.create_project('default', 'Default')" \
	-c "SELECT flagplane.create_flag('default', 'switch', 'Switch', client_side_availability => '{\"usingEnvironmentId\": true}')" >/dev/null
environment() { sql -c "SELECT flagplane.get_environment('default', 'production')->>'$1'"; }
SDK=$(environment apiKey) ID=$(environment _id)
turn() { sql -c "SELECT flagplane.update_flag('default', 'switch', '{\"environmentKey\": \"production\", \"instructions\": [{\"kind\": \"turnFlag$1\"}]}')" >/dev/null; }
start_servers

# PostgREST waits for some seconds before it tries to connect again.
wait_long() { wait_for "$@" || wait_for "$@" || wait_for "$@" || wait_for "$@"; }

# Pollers ask as fast as they are answered, each by a URI of its own, past the cache of nginx; the status
# is 000 where nobody listens.
poll() { # a number, and the rest of the request
	local count=0
	until [ -e "$place/stop" ]; do
		count=$((count + 1))
		curl -s -o /dev/null -w '%{http_code}\n' "${@:2}&$1-$count" || true
	done >"$place/poller-$1"
}
context=$(printf '{"kind": "user", "key": "a"}' | base64 -w0)
start_pollers() {
	rm -f "$place/stop" "$place"/poller-*
	poll 1 -H "Authorization: $SDK" "$base/sdk/latest-all?" &
	pollers=($!)
	poll 2 -H "Authorization: $SDK" -H 'If-None-Match: *' "$base/sdk/latest-all?" &
	pollers+=($!)
	poll 3 "$base/sdk/evalx/$ID/contexts/$context?" &
	pollers+=($!)
	poll 4 -H "Authorization: $SDK" "$base/all?" &
	pollers+=($!)
	poll 5 -X POST -H "Authorization: $SDK" -H 'Content-Type: application/json' -d '[]' "$base/bulk?" &
	pollers+=($!)
	wait_for each_has '20[02]|304'
}
each_has() { # a status, since it was looked at last
	for file in "$place"/poller-*; do grep -qE "$1" <(tail -n 3 "$file") || return 1; done
}
stop_pollers() {
	touch "$place/stop"
	for pid in "${pollers[@]}"; do wait "$pid"; done
	pollers=()
}
statuses() { sort -u "$place"/poller-* | tr '\n' ' '; }
status() { ask "$base/sdk/latest-all?$(date +%s%N)" -H "Authorization: $SDK" "$@"; }

# LaunchDarkly's SDK, where npm has it: what it evaluates, again and again, is in a file.
node_sees() { [ "$(tail -n 1 "$place/seen" 2>/dev/null)" = "$1" ]; }
turn On
if command -v node >/dev/null && command -v npm >/dev/null &&
	timeout 120 npm install --prefix "$place/npm" --ignore-scripts --no-audit --no-fund --fetch-retries 0 @launchdarkly/node-server-sdk@9.13.7 >/dev/null 2>&1; then
	NPM_PREFIX=$place/npm BASE=$base KEY=$SDK node "$here/restart.mjs" >"$place/seen" 2>"$place/node.log" &
	node_pid=$!
	check 'the SDK for Node has the flags' "$(wait_for node_sees true && echo yes)" yes
elif [ "${CI:-}" = true ] && command -v npm >/dev/null; then
	check 'npm installs the SDK for Node' no yes
else
	echo "# without the SDK for Node: npm does not install it"
fi

start_pollers
"$cluster" kill
check 'while the database is away' "$(wait_for each_has 503 && echo 503)" 503
check 'a poll is told when to come again' "$(status; body; header Retry-After)" '503{"code":"service_unavailable",*}1'
check 'events too' "$(ask -X POST "$base/bulk" -H "Authorization: $SDK" -d '[]'; header Retry-After)" 5031
check 'a browser may read that' "$(ask "$base/sdk/evalx/$ID/contexts/$context?x"; header Access-Control-Allow-Origin)" '503\*'
"$cluster" recover
check 'it is back' "$(wait_long each_has '20[02]|304' && echo back)" back
stop_pollers
check 'nothing else was said to anybody' "$(statuses)" '200 202 304 503 '
if [ -n "${node_pid:-}" ]; then
	turn Off
	check 'the SDK for Node sees the next change' "$(wait_for node_sees false && echo yes)" yes
	check 'and never had no value' "$(sort -u "$place/seen" | tr '\n' ' ')" 'false true '
fi

start_pollers
kill -KILL "$(head -1 "$FLAGPLANE_CLUSTER/data/postmaster.pid")"
check 'after kill -9' "$(wait_for each_has 503 && echo 503)" 503
"$cluster" recover
check 'it is back' "$(wait_long each_has '20[02]|304' && echo back)" back
stop_pollers
check 'nothing else was said to anybody' "$(statuses)" '200 202 304 503 '

# A backend that is killed takes all of them along; the server goes on by itself.
start_pollers
victim=$(sql -c "SELECT pid FROM pg_stat_activity WHERE usename = 'flagplane_authenticator' LIMIT 1")
started=$(sql -c 'SELECT pg_postmaster_start_time()')
kill -KILL "$victim"
gone() { ! kill -0 "$victim" 2>/dev/null; }
check 'a backend is killed' "$(wait_for gone && echo gone)" gone
check 'it is back' "$(wait_long each_has '20[02]|304' && echo back)" back
check 'the server has not been started again' "$(wait_for sql -c 'SELECT 1' && sql -c 'SELECT pg_postmaster_start_time()')" "$started"
stop_pollers
check 'nothing else was said to anybody' "$(statuses)" '200 202 304*'
check 'and no refusal' "$(cat "$place"/poller-* | grep -c '^4' || true)" 0

# What is before the database: nginx, then PostgREST.
kill "$nginx_pid" && wait "$nginx_pid" || true
check 'nobody listens' "$(status || true)" 000
nginx -p "$place" -c "$place/nginx.conf" 2>>"$place/nginx.err" &
nginx_pid=$!
check 'nginx is back' "$(wait_for curl -s -f -H "Authorization: $SDK" "$base/sdk/latest-all" && echo back)" back
if [ -n "${node_pid:-}" ]; then
	turn On
	check 'the SDK for Node goes on' "$(wait_for node_sees true && echo yes)" yes
fi
start_pollers
kill -KILL "$rest_pid" && wait "$rest_pid" 2>/dev/null || true
rest_pid=
check 'PostgREST is killed' "$(wait_for each_has 503 && echo 503)" 503
stop_pollers
check 'nothing else was said to anybody' "$(statuses)" '200 202 304 503 '
if grep -E 'PANIC|TRAP:' "$FLAGPLANE_CLUSTER/server.log"; then check 'no crash' yes no; fi
echo "1..$number"
[ "$failures" = 0 ]
