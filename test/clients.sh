#!/usr/bin/env bash
#
# LaunchDarkly's published programs over the whole path, with TLS: its Terraform provider
# under OpenTofu, ldcli, and its MCP server.
#
#   TOFU   OpenTofu or Terraform; otherwise tofu or terraform on the PATH
#   LAUNCHDARKLY_PROVIDER_DIR   directories, with colons between them, each of which
#          holds a terraform-provider-launchdarkly of version 2 or 3; otherwise the
#          directory of that program on the PATH
#   LDCLI  otherwise ldcli on the PATH
#
# The MCP server comes from npm. What is missing is skipped; 77 where all of them are.
set -euo pipefail
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

found() { # a setting, and the names of programs: the first that there is
	if [ -n "$1" ]; then echo "$1"; else command -v "${@:2}" 2>/dev/null | head -1 || true; fi
}
opentofu=$(found "${TOFU:-}" tofu terraform)
ldcli=$(found "${LDCLI:-}" ldcli)
providers=${LAUNCHDARKLY_PROVIDER_DIR:-}
if [ -z "$providers" ] && program=$(command -v terraform-provider-launchdarkly); then providers=$(dirname "$program"); fi

ran=0
failed=0
echo "== LaunchDarkly's MCP server"
status=0
"$tests/client/mcp.sh" || status=$?
case $status in
	0) ran=1 ;;
	77) ;;
	*) ran=1 failed=1 ;;
esac

missing_for_terraform() {
	if [ -z "$opentofu" ]; then
		echo "neither tofu nor terraform is on the PATH, nor named by TOFU"
	elif [ -z "$providers" ]; then
		echo "LAUNCHDARKLY_PROVIDER_DIR does not name where terraform-provider-launchdarkly is"
	elif ! command -v openssl >/dev/null; then
		echo "openssl is not installed, and the provider wants TLS"
	fi
}
why=$(missing_for_terraform)
if [ -n "$why" ]; then
	echo "== LaunchDarkly's Terraform provider"
	echo "skipped: $why"
fi
if [ -z "$ldcli" ]; then
	echo "== ldcli"
	echo "skipped: ldcli is not on the PATH, nor named by LDCLI"
fi
if [ -n "$why" ] && [ -z "$ldcli" ]; then
	if [ "$ran" = 0 ]; then exit 77; fi
	exit "$failed"
fi

database=flagplane_clients
# shellcheck source=test/client/stack.bash
. "$tests/client/stack.bash"
sql -c "SELECT flagplane.create_project('kept', 'Kept')" >"$place/kept"
member=$(sql -c "SELECT flagplane.create_member('clients@example.com')->>'_id'")
key=$(token "role => 'admin', member_id => '$member'")

# The deployed file with one more port, which speaks TLS.
if [ -z "$why" ]; then
	tls_port=$("$here/bridge" --free-port)
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$place/key.pem" -out "$place/cert.pem" 2>/dev/null
	nginx_edit="s|^\tlisten .*|&\n\tlisten 127.0.0.1:$tls_port ssl;\n\tssl_certificate $place/cert.pem;\n\tssl_certificate_key $place/key.pem;|"
fi
start_servers
mkdir "$place/home"

# A command of OpenTofu in the directory of the configuration: its status is printed, and
# what it says of failures and of a plan that should be empty.
plan() { # what, the expected status, and the command
	local status=0
	(cd "$work" && HOME=$place/home TF_CLI_CONFIG_FILE=$work/tofu.rc SSL_CERT_FILE=$place/cert.pem CHECKPOINT_DISABLE=1 \
		LAUNCHDARKLY_ACCESS_TOKEN=$key LAUNCHDARKLY_API_HOST=https://127.0.0.1:$tls_port \
		timeout 300 "$opentofu" "${@:3}" -no-color) >"$work/log" 2>&1 || status=$?
	check "provider $version: $1" "$status" "$2"
	if [ "$status" != "$2" ]; then sed 's/^/# /' "$work/log"; fi
}
applies() { # what: a plan that has changes, applied, and a second one that has none
	plan "$1 is planned" 2 plan -input=false -detailed-exitcode
	plan "$1 is applied" 0 apply -input=false -auto-approve
	plan "a second plan of $1 is empty" 0 plan -input=false -detailed-exitcode
}
rows() { # what is imported is made of; the provider sends the rules of segments without their ids
	sql -c "SELECT md5(string_agg(r::text, ' ' ORDER BY r)) FROM (SELECT to_jsonb(e) - '{version,last_modified}'::text[] FROM flagplane_data.environment e
		UNION ALL SELECT to_jsonb(f) - 'version' FROM flagplane_data.flag f
		UNION ALL SELECT to_jsonb(c) - '{version,last_modified}'::text[] FROM flagplane_data.flag_environment c
		UNION ALL SELECT regexp_replace((to_jsonb(s) - '{version,last_modified}'::text[])::text, '\"_id\": \"[^\"]*\"', '\"_id\": null', 'g')::jsonb
			FROM flagplane_data.segment s) u(r)"
}
settings() { # a path in the settings of building-materials
	sql -c "SELECT flagplane.get_flag('shop', 'building-materials')#>>'{environments,review,$1}'"
}

