#!/usr/bin/env bash
# What a server that has preloaded the library counts by environment: requests of SDKs, what the
# caches of compiled flags do, and more environments than there are places for.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PGOPTIONS='-c client_min_messages=warning'
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
chmod 755 "$FLAGPLANE_CLUSTER"
trap '"$here/../cluster.sh" stop' EXIT
CLUSTER_OPTIONS="shared_preload_libraries = 'flagplane'" "$here/../cluster.sh" start
eval "$("$here/../cluster.sh" env)"
. "$here/rows.bash"
database=flagplane_environment_stats
createdb "$database"
here_sql() { sql -d "$database" "$@"; }
same() { # what, what came, what was expected
	[ "$2" = "$3" ] || { printf 'got      %s\nexpected %s\n' "$2" "$3"; fail "$1"; }
	ok "$1"
}

here_sql >/dev/null <<'SQL'
CREATE EXTENSION flagplane CASCADE;
CREATE FUNCTION ask(method text, uri text, headers jsonb DEFAULT '{}', body text DEFAULT '[]') RETURNS int LANGUAGE sql AS
	$$ SELECT (flagplane.handle(method, uri, headers, body)).status $$;
CREATE FUNCTION environment(key text, member text) RETURNS text LANGUAGE sql AS
	$$ SELECT flagplane.get_environment('default', key)->>member $$;
CREATE VIEW counts AS SELECT account_key, project_key, environment_key, requests, polls, not_modified, refused, payloads,
	cache_hits, cache_misses, cache_evictions, cache_bytes > 0 AS cached FROM flagplane.environment_stats;
SELECT flagplane.create_project('default', 'Default');
SELECT flagplane.create_flag('default', k, k) FROM unnest(ARRAY['f', 'g']) k;
SELECT flagplane.create_account('acme', 'Acme');
SET flagplane.account = 'acme';
SELECT flagplane.create_project('default', 'Other');
SQL
same 'nothing is counted of what nobody asked for' "$(here_sql -c 'SELECT * FROM counts')" ''

# One session is one backend, and one cache.
got=$(here_sql <<'SQL'
SELECT environment('production', 'apiKey') AS key, environment('production', '_id') AS id, environment('production', 'mobileKey') AS mobile \gset
\echo polls
SELECT ask('GET', '/sdk/latest-all', jsonb_build_object('authorization', :'key', 'if-none-match', t)) FROM unnest(ARRAY['"x"', '"y"', '*', '*', '*']) t;
SELECT * FROM counts;
\echo other requests
SELECT ask('GET', '/all', jsonb_build_object('authorization', :'key')), ask('GET', '/sdk/goals/' || :'id'), ask('GET', '/ping/' || :'id'),
	ask('GET', '/sdk/poll', jsonb_build_object('authorization', :'key')), ask('POST', '/bulk', jsonb_build_object('authorization', :'key')),
	ask('GET', '/sdk/evalx/' || :'id' || '/users/eyJrZXkiOiJhIn0'), ask('GET', '/msdk/evalx/users/eyJrZXkiOiJhIn0', jsonb_build_object('authorization', :'mobile'));
SELECT * FROM counts;
\echo refused, and not known
SELECT ask('GET', '/sdk/evalx/' || :'id' || '/users/x'), ask('POST', '/bulk', jsonb_build_object('authorization', :'key'), '1'),
	ask('GET', '/sdk/flags/none', jsonb_build_object('authorization', :'key')), ask('GET', '/sdk/latest-all', jsonb_build_object('authorization', :'mobile')),
	ask('GET', '/sdk/goals/' || repeat('0', 24));
SELECT * FROM counts;
\echo what is rolled back is counted
BEGIN;
SELECT ask('GET', '/sdk/latest-all', jsonb_build_object('authorization', :'key', 'if-none-match', '*'));
ROLLBACK;
SELECT requests, polls, not_modified FROM counts;
\echo evaluations use the cache once a query
SELECT flagplane.variation('default', 'production', 'f', '{"key": "a"}') FROM generate_series(1, 3);
SELECT requests, payloads, cache_hits, cache_misses FROM counts;
\echo a change is another state
SELECT flagplane.update_flag('default', 'f', '{"environmentKey": "production", "instructions": [{"kind": "turnFlagOn"}]}') IS NOT NULL;
SELECT flagplane.variation('default', 'production', 'f', '{"key": "a"}');
SELECT payloads, cache_hits, cache_misses, cache_evictions FROM counts;
\echo what the transaction alone sees is not in the cache
BEGIN;
SELECT flagplane.update_flag('default', 'f', '{"environmentKey": "production", "instructions": [{"kind": "turnFlagOff"}]}') IS NOT NULL;
SELECT flagplane.variation('default', 'production', 'f', '{"key": "a"}');
ROLLBACK;
SELECT payloads, cache_hits, cache_misses, cache_evictions FROM counts;
\echo what does not fit is dropped
SET flagplane.payload_cache = 0;
SELECT flagplane.variation('default', 'production', 'f', '{"key": "a"}');
SELECT cache_hits, cache_misses, cache_evictions, cached FROM counts;
RESET flagplane.payload_cache;
SELECT flagplane.variation('default', 'production', 'f', '{"key": "a"}');
SELECT cache_misses, cache_evictions, cached FROM counts;
SELECT payload_time > 0 AND payload_time < 60000, last_request BETWEEN since AND now(), since <= now() FROM flagplane.environment_stats;
SQL
)
same 'what is counted of an environment' "$got" 'polls
200
200
304
304
304
default|default|production|5|5|3|0|1|1|1|0|t
other requests
200|200|200|501|202|200|200
default|default|production|12|8|3|0|2|4|1|0|t
refused, and not known
400|400|404|401|404
default|default|production|15|10|3|3|2|4|1|0|t
what is rolled back is counted
304
16|11|4
evaluations use the cache once a query
false
false
false
16|2|5|1
a change is another state
t
true
2|5|2|0
what the transaction alone sees is not in the cache
t
false
2|5|2|0
what does not fit is dropped
true
5|3|2|f
true
4|2|t
t|t|t'
gone() { [ "$(here_sql -c 'SELECT sum(cache_bytes) FROM flagplane.environment_stats')" = 0 ]; }
tries=0
until gone; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || fail 'what a backend had in its cache goes with it'
	sleep 0.1
