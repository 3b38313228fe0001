#!/usr/bin/env bash
# What OpenFeature's providers ask for, over the whole path: credentials, refusals with their bodies,
# entity tags, what a page may read, and that no accident looks like a refusal of flagplane's.
set -euo pipefail
database=flagplane_ofrep
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"

sql -c "SELECT flagplane.create_project('default', 'Default')" -c "SELECT flagplane.create_flag('default', 'f', 'F', variations => '[{\"value\": true, \"name\": \"ja ü\"}, {\"value\": false}]',
	client_side_availability => '{\"usingEnvironmentId\": true, \"usingMobileKey\": false}')" >/dev/null
environment() { sql -c "SELECT flagplane.get_environment('default', 'production')->>'$1'"; }
SDK=$(environment apiKey) MOBILE=$(environment mobileKey) ID=$(environment _id) TOKEN=$(token "'{*}'")
start_servers
url=$base/ofrep/v1/evaluate/flags
ada='{"context": {"targetingKey": "ada", "plan": "pro"}}'
bearer() { ask "$url$1" -H "Authorization: Bearer $2" -H 'Content-Type: application/json; charset=utf-8' -d "$ada" "${@:3}"; }
by_key() { ask "$url$1" -H "X-API-Key: $2" -d "$ada" "${@:3}"; }

check 'a flag' "$(bearer /f "$SDK"; body)" '200{"key":"f","value":false,"reason":"DISABLED","variant":"1","metadata":{"version":1}}'
check 'its headers' "$(header Content-Type)|$(header X-Flagplane)|$(header Access-Control-Allow-Origin)" 'application/json*||\*'
check 'all flags' "$(bearer '' "$SDK"; body; header Cache-Control)" '200{"flags":[[]{"key":"f",*}],"metadata":{"version":*}}no-cache'
etag=$(header ETag)
check 'their tag' "$etag" "\"$ID-*-*-*\""
check 'by the other header, and with the client-side id' "$(by_key '' "$SDK") $(by_key '' "$ID") $(bearer /f "$ID")" '200 200 200'
check 'what is not for mobiles is not there for them' "$(bearer /f "$MOBILE"; body)" '404{"key":"f","errorCode":"FLAG_NOT_FOUND","errorDetails":"there is no such flag"}'
for tag in "$etag" "W/$etag" "\"x\", W/$etag"; do
	check "what is known by $tag" "$(bearer '' "$SDK" -H "If-None-Match: $tag"; header Content-Type; header ETag)" $'304application/json\n'"$etag"
done
check 'compressed, and known' "$(bearer '' "$SDK" -H 'Accept-Encoding: gzip'; header Content-Encoding; header ETag)" "200gzip"$'\n'"W/$etag"
check 'another attribute' "$(ask "$url" -H "Authorization: Bearer $SDK" -H "If-None-Match: $etag" -d '{"context": {"targetingKey": "ada", "plan": "free"}}')" 200
check 'another credential' "$(bearer '' "$ID" -H "If-None-Match: $etag")" 200
check 'nothing is kept by nginx' "$(grep -rl --binary-files=text ofrep "$place/cache" | wc -l)" 0

