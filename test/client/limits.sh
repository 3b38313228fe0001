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
	SELECT h.status, count(*), h.headers - 'Content-Type' FROM generate_series(1, 200) g,
		LATERAL flagplane.handle('GET', '/api/v2/projects', jsonb_build_object('Authorization', :'token', 'n', g)) h GROUP BY 1, 3;
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
CLUSTER_OPTIONS="shared_preload_libraries = 'flagplane'
flagplane.rate_limit_period = '1d'
flagplane.rate_limit_tokens = 8" "$here/../cluster.sh" start
eval "$("$here/../cluster.sh" env)"
"$here/client" limits
