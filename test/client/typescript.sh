#!/usr/bin/env bash
# The published client in TypeScript, unchanged but for the address: the life of
# everything that it and this service both know, each answer held to the client's
# own models. Where node, npm or its registry is not there, that is said and nothing fails.
set -euo pipefail
package=launchdarkly-api-typescript@17.2.0
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo "ok 1 - # SKIP node and npm are not installed"
	echo "1..1"
	exit 0
fi
database=flagplane_typescript
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"
if ! timeout 120 npm install --prefix "$place/npm" --ignore-scripts --no-audit --no-fund --fetch-retries 0 "$package" >/dev/null 2>&1; then
	echo "ok 1 - # SKIP $package cannot be had"
	echo "1..1"
	exit 0
fi

ADMIN=$(token "role => 'admin', member_id => flagplane.create_member('ada@example.com', first_name => 'Ada')->>'_id'")
SERVICE=$(token "role => 'writer'")
READER=$(token "role => 'reader'")
sql -c "SELECT flagplane.create_project('default', 'Default')" >/dev/null
start_servers
export ADMIN SERVICE READER BASE=$base PACKAGE="$place/npm/node_modules/${package%@*}"
node "$here/typescript.mjs"