segment() { # its key
	sql -c "SELECT json_build_object('name', s->'name', 'included', s->'included', 'excluded', s->'excluded', 'rules', json_array_length(s->'rules'))::text
		FROM flagplane.get_segment('shop', 'review', '$1') s" | tr -d ' '
}
served() { # a user: what a user is served of basic, and by which rule
	sql -c "SELECT json_build_object('rule', d->'reason'->'ruleIndex', 'value', d->'value')::text
		FROM flagplane.variation_detail('shop', 'review', 'basic', flagplane.user_context('$1')) d" | tr -d ' '
}

# The version says which configuration is read.
choose_configuration() { # the directory of the provider
	for version in 3 2; do
		work=$place/$(basename "$1")-$version
		mkdir -p "$work"
		cp "$tests/clients/$version/first.tf" "$tests/clients/$version/removed.tf" "$work"
		cat >"$work/tofu.rc" <<-RC
			provider_installation {
			  dev_overrides { "launchdarkly/launchdarkly" = "$1" }
			  direct { exclude = ["*/*"] }
			}
		RC
		if (cd "$work" && HOME=$place/home TF_CLI_CONFIG_FILE=$work/tofu.rc timeout 300 "$opentofu" validate -no-color) >"$work/log" 2>&1; then
			return
		fi
	done
	cat "$work/log"
	return 1
}

terraform() { # the directory of the provider
	echo "== LaunchDarkly's Terraform provider in $(basename "$1")"
	if ! choose_configuration "$1"; then
		check "the provider takes a configuration of version 2 or 3" no yes
		return
	fi
	applies "the configuration"
	check "provider $version: targets are served in one order" "$(settings contextTargets)" '*"contextKind": "account"*'
	check "provider $version: and the prerequisite" "$(settings prerequisites)" '*{"key": "basic", "variation": 0}*'
	check "provider $version: whoever is in a segment is served what the rule says" "$(served pig1) $(served wolf)" '{"rule":0,"value":true} {"rule":null,"value":false}'

	# What somebody else has changed is seen, and changed back.
	sql -c "SELECT flagplane.update_flag('shop', 'building-materials', '{\"name\": \"Another\", \"environments\": {\"review\": {\"on\": false, \"rules\": []}}}')" >"$work/log"
	applies "what somebody else changed"
	check "provider $version: it is on again" "$(settings on)" true

	# What is there already is taken over, and stays as it is: the provider reads no views, and
	# sends what it does not know to be the same.
	before=$(rows)
	for import in project.shop=shop environment.review=shop/review feature_flag.materials=shop/building-materials \
		feature_flag_environment.materials=shop/review/building-materials segment.builders=shop/review/builders; do
		plan "${import%=*} is forgotten" 0 state rm "launchdarkly_${import%=*}"
		plan "${import%=*} is imported" 0 import -input=false "launchdarkly_${import%=*}" "${import#*=}"
	done
	plan "what was imported is applied" 0 apply -input=false -auto-approve
	plan "a second plan of what was imported is empty" 0 plan -input=false -detailed-exitcode
	check "provider $version: nothing has changed" "$(rows)" "$before"

	rm "$work/removed.tf"
	cp "$tests/clients/$version/change.tf" "$work/change_override.tf"
	applies "the change"
	check "provider $version: the settings are the new ones" "$(settings on) $(settings fallthrough) $(settings offVariation)" 'false {"variation": 3} 0'
	check "provider $version: the segments are the new ones" "$(segment builders) $(segment empty)" \
		'{"name":"Masons","included":\["pig2","pig3"\],"excluded":\[\],"rules":1} {"name":"Empty","included":\["pig1"\],"excluded":\[\],"rules":0}'
	check "provider $version: a flag is archived, and one is gone" \
		"$(sql -c "SELECT string_agg(key || ' ' || archived, ', ' ORDER BY key) FROM flagplane_data.flag")" 'basic false, building-materials false, number true'
	plan "all is destroyed" 0 destroy -input=false -auto-approve
	check "provider $version: nothing is left" \
		"$(sql -c "SELECT (SELECT string_agg(key, ', ') FROM flagplane_data.project), (SELECT count(*) FROM flagplane_data.access_token)")" 'kept|1'
}
if [ -z "$why" ]; then
	ran=1
	while IFS= read -r -d : provider; do terraform "$provider"; done <<<"$providers:"
fi

