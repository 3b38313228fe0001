#!/usr/bin/env bash
#
# The commands of doc/operations.md about clusters, as they stand there: from one server to a cluster, another node,
# an upgrade, and back. citus_update_node is run by failover.sh.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/nodes.bash"
. "$here/documented.bash"

# A cluster of its own nodes' making is taken apart first: the document begins with servers.
on coordinator >/dev/null -c "SELECT citus_remove_node('127.0.0.1', ${port[one]})" -c "SELECT citus_remove_node('127.0.0.1', ${port[two]})" -c 'CREATE EXTENSION flagplane CASCADE' -f "$tests/client/populate.sql"
on coordinator -f "$tests/../deploy/roles.sql"
project=$(on coordinator -c 'SELECT key FROM flagplane.projects ORDER BY key LIMIT 1')
token=$(on coordinator -c "SELECT flagplane.create_access_token('t', '{*}')->>'token'")
rows coordinator >"$work/before"
joined=(one two)
run_documented 'From one server to a cluster'
for node in coordinator one two; do rows "$node" | diff "$work/before" - || fail "each node of the cluster has every row"; done
ok "each node of the cluster has every row"
for node in one two; do
	same "the role reads on $node" "$(PGOPTIONS="$PGOPTIONS -c request.method=GET -c request.headers={\"x-api-key\":\"$token\"}" on "$node" -c 'SET ROLE flagplane_anonymous' -c 'SELECT key FROM flagplane.projects ORDER BY key LIMIT 1')" "$project"
done
run_documented 'Another node'
same "the node has shards" "$(on coordinator -c "SELECT count(*) > 0 FROM pg_dist_placement p JOIN pg_dist_node n ON n.groupid = p.groupid AND n.nodeport = ${port[three]} JOIN pg_dist_shard s ON s.shardid = p.shardid AND s.logicalrelid = 'flagplane_data.project'::regclass")" t
joined+=(three)
run_documented 'Upgrade of a cluster'
rows three | diff "$work/before" - || fail "the new node sees every row"
ok "the new node sees every row"
run_documented 'And back'
PGDATABASE=restored rows coordinator | diff "$work/before" - || fail "one server has every row again"
ok "one server has every row again"
same "with views that read the tables" "$(on coordinator -d restored -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'flagplane'::regnamespace AND relkind = 'v' AND pg_get_viewdef(oid) ~ 'view_rows'") $(on coordinator -d restored -c 'SELECT key FROM flagplane.projects ORDER BY key LIMIT 1')" "0 $project"
for node in coordinator one two three; do
	same "nothing is left on $node" "$(on "$node" -c "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'flagplane%'")" 0
done
echo "1..$number"
