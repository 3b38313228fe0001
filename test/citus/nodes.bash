# shellcheck shell=bash
# Sourced by what needs a cluster of Citus: makes one, of a coordinator and the workers one and
# two; three is a server that is not part of it yet. CITUS_OPTIONS holds lines for each
# node's postgresql.conf; with OWN_VERSIONS they have the files of extensions to themselves (client/versions.bash).
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
if [ -n "${OWN_VERSIONS:-}" ]; then
	. "$tests/client/versions.bash"
	export CLUSTER_POSTGRES=$program
fi
nodes=(coordinator one two three)
declare -A port
export PGUSER=postgres PGDATABASE=flagplane

same() { # what, got, expected
	if [ "$2" != "$3" ]; then
		printf '# got      %s\n# expected %s\n' "$2" "$3"
		fail "$1"
	fi
	ok "$1"
}

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

# home ACCOUNT: the port of the node that has an account's rows.
home() {
	on coordinator -v account="$1" <<-'SQL'
		SELECT n.nodeport FROM flagplane_data.account a JOIN pg_dist_placement p
			ON p.shardid = get_shard_id_for_distribution_column('flagplane_data.project', a.id)
			JOIN pg_dist_node n ON n.groupid = p.groupid WHERE a.key = :'account'
	SQL
}
# account_on NODE NAME: makes an account whose rows are on a node.
account_on() {
	local n
	for n in {1..200}; do
		on coordinator -c "SELECT flagplane.create_account('$2', 'A')" >/dev/null
		if [ "$(home "$2")" = "${port[$1]}" ]; then return; fi
		on coordinator -c "DELETE FROM flagplane_data.account WHERE key = '$2'"
	done
	fail "an account is on $1"
}

rows() { # the rows of all tables, as they are seen from a node, a line each
	on "$1" <<-'SQL'
		SELECT format('COPY (SELECT %L, t.* FROM %s t ORDER BY t::text) TO STDOUT', c.relname, c.oid::regclass)
		FROM pg_class c WHERE relnamespace = 'flagplane_data'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname
		\gexec
	SQL
}

kill_node() {
	local pid
	pid=$(head -1 "$work/$1/data/postmaster.pid")
	kill -KILL "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

# without_accidents ACCOUNT: answers without what differs from run to run.
without_accidents() {
	sed -E -e "s/^psql:[^ ]*: //; s/\\b$1\\b/<account>/g" \
		-e 's/fp_[0-9a-f]{8}_[0-9a-f]{16}_([0-9A-Za-z]{43})?/<token>/g; s/"token":"[0-9A-Za-z]{4}"/<ending>/g' \
		-e 's/sk_app_[0-9A-Za-z]{43}/<app key>/g; s/(sdk|mob)-[0-9a-f-]{36}/<\1 key>/g' \
		-e 's/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/<uuid>/g; s/[0-9a-f]{24,}/<id>/g' \
		-e 's/"_?accountId":"[0-9a-f]{8}"/<account>/g; s/org_[0-9a-f]{8}/<organization>/g; s/"nextCursor":"[^"]*"/"nextCursor":<cursor>/g; s/\b[12][0-9]{12}\b/<ms>/g; s/\b[12][0-9]{9}\b/<s>/g; s/20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+Z?/<time>/g; s/req_[0-9A-Z]{26}/<request>/g'
}

# A session of psql's, for what happens between two of its statements.
session() { # an account and a node: a psql to write to on descriptor 7 and to read from on 8
	mkfifo "$work/in" "$work/out"
	as "$1" "$2" -v ON_ERROR_STOP=0 <"$work/in" >"$work/out" 2>&1 &
	exec 7>"$work/in" 8<"$work/out"
	rm "$work/in" "$work/out"
}
say_to() { # SQL; waits until it is done
	local line
	printf '%s;\n\\echo done\n' "$1" >&7
	while read -r -t 60 line <&8; do
		if [ "$line" = done ]; then return; fi
		echo "$line"
	done
	fail "the session answers"
}
end_session() { exec 7>&- 8<&-; wait; }

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
