#!/usr/bin/env bash
# LaunchDarkly's SDKs, unchanged but for the URLs, over the whole path.
set -euo pipefail
database=flagplane_sdk_clients
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"
npm_packages "$place/npm" @launchdarkly/node-server-sdk@9.13.7

sql >/dev/null <<'SQL'
SELECT flagplane.create_project('default', 'Default');
SELECT flagplane.create_flag('default', 'switch', 'Boolean');
SELECT flagplane.create_flag('default', 'text', 'Text', variations => '[{"value": "a"}, {"value": "é\"\\"}, {"value": ""}]');
SELECT flagplane.create_flag('default', 'number', 'Number', variations => '[{"value": 0}, {"value": -1.5}, {"value": 1000000}]');
SELECT flagplane.create_flag('default', 'json', 'JSON', variations => '[{"value": {"a": [1, null, true]}}, {"value": []}, {"value": null}]');
SELECT flagplane.update_flag('default', k, '{"environmentKey": "production", "instructions": [{"kind": "turnFlagOn"}]}') FROM unnest(ARRAY['switch', 'text', 'number']) k;
SELECT flagplane.update_flag('default', 'text', '[
	{"op": "replace", "path": "/environments/production/rules", "value": [{"variation": 1, "clauses": [{"attribute": "country", "op": "in", "values": ["fr"]}]}]},
	{"op": "replace", "path": "/environments/production/targets", "value": [{"variation": 2, "values": ["ada"]}]},
	{"op": "replace", "path": "/environments/production/fallthrough", "value": {"rollout": {"variations": [
		{"variation": 0, "weight": 30000}, {"variation": 1, "weight": 30000}, {"variation": 2, "weight": 40000}]}}}]');
SQL
start_servers
NPM_PREFIX="$place/npm" BASE=$base DATABASE=$database node "$here/sdk_clients.mjs"
