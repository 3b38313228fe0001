#!/usr/bin/env bash
#
# Standbys take over: a worker's, then the coordinator's. What they had is there, calls go on on all nodes, and what was
# refused meanwhile is done under the same key. Then transactions that a server which failed has left prepared.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# Citus would finish prepared transactions by itself, at some time or other.
CITUS_OPTIONS='citus.recover_2pc_interval = -1'
. "$here/nodes.bash"
. "$here/documented.bash"

standby_of() { # a node: NODE_standby follows it
	local try name=$1_standby
	nodes+=("$name")
	for try in {1..20}; do
		port[$name]=$((20000 + RANDOM % 12000))
		if CLUSTER_PRIMARY=$work/$1 PRIMARY_PORT=${port[$1]} cluster "$name" follow 2>"$work/start.log"; then return; fi
	done
	cat "$work/start.log"
	fail "$name starts"
}
arrived() { # that a node's standby has all of it
	local lsn
	lsn=$(on "$1" -c 'SELECT pg_current_wal_flush_lsn()')
	PGHOST=$work/$1_standby PGPORT=${port[$1_standby]} until_true "$1's standby has arrived" flagplane "SELECT pg_last_wal_replay_lsn() >= '$lsn'"
}
status() { as "$1" "$2" -c "SELECT status FROM flagplane.handle('$3', '$4', body => '${5:-null}')" 2>/dev/null; }
# take_over NODE: its standby is promoted and put in its place, as doc/operations.md says, in so many milliseconds.
take_over() {
	local began node=$1 on=coordinator other
	began=$(date +%s%3N)
	cluster "$1_standby" promote
	if [ "$1" = coordinator ]; then on=coordinator_standby; fi
	replaced=${port[$1]} replacement=${port[$1_standby]} documented 'Failover of a node' >"$work/commands"
	on "$on" >/dev/null -f "$work/commands"
	port[$node]=${port[$1_standby]}
	rm -rf "${work:?}/$node"
	ln -s "$1_standby" "$work/$node"
	echo "# $(($(date +%s%3N) - began)) ms"
	# Citus tells the other nodes a moment later.
	for other in coordinator one two; do
		PGHOST=$work/$other PGPORT=${port[$other]} until_true "$other learns where $1 is now" flagplane "SELECT EXISTS (SELECT FROM pg_dist_node WHERE nodeport = ${port[$1]})"
	done
}

on coordinator >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c 'SELECT flagplane.distribute()'
account_on one here
account_on two there
for account in here there; do
	as "$account" one >/dev/null -c "SELECT flagplane.create_project('p', 'P')" -c "SELECT flagplane.create_flag('p', 'f', 'F')"
done
standby_of two
standby_of coordinator

# create NODE N: a layer of there's, by the request N.
create() { as there "$1" -v ON_ERROR_STOP=0 -c "SELECT flagplane.create_layer('p', 'l$2', 'L', '', idempotency_key => '10000000-0000-4000-8000-00000000000$2')->>'key'" 2>&1; }
feed() { as there "$1" -c "SELECT string_agg(c->>'target', ' ') FROM json_array_elements(flagplane.changes('$cursor')->'items') c"; }
same "a change" "$(create coordinator 1)" l1
# A session that has been called often enough to know where the account is.
session there one
for n in {1..12}; do say_to "SELECT flagplane.create_layer('p', 'before-$n', 'B', '')" >/dev/null; done
cursor=$(as there one -c "SELECT flagplane.changes(\"limit\" => 1000)->>'nextCursor'")

# What a standby answers: all that is read, of accounts on other nodes too, and no change.
arrived two
arrived coordinator
for node in two_standby coordinator_standby; do
	for account in here there; do
		same "$node reads for $account" "$(as "$account" "$node" -c "SELECT flagplane.get_flag('p', 'f')->>'key'" -c 'SELECT key FROM flagplane.projects' -c "SELECT flagplane.bool_variation('p', 'test', 'f', '{\"key\": \"u\"}', true)" \
			-c "SELECT status FROM flagplane.handle('GET', '/sdk/latest-all', jsonb_build_object('Authorization', flagplane.get_environment('p', 'test')->>'apiKey'))" | tr '\n' ' ')" 'f p f 200 '
		same "and refuses to change" "$(status "$account" "$node" POST /api/v2/projects '{"key": "q", "name": "Q"}')" 405
	done
done

