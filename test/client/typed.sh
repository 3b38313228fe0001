#!/usr/bin/env bash
# A client that openapi-typescript generates of the document: it compiles with
# tsc --strict, and makes, turns on, reserves and lists over the whole path.
set -euo pipefail
database=flagplane_typed
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"
npm_packages "$place/npm" openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3
bin=$place/npm/node_modules/.bin

start_servers
check 'the document is served' "$(ask "$base/api/v2/openapi.json")" 200
cp "$place/body.txt" "$place/npm/openapi.json"
cp "$here/typed.ts" "$place/npm"
echo '{"type": "module"}' >"$place/npm/package.json"
check 'types are generated of it' "$("$bin/openapi-typescript" "$place/npm/openapi.json" -o "$place/npm/flagplane.ts" >/dev/null 2>&1; echo $?)" 0
check 'a client of them compiles' "$(cd "$place/npm" && "$bin/tsc" --strict --exactOptionalPropertyTypes --noUnusedLocals \
	--target es2022 --module nodenext --lib es2022,dom,dom.iterable typed.ts; echo $?)" 0
TOKEN=$(token "role => 'admin'")
export TOKEN BASE=$base
(cd "$place/npm" && node typed.js "$number") || failures=$((failures + 1))
[ "$failures" = 0 ]
