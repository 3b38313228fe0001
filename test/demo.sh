#!/usr/bin/env bash
#
# demo.sh: the documented requests, one after the other, an evaluation in SQL and an SDK's poll,
# against a database made for them. Every answer is held to the status that its documentation promises.
#
# make demo runs it, on the private cluster of cluster.sh.  It drops the database
# flagplane there, so it refuses to run on any other server.
set -euo pipefail

if [ -z "${FLAGPLANE_CLUSTER:-}" ] || [ "${PGHOST:-}" != "$FLAGPLANE_CLUSTER" ]; then
	echo "demo.sh runs on the cluster of cluster.sh only: use make demo" >&2
	exit 1
fi

here=$(dirname "${BASH_SOURCE[0]}")
database=flagplane
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }

# Answers are for reading: no line is wider than this.
narrow() { fold -s -w 100; }

# request METHOD URI HEADERS BODY STATUS: sends one request through handle(),
# shows both sides, and leaves the answer's body in $answer.
request() {
	local reply
	printf '\n%s %s\n' "$1" "$2"
	jq -r 'to_entries[] | "\(.key): \(.value)"' <<<"$3" | sed -E 's/(fp_[0-9a-f]{8}_[0-9a-f]{16})_.*/\1_.../; s/(sdk-[0-9a-f]{8})-.*/\1-.../' | narrow
	[ -z "$4" ] || jq . <<<"$4"
	reply=$(sql -v method="$1" -v uri="$2" -v headers="$3" -v body="$4" <<-'SQL'
		SELECT json_build_object('status', status, 'headers', headers, 'body', body)
		FROM flagplane.handle(:'method', :'uri', :'headers', nullif(:'body', ''));
	SQL
	)
	printf -- '-> %s\n' "$(jq -r .status <<<"$reply")"
	jq -r '.headers | to_entries[] | "   \(.key): \(.value)"' <<<"$reply" | narrow
	jq .body <<<"$reply" | sed 's/^/   /' | narrow
	answer=$(jq -c .body <<<"$reply")
	if [ "$(jq -r .status <<<"$reply")" != "$5" ]; then
		echo "expected status $5" >&2
		exit 1
	fi
}

title() { printf '\n== %s\n' "$*"; }

psql -X -q -d postgres -v ON_ERROR_STOP=1 \
	-c "SET client_min_messages = warning" \
	-c "DROP DATABASE IF EXISTS $database WITH (FORCE)" -c "CREATE DATABASE $database"
sql -c "SET client_min_messages = warning" -c "CREATE EXTENSION flagplane CASCADE"

title "A project, a flag and an access token, from SQL"
cat <<'SQL'
SELECT flagplane.create_project('default', 'Default');
SELECT flagplane.create_flag('default', 'new-checkout', 'New checkout');
SELECT flagplane.create_access_token('demo', role => 'admin')->>'token';
SQL
sql >/dev/null <<'SQL'
SELECT flagplane.create_project('default', 'Default');
SELECT flagplane.create_flag('default', 'new-checkout', 'New checkout');
SQL
token=$(sql -c "SELECT flagplane.create_access_token('demo', role => 'admin')->>'token'")
reader=$(sql -c "SELECT flagplane.create_access_token('looks only', role => 'reader')->>'token'")
project=$(sql -c "SELECT id FROM flagplane_data.project")
echo "token: ${token%_*}_... (shown once)"

launchdarkly=$(jq -nc --arg token "$token" '{Authorization: $token, "Content-Type": "application/json"}')

title "Create layer (LaunchDarkly)"
request POST /api/v2/projects/default/layers "$launchdarkly" \
	'{"key": "checkout-flow", "name": "Checkout Flow", "description": "string"}' 201

title "Create environment (LaunchDarkly)"
request POST /api/v2/projects/default/environments "$launchdarkly" \
	'{"name": "My Environment", "key": "environment-key-123abc", "color": "DADBEE"}' 201

title "Create flag link (LaunchDarkly)"
request POST /api/v2/flag-links/projects/default/flags/new-checkout "$launchdarkly" \
	'{"key": "flag-link-key-123abc", "deepLink": "https://example.com/archives/123123123",
	"title": "Example link title", "description": "Example link description"}' 201

title "Create SDK app (Layers), with an idempotency key"
layers=$(jq -nc --arg token "$token" '{Authorization: "Bearer \($token)",
	"Idempotency-Key": "2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b10", "Content-Type": "application/json"}')
app='{"name": "Acme Coffee iOS", "platform": "ios", "bundleId": "com.acmecoffee.ios"}'
request POST "/v1/projects/prj_$project/sdk-apps" "$layers" "$app" 201
first=$answer

title "The same request again: the first answer, its key shown again, nothing made"
for _ in 1 2; do
	request POST "/v1/projects/prj_$project/sdk-apps" "$layers" "$app" 201
	[ "$answer" = "$first" ] || { echo "the retry was answered differently" >&2; exit 1; }
done
[ "$(sql -c 'SELECT count(*) FROM flagplane_data.sdk_app')" = 1 ]

title "A conflict: the layer is there already"
request POST /api/v2/projects/default/layers "$launchdarkly" \
	'{"key": "checkout-flow", "name": "Another", "description": ""}' 409

