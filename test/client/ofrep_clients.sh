#!/usr/bin/env bash
# OpenFeature's own SDKs with their providers for OFREP, over the whole path: for servers, and the one
# for browsers, which keeps all flags of a context.
set -euo pipefail
database=flagplane_ofrep_clients
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"
npm_packages "$place/npm" @openfeature/server-sdk@1.23.0 @openfeature/ofrep-provider@0.1.3 @openfeature/web-sdk@1.10.0 @openfeature/ofrep-web-provider@0.4.3

sql >/dev/null <<'SQL'
SELECT flagplane.create_project('default', 'Default');
SELECT flagplane.create_flag('default', k, k, variations => v::jsonb, client_side_availability => '{"usingEnvironmentId": true, "usingMobileKey": false}')
FROM (VALUES ('switch', '[{"value": true, "name": "On"}, {"value": false}]'), ('text', '[{"value": "a"}, {"value": "é\"\\"}, {"value": ""}]'),
	('number', '[{"value": 0}, {"value": -1.5}, {"value": 1000000}]'), ('json', '[{"value": {"a": [1, null, true]}}, {"value": []}, {"value": null}]')) f(k, v);
SELECT flagplane.create_flag('default', 'hidden', 'Hidden');
SELECT flagplane.update_flag('default', k, '{"environmentKey": "production", "instructions": [{"kind": "turnFlagOn"}]}') FROM unnest(ARRAY['switch', 'text', 'number', 'json']) k;
SELECT flagplane.update_flag('default', 'text', '[
	{"op": "replace", "path": "/environments/production/rules", "value": [{"variation": 1, "clauses": [{"attribute": "country", "op": "in", "values": ["fr"]}]}]},
	{"op": "replace", "path": "/environments/production/targets", "value": [{"variation": 2, "values": ["ada"]}]},
	{"op": "replace", "path": "/environments/production/fallthrough", "value": {"rollout": {"variations": [
		{"variation": 0, "weight": 30000}, {"variation": 1, "weight": 30000}, {"variation": 2, "weight": 40000}]}}}]');
SELECT flagplane.update_flag('default', 'json', '[{"op": "replace", "path": "/environments/production/rules", "value": [
	{"variation": 1, "clauses": [{"contextKind": "org", "attribute": "key", "op": "in", "values": ["acme"]}]},
	{"variation": 2, "clauses": [{"attribute": "country", "op": "in", "values": ["fr"]}]}]}]');
SQL
start_servers
NPM_PREFIX="$place/npm" BASE=$base DATABASE=$database node "$here/ofrep_clients.mjs"
