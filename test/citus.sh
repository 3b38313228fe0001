#!/usr/bin/env bash
#
# A real Citus cluster: a coordinator and two workers, a third one later, all on this
# machine. Every operation, function and view must do there, on each node, what it does in
# a plain database. Servers fail, rows move, and everything comes back to one server.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/citus/nodes.bash"
ok "three nodes with Citus $(on coordinator -c "SELECT extversion FROM pg_extension WHERE extname = 'citus'")"

# calls ACCOUNT NODE: the answers to all calls.
calls() { as "$1" "$2" "${@:3}" -v ON_ERROR_STOP=0 -f "$here/citus/calls.sql" 2>&1 | without_accidents "$1"; }
# views ACCOUNT NODE: what roles without rights on the rows then read.
views() {
	local id
	id=$(on "${@:2}" -v account="$1" <<<"SELECT id FROM flagplane_data.account WHERE key = :'account'")
	as "$1" "${@:2}" -v ON_ERROR_STOP=0 -f "$here/citus/views.sql" 2>&1 | sed "s/\\b$id\\b/<account>/g" | without_accidents "$1" |
		sed -E 's/\|[0-9]+\|[0-9]+\|[0-9]+\|<time>/|<place>|<time>/' | LC_ALL=C sort
}

# What is right: a plain database.
on coordinator -d postgres -c 'CREATE DATABASE plain'
on coordinator -d plain >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c "SELECT flagplane.create_account('expected', 'E')"
calls expected coordinator -d plain >"$work/expected"
same "the calls meet every refusal that they should" "$(grep -c '^ERROR' "$work/expected") $(grep -cE '^[0-9A-Z]{5}$' "$work/expected")" "$(grep -c '^.echo' "$here/citus/calls.sql") $(grep -c '^.echo' "$here/citus/calls.sql")"

# The roles of deploy/roles.sql, whose GRANTs each node needs for itself; expected is what they read of a plain database.
grep -vE '^(CREATE|ALTER) ROLE|^GRANT (pg_monitor|flagplane_anonymous) ' "$here/../deploy/roles.sql" >"$work/grants.sql"
grant() { on "$1" "${@:2}" -c 'SET citus.enable_ddl_propagation = off' -f "$work/grants.sql"; }

