#!/usr/bin/env bash
# What SDKs ask for, over the whole path: statuses, headers, the cache of nginx, and that no
# accident looks like a refusal of flagplane's.
set -euo pipefail
database=flagplane_sdk
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"

sql -c "SELECT flagplane.create_project('default', 'Default')" -c "SELECT flagplane.create_flag('default', 'f', 'F')" >/dev/null
environment() { sql -c "SELECT flagplane.get_environment('default', 'production')->>'$1'"; }
SDK=$(environment apiKey) MOBILE=$(environment mobileKey) ID=$(environment _id) TOKEN=$(token "'{*}'")
start_servers
poll() { ask "$base/sdk/latest-all" -H "Authorization: $SDK" "$@"; }
fresh() { ask "$base/sdk/latest-all?$RANDOM$RANDOM" -H "Authorization: $1" "${@:2}"; } # past the cache

check 'a poll' "$(poll; body)" '200{"flags":{"f":{*}},"segments":{}}'
etag=$(header ETag)
check 'its headers' "$(header Content-Type) $(header Cache-Control) $(header X-LD-EnvID) $(header Last-Modified)" "application/json no-cache $ID "
check 'its tag' "$etag" "\"$ID-*\""
check 'the mark stays inside' "$(header X-Flagplane)" ''
for tag in "$etag" "W/$etag" "\"x\", W/$etag" '*'; do
	check "what is known by $tag, from the cache" "$(poll -H "If-None-Match: $tag")" 304
	check "and from the database" "$(fresh "$SDK" -H "If-None-Match: $tag")" 304
done
check 'another tag' "$(poll -H 'If-None-Match: "x"')" 200
check 'compressed' "$(poll -H 'Accept-Encoding: gzip'; header Content-Encoding; header Vary; header ETag)" "200gzip*Accept-Encoding*W/$etag"
check 'whatever is accepted' "$(fresh "$SDK" -H 'Accept: image/png'; header Content-Type)" 200application/json
check 'a GET with a body' "$(fresh "$SDK" -X GET -d '{'; header Content-Type)" 200application/json
check 'a HEAD' "$(ask -I "$base/sdk/latest-all" -H "Authorization: $SDK"; body)" 200*
check 'the mobile key' "$(fresh "$MOBILE"; body)" '401{"code":"unauthorized","message":"the key is not valid"}'
check 'an access token' "$(fresh "$TOKEN")" 401
check 'an access token after Bearer' "$(fresh "Bearer $TOKEN")" 401
check 'no key' "$(ask "$base/sdk/latest-all")" 401
check 'a path that is none' "$(ask "$base/sdk/nothing" -H "Authorization: $SDK"; body)" '404{"code":"not_found","message":"there is no such path, *"}'
check 'a method that is none' "$(ask -X PUT "$base/sdk/latest-all" -H "Authorization: $SDK"; header Allow)" 405GET
check 'a REPORT arrives' "$(ask -X REPORT "$base/all" -H "Authorization: $SDK"; header Allow)" 405GET
check 'goals' "$(ask "$base/sdk/goals/$ID"; body; header Access-Control-Allow-Origin)" '200[[]]\*'
check 'goals of nobody' "$(ask "$base/sdk/goals/000000000000000000000000"; header Access-Control-Allow-Origin)" '404\*'
check 'a stream' "$(ask "$base/all" -H "Authorization: $SDK" -H 'Accept: text/event-stream'; body; header Content-Type)" $'200retry: 30000\nevent: put\ndata: {"path":"/","data":{"flags":{"f":*text/event-stream*'
check 'a ping' "$(ask "$base/ping/$ID"; body)" $'200retry: 30000\nevent: ping\ndata: {}*'
check 'the second protocol' "$(ask "$base/sdk/poll" -H "Authorization: $SDK"; header X-LD-FD-Fallback)" 501true
check 'a preflight' "$(ask -X OPTIONS "$base/events/bulk/$ID" -H 'Origin: https://a.example'; header Access-Control-Allow-Methods)" '204*REPORT*'

# Flags of a context; long ones in the path.
url_base64() { base64 -w0 | tr '+/' '-_' | tr -d =; }
context() { printf '{"kind": "user", "key": "whoever", "name": "%s"}' "$1"; }
sql -c "SELECT flagplane.update_flag('default', 'f', '[{\"op\": \"replace\", \"path\": \"/clientSideAvailability/usingEnvironmentId\", \"value\": true}]')" >/dev/null
check 'flags of a context' "$(ask "$base/sdk/evalx/$ID/contexts/$(context Ä | url_base64)?withReasons=false"; body; header Content-Type)" '200{"f":{"value":false,"variation":1,"version":*,"flagVersion":*}}application/json'
check 'of a long one' "$(ask "$base/sdk/evalx/$ID/contexts/$(context "$(printf '%020000d' 0)" | url_base64)")" 200
check 'by REPORT' "$(ask -X REPORT "$base/sdk/evalx/$ID/context" -H 'Content-Type: application/json' -d "$(context Ä)"; header Access-Control-Allow-Origin)" '200\*'
check 'of a mobile' "$(ask -X REPORT "$base/msdk/evalx/context" -H "Authorization: $MOBILE" -d "$(context Ä)")" 200
check 'as a stream' "$(ask "$base/eval/$ID/$(context Ä | url_base64)"; body)" $'200retry: 30000\nevent: put\ndata: {"f":*'
check 'a context that is none' "$(ask -X REPORT "$base/sdk/evalx/$ID/context" -d '{}'; body)" '400{"code":"invalid_request",*}'
check 'contexts are not kept' "$(grep -rlE --binary-files=text 'whoever|eyJraW5k' "$place/cache" | wc -l)" 0
logged() { grep -q '/sdk/evalx/[0-9a-f]*/contexts/ 200 ' "$place/logs/flagplane.log"; }
check 'nor logged' "$(wait_for logged && grep -c "$(context Ä | url_base64 | head -c 20)" "$place/logs/flagplane.log")" 0

