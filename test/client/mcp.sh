#!/usr/bin/env bash
# LaunchDarkly's MCP server, which checks every answer against the documented models,
# works on flags over the whole path: also on those that were stored before defaults were
# filled in.
set -euo pipefail
database=flagplane_mcp
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"
npm_packages "$place/npm" @launchdarkly/mcp-server@0.6.2 @modelcontextprotocol/sdk@1.20.0
cp "$here/mcp.mjs" "$place/npm"

key=$(token "role => 'admin'")
sql -c "SELECT flagplane.create_project('shop', 'Shop')" -c "SELECT flagplane.create_flag('shop', 'old', 'Old')" \
	-c "UPDATE flagplane_data.flag_environment SET rules = '[{\"_id\": \"b2d8c1f0-0000-4000-8000-000000000001\", \"variation\": 0,
		\"clauses\": [{\"_id\": \"b2d8c1f0-0000-4000-8000-000000000002\", \"attribute\": \"country\", \"op\": \"in\", \"values\": [\"de\"]}]}]'" >/dev/null
start_servers
(cd "$place/npm" && timeout 120 node mcp.mjs "$base" "$key") || failures=$((failures + 1))
[ "$failures" = 0 ]
