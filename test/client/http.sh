#!/usr/bin/env bash
# The whole path, asked by curl: nginx, PostgREST or the bridge, the database.
set -euo pipefail
database=flagplane_http
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"

# A backend in SQL makes the first things.
sql >/dev/null <<'SQL'
SELECT flagplane.create_project('projectKey', 'Project');
SELECT flagplane.create_project('other', 'Other');
SELECT flagplane.create_flag('projectKey', 'featureFlagKey', 'Flag');
SELECT flagplane.create_account('acme', 'Acme');
-- The id that the documented request names.
INSERT INTO flagplane_data.project SELECT (jsonb_populate_record(p, '{"id": "9cb958b5-11b5-4e30-8675-5d075d52da7c", "key": "acme-coffee", "name": "Acme Coffee"}')).*
FROM flagplane_data.project p WHERE key = 'other';
SQL
key=$(token "role => 'admin', member_id => flagplane.create_member('ada@example.com', first_name => 'Ada')->>'_id'")
reader=$(token "role => 'reader'")
limited=$(token "role => 'reader', projects => '{other}'")
killed=$(sql -c "SELECT flagplane.create_access_token('killed', role => 'admin')")
doomed=$(sql -c "SELECT flagplane.create_access_token('doomed', role => 'admin')")

start_servers

# --- The documented requests, unchanged but for host and key.
check 'the documented environment is made' "$(ask -X POST "$base/api/v2/projects/projectKey/environments" \
 -H "Authorization: $key" \
 -H "Content-Type: application/json" \
 -d '{
 "name": "My Environment",
 "key": "environment-key-123abc",
 "color": "DADBEE"
}')" 201
check 'its answer is the documented one' "$(body)" '{"_links":{"self":{"href":"/api/v2/projects/projectKey/environments/environment-key-123abc","type":"application/json"}},"_id":"*","key":"environment-key-123abc","name":"My Environment","apiKey":"sdk-*","mobileKey":"mob-*","color":"DADBEE",*}'
check 'its type is the documented one' "$(header Content-Type)" application/json
check 'its version is in the ETag' "$(header ETag)" '"1"'
check 'its place is told' "$(header Location)" /api/v2/projects/projectKey/environments/environment-key-123abc
check 'nothing of PostgREST is in the headers' "$(header Content-Range)$(header Content-Profile)$(header Content-Location)" ''
sdk_key=$(jq -r .apiKey "$place/body.txt")
check 'the documented layer is made' "$(ask -X POST "$base/api/v2/projects/projectKey/layers" -H "Authorization: $key" -H "Content-Type: application/json" -d '{
  "key": "checkout-flow",
  "name": "Checkout Flow",
  "description": "string"
}')" 201
check 'its answer is the documented one' "$(body)" '{"key":"checkout-flow","name":"Checkout Flow","description":"string","createdAt":[0-9]*,"randomizationUnit":null,"environments":{}}'
check 'the documented flag link is made' "$(ask -X POST "$base/api/v2/flag-links/projects/projectKey/flags/featureFlagKey" -H "Authorization: $key" -H "Content-Type: application/json" -d '{
  "key": "flag-link-key-123abc",
  "deepLink": "https://example.com/archives/123123123",
  "title": "Example link title",
  "description": "Example link description"
}')" 201
check 'its member is who the token belongs to' "$(jq -c '[._key, ._member.firstName]' "$place/body.txt")" '\["flag-link-key-123abc","Ada"\]'
sdk_app() {
	ask "$base/v1/projects/prj_9cb958b5-11b5-4e30-8675-5d075d52da7c/sdk-apps" \
  -H "Authorization: Bearer $key" \
  -H "Idempotency-Key: 2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b10" \
  -H "Content-Type: application/json" \
  -d '{
    "name": "Acme Coffee iOS",
    "platform": "ios",
    "bundleId": "com.acmecoffee.ios"
  }'
}
check 'the documented SDK app is made' "$(sdk_app)" 201
check 'its answer is the documented one' "$(body)" '{"appId":"app_*","name":"Acme Coffee iOS","platform":"ios","bundleId":"com.acmecoffee.ios",*"apiKey":"sk_app_*"}'
check 'its request has an id' "$(header X-Request-Id)" 'req_??????????????????????????'
app_key=$(jq -r .apiKey "$place/body.txt")
app_id=$(jq -r .appId "$place/body.txt")
first=$(body)
check 'a retry is answered' "$(sdk_app)" 201
check 'with the same bytes, the key among them' "$(body)" "${first//[/\\[}"
check 'and is told so' "$(header Idempotent-Replayed)" true
rm -f "$place/body.txt"