# The worker fails, and its standby takes over.
same "a session is open" "$(say_to "SELECT flagplane.get_layer('p', 'l1')->>'key'")" l1
rows coordinator >"$work/before"
kill_node two
same "its accounts are refused, the others go on" "$(status there coordinator GET /api/v2/projects/p) $(status here coordinator GET /api/v2/projects/p)" '503 200'
case $(create one 2) in *ERROR*) ok "a change is refused" ;; *) fail "a change is refused" ;; esac
take_over two
rows coordinator | diff "$work/before" - || fail "the worker's standby has every row"
ok "the worker's standby has every row"
same "what was answered is replayed, what was refused is done" "$(create two 1) $(create coordinator 2)" 'l1 l2'
same "a session that was there goes on" "$(say_to "SELECT flagplane.create_layer('p', 'l3', 'L', '', idempotency_key => '10000000-0000-4000-8000-000000000003')->>'key'")" l3
end_session
for node in coordinator one two; do same "the feed goes on from its cursor on $node" "$(feed "$node")" 'proj/p:layer/l2 proj/p:layer/l3'; done
same "in an epoch of its own" "$(on coordinator -c "SELECT count(*) FROM flagplane_data.audit_epoch e JOIN flagplane_data.account a ON a.id = e.account_id WHERE a.key = 'there'")" 2

# The coordinator fails: workers go on without it, but for new accounts and what looks over all of them.
arrived coordinator
kill_node coordinator
same "workers go on without the coordinator" "$(create one 4) $(create two 5)" 'l4 l5'
case $(on one -v ON_ERROR_STOP=0 -c "SELECT flagplane.create_account('new', 'N')" 2>&1) in *ERROR*) ok "but no account can be made" ;; *) fail "but no account can be made" ;; esac
take_over coordinator
same "its standby goes on where it was" "$(create coordinator 1) $(create coordinator 6) $(feed coordinator)" "l1 l6 $(printf 'proj/p:layer/l%s ' 2 3 4 5 6 | sed 's/ $//')"
same "accounts can be made again, on a worker too" "$(on two -c "SELECT flagplane.create_account('new', 'N')->>'key'")" new
on coordinator >/dev/null -c "SELECT citus_add_node('127.0.0.1', ${port[three]})" -c "SELECT replicate_reference_tables('block_writes')" -c "SELECT citus_move_shard_placement(get_shard_id_for_distribution_column('flagplane_data.project', a.id), '127.0.0.1', ${port[two]}, '127.0.0.1', ${port[three]}, 'block_writes')
	FROM flagplane_data.account a WHERE a.key = 'there'"
same "the cluster is what it was: a node is added and takes shards over" "$(home there) $(create three 7)" "${port[three]} l7"
for node in coordinator one two three; do same "the doctor finds nothing wrong on $node" "$(on "$node" -c "SELECT finding FROM flagplane.doctor() WHERE severity = 'error'")" ''; done

# A coordinator that failed between the two phases of a commit, before it had decided and after: its workers wait for it.
shard=$(on coordinator -c "SELECT get_shard_id_for_distribution_column('flagplane_data.project', a.id) FROM flagplane_data.account a WHERE a.key = 'there'")
on three -c "ALTER SYSTEM SET lock_timeout = '200ms'" -c 'SELECT pg_reload_conf()' >/dev/null
name() { as there one -c 'SELECT name FROM flagplane.projects'; }
for outcome in 'is rolled back:P' 'is committed:left'; do
	on three -c 'SET citus.enable_manual_changes_to_shards = on' -c 'BEGIN' -c "UPDATE flagplane_data.project_$shard SET name = 'left' WHERE key = 'p'" -c "PREPARE TRANSACTION 'citus_0_4000000000_4000000000_1'"
	if [ "${outcome#*:}" = left ]; then
		on coordinator -c "INSERT INTO pg_dist_transaction (groupid, gid) SELECT groupid, 'citus_0_4000000000_4000000000_1' FROM pg_dist_node WHERE nodeport = ${port[three]}"
	fi
	same "what a prepared transaction has changed cannot be changed, and can be read" "$(status there one PATCH /api/v2/projects/p '[{"op": "replace", "path": "/name", "value": "New"}]') $(name)" '503 P'
	same "it ${outcome%:*} by recover_prepared_transactions()" "$(on coordinator -c 'SELECT recover_prepared_transactions()') $(name) $(on three -c 'SELECT count(*) FROM pg_prepared_xacts')" "1 ${outcome#*:} 0"
	same "then the change is made" "$(status there one PATCH /api/v2/projects/p '[{"op": "replace", "path": "/name", "value": "P"}]') $(name)" '200 P'
done
if grep -hE 'PANIC|TRAP:|terminated by signal 1?[1-8]:' "$work"/*/server.log; then fail "no server crashed by itself"; fi
echo "1..$number"
