#!/usr/bin/env bash
# Adds the operation of doc/architecture.md to a copy of the source, from the blocks of that
# page and nothing else: one row, its fields and function, its SQL function. Builds the copy,
# installs it into a private server, and calls the operation by SQL and by REST.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export PGOPTIONS='-c client_min_messages=warning'
number=0

check() { # what, got, expected
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1: got $2, expected $3"
		exit 1
	fi
}

work=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
chmod 755 "$work"
export FLAGPLANE_CLUSTER=$work/cluster FLAGPLANE_SERVER=$work/server
trap '"$root/test/cluster.sh" stop; rm -rf "$work"' EXIT

# The blocks below "Adding an operation" are, in order: the row, the C file, the SQL function.
awk -v work="$work" '
	/^## / { inside = $0 == "## Adding an operation" }
	inside && /^```[a-z]+$/ { name = work "/block" ++blocks; next }
	/^```$/ { name = ""; next }
	name { print >name }' "$root/doc/architecture.md"
check "the page has three blocks" "$(find "$work" -name 'block*' | wc -l)" 3

# The copy has the source as it is in the working tree, without anything built.
mkdir "$work/copy"
cp -r "$root/src" "$root/Makefile" "$root/flagplane.control" "$work/copy"
find "$work/copy" \( -name '*.o' -o -name '*.bc' \) -delete
cd "$work/copy"
sed -i '/^#endif \/\* OPERATION \*\/$/{
	e cat ../block1
}' src/operationlist.h
cp "$work/block2" src/resource/project/project_name.c
cat "$work/block3" >>src/schema/functions.sql
check "two files are changed and one is new" "$(diff -rq -x '*.o' -x '*.bc' "$root/src" src | wc -l)" 3

PG_CONFIG=$("$root/test/cluster.sh" pg_config)
export PG_CONFIG
make -s -j2 with_llvm=no WERROR=1 all
make -s with_llvm=no WERROR=1 install >/dev/null
"$root/test/cluster.sh" start
eval "$("$root/test/cluster.sh" env)"

psql -X -q -c 'CREATE EXTENSION flagplane CASCADE' -c "SELECT flagplane.create_project('default', 'Default')" >/dev/null
answer() { psql -X -q -At -v ON_ERROR_STOP=1 -c "$1" 2>&1 | paste -s -d' '; }
key=7f6a2f5c-6a0f-4f6d-9a8e-3b1d2c4e5f60
path=/api/v2/projects/default/name

check "SQL" "$(answer "SELECT flagplane.set_project_name('default', 'Shop')")" '{"name":"Shop"}'
check "SQL, by name, with an idempotency key" \
	"$(answer "SELECT flagplane.set_project_name(project_key => 'default', name => 'Store', idempotency_key => '$key')")" '{"name":"Store"}'
check "REST gets the response of the same request" "$(answer "SELECT status, headers->>'Idempotent-Replayed', body
	FROM flagplane.handle('POST', '$path', '{\"Idempotency-Key\": \"$key\"}', '{\"name\": \"Store\"}')")" '200|true|{"name":"Store"}'
check "REST" "$(answer "SELECT status, headers->>'ETag', body FROM flagplane.handle('POST', '$path', '{}', '{\"name\": \"Market\"}')")" \
	'200|"4"|{"name":"Market"}'
check "the row has changed" "$(answer 'SELECT name, version FROM flagplane.projects')" 'Market|4'
check "a rule of a field refuses" "$(answer "SELECT status, body->'errors'->0->>'attribute'
	FROM flagplane.handle('POST', '$path', '{}', '{\"name\": \"\"}')")" '400|name'
check "an absent project is refused" "$(answer "SELECT status, body->>'message'
	FROM flagplane.handle('POST', '/api/v2/projects/other/name', '{}', '{\"name\": \"N\"}')")" '404|project "other" does not exist'
check "a token without the scope is refused" "$(answer "SELECT status FROM flagplane.create_access_token('r', role => 'reader') t,
	flagplane.handle('POST', '$path', jsonb_build_object('Authorization', t->>'token'), '{\"name\": \"N\"}')")" 403
check "each change is in the audit log" "$(answer "SELECT count(*), min(target) FROM flagplane.audit WHERE operation = 'set_project_name'")" \
	'3|proj/default'
check "and has a title" "$(answer "SELECT flagplane.list_audit_log(\"limit\" => 3)->'items'->2->>'titleVerb'")" 'set the name of the project'
check "the table of operations has it" "$(answer "SELECT method, path, scope, changes FROM flagplane.operations() WHERE name = 'set_project_name'")" \
	'POST|/api/v2/projects/:projectKey/name|projects:write|t'
check "so has the OpenAPI document" "$(answer "SELECT flagplane.openapi()->'paths'->'/api/v2/projects/{projectKey}/name'->'post'->>'summary'")" \
	'Set the name of a project.'
echo "1..$number"
