#!/usr/bin/env bash
# Every kind of secret is generated and used by parameters, as PostgREST does, while the server
# logs every statement. None is in the log then, nor in a dump those that are shown once.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
here=$(dirname "${BASH_SOURCE[0]}")
database=flagplane_secrets
log=$FLAGPLANE_CLUSTER/server.log
work=$(mktemp -d)
dropdb --force --if-exists "$database"
createdb "$database"
trap 'dropdb --force "$database"; rm -rf "$work"' EXIT
number=0

ok() { number=$((number + 1)); echo "ok $number - $1"; }
fail() { echo "not ok $((number + 1)) - $1"; exit 1; }
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }

sql -c 'CREATE EXTENSION flagplane CASCADE' -c 'CREATE TABLE planted (value text)' \
	-c "ALTER DATABASE $database SET log_statement = 'all'" \
	-c "ALTER DATABASE $database SET log_parameter_max_length = 0" \
	-c "ALTER DATABASE $database SET log_min_messages = 'debug1'"
start=$(wc -c <"$log")
PGDATABASE=$database "$here/client" secrets >"$work/secrets" || { cat "$work/secrets"; exit 1; }
tail -c +"$((start + 1))" "$log" >"$work/log"
sed -n 's/^once //p' "$work/secrets" | sort -u >"$work/once"
sed -n 's/^again //p' "$work/secrets" | sort -u >"$work/again"
[ "$(wc -l <"$work/once")" -ge 13 ] && [ "$(wc -l <"$work/again")" = 5 ] || fail "every kind is there: $(cat "$work/secrets")"
ok "$(wc -l <"$work/once") secrets that are shown once, $(wc -l <"$work/again") that are shown again"

# A secret can stand in a file as it is, as a UUID without its dashes, or as the bytes of
# its text in hexadecimal.
forms() { # a file of secrets
	while read -r secret; do
		printf '%s\n%s\n' "$secret" "$(printf %s "$secret" | od -An -tx1 | tr -d ' \n')"
		case "$secret" in *-*-*) printf '%s\n' "${secret//-/}" ;; esac
	done <"$1"
}
found() { # those of the secrets in a file that are in another one
	forms "$1" >"$work/forms"
	grep -a -i -o -F -f "$work/forms" "$2" | sort -u || true
}

cat "$work/once" "$work/again" >"$work/all"
grep -q 'flagplane.rotate_access_token(\$1' "$work/log" || fail "the log has the statements"
ok "the log has the statements"
[ -z "$(found "$work/all" "$work/log")" ] || fail "no secret is in the log: $(found "$work/all" "$work/log")"
ok "no secret is in the log"

pg_dump "$database" >"$work/dump"
[ -z "$(found "$work/once" "$work/dump")" ] || fail "no secret that is shown once is in the dump: $(found "$work/once" "$work/dump")"
ok "no secret that is shown once is in the dump"
[ -n "$(found "$work/again" "$work/dump")" ] || fail "a secret that is shown again is"
ok "one that is shown again is"

# The search finds what is there: one of each kind is planted, as text and as bytes.
while read -r secret; do
	sql -v secret="$secret" <<-'SQL'
		TRUNCATE planted;
		INSERT INTO planted VALUES (:'secret');
	SQL
	pg_dump "$database" >"$work/dump"
	[ "$(found "$work/once" "$work/dump")" = "$secret" ] || fail "a planted secret is found in a dump"
	sql -v secret="$secret" <<<"UPDATE planted SET value = :'secret'::bytea::text"
	pg_dump "$database" >"$work/dump"
	[ -n "$(found "$work/once" "$work/dump")" ] || fail "the bytes of a planted secret are found in a dump"
done < <(sed -n '1p;$p' "$work/once")
tail -c +"$((start + 1))" "$log" >"$work/log"
[ -n "$(found "$work/once" "$work/log")" ] || fail "one that a statement spells out is found in the log"
ok "what is planted is found, in the dump and in the log"
echo "1..$number"
