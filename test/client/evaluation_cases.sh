#!/usr/bin/env bash
# The evaluation cases of LaunchDarkly's contract tests, where their file is beside the checkout:
# each must give the expected value, variation and reason through evaluate(). EVALUATION_CASES
# names another file of that form.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=test/client/skip.bash
. "$here/skip.bash"
cases=${EVALUATION_CASES:-$here/../../../shared/data/sdk-evaluation-cases.json}
[ -r "$cases" ] || skip "there is no $cases"
database=flagplane_evaluation_cases
export PGOPTIONS='-c client_min_messages=warning'
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }
dropdb --force --if-exists "$database"
createdb "$database"
trap 'dropdb --force --if-exists "$database"' EXIT
sql -c 'CREATE EXTENSION flagplane CASCADE'

# evaluate() takes absent arrays for empty ones, as the form of the cases wants. A case without a
# default has the zero of the type of the flag's first variation. A case of a type, other than "any",
# is one of a typed function: that compares the type of the value and has the error WRONG_TYPE.
result=$(CASES=$cases sql <<'SQL'
\set content `cat "$CASES"`
CREATE TEMP TABLE suite AS SELECT suite FROM jsonb_array_elements(:'content'::jsonb) suite;
CREATE TEMP TABLE evaluation AS
SELECT suite->>'file' AS file, suite->>'name' AS suite, e->>'name' AS name, e->'expect' AS expected, d.default_value,
	CASE e->>'valueType' WHEN 'bool' THEN 'boolean' WHEN 'int' THEN 'number' WHEN 'double' THEN 'number' WHEN 'string' THEN 'string' END AS wanted,
	flagplane.evaluate(suite->'sdkData', e->>'flagKey', e->'context', d.default_value)::jsonb AS detail
FROM suite, jsonb_array_elements(suite->'evaluations') e,
	LATERAL (SELECT coalesce(e->'default', CASE jsonb_typeof(suite#>ARRAY['sdkData', 'flags', e->>'flagKey', 'variations', '0'])
		WHEN 'boolean' THEN 'false'::jsonb WHEN 'number' THEN '0' WHEN 'string' THEN '""' END) AS default_value) d;
UPDATE evaluation
SET detail = jsonb_build_object('value', default_value, 'variationIndex', NULL, 'reason', '{"kind": "ERROR", "errorKind": "WRONG_TYPE"}'::jsonb)
WHERE wanted <> jsonb_typeof(detail->'value') AND detail->>'variationIndex' IS NOT NULL;
SELECT format('not ok - %s: %s: %s: %s, expected %s', file, suite, name, detail, expected)
FROM evaluation
WHERE detail->'value' IS DISTINCT FROM expected->'value'
	OR detail->>'variationIndex' IS DISTINCT FROM expected->>'variationIndex'
	OR detail->'reason' IS DISTINCT FROM expected->'reason';
SELECT count(*) FROM evaluation;
SQL
)
count=$(tail -1 <<<"$result")
if [ "$count" = 0 ]; then
	echo "not ok - the file has no cases"
	exit 1
fi
if grep '^not ok' <<<"$result"; then exit 1; fi
echo "ok - $count cases"