title "A refusal: every broken field in one answer"
request POST /api/v2/projects/default/environments "$launchdarkly" \
	'{"name": "", "key": "not a key", "color": "#DADBEE", "defaultTtl": 61}' 400

title "A refusal: this token may only look"
request POST /api/v2/projects/default/layers \
	"$(jq -nc --arg token "$reader" '{Authorization: $token}')" \
	'{"key": "pricing", "name": "Pricing", "description": ""}' 403

title "A change by JSON Patch, made only of the version that was seen"
request PATCH /api/v2/projects/default/environments/environment-key-123abc \
	"$(jq -c '. + {"If-Match": "\"1\""}' <<<"$launchdarkly")" \
	'[{"op": "replace", "path": "/requireComments", "value": true}]' 200
request PATCH /api/v2/projects/default/environments/environment-key-123abc \
	"$(jq -c '. + {"If-Match": "\"1\""}' <<<"$launchdarkly")" \
	'[{"op": "replace", "path": "/color", "value": "417505"}]' 409

title "Two experiments share the layer's traffic, and no user is in both"
for experiment in button-color free-shipping; do
	request POST /api/v2/projects/default/environments/production/experiments "$launchdarkly" \
		"{\"key\": \"$experiment\", \"name\": \"$experiment\", \"flagKey\": \"new-checkout\"}" 201
done
request PATCH /api/v2/projects/default/layers/checkout-flow \
	"$(jq -c '. + {"Content-Type": "application/json; domain-model=launchdarkly.semanticpatch"}' <<<"$launchdarkly")" \
	'{"comment": "Both start on Monday", "environmentKey": "production", "instructions": [
	{"kind": "updateExperimentReservation", "experimentKey": "button-color", "reservationPercent": 25},
	{"kind": "updateExperimentReservation", "experimentKey": "free-shipping", "reservationPercent": 40}]}' 200
cat <<'SQL'

SELECT flagplane.assign('default', 'production', 'checkout-flow', 'user-' || n, include_not_started => true) AS experiment, count(*)
FROM generate_series(1, 100000) n GROUP BY 1 ORDER BY 1;
SQL
sql -P format=aligned -P footer=off -P tuples_only=off <<'SQL'
SELECT flagplane.assign('default', 'production', 'checkout-flow', 'user-' || n, include_not_started => true) AS experiment, count(*)
FROM generate_series(1, 100000) n GROUP BY 1 ORDER BY 1;
SQL
printf "SELECT flagplane.draw_layer('default', 'production', 'checkout-flow');\n\n"
sql -c "SELECT flagplane.draw_layer('default', 'production', 'checkout-flow')"

title "A rollout to a tenth, evaluated for 100,000 users in SQL, and why one of them sees what"
cat >"$work/evaluate.sql" <<'SQL'
SELECT flagplane.update_flag('default', 'new-checkout', '{"environments": {"production": {"on": true, "fallthrough": {"variation": null,
    "rollout": {"variations": [{"variation": 0, "weight": 10000}, {"variation": 1, "weight": 90000}]}}}}}')->>'key' AS changed;
SELECT flagplane.bool_variation('default', 'production', 'new-checkout', flagplane.user_context('user-' || n), false) AS new_checkout, count(*)
FROM generate_series(1, 100000) n GROUP BY 1 ORDER BY 1;
SELECT flagplane.variation_detail('default', 'production', 'new-checkout', flagplane.user_context('user-1'));
SQL
printf '\n%s\n\n' "$(cat "$work/evaluate.sql")"
sql -P format=aligned -P footer=off -P tuples_only=off -f "$work/evaluate.sql"

title "What an official SDK polls: all flags once, then 304 until something changes"
sdk=$(sql -c "SELECT json_build_object('authorization', flagplane.get_environment('default', 'production')->>'apiKey')")
request GET /sdk/latest-all "$sdk" '' 200
etag=$(sql -v headers="$sdk" <<<"SELECT headers->>'ETag' FROM flagplane.handle('GET', '/sdk/latest-all', :'headers', NULL)")
request GET /sdk/latest-all "$(jq -c --arg etag "$etag" '. + {"if-none-match": $etag}' <<<"$sdk")" '' 304

title "The same operations from SQL"
for call in \
	"flagplane.create_layer('default', 'pricing', 'Pricing', 'All of pricing')" \
	"flagplane.create_environment('default', 'staging', 'Staging', 'DADBEE',
	source => '{\"key\": \"test\"}')"; do
	printf '\nSELECT %s;\n' "$call"
	sql -c "SELECT $call" | jq . | narrow
done

title "What was written down"
sql -P format=aligned -P footer=off -P tuples_only=off -c \
	"SELECT operation, split_part(actor, ':', 1) AS actor, target FROM flagplane_data.audit_log ORDER BY epoch, xid, ordinal" | cut -c1-100

cat <<END

The cluster goes on running.
  connect:  psql -h $PGHOST -p $PGPORT -U $PGUSER $database
  stop:     FLAGPLANE_CLUSTER=$FLAGPLANE_CLUSTER $here/cluster.sh stop
END
