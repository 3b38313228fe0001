# shellcheck shell=bash
# Sourced by the tests that move rows about: what they have in common. Not run by itself.
export PGOPTIONS='-c client_min_messages=warning'
number=0

ok() { number=$((number + 1)); echo "ok $number - $1"; }
fail() { echo "not ok $((number + 1)) - $1"; exit 1; }
sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

fingerprint() { # a line for each table of a database: its name, its rows, and their hash
	sql -d "$1" <<-'SQL'
		SELECT format('SELECT %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text)) FROM %s t', c.oid::regclass, c.oid::regclass)
		FROM pg_class c WHERE relnamespace = 'flagplane_data'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname
		\gexec
	SQL
}

require_rows() { # that no table of a fingerprint is empty, and that it has them all
	if grep '|0|' "$2"; then fail "every table has rows to lose"; fi
	[ "$(wc -l <"$2")" = "$(sql -d "$1" -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'flagplane_data'")" ] || fail "every table is compared"
	ok "every table has rows to lose, and is compared"
}

until_true() { # what, a database, and a query: polls for a minute until it answers t
	local deadline=$((SECONDS + 60))
	until [ "$(sql -d "$2" -c "$3")" = t ]; do
		[ "$SECONDS" -lt "$deadline" ] || fail "$1"
	done
}
