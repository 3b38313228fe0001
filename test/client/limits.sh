#!/usr/bin/env bash
# Rate limits and counters: none on a server that has not preloaded the library;
# then "client limits" on a server of its own that has.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PGOPTIONS='-c client_min_messages=warning'
database=flagplane_limits
dropdb --force --if-exists "$database"
createdb "$database"
without=$(psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" <<-'SQL'
	CREATE EXTENSION flagplane CASCADE;
	SELECT flagplane.create_access_token('t', role => 'reader')->>'token' AS token \gset
	SELECT preloaded, rate_limits, tokens_max, tokens, settings->>'flagplane.rate_limits' FROM flagplane.status();
	SELECT count(*) FROM flagplane.stats;
	SELECT flagplane.reset_stats();
	SELECT h.status, count(*), h.headers - '{Content-Type,ETag}'::text[] FROM generate_series(1, 200) g,
		LATERAL flagplane.handle('GET', '/api/v2/projects', jsonb_build_object('Authorization', :'token', 'n', g::text)) h GROUP BY 1, 3;
SQL
)
dropdb --force "$database"
if [ "$without" != $'f|f|0|0|on\n0\n\n200|200|{}' ]; then
	echo "not ok - without preloading nothing is limited and nothing counted: $without"
	exit 1
fi
echo "ok - without preloading nothing is limited and nothing counted"

FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
chmod 755 "$FLAGPLANE_CLUSTER"
trap '"$here/../cluster.sh" stop' EXIT
preload="shared_preload_libraries = 'flagplane'
flagplane.rate_limit_period = '1d'"
no_crash() {
	if grep -E 'PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log"; then
		echo "not ok - the server's log tells of a crash"
		exit 1
	fi
}
CLUSTER_OPTIONS="$preload
flagplane.rate_limit_tokens = 8" "$here/../cluster.sh" start
eval "$("$here/../cluster.sh" env)"
"$here/client" limits
no_crash
"$here/../cluster.sh" stop

# Eight backends race for the budgets of tokens by the limiter alone: 120 reads of each pass.
CLUSTER_OPTIONS=$preload "$here/../cluster.sh" start
make -s -C "$here/../bench" PG_CONFIG="$PG_CONFIG"
install -m 755 "$here/../bench/limiter.so" "$FLAGPLANE_CLUSTER/limiter.so"
psql -X -q -c "CREATE FUNCTION limiter_race(tokens int) RETURNS bigint LANGUAGE c AS '$FLAGPLANE_CLUSTER/limiter.so'"
passed=$(for ((i = 0; i < 8; i++)); do psql -X -q -At -c 'SELECT limiter_race(5000)' & done | awk '{ sum += $1 } END { print sum }')
no_crash
if [ "$passed" != 600000 ]; then
	echo "not ok - 600000 calls of 5000 tokens pass, whoever races for them: $passed"
	exit 1
fi
echo "ok - 600000 calls of 5000 tokens pass, whoever races for them"
