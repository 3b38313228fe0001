# shellcheck shell=bash
# Sourced by what needs a cluster of Citus: makes one, of a coordinator and the workers one and
# two; three is a server that is not part of it yet. CITUS_OPTIONS holds lines for each
# node's postgresql.conf.
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$tests/client/skip.bash"
. "$tests/client/rows.bash"
: "${PG_CONFIG:=$("$tests/cluster.sh" pg_config)}"
export PG_CONFIG
PATH=$("$PG_CONFIG" --bindir):$PATH
[ -f "$("$PG_CONFIG" --sharedir)/extension/citus.control" ] || skip "the server of $PG_CONFIG has no Citus: name one that has with PG_CONFIG"

# cluster.sh wants a short path that every user can reach.
work=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
chmod 755 "$work"
nodes=(coordinator one two three)
declare -A port
export PGUSER=postgres PGDATABASE=flagplane

cluster() { FLAGPLANE_CLUSTER=$work/$1 CLUSTER_PORT=${port[$1]} "$tests/cluster.sh" "$2"; }
stop_all() {
	local node
	for node in "${nodes[@]}"; do if [ -n "${port[$node]:-}" ]; then cluster "$node" stop || true; fi; done
	rm -rf "$work"
}
trap 'jobs -p | xargs -r kill 2>/dev/null; stop_all' EXIT

on() { # a node, and psql's arguments
	local node=$1
	shift
	PGHOST=$work/$node PGPORT=${port[$node]} sql "$@"
}
as() { # an account, a node, and psql's arguments
	local account=$1
	shift
	PGOPTIONS="$PGOPTIONS -c flagplane.account=$account" on "$@"
}

# Another program may take a port in between; then the next one is tried.
start_node() {
	local try
	for try in {1..20}; do
		port[$1]=$((20000 + RANDOM % 12000))
		if CLUSTER_OPTIONS="shared_preload_libraries = 'citus, flagplane'
max_worker_processes = 20
max_prepared_transactions = 100
track_functions = all
citus.node_conninfo = 'sslmode=disable'
citus.local_hostname = '127.0.0.1'
flagplane.rate_limits = off
${CITUS_OPTIONS:-}" cluster "$1" start 2>"$work/start.log"; then return; fi
	done
	cat "$work/start.log"
	fail "$1 starts"
}
for node in "${nodes[@]}"; do
	start_node "$node"
	on "$node" -d postgres -c 'CREATE DATABASE flagplane'
	on "$node" -c 'CREATE EXTENSION citus'
done
on coordinator >/dev/null -c "SELECT citus_set_coordinator_host('127.0.0.1', ${port[coordinator]})" \
	-c "SELECT citus_add_node('127.0.0.1', ${port[one]})" -c "SELECT citus_add_node('127.0.0.1', ${port[two]})"