# --- A life each.
ld() { ask -X "$1" "$base/api/v2/$2" -H "Authorization: ${4-$key}" ${3:+-d "$3"}; }
check 'a layer is got' "$(ld GET projects/projectKey/layers/checkout-flow)" 200
check 'layers are listed' "$(ld GET projects/projectKey/layers; jq .totalCount "$place/body.txt")" 2001
check 'a layer that exists is a conflict' "$(ld POST projects/projectKey/layers '{"key": "checkout-flow", "name": "x", "description": ""}')" 409
check 'and the answer says so' "$(body)" '{"code":"conflict","message":"layer \\"checkout-flow\\" already exists"}'
check 'an environment is listed, by the query string' "$(ld GET 'projects/projectKey/environments?limit=1&sort=-name&filter=query:my'; jq -r '.items[].key' "$place/body.txt")" 200environment-key-123abc
check 'what has not changed is not sent again' "$(ask "$base/api/v2/projects/projectKey/environments/environment-key-123abc" -H "Authorization: $key" -H 'If-None-Match: "0", W/"1"'; header ETag)" '304"1"'
check 'what has is' "$(ask "$base/api/v2/projects/projectKey/environments/environment-key-123abc" -H "Authorization: $key" -H 'If-None-Match: "0"'; jq -r .key "$place/body.txt")" 200environment-key-123abc
for path in projects projects/projectKey projects/projectKey/environments projects/projectKey/environments/test flags/projectKey segments/projectKey/test; do
	check "$path is asked for" "$(ld GET "$path")" 200
	tag=$(header ETag)
	check 'it is not sent again' "$(ask "$base/api/v2/$path" -H "Authorization: $key" -H "If-None-Match: W/$tag"; header ETag)" "304$tag"
