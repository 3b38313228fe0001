#!/usr/bin/env bash
# The OpenAPI document before a judge of its own: a public validator from npm.
set -euo pipefail
# shellcheck source=test/client/skip.bash
. "$(dirname "${BASH_SOURCE[0]}")/skip.bash"
export PGOPTIONS='-c client_min_messages=warning'
validator=@seriousme/openapi-schema-validator@2.11.0
database=flagplane_openapi
work=$(mktemp -d)
dropdb --force --if-exists "$database"
createdb "$database"
trap 'dropdb --force "$database"; rm -rf "$work"' EXIT

psql -X -q -d "$database" -c 'CREATE EXTENSION flagplane CASCADE'
psql -X -q -At -d "$database" -c 'SELECT flagplane.openapi()' >"$work/openapi.json"
jq -e '.openapi == "3.1.0"' "$work/openapi.json" >/dev/null || { echo "not ok 1 - the document is JSON"; exit 1; }
echo "ok 1 - the document is JSON"
npm_packages "$work" "$validator"
if "$work/node_modules/.bin/validate-api" "$work/openapi.json" >"$work/found"; then
	echo "ok 2 - $validator finds it valid"
else
	cat "$work/found"
	echo "not ok 2 - $validator finds it valid"
	exit 1
fi
echo "1..2"
