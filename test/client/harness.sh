#!/usr/bin/env bash
# The harness itself: a cluster whose server died is made anew, a build that cannot be
# is refused, and what was built otherwise is built again.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
number=0

check() { # what, got, expected
	number=$((number + 1))
	# shellcheck disable=SC2053
	if [[ $2 == $3 ]]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1: got $2, expected $3"
		exit 1
	fi
}

FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER PGHOST=$FLAGPLANE_CLUSTER PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
chmod 755 "$FLAGPLANE_CLUSTER"
work=$(mktemp -d)
trap '"$root/test/cluster.sh" stop; rm -rf "$work"' EXIT
pid=$FLAGPLANE_CLUSTER/data/postmaster.pid

"$root/test/cluster.sh" start
psql -X -q -c 'CREATE TABLE here ()'
"$root/test/cluster.sh" start
check "a server that runs is left alone" "$(psql -X -At -c "SELECT to_regclass('here')")" here
kill -KILL "$(head -1 "$pid")"
while psql -X -q -c 'SELECT 1' >/dev/null 2>&1; do :; done
# Its number is now that of another living process.
sed -i "1s/.*/$$/" "$pid"
"$root/test/cluster.sh" start
check "one that died is not taken for running" "$(psql -X -At -c "SELECT to_regclass('here') IS NULL")" t
"$root/test/cluster.sh" stop
check "a cluster that was stopped is gone" "$(ls -d "$FLAGPLANE_CLUSTER" 2>/dev/null || echo gone)" gone

mkdir "$FLAGPLANE_CLUSTER"
touch "$FLAGPLANE_CLUSTER/precious"
check "nothing but a cluster is removed" "$("$root/test/cluster.sh" stop 2>/dev/null || ls "$FLAGPLANE_CLUSTER")" precious
rm -r "$FLAGPLANE_CLUSTER"

status=0
message=$(make -C "$root" PG_CONFIG=/nonexistent/pg_config 2>&1) || status=$?
check "a build without a server fails" "$status" 2
check "and says what it has not found" "$(grep -c 'PG_CONFIG is "/nonexistent/pg_config"' <<<"$message")" 1

cp "$root/Makefile" "$root/flagplane.control" "$work"
mkdir "$work/src"
echo 'extern int x; int x;' >"$work/src/x.c"
built() { # when the object was made, after make with these arguments
	make -s -C "$work" PG_CONFIG="${PG_CONFIG:-pg_config}" "$@" src/x.o
	stat -c %y "$work/src/x.o"
}
first=$(built)
check "what is built is not built again" "$(built)" "$first"
check "but with other flags it is" "$([ "$(built COPT=-DOTHER)" = "$first" ] || echo again)" again

# What is built for a test gets into a private copy of the server, never into the system's.
config=${PG_CONFIG:-$("$root/test/cluster.sh" pg_config)}
system=$(readlink -f "$("$config" --pkglibdir)/plpgsql.so")
listing() { find "${system%/*}" "$(dirname "$(readlink -f "$("$config" --sharedir)/extension/plpgsql.control")")" -printf '%p %s %T@\n' | sort; }
listing >"$work/before"
mkdir -p "$work/private" "$work/readable/test"
# The checkout may be where nobody else can read it.
cp "$root/test/cluster.sh" "$work/readable/test"
as=()
if [ "$(id -u)" = 0 ]; then
	chmod -R a+rX "$work" "$work/readable"
	chown nobody "$work/private"
	as=(runuser -u nobody --)
fi
private_config() { (cd / && "${as[@]}" env -u PG_CONFIG FLAGPLANE_SERVER="$work/private/server" "$work/readable/test/cluster.sh" pg_config); }
private=$(private_config)
check "a private server needs no root" "$private" "$work/private/server/*"
for directory in "$("$private" --pkglibdir)" "$("$private" --sharedir)/extension"; do
	check "its directories are in it" "$directory" "$work/private/server/*"
	check "and are no links" "$(readlink -f "$directory")" "$directory"
	check "nor does it begin with what the system has of the extension" "$(find "$directory" -name 'flagplane*' | wc -l)" 0
done
echo planted >"$("$private" --pkglibdir)/flagplane.so"
echo planted >"$("$private" --sharedir)/extension/flagplane.control"
check "it is made once" "$(private_config)" "$private"
check "what is installed into it stays when it is asked for again" "$(cat "$("$private" --pkglibdir)/flagplane.so")" planted
check "and the system's directories stay as they are" "$(listing | cmp "$work/before" - && echo same)" same

# The check of the documentation sees each kind of row in the table of operations.
cp -r "$root/doc" "$root/src" "$root/expected" "$root/META.json" "$root/CHANGELOG.md" "$work"
cp -r "$root/test" "$work/test"
check "the documentation is in order" "$("$work/test/check_docs.sh" >&2 && echo fine)" fine
for operation in create_layer create_flag create_members; do
	sed "/^### $operation\$/,/^###/s/→ 201/→ 299/" "$root/doc/flagplane.md" >"$work/doc/flagplane.md"
	check "a wrong status of $operation is seen" "$("$work/test/check_docs.sh" | grep -c "$operation has another method, path or status")" 1
done
echo "1..$number"
