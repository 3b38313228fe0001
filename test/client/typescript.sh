#!/usr/bin/env bash
# The published client in TypeScript, unchanged but for the address: the life of
# everything that it and this service both know, each answer held to the client's
# own models.
set -euo pipefail
package=launchdarkly-api-typescript@17.2.0
database=flagplane_typescript
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"
npm_packages "$place/npm" "$package"

ADMIN=$(token "role => 'admin', member_id => flagplane.create_member('ada@example.com', first_name => 'Ada')->>'_id'")
SERVICE=$(token "role => 'writer'")
READER=$(token "role => 'reader'")
sql -c "SELECT flagplane.create_project('default', 'Default')" >/dev/null
start_servers
export ADMIN SERVICE READER BASE=$base PACKAGE="$place/npm/node_modules/${package%@*}"
node "$here/typescript.mjs"
