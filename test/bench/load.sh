#!/usr/bin/env bash
#
# Many SDKs against nginx, PostgREST and the database of this machine. How many polls that are answered 304 go through
# all three, beside calls of a function that does nothing; then 1,000 pollers for a minute: flags are changed, all ask
# at once, the server is killed and comes back. Everything goes over the loopback interface.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
: "${ROUNDS:=5}" "${SECONDS_EACH:=2}" "${POLLERS:=1000}" "${LOAD_SECONDS:=60}" "${FLAGS:=100}" "${POLL_INTERVAL:=5000}"
ulimit -n "$(ulimit -Hn)"
make -s -C "$here/../client" PG_CONFIG="${PG_CONFIG:-pg_config}" pollers bridge
database=flagplane_load
load_options="fsync = on
shared_buffers = 256MB"
. "$here/report.bash"
# shellcheck source=test/client/load.bash
. "$here/../client/load.bash"

sql -c "SELECT flagplane.create_project('default', 'Default')" -c "SELECT flagplane.create_flag('default', 'flag-1', 'Flag', is_flag_on => true)" >/dev/null
sql -c "SELECT flagplane.update_flag('default', 'flag-1', '{\"environments\": {\"production\": {\"rules\":
		[{\"variation\": 0, \"clauses\": [{\"attribute\": \"country\", \"op\": \"in\", \"values\": [\"de\", \"fr\"]}]}]}}}')" \
	-c "SELECT flagplane.create_flag('default', 'flag-' || i, 'Flag', clone => 'flag-1') FROM generate_series(2, $FLAGS) i" \
	-c 'CREATE FUNCTION flagplane.nothing(bytea) RETURNS void LANGUAGE sql STABLE BEGIN ATOMIC SELECT; END' \
	-c 'GRANT EXECUTE ON FUNCTION flagplane.nothing TO flagplane_anonymous' -c 'VACUUM ANALYZE' >/dev/null
key=$(sql -c "SELECT flagplane.get_environment('default', 'production')->>'apiKey'")

nginx_connections=$((4 * POLLERS + 100))
cached_by_nginx='' not_cached='s|proxy_cache flagplane_sdk;|proxy_cache off;|'
nginx_edit=$not_cached start_servers
through=$(command -v postgrest >/dev/null && echo PostgREST || echo bridge)

postmaster() { head -1 "$FLAGPLANE_CLUSTER/data/postmaster.pid"; }
processes() { echo "$1" "$(ps -o pid= --ppid "$1")"; }
# Processor time in ticks of all that a request goes through.
ticks() {
	local pid sum=0
	for pid in $(processes "$(postmaster)") $(processes "$rest_pid") $(processes "$nginx_pid"); do
		sum=$((sum + $(awk '{ print $14 + $15 }' "/proc/$pid/stat")))
	done
	echo "$sum"
}

settle() { mapfile -t newest < <(tags "$key") && tell settle "${newest[@]}" >/dev/null; }

# rate ASKED KEY STATUS: how many answers a second 32 connections get, which all have that status, and the microseconds
# of processor time that each of them takes.
rate() {
	local phase before answers
	start_pollers 32 0 600 "$1" "$2"
	# All know the tag; only the first of them, while nginx has others wait for its answer, may be sent anything.
	if [ "$3" = 304 ]; then settle; fi
	tell await "$3" 1000 >/dev/null
	tell phase warm >/dev/null
	before=$(ticks)
	sleep "$SECONDS_EACH"
	phase=$(tell phase measured)
	answers=$(figure answers "$phase")
	[ "$answers" = "$(figure "$3" "$phase")" ] || { echo "not all answers were $3: $phase" >&2; exit 1; }
	echo "$(figure rate "$phase") $(((($(ticks) - before) * 1000000 / $(getconf CLK_TCK)) / answers))"
	stop_pollers
}
heading
polls='' calls=''
for ((i = 0; i < ROUNDS; i++)); do
	polls+=$(rate 'GET /sdk/latest-all?poller=%d' "$key" 304)$'\n'
	calls+=$(rate 'POST /rpc/nothing' - 2xx)$'\n'
done
# of COLUMN ROUNDS; compared NAME COLUMN MUST AIM
of() { awk -v column="$1" '{ print $column }' <<<"${2%$'\n'}"; }
compared() {
	line "$1" "$(of "$2" "$polls" | median)" "$(of "$2" "$calls" | median)" "$(paste <(of "$2" "$polls") <(of "$2" "$calls") | awk '{ print $1 / $2 }' | median)" "$3" "$4"
}
compared "304 / empty RPC, a second, nginx and $through" 1 ">=0.90" 0.95
compared "the same, microseconds of processor time" 2 "<=1.11" 1.05

# The deployed configuration keeps an answer for a second: what one key and URI asks more often is nginx's alone.
stop_nginx() { kill "$nginx_pid" && wait "$nginx_pid" || true; }
stop_nginx
nginx_edit=$cached_by_nginx start_nginx
line "304 a second, one key, kept by nginx" "$(rate "GET /sdk/latest-all" "$key" 304 | cut -d" " -f1)" 0 0 - -

# Private memory in kB of the server's processes, and of what is in front of it.
memory() {
	local pid sum=0
	for pid in $(processes "$1"); do
		sum=$((sum + $(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")))
	done
	echo "$sum"
}
memories() { printf '%s %s\n' postgres "$(memory "$(postmaster)")" "$through" "$(memory "$rest_pid")" nginx "$(memory "$nginx_pid")"; }

told() { # PHASE: what a phase was like
	local phase
	phase=$(tell phase "$1")
	echo "$phase"
	case $phase in *' 4xx=0 5xx=0 lost=0 '*) ;; *) echo "somebody was refused"; exit 1 ;; esac
	if [ "${2:-}" != killed ] && [ "$(figure 503 "$phase")" != 0 ]; then echo "somebody was told of a failure"; exit 1; fi
}
change() { sql -c "SELECT flagplane.update_flag('default', 'flag-$((i % FLAGS + 1))', '{\"environments\": {\"production\": {\"trackEvents\": $([ $((i / FLAGS % 2)) = 0 ] && echo true || echo false)}}}')" >/dev/null; }

echo "($POLLERS pollers every $POLL_INTERVAL ms, each with a URI of its own, $FLAGS flags; latencies in ms)"
start_pollers "$POLLERS" "$POLL_INTERVAL" 600 'GET /sdk/latest-all?poller=%d' "$key"
# All ask at once, flags are changed, nothing changes: a third of the time.
i=0
third() {
	local until
	settle
	told "all-at-once-$1"
	for ((until = SECONDS + LOAD_SECONDS / 6; SECONDS < until; i++)); do
		change
		sleep 1
	done
	settle
	told "changes-$1"
	sleep $((LOAD_SECONDS / 6))
	told "unchanged-$1"
}
third 1
before=$(memories)
tell forget >/dev/null
third 2
after=$(memories)
kill_server
tell await 503 "$POLLERS" >/dev/null
told server-killed killed
recover_server
change
settle
told recovery killed
while phase=$(tell phase afterwards) && [ "$(figure 503 "$phase")" != 0 ]; do sleep "$((LOAD_SECONDS / 12))"; done
stop_pollers
echo "(private memory in kB, after the same load for the second and the first time)"
paste <(echo "$before") <(echo "$after") | while read -r name a _ b; do
	line "memory of $name" "$b" "$a" "$(echo "$b $a" | awk '{ print $1 / $2 }')" "$([ "$name" = postgres ] && echo "<=1.10" || echo -)" 1.00
done
