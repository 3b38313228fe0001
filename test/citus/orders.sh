#!/usr/bin/env bash
#
# Every operation in orders that seeds draw, of two accounts on two workers, called on all nodes in turn, while shards move
# and nodes are killed. Each answer must be the one of a plain database for the same calls in the same order; what is
# refused meanwhile is refused for the time being, and is done once it is asked for again under the same key.
# ORDERS_SEEDS and ORDERS_ROUNDS say which orders and how many times each call.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/nodes.bash"
seeds=${ORDERS_SEEDS:-1 2} rounds=${ORDERS_ROUNDS:-3}
make -s -C "$tests/client" PG_CONFIG="$PG_CONFIG" client

# What stands between calls, or runs beside them, is one of these functions, run by another shell.
move_account() { # an account, and the nodes that its shards move from and to; a node may fail meanwhile
	on coordinator >/dev/null -v account="$1" -v from="${port[$2]}" -v to="${port[$3]}" <<-'SQL' || return 0
		SELECT citus_move_shard_placement(get_shard_id_for_distribution_column('flagplane_data.project', a.id), '127.0.0.1', :from, '127.0.0.1', :to, 'block_writes')
		FROM flagplane_data.account a WHERE a.key = :'account'
	SQL
	touch "$work/moved"
}
write_hook() {
	{
		echo 'set -euo pipefail'
		declare -p port nodes work tests PGOPTIONS PGUSER PGDATABASE PG_CONFIG PATH
		declare -f sql on cluster kill_node move_account
		echo '"$@" 2>/dev/null'
	} >"$work/hook"
}

# orders SEED ACCOUNT ACCOUNT [AFTER:COMMAND]...: the calls of a seed, with commands after some of them.
orders() {
	perl "$here/orders.pl" "$1" "$rounds" "$work/operations" "$2,$3" "${nodes[@]}" | awk -v hook="bash $work/hook" '
		BEGIN { for (i = 1; i < ARGC; i++) { split(ARGV[i], part, ":"); command[part[1]] = part[2]; ARGV[i] = "" } }
		{ print }
		NR in command { print substr(command[NR], 1, 1) hook " " substr(command[NR], 2) }' "${@:4}"
}

# answers DATABASE: those of orders, in the order of their numbers, and in refused how often one was put off.
answers() {
	local node
	for node in "${nodes[@]}"; do
		export "NODE_$node=host=127.0.0.1 user=postgres dbname=$1 port=${port[$([ "$1" = flagplane ] && echo "$node" || echo coordinator)]}"
	done
	if ! "$tests/client/client" orders >"$work/answers"; then
		grep '^#' "$work/answers" | tail -3
		fail "every call is answered in the end"
	fi
	refused=$(sed -n 's/^# \([0-9]*\) refusals$/\1/p' "$work/answers")
	grep -v '^#' "$work/answers" | sort -n | without_accidents nobody >"$work/$1"
}

# tell DATABASE ACCOUNT: what an account then has: rows of each table, and its changes in the order of the feed.
tell() {
	as "$2" coordinator -d "$1" -v account="$2" <<-'SQL' | without_accidents nobody
		SELECT format('SELECT %L, count(*) FROM %s t JOIN flagplane_data.account a ON a.id = t.account_id AND a.key = %L', c.relname, c.oid::regclass, :'account')
		FROM pg_class c WHERE relnamespace = 'flagplane_data'::regnamespace AND relkind IN ('r', 'p') AND relname NOT IN ('account', 'audit_epoch') ORDER BY relname
		\gexec
		WITH RECURSIVE feed(page, n) AS (SELECT flagplane.changes("limit" => 1000), 1 UNION ALL SELECT flagplane.changes(page->>'nextCursor', 1000), n + 1 FROM feed WHERE (page->>'hasMore')::boolean)
		SELECT c->>'operation', c->>'target' FROM feed, json_array_elements(page->'items') WITH ORDINALITY i(c, m) ORDER BY n, m;
	SQL
}

on coordinator -d postgres -c 'CREATE DATABASE plain'
on coordinator -d plain -c 'CREATE EXTENSION flagplane CASCADE'
on coordinator >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c 'SELECT flagplane.distribute()' -c "SELECT citus_add_node('127.0.0.1', ${port[three]})" \
	-c "SELECT replicate_reference_tables('block_writes')"
on coordinator -F $'\t' -c 'SELECT name, changes FROM flagplane.operations()' >"$work/operations"
write_hook
for seed in $seeds; do
	echo "# seed $seed, $rounds rounds"
	one=one-$seed two=two-$seed
	on coordinator -d plain -c "SELECT flagplane.create_account('$one', 'A'), flagplane.create_account('$two', 'A')" >/dev/null
	account_on one "$one"
	account_on two "$two"
	answers plain < <(orders "$seed" "$one" "$two")
	same "seed $seed: on one server no call is put off" "$refused" 0
	answers flagplane < <(orders "$seed" "$one" "$two" "40:&move_account $one one three" '200:&kill_node two' '270:!cluster two recover' '330:&kill_node coordinator' '380:!cluster coordinator recover' \
		"430:&move_account $one three one" "440:&move_account $two two three" '500:&kill_node one' '550:!cluster one recover' "580:&move_account $two three two")
	diff "$work/plain" "$work/flagplane" || fail "seed $seed: on a cluster each call is answered as on one server"
	ok "seed $seed: on a cluster each call is answered as on one server, $refused times later"
	orders "$seed" "$one" "$two" | sed -nE 's/^([0-9]+)\t[^\t]*\t[^\t]*\t[^\t]*\t.*flagplane\.([a-z_]+)\(.*$/\1\t\2/p' | LC_ALL=C sort |
		LC_ALL=C join -t $'\t' - <(grep -vE $'^[0-9]+\t[^\t]*\t[0-9A-Z]{5}: ' "$work/flagplane" | LC_ALL=C sort) | cut -f 2 >>"$work/succeeded"
	[ "$refused" -gt 0 ] || fail "seed $seed: nodes that were killed are missed"
	for account in "$one" "$two"; do
		tell plain "$account" >"$work/expected"
		tell flagplane "$account" | diff "$work/expected" - || fail "seed $seed: $account has what it has on one server"
		ok "seed $seed: $account has what it has on one server, $(grep -c '|' "$work/expected") lines of it"
	done
done
[ -e "$work/moved" ] || fail "accounts have moved"
same "every operation has succeeded" "$(sort -u "$work/succeeded" | comm -13 - <(cut -f 1 "$work/operations" | sort))" ''

# What nodes that were killed have left.
on coordinator >/dev/null -c 'SELECT recover_prepared_transactions()' -c 'CALL citus_cleanup_orphaned_resources()'
for node in "${nodes[@]}"; do
	same "no prepared transaction is left on $node" "$(on "$node" -c 'SELECT count(*) FROM pg_prepared_xacts')" 0
	same "the doctor finds nothing wrong on $node" "$(on "$node" -c "SELECT finding FROM flagplane.doctor() WHERE severity = 'error'")" ''
done
if grep -hE 'PANIC|TRAP:|terminated by signal 1?[1-8]:' "$work"/*/server.log; then fail "no server crashed by itself"; fi
echo "1..$number"
