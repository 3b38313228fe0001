#!/usr/bin/env bash
# Dump and restore: every row comes back, no secret is in the dump, the restored
# database goes on working, and DROP EXTENSION leaves nothing.
set -euo pipefail
here=flagplane_dumped
there=flagplane_restored
directory=$(dirname "${BASH_SOURCE[0]}")
dump=$(mktemp)
. "$directory/rows.bash"

clean() { dropdb --if-exists "$here"; dropdb --if-exists "$there"; rm -f "$dump" "$dump".*; }
clean
trap clean EXIT
createdb "$here"
sql -d "$here" >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -f "$directory/populate.sql"

catalogs() { # a line for each catalog of a database: its name, its rows, and their hash
	sql -d "$1" <<-'SQL'
		SELECT format('SELECT %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text)) FROM %s t', c.oid::regclass,
			CASE relname
				-- What vacuum and analyze write is no object.
				WHEN 'pg_class' THEN '(SELECT oid, relname, relnamespace, relkind, relowner, relacl, reloptions, relhastriggers FROM pg_class)'
				WHEN 'pg_database' THEN '(SELECT oid, datname, datdba, datacl FROM pg_database WHERE datname = current_database())'
				WHEN 'pg_shdepend' THEN '(SELECT s.classid, s.objid, s.refobjid FROM pg_shdepend s WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))'
				ELSE c.oid::regclass::text
			END)
		FROM pg_class c WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'pg_statistic%'
		AND (NOT relisshared OR relname IN ('pg_authid', 'pg_auth_members', 'pg_database', 'pg_db_role_setting', 'pg_shdepend', 'pg_parameter_acl')) ORDER BY relname
		\gexec
	SQL
}

search() { # which of the texts in a file are in another, as they are or in the usual encodings
	local text hex
	while read -r text; do
		hex=$(printf %s "$text" | od -An -tx1 | tr -d ' \n')
		if grep -a -q -i -F -e "$text" -e "$hex" -e "$(printf %s "$text" | base64 -w 0 | sed 's/.=*$//')" "$2"; then
			echo "$text"
		fi
	done <"$1"
}

# The rows are those of another server, where transaction ids are higher; a consumer
# of the feed has read three changes when the dump is made.
sql -d "$here" -c 'UPDATE flagplane_data.audit_epoch SET system_identifier = 1' \
	-c "UPDATE flagplane_data.audit_log SET xid = (xid::text::bigint + 1000000000)::text::xid8"
cursor=$(sql -d "$here" -c "SELECT flagplane.changes(NULL, 3)->>'nextCursor'")
feed() { # the changes of a database after a cursor, a line each, in their order
	sql -d "$1" -v after="$2" <<-'SQL'
		SELECT e->>'_id' || ' ' || (e->>'target') FROM json_array_elements(flagplane.changes(:'after', 1000)->'items') e
	SQL
}
feed "$here" "$cursor" >"$dump.feed"

fingerprint "$here" >"$dump.before"
require_rows "$here" "$dump.before"

# Nothing is found only by who can find: what the dump may hold is found in it, and so is
# a secret that is put into a row in each of the encodings that are looked for.
sql -d "$here" -c 'SELECT value FROM public.secret' >"$dump.secrets"
sql -d "$here" -c 'SELECT value FROM flagplane_data.environment_key' >"$dump.open"
head -1 "$dump.secrets" >"$dump.first"
for column in 'value' "encode(value::bytea, 'hex')" "encode(value::bytea, 'base64')"; do
	sql -d "$here" -c "SELECT format('INSERT INTO x VALUES (%L)', replace($column, E'\n', '')) FROM public.secret LIMIT 1" >"$dump.planted"
	[ "$(search "$dump.first" "$dump.planted")" = "$(cat "$dump.first")" ] || fail "a secret is found as $column"
done
ok "a secret is found in clear, as hex and as base64"

for format in plain custom; do
	pg_dump --format="$format" --exclude-table=public.secret --file="$dump" "$here"
	if [ "$format" = plain ]; then cp "$dump" "$dump.text"; else pg_restore -f "$dump.text" "$dump"; fi
	[ "$(search "$dump.open" "$dump.text")" = "$(cat "$dump.open")" ] || fail "what the $format dump may hold is found in it"
	found=$(search "$dump.secrets" "$dump.text")
	[ -z "$found" ] || fail "no secret is in the $format dump: $found"
	ok "no secret is in the $format dump, and what may be is found in it"
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

