#!/usr/bin/env bash
# The requests of published clients that are not run here themselves, word for word
# and in their order: Terraform's provider with its strict client in Go, ldcli, and
# Layers' MCP server.
set -euo pipefail
database=flagplane_requests
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"

key=$(token "role => 'admin', member_id => flagplane.create_member('ada@example.com')->>'_id'")
reader=$(token "role => 'reader'")
member=$(sql -c "SELECT flagplane.list_members()->'items'->0->>'_id'")
project=$(sql -c "SELECT flagplane.create_project('default', 'Default') IS NOT NULL" -c "SELECT id FROM flagplane_data.project" | tail -1)
start_servers
sent() { jq -c "$@" "$place/body.txt"; }

# --- Terraform's provider. Its client refuses an answer that lacks a property, so each
# is held to the list of those that are always there.
environment='"_links _id key name apiKey mobileKey color defaultTtl secureMode defaultTrackEvents requireComments confirmChanges tags critical"'
approvals='"required bypassApprovalsForPendingChanges minNumApprovals canReviewOwnRequest canApplyDeclinedChanges serviceKind serviceConfig requiredApprovalTags"'
project_rep='"_links _id key includeInSnippetByDefault name tags"'
flag='"name kind key _version creationDate variations temporary tags _links experiments customProperties archived"'
settings='"on archived salt sel lastModified version _site _environmentName trackEvents trackEventsFallthrough"'
lacks="def lacks(\$names): [(\$names | split(\" \"))[] as \$name | select(.[\$name] == null) | \$name];
	def environment: lacks($environment) + (.approvalSettings | lacks($approvals));
	def environments: lacks(\"items\") + [.items[] | environment[]];
	def project: lacks($project_rep);
	def flag: lacks($flag) + [.variations[] | select(has(\"value\") | not)] + (.experiments | lacks(\"baselineIdx items\")) + [.environments[] | lacks($settings)[]];"
missing() { sent "$lacks $1"; }
terraform() { # method, path, body: the client in Go, which sends the version twice
	ask -X "$1" "$base/api/v2/$2" -H "Authorization: $key" -H 'User-Agent: launchdarkly-terraform-provider/3.1.3' -H 'Accept: application/json' \
		-H 'LD-API-Version: 20240415' -H 'LD-API-Version: 20240415' -H 'Content-Type: application/json' ${3:+-d "$3"}
}
raw() { # method, path, body: without that client
	ask -X "$1" "$base/api/v2/$2" -H "Authorization: $key" -H 'Content-Type: application/json' -H 'LD-API-Version: 20240415' \
		-H 'User-Agent: launchdarkly-terraform-provider/3.1.3' ${3:+-d "$3"}
}

check 'a project that is not there' "$(terraform GET projects/tf; sent .code)" '404"not_found"'
check 'a project is made' "$(terraform POST projects '{"environments":[{"color":"417505","defaultTtl":0,"key":"production","name":"Production"},{"color":"F5A623","defaultTtl":3,"key":"staging","name":"Staging"}],"key":"tf","name":"Terraform"}'; missing 'project + [.environments[] | environment[]]')" '201\[\]'
check 'its settings follow' "$(terraform PATCH projects/tf '[{"op":"replace","path":"/name","value":"Terraform"},{"op":"replace","path":"/tags","value":["terraform","managed"]},{"op":"replace","path":"/defaultClientSideAvailability","value":{"usingEnvironmentId":true,"usingMobileKey":false}}]'; missing 'project + [.environments[] | environment[]]'; sent .tags)" $'200\[\]\n\["managed","terraform"\]'
check 'views are not asked for' "$(raw PATCH projects/tf '[{"op":"replace","path":"/requireViewAssociationForNewFlags","value":false},{"op":"replace","path":"/requireViewAssociationForNewSegments","value":false}]')" 200
check 'the project is read' "$(terraform GET projects/tf; missing project; sent .defaultClientSideAvailability)" $'200\[\]\n{"usingEnvironmentId":true,"usingMobileKey":false}'
check 'its environments too' "$(terraform GET 'projects/tf/environments?limit=20&offset=0'; missing environments; sent '[.totalCount, .items[].key]')" $'200\[\]\n\[2,"production","staging"\]'
nine() { jq -cn --arg name "$1" --argjson critical "$2" '[["name", $name], ["color", "417505"], ["defaultTtl", 0], ["secureMode", false], ["defaultTrackEvents", false], ["requireComments", false], ["confirmChanges", false], ["critical", $critical], ["tags", []]] | map({op: "replace", path: "/\(.[0])", value: .[1]})'; }
check 'one is missing' "$(terraform POST projects/tf/environments '{"color":"000000","defaultTtl":0,"key":"third","name":"Third"}'; missing environment)" '201\[\]'
for name in production staging third; do
	check "$name is brought in line" "$(terraform PATCH "projects/tf/environments/$name" "$(nine "$name" true)"; missing environment; sent '[.name, .critical, .tags]')" $'200\[\]\n\["'"$name"'",true,\[\]\]'
done
check 'approvals are set' "$(terraform PATCH projects/tf/environments/staging '[{"op":"replace","path":"/approvalSettings/required","value":true},{"op":"replace","path":"/approvalSettings/canReviewOwnRequest","value":false},{"op":"replace","path":"/approvalSettings/minNumApprovals","value":2},{"op":"replace","path":"/approvalSettings/canApplyDeclinedChanges","value":true},{"op":"replace","path":"/approvalSettings/requiredApprovalTags","value":[]},{"op":"replace","path":"/approvalSettings/serviceKind","value":"launchdarkly"},{"op":"replace","path":"/approvalSettings/serviceConfig","value":{}},{"op":"replace","path":"/approvalSettings/autoApplyApprovedChanges","value":false}]'; missing environment; sent '.approvalSettings | [.required, .minNumApprovals]')" $'200\[\]\n\[true,2\]'
check 'approvals go back to their defaults' "$(terraform PATCH projects/tf/environments/staging '[{"op":"remove","path":"/approvalSettings/required"},{"op":"remove","path":"/approvalSettings/requiredApprovalTags"}]'; missing environment; sent '.approvalSettings | [.required, .requiredApprovalTags]')" $'200\[\]\n\[false,\[\]\]'
check 'one that is not wanted goes last' "$(terraform DELETE projects/tf/environments/third)" 204
check 'the project is read again' "$(raw GET projects/tf; sent '[.requireViewAssociationForNewFlags, .requireViewAssociationForNewSegments]')" '200\[false,false\]'

check 'an environment is made' "$(terraform POST projects/tf/environments '{"color":"ABCDEF","confirmChanges":false,"critical":false,"defaultTrackEvents":false,"defaultTtl":0,"key":"single","name":"Single","requireComments":false,"secureMode":false,"tags":["a"]}'; missing environment)" '201\[\]'
check 'it is read at once' "$(terraform GET projects/tf/environments/single; missing environment; sent '._id | length')" $'200\[\]\n24'
check 'it is changed' "$(terraform PATCH projects/tf/environments/single "$(nine Single false)"; missing environment)" '200\[\]'
check 'it is deleted, and gone' "$(terraform DELETE projects/tf/environments/single)$(terraform GET projects/tf/environments/single; sent '[.code, (.message | type)]')" '204404\["not_found","string"\]'

check 'a flag is looked for' "$(terraform GET flags/tf/button; sent .code)" '404"not_found"'
check 'a flag is made' "$(terraform POST flags/tf '{"clientSideAvailability":{"usingEnvironmentId":true,"usingMobileKey":false},"defaults":{"offVariation":1,"onVariation":0},"description":"","key":"button","name":"Button","tags":["terraform"],"temporary":false,"variations":[{"value":true},{"value":false}]}'; missing flag; sent '[.kind, .maintainerId]')" $'201\[\]\n\["boolean","'"$member"'"\]'
brought() { jq -cn --arg member "$member" --argjson more "$1" '{comment: "Terraform", patch: ([["name", "Button"], ["description", "d"], ["tags", []], ["temporary", false], ["archived", false], ["deprecated", false], ["customProperties", {}]] + $more + [["defaults", {offVariation: 1, onVariation: 0}], ["maintainerId", $member]] | map({op: "replace", path: "/\(.[0])", value: .[1]}))}'; }
check 'it is brought in line' "$(terraform PATCH flags/tf/button "$(brought '[]')"; missing flag; sent '[.description, .deprecated]')" $'200\[\]\n\["d",false\]'
check 'it is read' "$(terraform GET flags/tf/button; missing flag)" '200\[\]'
check 'its variations get names' "$(terraform PATCH flags/tf/button "$(brought '[["variations/0/value", true], ["variations/0/name", "On"], ["variations/1/value", false], ["variations/1/description", "Off"]]')"; missing flag; sent '[.variations[] | [.value, .name, .description]]')" $'200\[\]\n\[\[true,"On",null\],\[false,null,"Off"\]\]'
check 'its settings in an environment' "$(terraform PATCH flags/tf/button '{"comment":"Terraform","patch":[{"op":"replace","path":"/environments/staging/on","value":true},{"op":"remove","path":"/environments/staging/offVariation"},{"op":"replace","path":"/environments/staging/trackEvents","value":true},{"op":"replace","path":"/environments/staging/rules","value":[{"clauses":[{"attribute":"country","contextKind":"user","negate":false,"op":"startsWith","values":["great"]}],"trackEvents":false,"variation":0}]},{"op":"replace","path":"/environments/staging/prerequisites","value":[]},{"op":"replace","path":"/environments/staging/targets","value":[{"contextKind":"user","values":["ada"],"variation":1}]},{"op":"replace","path":"/environments/staging/contextTargets","value":[]},{"op":"replace","path":"/environments/staging/fallthrough","value":{"variation":0}}]}'; missing flag; sent '.environments.staging | [.on, .offVariation, (.rules | length)]')" $'200\[\]\n\[true,null,1\]'
check 'are put back' "$(terraform PATCH flags/tf/button '{"comment":"Terraform","patch":[{"op":"replace","path":"/environments/staging/on","value":false},{"op":"replace","path":"/environments/staging/rules","value":[]},{"op":"replace","path":"/environments/staging/trackEvents","value":false},{"op":"replace","path":"/environments/staging/prerequisites","value":[]},{"op":"replace","path":"/environments/staging/offVariation","value":1},{"op":"replace","path":"/environments/staging/targets","value":[]},{"op":"replace","path":"/environments/staging/contextTargets","value":[]},{"op":"replace","path":"/environments/staging/fallthough","value":{"variation":0}}]}'; missing flag; sent '.environments.staging | [.on, .offVariation, .rules]')" $'200\[\]\n\[false,1,\[\]\]'
check 'the flag is deleted' "$(terraform DELETE flags/tf/button)$(terraform GET flags/tf/button)" 204404
check 'so is the project' "$(terraform DELETE projects/tf)$(terraform GET projects/tf)" 204404

# --- ldcli: any answer of 400 and more is parsed for {code, message}.
ldcli() { # method, path, body, media type
	ask -X "$1" "$base/api/v2/$2" -H "Authorization: $key" -H "Content-type: ${4-application/json}" -H 'User-Agent: launchdarkly-cli/v2.0.0' "${beta[@]}" ${3:+-d "$3"}
}
beta=()
semantic='application/json; domain-model=launchdarkly.semanticpatch'
refusal='[keys_unsorted[:2], (.code | test("^[a-z_]+$")), (.message | length > 0)]'
check 'ldcli makes a flag' "$(ldcli POST flags/default '{"key": "cli", "name": "CLI"}')" 201
check 'which exists already' "$(ldcli POST flags/default '{"key": "cli", "name": "CLI"}'; sent '[.code, .message]')" '409\["conflict","flag \\"cli\\" already exists"\]'
check 'turns it on' "$(ldcli PATCH flags/default/cli '{"environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}' "$semantic"; sent '.environments.test.on')" 200true
check 'makes a layer' "$(ldcli POST projects/default/layers '{"key": "checkout", "name": "Checkout", "description": "d"}')" 201
check 'changes it, by instructions or plainly' "$(ldcli PATCH projects/default/layers/checkout '{"instructions": [{"kind": "updateName", "name": "A"}]}' "$semantic")$(ldcli PATCH projects/default/layers/checkout '{"instructions": [{"kind": "updateName", "name": "B"}]}'; sent .name)" '200200"B"'
check 'lists layers' "$(ldcli GET projects/default/layers; sent '[.items[].key]')" '200\["checkout"\]'
check 'lists environments' "$(ldcli GET 'projects/default/environments?limit=5&offset=0'; sent '[.totalCount, ._links.self.href]')" '200\[2,"/api/v2/projects/default/environments?limit=5"\]'
beta=(-H 'LD-API-Version: beta')
check 'makes a link, which is beta' "$(ldcli POST flag-links/projects/default/flags/cli '{"key": "l", "deepLink": "https://example.com/l"}')" 201
check 'deletes it' "$(ldcli DELETE flag-links/projects/default/flags/cli/l)" 204
beta=()
check 'a refusal: not good' "$(ldcli POST flags/default '{}'; sent "$refusal")" '400\[\["code","message"\],true,true\]'
check 'a refusal: not JSON' "$(ldcli POST flags/default 'x'; sent "$refusal")" '400\[\["code","message"\],true,true\]'
check 'a refusal: not there' "$(ldcli GET flags/default/none; sent "$refusal")" '404\[\["code","message"\],true,true\]'
check 'a refusal: no such path' "$(ldcli GET webhooks/default; sent "$refusal")" '404\[\["code","message"\],true,true\]'
check 'a refusal: no such method' "$(ldcli PUT flags/default '{}'; sent "$refusal")" '405\[\["code","message"\],true,true\]'
check 'a refusal: no right' "$(key=$reader ldcli POST flags/default '{"key": "k", "name": "n"}'; sent "$refusal")" '403\[\["code","message"\],true,true\]'
check 'a refusal: nobody' "$(key=api-1 ldcli GET projects; sent "$refusal")" '401\[\["code","message"\],true,true\]'

# --- Terraform's access tokens and members.
always='lacks("_links _id ownerId creationDate lastModified")'
check 'a token is made' "$(terraform POST tokens '{"name":"ci","role":"reader","serviceToken":true,"defaultApiVersion":20240415}'; missing "$always"; sent '[.serviceToken, .defaultApiVersion, (.token | startswith("fp_"))]')" $'201\[\]\n\[true,20240415,true\]'
made=$(sent -r ._id)
check 'it is read' "$(terraform GET "tokens/$made"; missing "$always"; sent '.token | length')" $'200\[\]\n4'
check 'it is renamed, with another role' "$(terraform PATCH "tokens/$made" '[{"op":"replace","path":"/name","value":"nightly"},{"op":"replace","path":"/role","value":"writer"}]'; missing "$always"; sent '[.name, .role]')" $'200\[\]\n\["nightly","writer"\]'
check 'it is reset' "$(terraform POST "tokens/$made/reset"; sent '.token | startswith("fp_")')" 200true
check 'it is listed, deleted and gone' "$(terraform GET 'tokens?limit=100'; sent "[.items[]._id] | index(\"$made\") != null")$(terraform DELETE "tokens/$made")$(terraform GET "tokens/$made"; sent .code)" '200true204404"not_found"'
person='lacks("_links _id role email customRoles mfa creationDate") + [select(has("_pendingInvite") and has("_verified") and has("_lastSeen") | not)]'
check 'members are made' "$(terraform POST members '[{"email":"grace@example.com","role":"writer","firstName":"Grace"}]'; missing ".items[0] | $person"; sent '.items[0].role')" $'201\[\]\n"writer"'
check 'one is read' "$(terraform GET "members/$member"; missing "$person"; sent .email)" $'200\[\]\n"ada@example.com"'
check 'one is looked for' "$(terraform GET 'members?filter=query:grace'; sent '[.items[].email]')" '200\["grace@example.com"\]'

# --- Layers' MCP server: a key with every POST and PATCH, a media type only with a body,
# errors held to the shapes that it lets through.
uuid() { sql -c 'SELECT gen_random_uuid()'; }
layers() { # method, path, body, idempotency key
	local headers=(-H "Authorization: Bearer $key" -H 'Accept: */*' -H 'User-Agent: node')
	case $1 in POST | PATCH) headers+=(-H "Idempotency-Key: ${4-$(uuid)}") ;; esac
	ask -X "$1" "$base/v1/$2" "${headers[@]}" ${3:+-H 'Content-Type: application/json' -d "$3"}
}
envelope='[(keys == ["error"]), .error.code, (.error.code | test("^[A-Z][A-Z0-9_]{0,63}$")), (.error.requestId | test("^req_[A-Za-z0-9_-]{1,96}$")), (.error.message | length > 0 and length <= 2000)]'
refused() { sent "$envelope"; }
good='true,true,true\]'
apps=projects/prj_$project/sdk-apps
check 'who am I' "$(layers GET whoami; sent '[.organizationName, .scopes, .rateLimitTier]')" '200\["Default",\["\*"\],"standard"\]'
check 'projects, newest first' "$(layers GET 'projects?limit=1'; sent '[.items[0].id, .nextCursor]')" '200\["prj_'"$project"'",null\]'
check 'those of a name' "$(layers GET 'projects?status=active&search=EFAU'; sent '.items | length')" 2001
check 'those of a customer: none is known' "$(layers GET 'projects?customerExternalId=c-1'; sent '.items')" '200\[\]'
check 'none is archived' "$(layers GET 'projects?status=archived'; sent '.items')" '200\[\]'
check 'a project, by its id' "$(layers GET "projects/prj_$project"; sent .id)$(layers GET "projects/$project"; sent .name)" '200"prj_'"$project"'"200"Default"'
again=$(uuid)
check 'an app is made' "$(layers POST "$apps" '{"name":"Acme","platform":"ios","bundleId":"com.acme.ios"}' "$again"; sent '[.appId, .apiKey, .lastEventAt]')" '201\["app_*","sk_app_*",null\]'
first=$(body)
app=$(sent -r .appId)
check 'again under the same key: the same' "$(layers POST "$apps" '{"name":"Acme","platform":"ios","bundleId":"com.acme.ios"}' "$again"; body)" "201${first//[/\\[}"
check 'another under that key' "$(layers POST "$apps" '{"name":"Other","platform":"expo"}' "$again"; refused)" "409\[true,\"IDEMPOTENCY_CONFLICT\",$good"
check 'again under another key' "$(layers POST "$apps" '{"name":"Acme","platform":"ios","bundleId":"com.acme.ios"}'; refused)" "409\[true,\"CONFLICT\",$good"
check 'an id of the caller' "$(layers POST "$apps" '{"appId":"app_1","name":"Acme","platform":"expo"}'; refused)" "422\[true,\"VALIDATION_FAILED\",$good"
check 'what is no app' "$(layers POST "$apps" '{"name":"","platform":"no"}'; refused)" "422\[true,\"VALIDATION\",$good"
check 'no body' "$(layers POST "$apps"; refused)" "422\[true,\"VALIDATION\",$good"
check 'apps are listed' "$(layers GET "$apps?platform=ios&limit=100"; sent '[.items[].appId, .nextCursor]')" "200\[\"$app\",null\]"
check 'an app is got' "$(layers GET "$apps/$app"; sent '[.name, has("apiKey")]')" '200\["Acme",false\]'
check 'it is changed' "$(layers PATCH "$apps/$app" '{"name":"Renamed","capi":{"meta":{"enabled":true}}}'; sent '[.name, .capi.meta.enabled, has("apiKey")]')" '200\["Renamed",true,false\]'
turn=$(uuid)
check 'it gets another key' "$(layers PATCH "$apps/$app" '{"rotateKey":true}' "$turn"; sent '.apiKey | startswith("sk_app_")')" 200true
rotated=$(body)
check 'a retry shows that same key' "$(layers PATCH "$apps/$app" '{"rotateKey":true}' "$turn"; body)" "200$rotated"
check 'which is not the first' "$([ "$(jq .apiKey <<<"$rotated")" = "$(jq .apiKey <<<"$first")" ] || echo another)" another
check 'no right' "$(key=$reader layers POST "$apps" '{"name":"A","platform":"expo"}'; refused)" "403\[true,\"FORBIDDEN_SCOPE\",$good"
check 'no token' "$(key=lp_x layers GET whoami; refused)" "401\[true,\"UNAUTHENTICATED\",$good"
check 'no such project' "$(layers GET projects/prj_00000000-0000-4000-8000-000000000000; refused)" "404\[true,\"NOT_FOUND\",$good"
check 'no id of a project' "$(layers GET projects/x; refused)" "422\[true,\"VALIDATION\",$good"
check 'no such path' "$(layers GET credits; refused)" "404\[true,\"NOT_FOUND\",$good"
check 'an app is deleted' "$(layers DELETE "$apps/$app"; body)$(layers GET "$apps/$app")" 204404
echo "1..$number"
[ "$failures" = 0 ]
