#!/usr/bin/env bash
# A random environment as LaunchDarkly serves it is imported: LaunchDarkly's SDK for Node makes the same of what is
# served here then, for ten thousand contexts, and so do the functions in SQL.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=test/client/skip.bash
. "$here/skip.bash"
database=flagplane_sdk_import
export PGOPTIONS='-c client_min_messages=warning'
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }
place=$(mktemp -d)
trap 'dropdb --force --if-exists "$database"; rm -rf "$place"' EXIT
npm_packages "$place" @launchdarkly/node-server-sdk@9.13.7
export NPM_PREFIX=$place
dropdb --force --if-exists "$database"
createdb "$database"
sql -c 'CREATE EXTENSION flagplane CASCADE'
cd "$place"

node "$here/sdk_import.mjs" make served.json cases.tsv
sql <<'SQL' | tee answers
\set payload `cat served.json`
SELECT flagplane.create_project('p', 'P') IS NOT NULL AND flagplane.create_account('other', 'Other') IS NOT NULL \g /dev/null
SELECT 'ok - imported: ' || flagplane.import_environment('p', 'production', :'payload');
\o imported.json
SELECT flagplane.payload('p', 'production');
\o
-- The same again, as often as somebody likes until all is moved: nothing is new.
SELECT CASE WHEN i->'flags'->>'unchanged' = '300' AND i->'segments'->>'unchanged' = '50' THEN 'ok' ELSE 'not ok' END || ' - it says the same again: ' || i
	FROM flagplane.import_environment('p', 'production', :'payload') i;
-- What is served is imported anywhere, and served there; here it is what is there.
\set again `cat imported.json`
SELECT CASE WHEN i->'flags'->>'unchanged' = '300' AND i->'segments'->>'unchanged' = '50' THEN 'ok' ELSE 'not ok' END || ' - again it says what is there: ' || i
	FROM flagplane.import_environment('p', 'production', :'again') i;
SET flagplane.account = 'other';
SELECT flagplane.create_project('q', 'Q') IS NOT NULL AND flagplane.import_environment('q', 'test', :'again') IS NOT NULL \g /dev/null
SELECT CASE WHEN flagplane.payload('q', 'test')::text = :'again' THEN 'ok' ELSE 'not ok' END || ' - another account serves the same document';
SQL

if grep -q '^not ok' answers; then exit 1; fi
count=$(node "$here/sdk_import.mjs" compare imported.json cases.tsv) || { echo "$count"; exit 1; }
echo "ok - $count evaluations by the SDK"
result=$(sql <<'SQL'
CREATE TEMP TABLE one (flag_key text, context jsonb, expected jsonb, number serial);
\copy one (flag_key, context, expected) FROM cases.tsv
\set served `cat served.json`
CREATE TEMP TABLE answer AS
SELECT one.*, flagplane.variation_detail('p', 'production', flag_key, context, '"the default"')::jsonb AS detail FROM one
UNION ALL SELECT one.*, flagplane.evaluate(:'served', flag_key, context, '"the default"')::jsonb FROM one WHERE number % 20 = 0;
SELECT format('not ok - %s for %s: %s, expected %s', flag_key, context, detail, expected) FROM answer
WHERE detail->'value' IS DISTINCT FROM expected->'value' OR detail->'variationIndex' IS DISTINCT FROM expected->'variationIndex'
	OR detail->'reason' IS DISTINCT FROM jsonb_strip_nulls(expected->'reason')
LIMIT 20;
SELECT '# ' || (expected->'reason'->>'kind') || coalesce(' in an experiment: ' || (expected->'reason'->>'inExperiment'), '') || ' ' || count(*) FROM one GROUP BY expected->'reason'->>'kind', expected->'reason'->>'inExperiment' ORDER BY 1;
SELECT 'ok - ' || count(*) || ' evaluations in SQL' FROM answer;
SQL
)
echo "$result"
! grep -q '^not ok' <<<"$result"