# A command of ldcli: its status, and of its answer what jq makes of it.
cli() { # what jq shall do, and the command
	local status=0
	HOME=$place/home LD_ANALYTICS_OPT_OUT=true timeout 60 "$ldcli" "${@:2}" --base-uri "$base" --access-token "$key" \
		--output json >"$place/cli" 2>&1 || status=$?
	echo "$status $(jq -c "$1" "$place/cli" 2>/dev/null || cat "$place/cli")"
}
commands() {
	local flag=(--project cli --flag f)
	check 'ldcli makes a project' "$(cli .key projects create --data '{"key": "cli", "name": "Cli", "tags": ["t"]}')" '0 "cli"'
	check 'ldcli lists projects' "$(cli '[.items[].key]' projects list)" '0 *"cli"*'
	check 'ldcli changes a project' "$(cli .name projects update --project cli --data '[{"op": "replace", "path": "/name", "value": "Changed"}]')" '0 "Changed"'
	check 'ldcli reads a project' "$(cli '[.name, .tags]' projects get --project cli)" '0 \["Changed",\["t"\]\]'
	check 'ldcli makes an environment' "$(cli .key environments create --project cli --data '{"key": "e", "name": "E", "color": "ff0000"}')" '0 "e"'
	check 'ldcli lists environments' "$(cli '[.items[].key] | sort' environments list --project cli)" '0 \["e","production","test"\]'
	check 'ldcli changes an environment' "$(cli .color environments update --project cli --environment e --data '[{"op": "replace", "path": "/color", "value": "00ff00"}]')" '0 "00ff00"'
	check 'ldcli reads an environment' "$(cli '[.key, (.apiKey | startswith("sdk-"))]' environments get --project cli --environment e)" '0 \["e",true\]'
	check 'ldcli resets an SDK key' "$(cli '.apiKey | startswith("sdk-")' environments reset-sdk-key --project cli --environment e)" '0 true'
	check 'ldcli resets a mobile key' "$(cli '.mobileKey | startswith("mob-")' environments reset-mobile-key --project cli --environment e)" '0 true'
	check 'ldcli makes a flag' "$(cli .key flags create --project cli --data '{"key": "f", "name": "F"}')" '0 "f"'
	check 'ldcli lists flags' "$(cli '[.items[].key]' flags list --project cli)" '0 \["f"\]'
	check 'ldcli turns a flag on' "$(cli .environments.e.on flags toggle-on "${flag[@]}" --environment e)" '0 true'
	check 'ldcli reads a flag in an environment' "$(cli '.environments | map_values(.on)' flags get "${flag[@]}" --env e)" '0 {"e":true}'
	check 'ldcli turns a flag off' "$(cli .environments.e.on flags toggle-off "${flag[@]}" --environment e)" '0 false'
	check 'ldcli changes a flag by a patch' "$(cli .name flags update "${flag[@]}" --data '[{"op": "replace", "path": "/name", "value": "G"}]')" '0 "G"'
	check 'ldcli changes a flag by instructions' "$(cli .environments.e.on flags update "${flag[@]}" --semantic-patch --data '{"environmentKey": "e", "instructions": [{"kind": "turnFlagOn"}]}')" '0 true'
	check 'ldcli tries a change' "$(cli .name flags update "${flag[@]}" --dry-run true --data '[{"op": "replace", "path": "/name", "value": "H"}]')" '0 "H"'
	check 'ldcli reads a flag' "$(cli .name flags get "${flag[@]}")" '0 "G"'
	check 'ldcli archives a flag' "$(cli .archived flags archive "${flag[@]}")" '0 true'
	check 'ldcli deletes a flag' "$(cli .key flags delete "${flag[@]}")" '0 "f"'
	check 'ldcli is told of a flag that is gone' "$(cli '[.code, .message, .statusCode]' flags get "${flag[@]}")" '1 \["not_found","flag \\"f\\" does not exist",404\]'
	check 'ldcli is told of a body that is wrong' "$(cli '[.code, .statusCode]' flags create --project cli --data '{"name": "F"}')" '1 \["invalid_request",400\]'
	check 'ldcli deletes an environment' "$(cli .key environments delete --project cli --environment e)" '0 "e"'
	check 'ldcli deletes a project' "$(cli .key projects delete --project cli)" '0 "cli"'
	check 'ldcli tells who calls' "$(cli .memberId whoami)" "0 \"$member\""
	check 'ldcli lists members' "$(cli '[.items[].email]' members list)" '0 \["clients@example.com"\]'
	check 'ldcli lists access tokens' "$(cli '.items | length' access-tokens list)" '0 1'
	check 'ldcli lists the audit log' "$(cli '.items[0]._id | length' audit-log list)" '0 24'
}
if [ -n "$ldcli" ]; then
	echo "== ldcli"
	ran=1
	commands
fi
[ "$failures" = 0 ] && [ "$failed" = 0 ]
