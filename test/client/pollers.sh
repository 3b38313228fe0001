#!/usr/bin/env bash
# A hundred SDKs poll while flags are changed, all ask at once, and the server is killed: nobody is refused, nobody is
# told of a failure but while there is no server, and all end with the newest version.
set -euo pipefail
database=flagplane_pollers
# shellcheck source=test/client/load.bash
. "$(dirname "${BASH_SOURCE[0]}")/load.bash"
sql -c "SELECT flagplane.create_project('default', 'Default')" \
	-c "SELECT flagplane.create_flag('default', 'flag-' || i, 'Flag') FROM generate_series(1, 20) i" >/dev/null
mapfile -t keys < <(sql -c "SELECT flagplane.get_environment('default', e)->>'apiKey' FROM unnest(ARRAY['production', 'test']) e")
start_servers

# Each poller has a URI of its own, so that the cache of nginx answers no other one.
start_pollers 100 100 240 'GET /sdk/latest-all?poller=%d' "${keys[@]}"
settle() { mapfile -t newest < <(tags "${keys[@]}") && tell settle "${newest[@]}"; }
good='* 503=0 2xx=0 3xx=0 4xx=0 5xx=0 lost=0 *'

check 'all are sent what there is' "$(settle)" settled
phase=$(tell phase start)
check 'and nothing else' "$phase" "$good"
check 'each for the first time' "$(figure 200 "$phase")" 100

for ((i = 1; i <= 20; i++)); do
	sql -c "SELECT flagplane.update_flag('default', 'flag-$i', '{\"environments\": {\"production\": {\"on\": true}, \"test\": {\"trackEvents\": true}}}')" >/dev/null
done
check 'all see the last of many changes' "$(settle)" settled
tell await 304 500 >/dev/null
check 'and nothing else' "$(tell phase changes)" "$good"

tell forget >/dev/null
check 'all that ask at once' "$(tell await 200 100)" there
check 'are sent it' "$(settle)" settled
check 'and nothing else' "$(tell phase herd)" "$good"

kill_server
check 'without a server' "$(tell await 503 300)" there
check 'it is a failure for the moment' "$(tell phase killed)" '* 2xx=0 3xx=0 4xx=0 5xx=0 lost=0 *'
recover_server
sql -c "SELECT flagplane.update_flag('default', 'flag-1', '{\"environments\": {\"production\": {\"on\": false}, \"test\": {\"on\": true}}}')" >/dev/null
check 'all see what is changed afterwards' "$(settle)" settled
check 'none was refused meanwhile' "$(tell phase recovery)" '* 2xx=0 3xx=0 4xx=0 5xx=0 lost=0 *'
# What is left of a pool's connections to the server that was killed fails once each.
for ((i = 0; i < 50; i++)); do
	tell await 304 200 >/dev/null
	phase=$(tell phase later)
	if [ "$(figure 503 "$phase")" = 0 ]; then break; fi
done
check 'and then it is as before' "$phase" "$good"
stop_pollers
check 'the log tells of no crash' "$(grep -cE 'PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log" || true)" 0
exit "$((failures > 0))"