done
# A document of more than a megabyte, as nginx takes it on this path alone.
jq -n '{flags: {imported: {version: 7, on: true, variations: ["\("x" * 700000)", "\("y" * 300000)"], fallthrough: {variation: 1}}}, segments: {s: {included: [range(20000) | "user \(.)"]}}}' >"$place/import.json"
import() { ask -X POST "$base/api/v2/projects/projectKey/environments/test/$1" -H "Authorization: $key" -H 'Content-Type: application/json' --data-binary "@$place/import.json"; }
check 'an environment is imported' "$(import import; jq -c .flags "$place/body.txt")" '200{"created":1,"updated":0,"unchanged":0}'
check 'no other request is as large' "$(import nothing)" 413
check 'a parameter that is none is refused' "$(ld GET 'projects/projectKey/environments?limits=1'; jq -r .message "$place/body.txt")" '400limits is not a parameter of this request; perhaps limit is meant'
check 'a member and a token are found by their links' "$(ld GET members; ld GET "members/$(jq -r '.items[0]._id' "$place/body.txt")"; ld GET 'tokens?showAll=true'; ld GET "tokens/$(jq -r '.items[0]._id' "$place/body.txt")")" 200200200200
check 'a page that is none is refused' "$(ld GET 'projects/projectKey/environments?limit=0')" 400
check 'an escaped slash is no separator' "$(ld GET 'projects/projectKey/environments/a%2Fb'; body)" '40[04]*'
check 'a key in umlauts is a key that does not exist' "$(ld GET 'projects/%C3%BC/environments')" '40[04]'
check 'an environment gets a new SDK key' "$(ld POST projects/projectKey/environments/environment-key-123abc/apiKey; jq -r .apiKey "$place/body.txt" | grep -c '^sdk-')" 2001
patch() { ask -X PATCH "$base/api/v2/projects/projectKey/environments/test" -H "Authorization: $key" -H "If-Match: $1" -H 'Content-Type: application/json' -d "[{\"op\": \"replace\", \"path\": \"/name\", \"value\": \"$2\"}]"; }
check 'an environment is patched at its version' "$(patch '"1"' Changed; jq -r .name "$place/body.txt"; header ETag)" $'200Changed\n"2"'
check 'not at another one' "$(patch '"1"' Again; jq -r .code "$place/body.txt")" 409optimistic_locking_error
check 'an environment is deleted' "$(ld DELETE projects/projectKey/environments/environment-key-123abc)" 204
check 'without a body' "$(wc -c <"$place/body.txt" 2>/dev/null || echo 0)$(header Content-Length)" 0
check 'and is gone' "$(ld GET projects/projectKey/environments/environment-key-123abc)" 404
check 'a link is got by its key' "$(ld GET flag-links/projects/projectKey/flags/featureFlagKey/flag-link-key-123abc)" 200
check 'a POST that stands for a DELETE deletes it' "$(ask -X POST "$base/api/v2/flag-links/projects/projectKey/flags/featureFlagKey/flag-link-key-123abc" -H "Authorization: $key" -H 'X-HTTP-Method-Override: DELETE')" 204
check 'and it is gone' "$(ld GET flag-links/projects/projectKey/flags/featureFlagKey/flag-link-key-123abc)" 404
layers() { ask -X "$1" "$base/v1/projects/prj_9cb958b5-11b5-4e30-8675-5d075d52da7c/sdk-apps$2" -H "Authorization: Bearer $key" ${3:+-d "$3"}; }
check 'an app is got, without its key' "$(layers GET "/$app_id"; jq -c 'has("apiKey")' "$place/body.txt")" 200false
check 'an app is changed' "$(layers PATCH "/$app_id" '{"name": "Acme", "capi": {"meta": {"enabled": true}}}'; jq -c '[.name, .capi.meta.enabled]' "$place/body.txt")" '200\["Acme",true\]'
check 'apps are listed' "$(layers GET '?platform=ios&limit=5'; jq -r '.items[].name' "$place/body.txt")" 200Acme
check 'an app is got' "$(layers GET "/$app_id")" 200
length=$(header Content-Length)
check 'a HEAD has the headers of a GET' "$(ask -I "$base/v1/projects/prj_9cb958b5-11b5-4e30-8675-5d075d52da7c/sdk-apps/$app_id" -H "Authorization: Bearer $key"; header X-Request-Id)" '200req_*'
check 'and its length' "$(header Content-Length)" "$length"
check 'and the connection goes on after it' "$(layers GET "/$app_id")$(layers GET "/$app_id")" 200200
check 'an app is deleted' "$(layers DELETE "/$app_id")$(layers GET "/$app_id")" 204404

# --- Refusals, each in its dialect.
check 'no token' "$(ask "$base/api/v2/projects"; body)" '401{"code":"unauthorized","message":"an access token is required"}'
check 'no token, in the other dialect' "$(ask "$base/v1/projects/prj_9cb958b5-11b5-4e30-8675-5d075d52da7c/sdk-apps"; body)" '401{"error":{"code":"UNAUTHENTICATED",*"requestId":"req_*"}}'
check 'a bad token' "$(ld GET projects '' api-123; body)" '401{"code":"unauthorized","message":"the access token is not valid"}'
check 'a JWT is no token there' "$(ld GET projects '' 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x')" 401
check 'a token may come after Bearer there too' "$(ld GET projects '' "Bearer $reader")" 200
check 'the scope is missing' "$(ld POST projects/projectKey/layers '{}' "$reader"; body)" '403{"code":"forbidden",*}'
check 'a project out of reach' "$(ld GET projects/projectKey '' "$limited")" 404
check 'an unknown path below the documented ones' "$(ld GET nowhere; body)" '404{"code":"not_found","message":"there is no such path"}'
check 'an unknown path' "$(ask "$base/nowhere"; body)$(header Content-Type)" '404{"code":"not_found","message":"there is no such path"}application/json'
check 'a method that the path does not take' "$(ld PUT projects/projectKey/layers; header Allow)" '405POST, GET'
check 'an idempotency key is required' "$(layers POST '' '{"name": "x", "platform": "expo"}'; body)" '400{"error":{"code":"IDEMPOTENCY_REQUIRED",*'
check 'an invalid field by its JSON name' "$(ld POST projects/projectKey/environments '{"key": "e", "name": "E", "color": "000000", "defaultTtl": 61}'; body)" '400*defaultTtl must be*'
check 'no JSON' "$(ld POST projects/projectKey/layers 'no json'; body)" '400{"code":"invalid_request","message":"the request body is not a JSON object*'
printf '{"key": "l", "name": "\xff"}' >"$place/sent"
check 'no UTF-8' "$(ask -X POST "$base/api/v2/projects/projectKey/layers" -H "Authorization: $key" --data-binary "@$place/sent"; body)" '400{"code":"invalid_request","message":"the request body is not UTF-8"}'
printf '{"key": "l"\0}' >"$place/sent"
check 'a NUL' "$(ask -X POST "$base/api/v2/projects/projectKey/layers" -H "Authorization: $key" --data-binary "@$place/sent"; body)" '400{"code":"invalid_request","message":"the request body holds a NUL"}'
# What PostgREST would listen to does not get through.
check 'headers for PostgREST mean nothing there' "$(ask "$base/api/v2/projects" -H "Authorization: $reader" -H 'Accept: text/csv' -H 'Accept-Profile: flagplane_data' -H 'Prefer: tx=rollback, handling=strict' -H 'Range: 5-6' -H 'Cookie: a=b'; header Content-Type)" 200application/json
check 'nor do the names of the original request' "$(ask "$base/api/v2/projects" -H "Authorization: $reader" -H 'X-Original-Request: DELETE /api/v2/projects/projectKey' -H 'X-Original-URI: /api/v2/projects/projectKey' -H 'X-Original-Method: DELETE'; jq .totalCount "$place/body.txt")" 2003

