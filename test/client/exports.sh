#!/usr/bin/env bash
# The library shows its SQL functions and what PostgreSQL looks for in it, and nothing else; so
# a library that is loaded before it, with functions of the same names as ours, changes nothing.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
database=flagplane_exports
work=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
chmod 755 "$work"
dropdb --force --if-exists "$database"
createdb "$database"
trap 'dropdb --force "$database"; rm -rf "$work"' EXIT
library=$("$PG_CONFIG" --pkglibdir)/flagplane.so
number=0

ok() { number=$((number + 1)); echo "ok $number - $1"; }
fail() { echo "not ok $((number + 1)) - $1"; exit 1; }
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }

shown=$(nm -D --defined-only "$library" | awk '{ print $NF }')
others=$(grep -vE '^(flagplane_|pg_finfo_flagplane_|Pg_magic_func$|_PG_init$)' <<<"$shown" || true)
[ -z "$others" ] || fail "shown without our prefix: $others"
ok "$(wc -l <<<"$shown") symbols are shown, all of them ours"

# Every function that the extension names is there, or it could not have been created.
sql -c 'CREATE EXTENSION flagplane CASCADE' -c "SELECT flagplane.create_project('exports', 'E')" >"$work/made"
missing=$(sql -c "SELECT p.prosrc FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE l.lanname = 'c'
	AND p.pronamespace IN ('flagplane'::regnamespace, 'flagplane_data'::regnamespace)" | sort -u | grep -vxFf <(printf '%s\n' "$shown") || true)
[ -z "$missing" ] || fail "named by SQL and not shown: $missing"
ok "and all that SQL names"

# A library with a function of the name of each of ours that has one outside of its file.
nm --defined-only "$library" | awk '$2 == "t" && $3 ~ /^[a-z][a-z0-9_]*$/ { print $3 }' | sort -u |
	grep -vE '^(deregister_tm_clones|register_tm_clones|frame_dummy)$' >"$work/names"
grep -qx is_key "$work/names" && grep -qx hashes_match "$work/names" || fail "the names of our functions: $(wc -l <"$work/names")"
{
	echo '#include "postgres.h"'
	echo '#include "fmgr.h"'
	echo 'PG_MODULE_MAGIC;'
	echo 'extern void taken(const char *name);'
	echo 'void taken(const char *name) { elog(ERROR, "%s was taken over", name); }'
	while read -r name; do echo "long ${name}_(void) __asm__(\"$name\"); long ${name}_(void) { taken(\"$name\"); return 0; }"; done <"$work/names"
} >"$work/hostile.c"
gcc -shared -fPIC -w -I"$("$PG_CONFIG" --includedir-server)" -o "$work/hostile.so" "$work/hostile.c"
chmod 644 "$work/hostile.so"
sql -c "LOAD '$work/hostile.so'" -c "SELECT flagplane.create_layer('exports', 'l', 'L', '')->>'key'" \
	-c "SELECT status FROM flagplane.create_access_token('t', '{*}') t, flagplane.handle('GET', '/api/v2/projects/exports', jsonb_build_object('Authorization', t->>'token'))" >"$work/answers" 2>&1 ||
	fail "a library with our names is in the way: $(cat "$work/answers")"
[ "$(paste -s -d' ' "$work/answers")" = "l 200" ] || fail "answers: $(cat "$work/answers")"
ok "a library that has $(wc -l <"$work/names") names of our functions takes over none"
echo "1..$number"