# In parallel, most tables are lost where foreign keys are checked, and doctor() reports it; as
# doc/operations.md shows it, every row comes back.
documented=$(sed -n 's/^ *createdb restored && \(PGOPTIONS=.*--jobs.*\) --dbname=restored flagplane.dump$/\1/p' "$directory/../../doc/operations.md")
[ -n "$documented" ] || fail "the documentation shows a parallel restore"
anew() { dropdb --if-exists "$there"; createdb "$there"; }
errors() { sql -d "$there" -c "SELECT DISTINCT split_part(finding, ':', 1) FROM flagplane.doctor() WHERE severity = 'error' ORDER BY 1"; }
pg_dump --format=custom --exclude-table=public.secret --file="$dump" "$here"
anew
if pg_restore --jobs=4 --dbname="$there" "$dump" 2>"$dump.lost"; then fail "a parallel restore loses rows"; fi
grep -qx rows_missing <<<"$(errors)" || fail "the doctor tells of a restore that lost rows: $(errors)"
ok "the doctor tells of a restore that lost rows"
anew
eval "$documented --dbname=$there $dump"
fingerprint "$there" | diff "$dump.before" - || fail "the documented parallel restore restores every row"
[ -z "$(errors)" ] || fail "the doctor finds nothing wrong after it: $(errors)"
ok "the documented parallel restore restores every row"
anew
sql -d "$there" -c 'CREATE EXTENSION flagplane CASCADE'
pg_restore --data-only --disable-triggers --jobs=4 --exit-on-error --dbname="$there" "$dump"
fingerprint "$there" | diff "$dump.before" - || fail "so does one of the rows alone, without triggers"
ok "so does one of the rows alone, without triggers"
PGOPTIONS='-c session_replication_role=replica' pg_restore --clean --jobs=4 --exit-on-error --dbname="$there" "$dump"
fingerprint "$there" | diff "$dump.before" - || fail "and one over what is there"
ok "and one over what is there"

# doctor() reports each table whose rows are lost, and each foreign key that they break.
: >"$dump.unseen"
for table in $(cut -d'|' -f1 "$dump.before"); do
	if [ "$table" = flagplane_data.audit_log ]; then continue; fi
	sql -d "$there" -v table="$table" >"$dump.findings" <<-'SQL'
		BEGIN;
		SET LOCAL session_replication_role = replica;
		UPDATE flagplane_data.flag SET maintainer_id = (SELECT id FROM flagplane_data.member);
		UPDATE flagplane_data.flag_link SET member_id = (SELECT id FROM flagplane_data.member);
		UPDATE flagplane_data.experiment SET maintainer_id = (SELECT id FROM flagplane_data.member);
		DELETE FROM :table;
		SELECT format('broken|%s of %s', k.conname, c.relname) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
			WHERE k.contype = 'f' AND k.confrelid = :'table'::regclass;
		SELECT finding FROM flagplane.doctor() WHERE severity = 'error' AND finding NOT LIKE 'replication_role: %';
		ROLLBACK;
	SQL
	while read -r broken; do
		grep -q "^orphan: $broken (rows: " "$dump.findings" || fail "the doctor tells of $broken"
	done < <(sed -n 's/^broken|//p' "$dump.findings")
	if ! grep -q ': ' "$dump.findings"; then echo "$table" >>"$dump.unseen"; fi
done
ok "the doctor tells of each foreign key that is broken"
# What may be empty, whatever the log contains.
[ "$(cat "$dump.unseen")" = "$(printf 'flagplane_data.%s\n' access_token_project experiment_treatment idempotency_key layer_reservation payload_tombstone segment)" ] ||
	fail "the doctor tells of each table that is lost, but for: $(cat "$dump.unseen")"
ok "the doctor tells of each table that is lost and may not be empty"

# The restored database goes on: a retry gets the same answer and the same key.
retry="SELECT flagplane.create_sdk_app('p', 'A', 'expo', idempotency_key => '12345678-1234-4234-8234-123456789012')"
[ "$(sql -d "$here" -c "$retry")" = "$(sql -d "$there" -c "$retry")" ] || fail "a retry is replayed after the restore"
ok "a retry is replayed after the restore"
feed "$there" "$cursor" | diff "$dump.feed" - || fail "the feed goes on after the restore"
sql -d "$there" >/dev/null -c "SELECT flagplane.create_layer('p', 'after', 'After', '')" || fail "new rows can be made"
until grep -q layer/after <<<"$(feed "$there" "$cursor")"; do :; done
[ "$(feed "$there" "$cursor" | cut -d' ' -f2-)" = "$(cut -d' ' -f2- "$dump.feed"; echo proj/p:layer/after)" ] ||
	fail "the feed tells what came with the dump, then what is new"
ok "the feed goes on after the restore, where transaction ids are lower"
ok "new rows can be made"

# A token that was rotated goes on with its last two secrets; what the grace of the first was for is over.
[ "$(sql -d "$there" -c "SELECT count(*) FROM flagplane_data.access_token WHERE previous_expires_at > now()")" = 1 ] || fail "a rotated token keeps its grace"
ok "a rotated token keeps its grace"

# Nothing of the extension survives it in any catalog, but what was there before.
dropdb "$there"
createdb "$there"
sql -d "$there" -c 'CREATE EXTENSION btree_gist'
catalogs "$there" >"$dump.clean"
sql -d "$there" >/dev/null -c 'CREATE EXTENSION flagplane' -f "$directory/populate.sql"
catalogs "$there" | diff "$dump.clean" - >"$dump.made" && fail "the catalogs tell of the extension"
for catalog in pg_class pg_proc pg_type pg_namespace pg_constraint pg_trigger pg_index pg_init_privs pg_description pg_depend pg_extension pg_rewrite; do
	grep -q "> $catalog|" "$dump.made" || fail "$catalog tells of the extension"
done
sql -d "$there" -c 'DROP EXTENSION flagplane' -c 'DROP TABLE public.secret'
catalogs "$there" | diff "$dump.clean" - || fail "DROP EXTENSION leaves nothing"
ok "DROP EXTENSION leaves nothing in any catalog"
sql -d "$there" >/dev/null -c 'CREATE EXTENSION flagplane' -c "SELECT flagplane.create_project('p', 'P')" || fail "it can be made again"
ok "it can be made again"
echo "1..$number"