# --- Sizes.
sized() { # a body of so many bytes
	{ printf '{"key": "big", "name": "Big", "description": "'; head -c 4000 /dev/zero | tr '\0' d; printf '"'; head -c "$(($1 - 4048))" /dev/zero | tr '\0' ' '; printf '}'; } >"$place/sent"
	ask -X POST "$base$2" -H "Authorization: $key" -H 'Idempotency-Key: 2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b11' -H 'Expect:' --data-binary "@$place/sent"
}
check 'raw bytes in a URI are refused' "$(ask "$base" --request-target "/api/v2/projects/$(printf '\374\377')" -H "Authorization: $key"; body)" '400{"code":"invalid_request","message":"the URI must be percent-encoded"}'
check 'a body of 1 MiB is taken' "$(sized 1048576 /api/v2/projects/projectKey/layers; wc -c <"$place/sent")" 2011048576
check 'one byte more is 413' "$(sized 1048577 /api/v2/projects/projectKey/layers; body)" '413{"code":"invalid_request","message":"the request body is larger than 1048576 bytes"}'
check 'in the dialect of the path' "$(sized 1048577 /v1/projects/x/sdk-apps; body)" '413{"error":{"code":"VALIDATION",*"requestId":"req_??????????????????????????"}}'
# --- What nginx refuses itself, in the dialect of the path.
long=$(head -c 40000 /dev/zero | tr '\0' p)
layers_error() { jq -c '[.error.code, (.error.requestId | test("^req_[0-9a-z]{26}$"))]' "$place/body.txt"; }
raw() { # a request as it is, and the answer's status, content type, origin and body
	exec 3<>"/dev/tcp/127.0.0.1/$web_port"
	printf "$1" >&3
	sed -n 's/\r$//; s/^HTTP[^ ]* \([0-9]*\).*/\1/p; /^Content-Type: /p; /^Access-Control-Allow-Origin: /p; /^{/p' <&3 | tr '\n' ' '
	exec 3>&-
}
check 'a long URI' "$(ld GET "projects/$long"; body; header Content-Type)" '414{"code":"invalid_request","message":"the URI is larger than 32 kB"}application/json'
check 'in the dialect of the path, as far as it was read' "$(ask "$base/v1/projects/$long"; layers_error)" '414\["VALIDATION",true\]'
check 'a long header' "$(ask "$base/api/v2/projects" -H "X-Long: $long"; body)" '400{"code":"invalid_request","message":"the request is not well-formed, or its headers are larger than 32 kB"}'
check 'in the dialect of the path' "$(ask "$base/v1/whoami" -H "X-Long: $long"; layers_error; header X-Request-Id)" '400\["VALIDATION",true\]
req_??????????????????????????'
check 'no host' "$(ask "$base/api/v2/projects" -H 'Host:'; body)" '400{"code":"invalid_request",*}'
check 'no HTTP' "$(raw 'nonsense\r\n\r\n')" '400 Content-Type: application/json Access-Control-Allow-Origin: \* {"code":"invalid_request",*}'
check 'a method in lower case' "$(raw 'get /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n')" '400 Content-Type: application/json Access-Control-Allow-Origin: \* {"error":{"code":"VALIDATION",*"requestId":"req_*"}}'
check 'another version of HTTP' "$(raw 'GET /api/v2/projects HTTP/9.0\r\nHost: x\r\n\r\n')" '505 Content-Type: application/json Access-Control-Allow-Origin: \* {"code":"internal_service_error",*}'
check 'a transfer encoding that is not known' "$(ask -X POST "$base/api/v2/projects" -H 'Transfer-Encoding: gzip' -d '{}'; body)" '501{"code":"internal_service_error","message":"this transfer encoding is not supported"}'
check 'a method that nginx does not hand on' "$(ask -X TRACE "$base/api/v2/projects"; body; header Allow)" '405{"code":"method_not_allowed","message":"this path does not take that method"}GET, *'
check 'in the dialect of the path' "$(ask -X TRACE "$base/v1/whoami"; layers_error)" '405\["METHOD_NOT_ALLOWED",true\]'
check 'a path beside the documented ones' "$(ask "$base/v1"; body)" '404{"code":"not_found",*}'
check 'the place of the refusals is no path' "$(ask "$base/flagplane/refusal"; body)" '404{"code":"not_found","message":"there is no such path"}'

