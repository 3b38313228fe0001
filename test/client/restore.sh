#!/usr/bin/env bash
# Dump and restore: every row comes back, no secret is in the dump, the restored
# database goes on working, and DROP EXTENSION leaves nothing.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
here=flagplane_dumped
there=flagplane_restored
dump=$(mktemp)
number=0

ok() { number=$((number + 1)); echo "ok $number - $1"; }
fail() { echo "not ok $((number + 1)) - $1"; exit 1; }
sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

clean() { dropdb --if-exists "$here"; dropdb --if-exists "$there"; rm -f "$dump"; }
clean
trap clean EXIT
createdb "$here"

sql -d "$here" >/dev/null <<'SQL'
CREATE EXTENSION flagplane CASCADE;
CREATE TABLE secret (value text);
SELECT flagplane.create_project('p', 'P', tags => '{a,b}');
SELECT flagplane.create_flag('p', 'f', 'F', variations => '[{"value": {"a": [1, "é"]}}, {"value": null}]');
SELECT flagplane.create_environment('p', 'clone', 'Clone', '000000', source => '{"key": "production"}');
SELECT flagplane.create_layer('p', 'l', 'L', E'tab\t and "quotes"');
SELECT flagplane.create_experiment('p', 'test', e, e, flag_key => 'f') FROM unnest('{gone,here}'::text[]) e;
SELECT flagplane.update_layer('p', 'l', format('[{"kind": "updateExperimentReservation", "experimentKey": "%s", "reservationPercent": 40}]', e)::jsonb, 'test') FROM unnest('{gone,here}'::text[]) e;
SELECT flagplane.delete_experiment('p', 'test', 'gone');
SELECT flagplane.register_integration('acme', '{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e"}}}');
SELECT flagplane.create_flag_link('p', 'f', 'k', 'github', metadata => '{"prNumber": "1"}');
SELECT flagplane.create_account('other', 'Other');
INSERT INTO secret SELECT right(flagplane.create_access_token('t', role => 'admin', projects => '{p}',
	member_id => flagplane.create_member('a@example.com')->>'_id')->>'token', 43);
INSERT INTO secret SELECT right(flagplane.create_sdk_app('p', 'A', 'expo',
	idempotency_key => '12345678-1234-4234-8234-123456789012')->>'apiKey', 43);
INSERT INTO secret VALUES ('12345678-1234-4234-8234-123456789012'), ('12345678123442348234123456789012');
SQL

fingerprint() { # a line for each table: its name, its rows, and their hash
	sql -d "$1" <<-'SQL'
		SELECT format('SELECT %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text)) FROM %s t', c.oid::regclass, c.oid::regclass)
		FROM pg_class c WHERE relnamespace = 'flagplane_data'::regnamespace AND relkind = 'r' ORDER BY relname
		\gexec
	SQL
}

# The rows are those of another server, where transaction ids are higher; a consumer
# of the feed has read three changes when the dump is made.
sql -d "$here" -c 'UPDATE flagplane_data.audit_generation SET system_identifier = 1' \
	-c "UPDATE flagplane_data.audit_log SET xid = (xid::text::bigint + 1000000000)::text::xid8"
cursor=$(sql -d "$here" -c "SELECT flagplane.changes(NULL, 3)->>'nextCursor'")
feed() { # the changes of a database after a cursor, a line each, in their order
	sql -d "$1" -v after="$2" <<-'SQL'
		SELECT e->>'_id' || ' ' || (e->>'target') FROM json_array_elements(flagplane.changes(:'after', 1000)->'items') e
	SQL
}
feed "$here" "$cursor" >"$dump.feed"

fingerprint "$here" >"$dump.before"
if grep '|0|' "$dump.before"; then fail "every table has rows to lose"; fi
ok "every table has rows to lose"

for format in plain custom; do
	pg_dump --format="$format" --exclude-table=public.secret --file="$dump" "$here"
	sql -d "$here" -c 'SELECT value FROM secret' | while read -r secret; do
		if grep -a -i -q "$secret" <(pg_restore -f - "$dump" 2>/dev/null || cat "$dump"); then
			echo "$secret"
		fi
	done >"$dump.found"
	[ ! -s "$dump.found" ] || fail "no secret is in the $format dump"
	ok "no secret is in the $format dump"
	dropdb --if-exists "$there"
	createdb "$there"
	if [ "$format" = plain ]; then
		sql -d "$there" -f "$dump" >/dev/null
	else
		pg_restore --exit-on-error --dbname="$there" "$dump"
	fi
	fingerprint "$there" >"$dump.after"
	diff "$dump.before" "$dump.after" || fail "the $format dump restores every row"
	ok "the $format dump restores every row"
done

# The restored database goes on: a retry gets the same answer and the same key.
retry="SELECT flagplane.create_sdk_app('p', 'A', 'expo', idempotency_key => '12345678-1234-4234-8234-123456789012')"
[ "$(sql -d "$here" -c "$retry")" = "$(sql -d "$there" -c "$retry")" ] || fail "a retry is replayed after the restore"
ok "a retry is replayed after the restore"
feed "$there" "$cursor" | diff "$dump.feed" - || fail "the feed goes on after the restore"
sql -d "$there" >/dev/null -c "SELECT flagplane.create_layer('p', 'after', 'After', '')" || fail "new rows can be made"
until feed "$there" "$cursor" | grep -q layer/after; do :; done
[ "$(feed "$there" "$cursor" | cut -d' ' -f2-)" = "$(cut -d' ' -f2- "$dump.feed"; echo proj/p:layer/after)" ] ||
	fail "the feed tells what came with the dump, then what is new"
ok "the feed goes on after the restore, where transaction ids are lower"
ok "new rows can be made"

# Nothing of the extension survives it, but what was there before.
sql -d "$there" -c 'DROP EXTENSION flagplane'
left=$(sql -d "$there" <<-'SQL'
	SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE 'flagplane%'
	UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE probin LIKE '%flagplane%'
	UNION ALL SELECT 'privileges' FROM pg_init_privs p WHERE NOT EXISTS (SELECT FROM pg_depend d
		WHERE d.classid = p.classoid AND d.objid = p.objoid AND d.deptype = 'e') AND p.privtype = 'e'
SQL
)
[ -z "$left" ] || fail "DROP EXTENSION leaves nothing: $left"
ok "DROP EXTENSION leaves nothing"
sql -d "$there" >/dev/null -c 'CREATE EXTENSION flagplane' -c "SELECT flagplane.create_project('p', 'P')" || fail "it can be made again"
ok "it can be made again"
rm -f "$dump".*
echo "1..$number"