# Refusals keep their bodies.
check 'a flag that is not there' "$(bearer '/a%22%C3%BC' "$SDK"; body; header Content-Type)" '404{"key":"a\\"ü","errorCode":"FLAG_NOT_FOUND","errorDetails":"there is no such flag"}application/json'
check 'one with a long key' "$(bearer "/$(printf '%%C3%%BC%.0s' {1..2000})" "$SDK"; body | head -c 20; header Access-Control-Allow-Origin)" '404{"key":"ü*\*'
check 'one of characters that are escaped' "$(bearer "/$(printf '%%01%.0s' {1..2000})" "$SDK"; body)" '404{"key":"\\u0001*","errorCode":"FLAG_NOT_FOUND",*}'
check 'a body that is none' "$(ask "$url/f" -H "Authorization: Bearer $SDK" -d '{'; body)" '400{"key":"f","errorCode":"PARSE_ERROR","errorDetails":"*"}'
check 'no targeting key' "$(ask "$url/f" -H "Authorization: Bearer $SDK" -d '{"context": {}}'; body)" '400{"key":"f","errorCode":"TARGETING_KEY_MISSING","errorDetails":"*"}'
check 'of all flags' "$(ask "$url" -H "Authorization: Bearer $SDK" -d '{"context": {}}'; body)" '400{"errorCode":"TARGETING_KEY_MISSING","errorDetails":"*"}'
check 'a context that is none' "$(ask "$url/f" -H "Authorization: Bearer $SDK" -d '{"context": {"targetingKey": 1}}'; body)" '400{"key":"f","errorCode":"INVALID_CONTEXT","errorDetails":"*"}'
check 'no key' "$(ask "$url" -d "$ada"; body)" '401{"errorDetails":"the key is not valid"}'
check 'an unknown one' "$(bearer /f "${SDK%????}0000"; body)" '401{"errorDetails":"the key is not valid"}'
check 'an access token' "$(bearer /f "$TOKEN") $(by_key /f "$TOKEN")" '401 401'
check 'a method that is none' "$(ask "$url" -H "Authorization: Bearer $SDK"; header Allow; body)" $'405POST\n{"errorCode":"GENERAL","errorDetails":"*"}'
check 'a path that is none' "$(ask -X POST "$base/ofrep/v1/x" -H "Authorization: Bearer $SDK"; body)" '404{"errorCode":"GENERAL","errorDetails":"there is no such path"}'
{ printf '{"context": {"key": "x"}}'; head -c 1048576 /dev/zero | tr '\0' ' '; } >"$place/large"
check 'a large body' "$(ask "$url" -H "Authorization: Bearer $SDK" --data-binary "@$place/large"; body)" '413{"errorCode":"GENERAL","errorDetails":"*"}'
check 'bytes that are no text' "$(ask "$url/f" -H "Authorization: Bearer $SDK" --data-binary $'\xff'; body)" '400{"key":"f","errorCode":"PARSE_ERROR",*}'
check 'a URI that is no text' "$(ask "$base" --request-target "/ofrep/v1/evaluate/flags/$(printf '\374')" -H "Authorization: Bearer $SDK" -d "$ada"; body)" '400{"errorCode":"GENERAL",*}'
check 'a preflight' "$(ask -X OPTIONS "$url" -H 'Origin: https://a.example' -H 'Access-Control-Request-Method: POST'; header Access-Control-Allow-Methods; header Access-Control-Allow-Headers)" '204*POST*Authorization*Content-Type*If-None-Match*X-Api-Key*'
check 'what a page may read' "$(bearer '' "$SDK"; header Access-Control-Expose-Headers)" '200*ETag*Retry-After*'

# The second data protocol of client-side SDKs.
for path in "poll/eval/e30?auth=$ID&h=x" "stream/eval/e30?auth=$ID"; do
	check "$path" "$(ask "$base/sdk/$path"; header X-LD-FD-Fallback; header X-LD-FD-Fallback-TTL; header Access-Control-Expose-Headers)" $'501true\n0\n*X-LD-FD-Fallback, X-LD-FD-Fallback-TTL*'
	check "$path by POST" "$(ask -X POST "$base/sdk/${path/\/e30/}" -d '{}'; header X-LD-FD-Fallback)" 501true
done
check 'of nobody' "$(ask "$base/sdk/poll/eval/e30?auth=000000000000000000000000")" 404

logged() { grep -q '/sdk/stream/eval/ 501 ' "$place/logs/flagplane.log"; }
check 'the context in its path is not logged' "$(wait_for logged && grep -c e30 "$place/logs/flagplane.log")" 0

# Secure mode.
sql -c "SELECT flagplane.update_environment('default', 'production', '[{\"op\": \"replace\", \"path\": \"/secureMode\", \"value\": true}]')" >/dev/null
check 'secure mode' "$(bearer /f "$ID"; body)" '403{"errorDetails":"the environment is in secure mode,*use an SDK key*"}'
check 'is for browsers' "$(bearer /f "$SDK")" 200

# Accidents: nothing that looks like a refusal.
sql -c 'REVOKE EXECUTE ON FUNCTION flagplane.sdk(bytea) FROM flagplane_anonymous'
check 'a right that is missing' "$(bearer /f "$SDK"; body; header Retry-After)" '503{"errorDetails":"the service has failed"}1'
sql -c 'GRANT EXECUTE ON FUNCTION flagplane.sdk(bytea) TO flagplane_anonymous' -c 'ALTER FUNCTION flagplane.sdk(bytea) RENAME TO gone'
check 'a function that is missing' "$(bearer /f "$SDK"; header Retry-After)" 5031
sql -c 'ALTER FUNCTION flagplane.gone(bytea) RENAME TO sdk' -c 'ALTER TABLE flagplane_data.environment_payload RENAME TO gone'
check 'a table that is missing' "$(bearer /f "$SDK"; body; header Retry-After)" '503{"errorDetails":"the server cannot do this at the moment;*"}1'
sql -c 'ALTER TABLE flagplane_data.gone RENAME TO environment_payload'
check 'and is there again' "$(bearer /f "$SDK")" 200
kill "$rest_pid" && wait "$rest_pid" || true
rest_pid=
check 'no PostgREST' "$(bearer /f "$SDK"; body; header Retry-After)" '503{"errorDetails":"*"}1'

[ "$failures" = 0 ]
