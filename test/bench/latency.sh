#!/usr/bin/env bash
# How long a kill switch takes: a flag is turned off and on again, and each kind of client tells when it sees
# that, over nginx and PostgREST with the deployed files. It takes less than two minutes.
#   CHANGES  how many changes (2)
set -euo pipefail
bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cluster=$bench/../cluster.sh
: "${CHANGES:=2}"
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
primary=$FLAGPLANE_CLUSTER
standby=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
chmod 755 "$primary" "$standby"
on_standby() { CLUSTER_PRIMARY=$primary PRIMARY_PORT=5432 FLAGPLANE_CLUSTER=$standby "$@"; }
trap '"$cluster" stop; on_standby "$cluster" stop' EXIT
CLUSTER_OPTIONS="shared_preload_libraries = 'flagplane'" "$cluster" start
eval "$("$cluster" env)"
database=flagplane_latency
# shellcheck source=test/client/stack.bash
. "$bench/../client/stack.bash"
pids=()
finish() {
	for pid in "${pids[@]}" $nginx_pid $rest_pid; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	"$cluster" stop
	on_standby "$cluster" stop
	rm -rf "$place"
}
trap finish EXIT
npm_packages "$place/npm" @launchdarkly/node-server-sdk@9.13.7 @launchdarkly/js-client-sdk@4.10.3 launchdarkly-js-client-sdk@3.9.5

sql -c "SELECT flagplane.create_project('default', 'Default')" \
	-c "SELECT flagplane.create_flag('default', 'switch', 'Switch', client_side_availability => '{\"usingEnvironmentId\": true}')" >/dev/null
environment() { sql -c "SELECT flagplane.get_environment('default', 'production')->>'$1'"; }
turn() { sql -c "SELECT flagplane.update_flag('default', 'switch', '{\"environmentKey\": \"production\", \"instructions\": [{\"kind\": \"turnFlag$1\"}]}')" >/dev/null; }
turn On
on_standby "$cluster" follow
PGHOST=$standby start_rest second
pids+=("$rest_pid")
second_port=$rest_port rest_pid= rest_port=
start_servers

mkdir "$place/site"
cp "$place/npm/node_modules/launchdarkly-js-client-sdk/dist/ldclient.min.js" "$place/site/v3.js"
cp "$place/npm/node_modules/@launchdarkly/js-client-sdk/dist/index.js" "$place/site/v4.js"
cat >"$place/site/page.html" <<HTML
<!DOCTYPE html><meta charset="utf-8"><title>page</title>
<script src="v3.js"></script>
<script type="module">
import { createClient } from './v4.js';
const context = { kind: 'user', key: 'ada' };
const tell = (name, client) => fetch('/saw?' + new URLSearchParams({ name, value: client.variation('switch', 'none'), at: Date.now() }));
const third = LDClient.initialize('$(environment _id)', context, { baseUrl: '$base', streamUrl: '$base', eventsUrl: '$base', streaming: true });
third.on('change', () => tell('browser SDK 3, streaming', third));
third.waitForInitialization(5).then(() => tell('browser SDK 3, streaming', third));
const fourth = createClient('$(environment _id)', context, { baseUri: '$base', streamUri: '$base', eventsUri: '$base', streaming: true });
fourth.on('change', () => tell('browser SDK 4, streaming', fourth));
fourth.start().then(() => tell('browser SDK 4, streaming', fourth));
</script>
HTML
NPM_PREFIX=$place/npm BASE=$base SECOND=http://127.0.0.1:$second_port KEY=$(environment apiKey) ID=$(environment _id) SITE=$place/site \
	node "$bench/latency.mjs" >"$place/saw" 2>"$place/node.log" &
pids+=($!)
wait_for grep -q '^site|' "$place/saw" || { cat "$place/node.log"; exit 1; }
clients=('nginx, flags of a context' 'nginx, all flags' 'standby, all flags' 'Node SDK, polling' 'Node SDK, streaming')
if command -v chromium >/dev/null; then
	chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-timer-throttling --remote-debugging-port=0 \
		--user-data-dir="$place/chromium" "http://127.0.0.1:$(sed -n 's/^site|//p' "$place/saw")/page.html" >"$place/chromium.log" 2>&1 &
	pids+=($!)
	clients+=('browser SDK 3, streaming' 'browser SDK 4, streaming')
else
	echo "without browsers: chromium is not installed"
fi

saw() { # a client, a value and since when, in milliseconds: prints when it saw it first
	awk -F'|' -v name="$1" -v value="$2" -v since="$3" '$1 == name && $2 == value && $3 >= since { print $3; found = 1; exit } END { exit !found }' "$place/saw"
}
all_saw() { # a value, and since when
	local client
	for client in "${clients[@]}"; do saw "$client" "$1" "$2" >/dev/null || return 1; done
}
until_all_saw() { # within so many seconds
	local end=$((SECONDS + $3))
	until all_saw "$1" "$2"; do
		[ "$SECONDS" -lt "$end" ] || { echo "not every client has seen $1:"; tail -n 20 "$place/saw"; exit 1; }
		sleep 0.2
	done
}
until_all_saw true 0 20
# Streams that end are asked for again after longer and longer times, up to that which stays.
sleep 32

declare -A seconds
value=true
for ((round = 0; round < CHANGES; round++)); do
	if [ "$value" = true ]; then value=false; turn Off; else value=true; turn On; fi
	committed=$(date +%s%3N)
	[ "$(sql -c "SELECT flagplane.bool_variation('default', 'production', 'switch', '{\"key\": \"ada\"}', NULL)")" = "${value:0:1}" ] ||
		{ echo "the statement after the commit does not see it"; exit 1; }
	# A client on this machine may have been told before psql was.
	until_all_saw "$value" $((committed - 100)) 60
	for client in "${clients[@]}"; do
		seconds[$client]+=$(awk -v seen="$(saw "$client" "$value" $((committed - 100)))" -v committed="$committed" 'BEGIN { printf "%8.2f", (seen > committed) ? (seen - committed) / 1000 : 0 }')
	done
done
echo "seconds from the commit until a client sees it, $CHANGES changes"
printf '%-32s%s\n' 'variation() in SQL' '    the next statement'
for client in "${clients[@]}"; do printf '%-32s%s\n' "$client" "${seconds[$client]}"; done
