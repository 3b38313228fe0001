#!/usr/bin/env bash
# What a server that has preloaded the library knows of SDKs: how often they asked, batches of
# events that come again, credentials that are tried out.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PGOPTIONS='-c client_min_messages=warning'
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
chmod 755 "$FLAGPLANE_CLUSTER"
trap '"$here/../cluster.sh" stop' EXIT
CLUSTER_OPTIONS="shared_preload_libraries = 'flagplane'
flagplane.rate_limit_period = '1d'" "$here/../cluster.sh" start
eval "$("$here/../cluster.sh" env)"
createdb flagplane_sdk_counts
got=$(psql -X -q -At -v ON_ERROR_STOP=1 -d flagplane_sdk_counts <<'SQL'
CREATE EXTENSION flagplane CASCADE;
SELECT 1 AS made FROM flagplane.create_project('default', 'Default') \gset
SELECT e->>'apiKey' AS sdk, e->>'_id' AS id FROM flagplane.get_environment('default', 'production') e \gset
SELECT e->>'apiKey' AS other FROM flagplane.get_environment('default', 'test') e \gset
CREATE FUNCTION ask(method text, uri text, headers jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT h.status || coalesce(' ' || (h.headers->>'Retry-After'), '') FROM flagplane.handle(method, uri, headers, '[]') h
$$;
SELECT flagplane.reset_stats();
\echo batches
SELECT ask('POST', '/bulk', jsonb_build_object('authorization', k, 'X-LaunchDarkly-Payload-ID', p))
FROM (VALUES (1, :'sdk', 'a'), (2, :'sdk', 'a'), (3, :'other', 'a'), (4, :'sdk', 'b'), (5, :'sdk', NULL), (6, :'sdk', NULL), (7, :'sdk', 'b')) v(n, k, p) ORDER BY n;
SELECT operation, calls, errors, replays FROM flagplane.stats WHERE operation = 'sdk_events';
\echo many batches
SELECT DISTINCT ask('POST', '/bulk', jsonb_build_object('authorization', :'sdk', 'X-LaunchDarkly-Payload-ID', n)) FROM generate_series(1, 100000) n;
SELECT calls, replays FROM flagplane.stats WHERE operation = 'sdk_events';
\echo polls
SELECT ask('GET', '/sdk/latest-all', jsonb_build_object('authorization', :'sdk', 'if-none-match', t)) FROM unnest(ARRAY['"x"', '*']) t;
SELECT operation, calls, errors, replays FROM flagplane.stats WHERE operation = 'sdk_latest_all';
\echo by any of its paths
SELECT ask('GET', '/sdk/evalx/' || :'id' || p, '{}') FROM unnest(ARRAY['/contexts/eyJrZXkiOiJhIn0', '/users/eyJrZXkiOiJhIn0', '/users/x']) p;
SELECT operation, calls, errors FROM flagplane.stats WHERE operation = 'sdk_client_evaluation';
SELECT count(*) - count(DISTINCT operation) FROM flagplane.stats;
\echo unknown
SELECT count(*), r FROM generate_series(1, 200) n, LATERAL regexp_replace(ask('GET', '/sdk/latest-all', jsonb_build_object('authorization', 'sdk-00000000-0000-4000-8000-000000000000')), '\d+$', CASE WHEN n > 60 THEN 'later' ELSE '401' END) r GROUP BY r ORDER BY r;
SELECT regexp_replace(ask('POST', '/ofrep/v1/evaluate/flags', jsonb_build_object('x-api-key', 'sdk-00000000-0000-4000-8000-000000000000')), '\d+$', 'later');
SELECT ask('GET', '/sdk/latest-all', jsonb_build_object('authorization', :'sdk'));
SELECT rate_limited, unauthenticated FROM flagplane.stats WHERE operation = 'sdk_latest_all';
\echo of every kind, from one budget of their account
CREATE FUNCTION another(text) RETURNS text LANGUAGE sql AS $$ SELECT left($1, -1) || CASE right($1, 1) WHEN '0' THEN '1' ELSE '0' END $$;
CREATE FUNCTION times(int, method text, uri text, headers jsonb) RETURNS text LANGUAGE sql AS
	$$ SELECT string_agg(n || ' ' || r, ', ' ORDER BY r) FROM (SELECT count(*) AS n, split_part(ask(method, uri, headers), ' ', 1) AS r FROM generate_series(1, $1) GROUP BY 2) t $$;
SELECT flagplane.get_environment('default', 'production')->>'mobileKey' AS mobile, flagplane.create_access_token('t', role => 'reader')->>'token' AS token \gset
SELECT times(20, 'GET', '/sdk/latest-all', jsonb_build_object('authorization', another(:'sdk')));
SELECT times(20, 'GET', '/mping', jsonb_build_object('authorization', another(:'mobile')));
SELECT times(20, 'GET', '/ping/' || another(:'id'), '{}');
SELECT times(2, 'GET', '/sdk/latest-all', jsonb_build_object('authorization', another(:'sdk'))), times(2, 'GET', '/mping', jsonb_build_object('authorization', another(:'mobile'))),
	times(2, 'GET', '/ping/' || another(:'id'), '{}'), times(2, 'GET', '/api/v2/projects', jsonb_build_object('authorization', another(:'token')));
\echo valid ones are not refused for that
SELECT ask('GET', '/sdk/latest-all', jsonb_build_object('authorization', :'sdk')), ask('GET', '/mping', jsonb_build_object('authorization', :'mobile')),
	ask('GET', '/ping/' || :'id', '{}'), ask('GET', '/api/v2/projects', jsonb_build_object('authorization', :'token'));
\echo invalid access tokens of another account spend it too
SELECT 1 AS made FROM flagplane.create_account('acme', 'Acme') \gset
SET flagplane.account = 'acme';
SELECT 1 AS made FROM flagplane.create_project('default', 'Default') \gset
SELECT flagplane.get_environment('default', 'production')->>'apiKey' AS sdk, flagplane.create_access_token('t', role => 'reader')->>'token' AS token \gset
SELECT times(70, 'GET', '/api/v2/projects', jsonb_build_object('authorization', another(:'token')));
SELECT times(2, 'GET', '/sdk/latest-all', jsonb_build_object('authorization', another(:'sdk'))), ask('GET', '/sdk/latest-all', jsonb_build_object('authorization', :'sdk'));
SQL
)
expected='
batches
202
202
202
202
202
202
202
sdk_events|7|0|2
many batches
202
100007|2
polls
200
304
sdk_latest_all|2|0|1
by any of its paths
200
200
400
sdk_client_evaluation|3|1
0
unknown
60|401
140|429 later
429 later
200
140|200
of every kind, from one budget of their account
20 401
20 401
20 404
2 429|2 429|2 429|2 429
valid ones are not refused for that
200|200|200|200
invalid access tokens of another account spend it too
60 401, 10 429
2 429|200'
if grep -E 'PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log"; then exit 1; fi
if [ "$got" != "$expected" ]; then
	echo "not ok - what is counted of SDKs"
	diff <(echo "$expected") <(echo "$got") || true
	exit 1
fi
echo "ok - what is counted of SDKs"
