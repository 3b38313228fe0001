#!/usr/bin/env bash
#
# What a cluster of Citus costs: full creates through its coordinator against those in a plain
# database of the same server, in pairs of rounds, with fsync and synchronous_commit on.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
: "${ROUNDS:=5}" "${SECONDS_EACH:=2}"
CITUS_OPTIONS="fsync = on
shared_buffers = 256MB
max_wal_size = 4GB
checkpoint_timeout = 1h
track_functions = none" . "$here/../citus/nodes.bash"
. "$here/scripts.sh"
database=flagplane
on coordinator -d postgres -c 'CREATE DATABASE plain'
for name in plain flagplane; do
	on coordinator -d "$name" >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c "SELECT flagplane.create_project('bench', 'Bench')"
done
on coordinator >/dev/null -c 'SELECT flagplane.distribute()'
export PGHOST=$work/coordinator PGPORT=${port[coordinator]}

# rate DATABASE SCRIPT: transactions a second, with a token of that database.
declare -A headers_of
for name in plain flagplane; do
	headers_of[$name]="-c request.method=POST -c request.headers={\"x-api-key\":\"$(sql -d "$name" -c "SELECT flagplane.create_access_token('bench', role => 'writer')->>'token'")\"}"
done
account='' project='' token=''
make_scripts
rate() {
	PGOPTIONS="$PGOPTIONS ${headers_of[$1]}" pgbench -n -M prepared -T "$SECONDS_EACH" -f "$scripts/$2.sql" "$1" | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}
heading
for script in layer environment; do
	ratios=() ours=() other=()
	for ((i = 0; i <= ROUNDS; i++)); do
		a=$(rate flagplane "ours_$script")
		b=$(rate plain "ours_$script")
		# The first pair warms up.
		if [ "$i" != 0 ]; then ours+=("$a") other+=("$b") ratios+=("$(awk "BEGIN { print $b / $a }")"); fi
	done
	line "cluster of three / plain, full create_$script, latency" "$(printf '%s\n' "${ours[@]}" | median)" "$(printf '%s\n' "${other[@]}" | median)" \
		"$(printf '%s\n' "${ratios[@]}" | median)" '<=5' 4
done