# --- Browsers: a page of another origin asks first, and may read what it needs.
methods='GET, HEAD, POST, PUT, PATCH, DELETE, REPORT, OPTIONS'
preflight() { ask -X OPTIONS "$base/$1" -H 'Origin: https://app.example.com' -H "Access-Control-Request-Method: $2" -H "Access-Control-Request-Headers: $3"; }
origins() { grep -c -i '^access-control-allow-origin: \*.$' "$place/headers.txt" || true; }
for path in api/v2/projects/projectKey/layers v1/whoami sdk/evalx/x/context rpc/list_projects projects nowhere; do
	check "OPTIONS of /$path" "$(preflight "$path" PATCH authorization; origins; header Access-Control-Allow-Methods; header Allow; header Access-Control-Max-Age)" "2041
$methods
$methods
7200"
done
for name in Authorization Content-Type Idempotency-Key If-Match If-None-Match LD-API-Version X-Api-Key X-HTTP-Method-Override Prefer Range; do
	check "a page may send $name" "$(header Access-Control-Allow-Headers | tr ',' '\n' | grep -c -x " *$name")" 1
done
check 'nothing of it is in the body' "$(wc -c <"$place/body.txt" 2>/dev/null || echo 0)" 0
cors() { ask "$@" -H 'Origin: https://app.example.com'; origins; }
check 'an answer may be read' "$(cors "$base/api/v2/projects" -H "Authorization: $reader")" 2001
for name in ETag Location Retry-After X-Request-Id Idempotent-Replayed X-Ratelimit-Global-Remaining X-Ratelimit-Route-Remaining X-Ratelimit-Reset X-RateLimit-Limit X-RateLimit-Remaining Content-Range; do
	check "and its $name" "$(header Access-Control-Expose-Headers | tr ',' '\n' | grep -c -i -x " *$name")" 1
done
check 'so may one that makes something' "$(cors -X POST "$base/api/v2/projects/projectKey/layers" -H "Authorization: $key" -d '{"key": "cors", "name": "C", "description": ""}')" 2011
check 'a view' "$(cors "$base/projects" -H "X-Api-Key: $reader")" 2001
check 'a refusal' "$(cors "$base/api/v2/projects")" 4011
check 'one by nginx' "$(cors "$base/nowhere")" 4041
check 'one of a view' "$(cors "$base/projects")" 4011
check 'none is told to pages alone' "$(header Access-Control-Allow-Credentials)$(header Access-Control-Allow-Methods)" ''
check 'a long answer arrives whole' "$(sql -c "SELECT count(flagplane.create_layer('other', 'l' || g, 'L', repeat('x', 4000))) FROM generate_series(1, 300) g" >/dev/null; ld GET projects/other/layers; jq '.items | length' "$place/body.txt")" 200300