done
ok 'what a backend had in its cache goes with it'

# Whose rows who sees.
here_sql >/dev/null <<'SQL'
SET flagplane.account = 'acme';
SELECT flagplane.variation('default', 'test', 'f', '{"key": "a"}');
CREATE ROLE of_acme;
ALTER ROLE of_acme SET flagplane.role_account = 'acme';
CREATE ROLE of_nobody;
ALTER ROLE of_nobody SET flagplane.role_account = 'nobody';
CREATE ROLE watcher;
GRANT pg_monitor TO watcher;
CREATE ROLE stranger;
GRANT USAGE ON SCHEMA flagplane, flagplane_data TO of_acme, of_nobody;
GRANT USAGE ON SCHEMA flagplane TO watcher, stranger;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO of_acme, of_nobody, watcher, stranger;
GRANT SELECT ON flagplane.environment_stats TO of_acme, of_nobody, watcher, stranger;
SQL
sees() { here_sql -c "SET ROLE $1" -c "SELECT account_key, environment_key FROM flagplane.environment_stats ORDER BY 1" 2>&1 || true; }
same 'who may watch the server sees all accounts' "$(sees watcher)" $'acme|test\ndefault|production'
same 'a role that is bound to an account sees that' "$(sees of_acme)" 'acme|test'
same 'or nothing' "$(sees of_nobody)" ''
case $(sees stranger) in
	*'environment_stats is for database roles with the privileges of pg_monitor or rights on the data') ok 'nobody else does' ;;
	*) fail 'nobody else does' ;;
esac
here_sql -c "SELECT flagplane.create_environment('default', 'kept', 'Kept', '000000'), flagplane.delete_environment('default', 'production')" >/dev/null
same 'an environment that is gone has no name' "$(here_sql -c 'SELECT account_key, project_key, environment_key, length(environment_id) FROM flagplane.environment_stats WHERE requests > 0')" '|||24'
createdb flagplane_elsewhere
sql -d flagplane_elsewhere -c 'CREATE EXTENSION flagplane CASCADE'
same 'another database sees nothing of it' "$(sql -d flagplane_elsewhere -c 'SELECT * FROM flagplane.environment_stats')" ''
sql -d flagplane_elsewhere -c 'SELECT flagplane.reset_stats()' >/dev/null
same 'nor does it reset it' "$(here_sql -c 'SELECT max(requests) FROM flagplane.environment_stats')" 16
here_sql -c 'SELECT flagplane.reset_stats()' >/dev/null
same 'reset_stats() begins anew' "$(here_sql -c 'SELECT sum(requests + polls + not_modified + refused + payloads + cache_hits + cache_misses + cache_evictions), count(last_request), bool_and(since > now() - interval $$1 minute$$) FROM flagplane.environment_stats')" '0|0|t'

# More environments than places: each request is counted, those of the others together.
here_sql >/dev/null <<'SQL'
SELECT flagplane.create_project('many' || p, 'Many', environments => (SELECT jsonb_agg(jsonb_build_object('key', 'e' || e, 'name', 'E', 'color', '000000')) FROM generate_series(1, 64) e))
FROM generate_series(1, 70) p;
SQL
asked=$(here_sql -c "SELECT count(*) FROM flagplane_data.environment WHERE ask('GET', '/sdk/goals/' || id) = 200")
same 'more environments than places' "$(here_sql -c "SELECT $asked > 4096")" t
same 'each request is counted' "$(here_sql -c 'SELECT sum(requests), sum(refused) FROM flagplane.environment_stats')" "$asked|0"
same 'by itself where an environment has a place' "$(here_sql -c 'SELECT DISTINCT requests FROM flagplane.environment_stats WHERE environment_id IS NOT NULL ORDER BY 1')" $'0\n1'
same 'and together for the others' "$(here_sql -c "SELECT count(*), min(requests) >= $asked - 4096, count(account_key) FROM flagplane.environment_stats WHERE environment_id IS NULL")" '1|t|0'
if grep -E 'PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log"; then fail 'no crash'; fi
echo "1..$number"