# Without the right to log in on the other nodes, or away from the coordinator, nothing is distributed.
on coordinator >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -f "$here/client/populate.sql"
as before coordinator >/dev/null -c "SET flagplane.account = 'default'; SELECT flagplane.create_account('before', 'Before')"
on coordinator -f "$here/../deploy/roles.sql"
grant coordinator -d plain
views expected coordinator -d plain >"$work/expected.views"
same "the roles read every view" "$(cut -d"|" -f 1,2 "$work/expected.views" | grep -E "\|(all|backend)$" | sort -u | wc -l)" "$((2 * $(on coordinator -c "SELECT count(*) - 2 FROM pg_views WHERE schemaname = 'flagplane'")))"
calls before coordinator | diff "$work/expected" - || fail "before it is distributed the database is plain"
# A session that has its plans already.
session before coordinator
for n in 1 2; do say_to "SELECT flagplane.create_layer('p', 'earlier-$n', 'E', ''); SELECT flagplane.get_layer('p', 'earlier-$n')" >/dev/null; done
rows coordinator >"$work/before"
same "distribute() takes every table" "$(on coordinator -c 'SELECT flagplane.distribute()')" "$(on coordinator -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'flagplane_data'")"
same "a second time there is nothing left to do" "$(on coordinator -c 'SELECT flagplane.distribute()')" 0
rows coordinator | diff "$work/before" - || fail "every row that was there is there"
ok "every row that was there is there"
rows one | diff "$work/before" - || fail "another node sees the same rows"
ok "another node sees the same rows"
same "a session that was there goes on" "$(say_to "SELECT flagplane.create_layer('p', 'later', 'L', '')->>'key'; SELECT flagplane.get_layer('p', 'earlier-2')->>'key'" | tr '\n' ' ')" 'later earlier-2 '
same "with its changes in order" "$(say_to "SELECT string_agg(c->>'target', ' ') FROM json_array_elements(flagplane.changes(\"limit\" => 1000)->'items') c WHERE c->>'target' ~ '(earl|lat)'")" \
	'proj/p:layer/earlier-1 proj/p:layer/earlier-2 proj/p:layer/later'
end_session
same "no node but the coordinator distributes" "$(on one -v ON_ERROR_STOP=0 -c 'SELECT flagplane.distribute()' 2>&1)" "ERROR:  distribute is to be called on the coordinator"
same "or drops shards" "$(on one -v ON_ERROR_STOP=0 -c 'SELECT flagplane.drop_shards()' 2>&1)" "ERROR:  drop_shards is to be called on the coordinator"

# complete NODE: that there each operation has succeeded, and each function has been called.
complete() {
	same "every operation has succeeded on $1" "$(on "$1" -c "SELECT o.name FROM flagplane.operations() o LEFT JOIN flagplane.stats s ON s.operation = o.name WHERE coalesce(s.calls - s.errors, 0) = 0")" ''
	# A session's counts are there when it is gone.
	PGHOST=$work/$1 PGPORT=${port[$1]} until_true "the sessions on $1 have ended" "$PGDATABASE" "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'psql'"
	same "every function has been called on $1" "$(on "$1" -c "SELECT p.oid::regprocedure FROM pg_proc p LEFT JOIN pg_stat_user_functions f ON f.funcid = p.oid
		WHERE p.pronamespace = 'flagplane'::regnamespace AND p.proname NOT IN ('distribute', 'drop_shards') AND coalesce(f.calls, 0) = 0")" ''
}

for node in one two; do grant "$node"; done

# Every call, on each node, for an account that is there and for one that is not.
account_on one here
account_on two there
account_on one away
for call in "coordinator here" "one away" "two there"; do
	read -r node account <<<"$call"
	on "$node" >/dev/null -c 'SELECT flagplane.reset_stats(), pg_stat_reset()'
	calls "$account" "$node" >"$work/got"
	diff "$work/expected" "$work/got" || fail "$node answers as a plain database does"
	ok "$node answers as a plain database does"
	complete "$node"
	views "$account" "$node" | diff "$work/expected.views" - || fail "on $node roles without rights on the rows read what they do in a plain database"
	ok "on $node roles without rights on the rows read what they do in a plain database"
done

# One account from all nodes in turn: a key is claimed once, a name is taken once, and the feed has each change once, in order.
key=10000000-0000-4000-8000-00000000000
for n in 1 2 3 4 5 6; do
	first=$(as here "${nodes[n % 3]}" -c "SELECT flagplane.create_layer('p', 'turn-$n', 'T', '', idempotency_key => '$key$n')")
	for node in coordinator one two; do
		[ "$(as here "$node" -c "SELECT flagplane.create_layer('p', 'turn-$n', 'T', '', idempotency_key => '$key$n')")" = "$first" ] || fail "$node replays what another node answered"
		[[ $(as here "$node" -v ON_ERROR_STOP=0 -c "SELECT flagplane.create_layer('p', 'turn-$n', 'T', '')" 2>&1) = *'already exists'* ]] || fail "$node finds what another node made"
	done
done
ok "what one node answers the others replay, and what one makes the others find"
same "all of it is one epoch of the audit log" "$(on coordinator -c "SELECT count(*) FROM flagplane_data.audit_epoch g JOIN flagplane_data.account a ON a.id = g.account_id WHERE a.key = 'here'")" 1
for node in coordinator one two; do
	same "the feed read on $node has each change once, in order" "$(as here "$node" -c "SELECT string_agg(c->>'target', ' ') FROM json_array_elements(flagplane.changes(\"limit\" => 1000)->'items') c WHERE c->>'target' ~ 'turn'")" \
		"$(printf 'proj/p:layer/turn-%s ' 1 2 3 4 5 6 | sed 's/ $//')"
done

# Settings of a new environment: those of 16 flags are inserted one by one, those of more by one statement.
as away two >/dev/null -c "SELECT flagplane.create_project('few', 'F')" -c "SELECT count(flagplane.create_flag('few', 'f' || n, 'F', is_flag_on => n % 2 = 0)) FROM generate_series(1, 16) n" \
	-c "SELECT flagplane.create_environment('few', 'sixteen', 'S', '000000', source => '{\"key\": \"test\"}')" -c "SELECT flagplane.create_flag('few', 'f17', 'F')" \
	-c "SELECT flagplane.create_environment('few', 'seventeen', 'S', '000000', source => '{\"key\": \"test\"}')"
same "new environments have the settings of few flags, and of many" "$(on coordinator -c "SELECT count(*), count(*) FILTER (WHERE c.is_on), count(DISTINCT c.salt), count(*) FILTER (WHERE c.salt = s.salt) >= 16, bool_and((c.is_on, c.rules, c.fallthrough, c.off_variation) IS NOT DISTINCT FROM (s.is_on, s.rules, s.fallthrough, s.off_variation))
	FROM flagplane_data.environment e JOIN flagplane_data.flag_environment c ON c.account_id = e.account_id AND c.environment_id = e.id AND e.key IN ('sixteen', 'seventeen')
	JOIN flagplane_data.flag_environment s ON s.account_id = c.account_id AND s.flag_id = c.flag_id
	JOIN flagplane_data.environment t ON t.account_id = s.account_id AND t.id = s.environment_id AND t.key = 'test' AND t.project_id = e.project_id
	GROUP BY e.key" | sort -u)" '17|8|17|t|t'

# What has expired goes, on all nodes, and no more than is asked for.
on coordinator -c "UPDATE flagplane_data.idempotency_key SET expires_at = '2020-01-01'"
expired=$(on coordinator -c 'SELECT count(*) FROM flagplane_data.idempotency_key')
same "purge() removes as many as it is told" "$(on one -c 'SELECT flagplane.purge(3)')" 3
same "and what is left" "$(on coordinator -c 'SELECT flagplane.purge()' -c 'SELECT count(*) FROM flagplane_data.idempotency_key' | tr '\n' ' ')" "$((expired - 3)) 0 "

# Transactions that are open on one node, while another one commits and reads.
told() { as here "$1" -c "SELECT string_agg(c->>'target', ' ') FROM json_array_elements(flagplane.changes('$cursor')->'items') c"; }
cursor=$(as here one -c "SELECT flagplane.changes(\"limit\" => 1000)->>'nextCursor'")
session here two
say_to 'BEGIN' >/dev/null
say_to "SELECT flagplane.create_layer('p', 'begun-first', 'F', '')" >/dev/null
as here coordinator >/dev/null -c "SELECT flagplane.create_layer('p', 'committed-first', 'F', '')"
for node in coordinator one two; do same "on $node the feed waits for a transaction that is open on another node" "$(told "$node")" ''; done
say_to 'COMMIT' >/dev/null
for node in coordinator one two; do same "then $node tells both, in the order of the feed" "$(told "$node")" "proj/p:layer/begun-first proj/p:layer/committed-first"; done
end_session

# A node is added and takes shards over; what it is given goes on, and new accounts live on it.
cursor=$(as here one -c "SELECT flagplane.changes(\"limit\" => 1000)->>'nextCursor'")
rows coordinator >"$work/before"
on coordinator >/dev/null -c "SELECT citus_add_node('127.0.0.1', ${port[three]})"
[ "$(on three -c "SELECT extversion FROM pg_extension WHERE extname = 'flagplane'")" ] || fail "the new node has the extension"
on coordinator >/dev/null -c "SELECT replicate_reference_tables('block_writes')" -c "SELECT citus_move_shard_placement(get_shard_id_for_distribution_column('flagplane_data.project', a.id), '127.0.0.1', ${port[one]}, '127.0.0.1', ${port[three]}, 'block_writes')
	FROM flagplane_data.account a WHERE a.key = 'here'" -c "SELECT rebalance_table_shards('flagplane_data.project', shard_transfer_mode => 'block_writes')"
same "the account has moved" "$(home here)" "${port[three]}"
rows coordinator | diff "$work/before" - || fail "nothing is lost by moving"
rows three | diff "$work/before" - || fail "the new node sees all rows"
ok "a node is added, takes shards over, and no row is lost"
for node in three one two coordinator; do as here "$node" >/dev/null -c "SELECT flagplane.create_layer('p', 'moved-$node', 'M', '')"; done
for node in three coordinator; do
	same "after the move the feed goes on from its cursor on $node" "$(told "$node")" "proj/p:layer/moved-three proj/p:layer/moved-one proj/p:layer/moved-two proj/p:layer/moved-coordinator"
done
same "the node that has the rows begins an epoch of its own" "$(on coordinator -c "SELECT count(*), count(*) FILTER (WHERE is_current) FROM flagplane_data.audit_epoch g JOIN flagplane_data.account a ON a.id = g.account_id WHERE a.key = 'here'")" '2|1'
# A transaction that has begun to read keeps its account where it is: what it changes then is not lost.
move_here() { # from a node to another
	on coordinator >/dev/null -c "SELECT citus_move_shard_placement(get_shard_id_for_distribution_column('flagplane_data.project', a.id), '127.0.0.1', ${port[$1]}, '127.0.0.1', ${port[$2]}, 'block_writes') FROM flagplane_data.account a WHERE a.key = 'here'"
}
session here one
say_to 'BEGIN' >/dev/null
say_to "SELECT flagplane.get_project('p')->>'key'" >/dev/null
move_here three one &
move=$!
until [ "$(on one -c "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query ~ 'lock_shard_metadata' AND wait_event_type = 'Lock')")" = t ]; do
	kill -0 "$move" 2>/dev/null || break
done
same "it goes on while a move waits for it" "$(say_to "SELECT flagplane.create_layer('p', 'while-moved', 'W', '')->>'key'") $(kill -0 "$move" && echo waits)" 'while-moved waits'
say_to 'COMMIT' >/dev/null
wait "$move"
end_session
same "then the account is moved, with what was changed" "$(home here) $(as here two -c "SELECT flagplane.get_layer('p', 'while-moved')->>'key'")" "${port[one]} while-moved"
move_here one three
# A session that has changed an account often learns that it is elsewhere, and back where it was: each time an epoch of its own, above those before.
for node in coordinator two; do
	session here "$node"
	for n in {1..12}; do say_to "SELECT flagplane.create_layer('p', 'to-and-fro-$node-$n', 'T', '')" >/dev/null; done
	move_here three one
	say_to "SELECT flagplane.create_layer('p', 'to-and-fro-$node-there', 'T', '')" >/dev/null
	move_here one three
	say_to "SELECT flagplane.create_layer('p', 'to-and-fro-$node-back', 'T', '')" >/dev/null
	end_session
	same "an account that comes back begins an epoch, for a session on $node that knew the one before" "$(on coordinator -c "SELECT count(DISTINCT epoch), array_agg(target ORDER BY at) = array_agg(target ORDER BY epoch, xid, ordinal) FROM flagplane_data.audit_log WHERE target LIKE 'proj/p:layer/to-and-fro-$node-%'")" '3|t'
done
account_on three new
on three >/dev/null -c 'SELECT flagplane.reset_stats(), pg_stat_reset()'
calls new three | diff "$work/expected" - || fail "the new node answers as a plain database does"
ok "the new node answers as a plain database does"
complete three
grant three
views new three | diff "$work/expected.views" - || fail "and so do the views there"
ok "and so do the views there"

# A worker dies in the middle of a transaction. Accounts on other workers go on, those on it are refused, and nothing is half there.
account_on two doomed
as doomed coordinator >/dev/null -c "SELECT flagplane.create_project('p', 'P')"
session doomed coordinator
say_to 'BEGIN' >/dev/null
say_to "SELECT flagplane.create_layer('p', 'half', 'H', '', idempotency_key => '20000000-0000-4000-8000-000000000001')" >/dev/null
kill_node two
say_to 'COMMIT' >"$work/got"
grep -q ERROR "$work/got" || fail "a commit on a dead worker is refused: $(cat "$work/got")"
ok "a commit on a dead worker is refused"
end_session
same "over REST the answer is 503, and its transaction commits" "$(as doomed coordinator -c 'BEGIN' -c "SELECT status, headers->>'Retry-After' IS NOT NULL, body->>'code' FROM flagplane.handle('POST', '/api/v2/projects/p/layers', body => '{\"key\": \"refused\", \"name\": \"R\", \"description\": \"\"}')" -c 'COMMIT' 2>/dev/null)" '503|t|service_unavailable'
same "so it is for what is only read" "$(as doomed one -c "SELECT status FROM flagplane.handle('GET', '/api/v2/projects/p')" 2>/dev/null)" 503
same "no account can be made" "$(on coordinator -c "SELECT status FROM flagplane.handle('GET', '/v1/whoami')" >/dev/null 2>&1; on coordinator -v ON_ERROR_STOP=0 -c "SELECT flagplane.create_account('not-now', 'N')" 2>&1 | grep -c ERROR)" 1
for call in 'count(*) FROM flagplane.doctor()' 'flagplane.purge()'; do
	same "what looks over all accounts is refused: $call" "$(on coordinator -v ON_ERROR_STOP=0 -c "SELECT $call" 2>&1 | grep -c ERROR)" 1
done
same "accounts on other workers go on" "$(as here coordinator -c "SELECT flagplane.create_layer('p', 'alive', 'A', '')->>'key'")" alive
cluster two recover
same "once it is back there is nothing of what was refused" "$(as doomed coordinator -c "SELECT key FROM flagplane.layers" -c "SELECT count(*) FROM flagplane.audit WHERE operation = 'create_layer'" -c "SELECT count(*) FROM flagplane_data.idempotency_key k JOIN flagplane_data.account a ON a.id = k.account_id WHERE a.key = 'doomed'" -c "SELECT count(*) FROM flagplane_data.account WHERE key = 'not-now'" | tr '\n' ' ')" '0 0 0 '
same "and the same request under the same key is done" "$(as doomed one -c "SELECT flagplane.create_layer('p', 'half', 'H', '', idempotency_key => '20000000-0000-4000-8000-000000000001')->>'key'")" half

# One connection a node has one snapshot of it: what pg_dump reads of an account is of one moment.
dump_options="-c citus.max_adaptive_executor_pool_size=1"
PGOPTIONS="$PGOPTIONS $dump_options" session here coordinator
say_to 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' >/dev/null
count_of() { say_to "COPY (SELECT count(*) FROM flagplane_data.$1) TO STDOUT"; }
layers=$(count_of layer)
as here one >/dev/null -c "SELECT flagplane.create_layer('p', 'while-dumped', 'W', '')"
same "a dump sees nothing of what is made while it runs" "$(say_to "COPY (SELECT count(*) FROM flagplane_data.audit_log WHERE target = 'proj/p:layer/while-dumped') TO STDOUT") $(count_of layer)" "0 $layers"
end_session

# Back to one server: the coordinator's dump, without Citus, has every row.
rows coordinator >"$work/before"
PGOPTIONS="$PGOPTIONS $dump_options" PGHOST=$work/coordinator PGPORT=${port[coordinator]} pg_dump --extension=flagplane --extension=btree_gist --file="$work/dump" flagplane
on coordinator -d postgres -c 'CREATE DATABASE back'
on coordinator -d back -f "$work/dump" >/dev/null
PGDATABASE=back rows coordinator | diff "$work/before" - || fail "the coordinator's dump restores every row into a plain database"
ok "the coordinator's dump restores every row into a plain database"
same "which goes on" "$(as doomed coordinator -d back -c "SELECT flagplane.create_layer('p', 'half', 'H', '', idempotency_key => '20000000-0000-4000-8000-000000000001')->>'key'" -c "SELECT flagplane.create_layer('p', 'back', 'B', '')->>'key'" | tr '\n' ' ')" 'half back '

# The extension goes, and leaves nothing on any node.
same "drop_shards() drops those of every table" "$(on coordinator -c 'SELECT flagplane.drop_shards()')" "$(on coordinator -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'flagplane_data'")"
# Citus removes what shards that were moved have left behind some time later, or when it is told to.
on coordinator -c 'CALL citus_cleanup_orphaned_resources()' >/dev/null
on coordinator -c 'DROP EXTENSION flagplane'
for node in "${nodes[@]}"; do
	same "DROP EXTENSION leaves nothing on $node" "$(on "$node" -c "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname LIKE 'flagplane%'" -c "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'flagplane%'" | tr '\n' ' ')" '0 0 '
done
if grep -hE 'PANIC|TRAP:|terminated by signal 1?[1-8]:' "$work"/*/server.log; then fail "no server crashed"; fi

# And again, from a dump to a cluster: rows that are restored are distributed.
on coordinator -c 'DROP TABLE public.secret' -f "$work/dump" >/dev/null
on coordinator >/dev/null -c 'SELECT flagplane.distribute(8)'
rows one | diff "$work/before" - || fail "what was restored is distributed"
ok "what was restored is distributed"
echo "1..$number"