# Events.
send() { ask -X POST "$base/$1" -H "Authorization: $2" -H 'Content-Type: application/json' --data-binary "$3" "${@:4}"; }
check 'events' "$(send bulk "$SDK" '[{"kind": "index"}]' -H 'X-LaunchDarkly-Payload-ID: a'; body; header Content-Type)|$(header Date)" '202*|* GMT'
check 'events without a body' "$(wc -c <"$place/body.txt")" 0
check 'a diagnostic event' "$(send diagnostic "$SDK" '{}')" 202
check 'of a browser' "$(send "events/bulk/$ID" '' '[]') $(send "events/diagnostic/$ID" '' '{}')" '202 202'
check 'of a mobile' "$(send mobile "$MOBILE" '[]') $(send mobile/events/bulk "$MOBILE" '[]')" '202 202'
check 'events with another key' "$(send bulk "$MOBILE" '[]')" 401
check 'events that are none' "$(send bulk "$SDK" '[1]'; body)" '400{"code":"invalid_request",*}'
{ printf '['; head -c 10485758 /dev/zero | tr '\0' ' '; printf ']'; } >"$place/large"
check '10 MiB' "$(send bulk "$SDK" "@$place/large")" 202
echo >>"$place/large"
check 'more than that' "$(send bulk "$SDK" "@$place/large"; body)" '413{"code":"too_large",*}'
{ printf '['; head -c 2097152 /dev/zero | tr '\0' ' '; printf '1]'; } >"$place/large"
check 'a large batch that is none' "$(send bulk "$SDK" "@$place/large"; body)" '400{"code":"invalid_request",*}'
check 'what is compressed' "$(send bulk "$SDK" '[]' -H 'Content-Encoding: gzip')" 413

# A change is seen when what is kept is a second old, and so is a key that is no more.
sql -c "SELECT flagplane.update_flag('default', 'f', '{\"environmentKey\": \"production\", \"instructions\": [{\"kind\": \"turnFlagOn\"}]}')" >/dev/null
seen() { [ "$(poll -H "If-None-Match: $etag")" = 200 ]; }
check 'a change is seen' "$(wait_for seen; poll; body)" '200*"on":true*'
NEXT=$(sql -c "SELECT flagplane.reset_environment_sdk_key('default', 'production', (extract(epoch FROM now()) * 1000)::bigint + 3600000)->>'apiKey'")
check 'both keys while the former lasts' "$(fresh "$SDK") $(fresh "$NEXT")" '200 200'
SDK2=$(sql -c "SELECT flagplane.reset_environment_sdk_key('default', 'production')->>'apiKey'")
check 'a key that was reset' "$(fresh "$NEXT") $(fresh "$SDK2")" '401 200'
refused() { [ "$(ask "$base/sdk/latest-all" -H "Authorization: $NEXT")" = 401 ]; }
check 'and in the cache' "$(wait_for refused && echo refused)" refused
SDK=$SDK2
check 'the cache is closed to others' "$(stat -c %a "$place/cache"; find "$place/cache" -mindepth 1 -perm /077 | wc -l)" $'700\n0'

# Accidents: nothing that an SDK would stop for.
sql -c 'REVOKE EXECUTE ON FUNCTION flagplane.sdk(bytea) FROM flagplane_anonymous'
check 'a right that is missing' "$(fresh "$SDK"; body; header Retry-After)" '503{"code":"service_unavailable","message":"the service has failed"}1'
sql -c 'GRANT EXECUTE ON FUNCTION flagplane.sdk(bytea) TO flagplane_anonymous'
check 'and is there again' "$(fresh "$SDK")" 200
sql -c 'ALTER FUNCTION flagplane.sdk(bytea) RENAME TO gone'
check 'a function that is missing' "$(fresh "$SDK"; header Retry-After)" 5031
sql -c 'ALTER FUNCTION flagplane.gone(bytea) RENAME TO sdk'
check 'and is there again' "$(fresh "$SDK")" 200
sql -c 'ALTER TABLE flagplane_data.environment_payload RENAME TO gone'
check 'a table that is missing' "$(fresh "$SDK"; header Retry-After)" 5031
sql -c 'ALTER TABLE flagplane_data.gone RENAME TO environment_payload'
kill "$rest_pid" && wait "$rest_pid" || true
rest_pid=
check 'no PostgREST' "$(fresh "$SDK"; body; header Retry-After)" '503{"code":"service_unavailable",*}1'

[ "$failures" = 0 ]