# --- Functions and views, as PostgREST serves them.
rpc() { ask "$base/rpc/$1" -H 'Content-Type: application/json' "${@:2}"; }
check 'a function answers with its status and place' "$(rpc create_layer -H "X-Api-Key: $key" -d '{"project_key": "projectKey", "key": "rpc", "name": "R", "description": ""}'; header Location)" 201/api/v2/projects/projectKey/layers/rpc
check 'a raw token is good' "$(rpc get_layer -H "Authorization: $reader" -d '{"project_key": "projectKey", "layer_key": "rpc"}'; jq -r .key "$place/body.txt")" 200rpc
check 'a token after Bearer is good' "$(rpc get_layer -H "Authorization: Bearer $reader" -d '{"project_key": "projectKey", "layer_key": "rpc"}')" 200
check 'a function that reads may be got' "$(ask "$base/rpc/get_layer?project_key=projectKey&layer_key=rpc" -H "X-Api-Key: $reader"; jq -r .key "$place/body.txt")" 200rpc
check 'one that changes may not' "$(ask "$base/rpc/create_layer?project_key=projectKey&key=got&name=x&description=" -H "X-Api-Key: $key")" 405
check 'a refusal has its documented status' "$(rpc get_layer -H "X-Api-Key: $reader" -d '{"project_key": "projectKey", "layer_key": "no"}'; jq -r .code "$place/body.txt")" 404not_found
check 'a conflict of Layers' "$(rpc create_sdk_app -H "X-Api-Key: $key" -d '{"project_id": "nowhere", "name": "x", "platform": "expo"}'; jq -r .code "$place/body.txt"; header X-Request-Id)" $'404NOT_FOUND\nreq_*'
check 'no token' "$(rpc list_projects -d '{}')" 401
check 'a bad token, by the pre-request' "$(rpc operations -H 'X-Api-Key: fp_x' -d '{}'; jq -r .message "$place/body.txt")" '401the access token is not valid'
check 'the operations need none' "$(rpc operations -d '{}'; jq -r '.[].name' "$place/body.txt" | grep -c '^create_layer$')" 2001
check 'arguments that the function does not know' "$(rpc get_layer -H "X-Api-Key: $reader" -d '{"nmae": 1}'; jq -r .code "$place/body.txt")" 404PGRST202
check 'rest() itself is not for callers' "$(ask -X POST "$base/rpc/rest" -H "X-Api-Key: $key" -H 'Content-Type: application/octet-stream' -H 'X-Original-Request: GET /api/v2/projects' -H 'X-Original-Method: GET' -H 'X-Original-URI: /api/v2/projects'; jq -r .code "$place/body.txt")" 400invalid_request
view() { ask "$base/$1" -H "X-Api-Key: ${2-$reader}"; }
check 'a view is read and filtered' "$(view 'projects?select=key&key=neq.other&order=key.asc'; jq -c . "$place/body.txt")" '200\[{"key":"acme-coffee"},{"key":"projectKey"}\]'
check 'a limited token sees its project' "$(view 'projects?select=key' "$limited"; jq -c . "$place/body.txt")" '200\[{"key":"other"}\]'
check 'environments too' "$(view 'environments?select=key&order=key' "$limited"; jq -c . "$place/body.txt")" '200\[{"key":"production"},{"key":"test"}\]'
check 'a document of all requests is there for everybody' "$(ask "$base/api/v2/openapi.json"; jq -r .openapi "$place/body.txt")" '2003.*'
for name in projects environments layers flag_links sdk_apps audit; do
	check "$name needs a token" "$(ask "$base/$name"; jq -r .code "$place/body.txt")" 401unauthorized
	check "$name can be read with one" "$(view "$name?limit=1" "$key")" 200
	check "$name shows no secret" "$(view "$name" "$key" >/dev/null; grep -c -E '(sdk|mob)-[0-9a-f]{8}-|sk_app_[0-9A-Za-z]{43}|fp_[0-9a-f]{8}_[0-9a-f]{16}_[0-9A-Za-z]{43}' "$place/body.txt" || true)" 0
