#!/usr/bin/env bash
#
# The ratios of the design: create_environment and create_layer against their PL/pgSQL
# twin on the same tables and against the bare INSERT, in interleaved rounds of
# pgbench; medians. Then assign() against its twins, the instructions, the
# evaluation of flags against SDKs, and many SDKs against the whole path.
# Only ratios count: the machine may be busy with other things.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
: "${ROUNDS:=5}" "${SECONDS_EACH:=2}" "${CALLS:=1000000}" "${UNITS:=1000000}"
. "$here/scripts.sh"
trap 'PGDATABASE=postgres dropdb --force --if-exists "$database"; rm -rf "$scripts"' EXIT
make_database
make_scripts

# round SCRIPT CLIENTS OPTIONS: transactions a second.
round() {
	reset
	PGOPTIONS=$(options_of "$1" "$3") pgbench -n -M prepared -c "$2" -j "$2" -T "$SECONDS_EACH" -f "$scripts/$1.sql" |
		sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

heading

# compare NAME A B CLIENTS OPTIONS KIND MUST AIM: latency ratios are B's rate over A's.
# A ratio is taken of each round's pair, so that a machine that is faster at one time
# than at another does not count.
compare() {
	local ours="" other="" ratios="" a b i
	for ((i = 0; i < ROUNDS; i++)); do
		a=$(round "$2" "$4" "$5")
		b=$(round "$3" "$4" "$5")
		ours+=$a$'\n'
		other+=$b$'\n'
		ratios+=$(echo "$a $b" | awk -v kind="$6" '{ print kind == "latency" ? $2 / $1 : $1 / $2 }')$'\n'
	done
	line "$1" "$(printf %s "$ours" | median)" "$(printf %s "$other" | median)" "$(printf %s "$ratios" | median)" "$7" "$8"
}

echo "(ours and other in transactions a second; medians of $ROUNDS rounds, ratios of each round's pair)"
compare "full call / twin, latency, commit async" ours_environment twin_environment 1 "-c synchronous_commit=off" latency "<=0.70" 0.60
compare "full call / twin, latency, commit sync" ours_environment twin_environment 1 "" latency "<=0.82" 0.74
compare "full transaction / bare INSERT, latency, async" ours_layer bare_layer 1 "-c synchronous_commit=off" latency "-" "-"
compare "REST body by handle / named arguments, latency" rest_environment ours_environment 1 "-c synchronous_commit=off" latency "<=1.15" 1.05
compare "8 clients, own keys / twin, throughput, async" ours_environment twin_environment 8 "-c synchronous_commit=off" rate ">=1.4" 1.7
compare "8 clients, one key / twin with handler, throughput" ours_same twin_same 8 "-c synchronous_commit=off" rate ">=3" 4

# The rate limiter by itself, and a token that all clients use.
make -s -C "$here" PG_CONFIG="${PG_CONFIG:-pg_config}"
install -m 755 "$here/limiter.so" "$FLAGPLANE_CLUSTER/limiter.so"
sql -c "CREATE FUNCTION limiter_nanoseconds(calls int) RETURNS float8 LANGUAGE c AS '$FLAGPLANE_CLUSTER/limiter.so'" \
	-c "CREATE FUNCTION limiter_claim() RETURNS boolean LANGUAGE c AS '$FLAGPLANE_CLUSTER/limiter.so'"
echo 'SELECT limiter_claim()' >"$scripts/hot.sql"
echo 'SELECT 1' >"$scripts/select.sql"
compare "8 clients, one token in the rate limiter / SELECT 1" hot select 8 "" rate ">=0.95" 0.99
nanoseconds=$(for ((i = 0; i < ROUNDS; i++)); do sql -c 'SELECT limiter_nanoseconds(10000000)'; done | median)
printf '%-56s %10.1f %10s %8s %8s %6s\n' "rate limiter, nanoseconds a call" "$nanoseconds" - - "<=40" 30

# Many calls in one transaction.
reset
sql -v calls="$CALLS" -f "$here/many.sql"

# Which experiment is a unit in?
reset
sql -c "SELECT flagplane.create_environment('bench', 'bench-assign', 'Bench', 'DADBEE')" >/dev/null
sql -v units="$UNITS" -v rounds="$ROUNDS" -f "$here/assign.sql"

# The instructions, on a server of their own.
reset
"$here/instructions.sh"

# A cluster of Citus, where the server has it.
"$here/citus.sh" || [ $? = 77 ]

# How long does a kill switch take? On servers of its own.
make -s -C "$here/../client" PG_CONFIG="${PG_CONFIG:-pg_config}" bridge
"$here/latency.sh" || [ $? = 77 ]

# What is a context served?
# shellcheck source=test/bench/variation.sh
. "$here/variation.sh"

# Many SDKs, on a server of their own.
"$here/load.sh"
