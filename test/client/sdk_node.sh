#!/usr/bin/env bash
# Thousands of random flags and contexts: evaluate() and LaunchDarkly's SDK for Node give the same value,
# variation and reason. RANDOM_FLAGS and RANDOM_SEED ask for more of them, and for others.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=test/client/skip.bash
. "$here/skip.bash"
database=flagplane_sdk_node
export PGOPTIONS='-c client_min_messages=warning'
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }
place=$(mktemp -d)
trap 'dropdb --force --if-exists "$database"; rm -rf "$place"' EXIT
npm_packages "$place" @launchdarkly/node-server-sdk@9.13.7
dropdb --force --if-exists "$database"
createdb "$database"
sql -c 'CREATE EXTENSION flagplane CASCADE'

NPM_PREFIX=$place node "$here/sdk_node.mjs" "$place/data.json" "$place/cases.tsv"
result=$(cd "$place" && sql <<'SQL'
CREATE TEMP TABLE one (flag_key text, context jsonb, expected jsonb);
\copy one FROM cases.tsv
\set data `cat data.json`
CREATE TEMP TABLE answer AS
SELECT one.*, flagplane.evaluate(:'data', flag_key, context, '"the default"')::jsonb AS detail FROM one;
SELECT format('not ok - %s for %s: %s, expected %s', flag_key, context, detail, expected) FROM answer
WHERE detail->'value' IS DISTINCT FROM expected->'value'
	OR detail->'variationIndex' IS DISTINCT FROM expected->'variationIndex'
	OR detail->'reason' IS DISTINCT FROM jsonb_strip_nulls(expected->'reason')
LIMIT 20;
SELECT reason || ' ' || count(*) FROM (SELECT coalesce(detail->'reason'->>'errorKind', detail->'reason'->>'kind')
	|| coalesce(' in an experiment' || (detail->'reason'->>'inExperiment')::text, '') AS reason FROM answer) r GROUP BY reason ORDER BY reason;
SELECT count(*) FROM answer;
SQL
)
if grep '^not ok' <<<"$result"; then exit 1; fi
sed '$d; s/^/# /' <<<"$result"
count=$(tail -1 <<<"$result")
[ "$count" -gt 10000 ]
echo "ok - $count evaluations"