done
check 'nothing else is served' "$(ask "$base/account" -H "X-Api-Key: $key")$(ask "$base/idempotency_key" -H "X-Api-Key: $key")" 404404

# --- A token that is revoked is refused by the next request, whichever way.
doomed_token=$(jq -r .token <<<"$doomed")
check 'a token is good' "$(ld GET projects '' "$doomed_token")$(view projects "$doomed_token")$(rpc list_projects -H "X-Api-Key: $doomed_token" -d '{}')" 200200200
check 'it is revoked' "$(rpc revoke_access_token -H "X-Api-Key: $key" -d "{\"id\": $(jq ._id <<<"$doomed")}")" 200
check 'it is refused' "$(ld GET projects '' "$doomed_token")$(view projects "$doomed_token")$(rpc list_projects -H "X-Api-Key: $doomed_token" -d '{}')" 401401401

check 'one that is killed is told so' "$(sql -c "SELECT flagplane.kill_access_token('$(jq -r ._id <<<"$killed")') IS NOT NULL"; ld GET projects '' "$(jq -r .token <<<"$killed")"; ask "$base/v1/projects/prj_9cb958b5-11b5-4e30-8675-5d075d52da7c/sdk-apps" -H "Authorization: Bearer $(jq -r .token <<<"$killed")"; body)" 't?401503{"error":{"code":"KILL_SWITCH",*'

# --- Nothing of a refused request is left; settings of one request are not the next one's.
before=$(sql -c 'SELECT count(*) FROM flagplane_data.idempotency_key')
check 'a refused request with a key' "$(ask -X POST "$base/api/v2/projects/projectKey/layers" -H "Authorization: $key" -H 'Idempotency-Key: 2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b12' -d '{"key": "checkout-flow", "name": "x", "description": ""}')" 409
check 'leaves no claim' "$(sql -c 'SELECT count(*) FROM flagplane_data.idempotency_key')" "$before"
check 'the key of the request before is not the next one'"'"'s' "$(ld POST projects/projectKey/layers '{"key": "after", "name": "x", "description": ""}'; sql -c 'SELECT count(*) FROM flagplane_data.idempotency_key')" "201$before"
check 'nor is its token' "$(ask "$base/api/v2/projects")$(ask "$base/projects")" 401401
check 'nor its status and headers' "$(ld GET projects/projectKey; header Location)" 200

# --- No secret is in a log, even if one came in a query string or as an argument.
check 'a key in a query string' "$(ask "$base/rpc/resolve_environment_key?value=$sdk_key" -H "X-Api-Key: $reader")" 404
check 'a key in an argument' "$(rpc authenticate_sdk_app -H "X-Api-Key: $reader" -d "{\"api_key\": \"$app_key\"}")" 404
kill -STOP "$rest_pid"
kill "$nginx_pid" && wait "$nginx_pid" || true
nginx_edit='s|proxy_read_timeout 60s|proxy_read_timeout 1s|'
start_nginx
check 'the backend does not answer' "$(ask "$base/api/v2/projects" -H "Authorization: $reader"; body; origins)" '504{"code":"internal_service_error","message":"the service does not answer"}1'
check 'in the dialect of the path' "$(ask "$base/v1/whoami" -H "Authorization: $reader"; layers_error; header X-Request-Id)" '504\["INTERNAL",true\]
req_*'
kill -CONT "$rest_pid"
check 'the backend is away' "$(kill "$rest_pid"; wait "$rest_pid" || true; ask "$base/api/v2/projects?token=$reader" -H "Authorization: $reader"; body; origins)" '502{"code":"internal_service_error","message":"the service does not answer"}1'
rest_pid=
check 'the access log tells method, path and status' "$(grep -c 'POST /api/v2/projects/projectKey/environments 201 ' "$place/logs/flagplane.log")" 1
for secret in "$key" "$reader" "$limited" "$doomed_token" "$sdk_key" "$app_key" 2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b10; do
	check 'no secret is in the logs' "$(cat "$place"/logs/* "$place/rest.log" "$FLAGPLANE_CLUSTER/server.log" | grep -c -F -e "$secret" || true)" 0
done
echo "1..$number"
[ "$failures" = 0 ]
