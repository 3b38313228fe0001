#!/usr/bin/env bash
# Logical replication of every table to a second database: the first copy, then changes
# of every kind, cascades and TRUNCATE included, row by row; then the subscriber goes on.
set -euo pipefail
here=flagplane_published
there=flagplane_subscribed
slot=flagplane_slot
directory=$(dirname "${BASH_SOURCE[0]}")
work=$(mktemp -d)
. "$directory/rows.bash"

clean() {
	if sql -d "$there" -c 'SELECT 1' >/dev/null 2>&1; then
		sql -d "$there" -c 'ALTER SUBSCRIPTION flagplane_all DISABLE' -c 'ALTER SUBSCRIPTION flagplane_all SET (slot_name = NONE)' \
			-c 'DROP SUBSCRIPTION flagplane_all' 2>/dev/null || true
	fi
	dropdb --force --if-exists "$there"
	sql -c "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name LIKE '$slot%' AND active" >/dev/null
	until_true "the slot is free" postgres "SELECT count(*) = 0 FROM pg_replication_slots WHERE slot_name LIKE '$slot%' AND active"
	sql -c "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE '$slot%'" >/dev/null
	dropdb --force --if-exists "$here"
}
clean
trap 'clean; rm -rf "$work"' EXIT

createdb "$here"
createdb "$there"
sql -d "$here" >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -f "$directory/populate.sql"
sql -d "$there" -c 'CREATE EXTENSION flagplane CASCADE'
fingerprint "$here" >"$work/here"
require_rows "$here" "$work/here"

# In one cluster, CREATE SUBSCRIPTION would wait for a slot that waits for its own transaction.
sql -d "$here" -c 'CREATE PUBLICATION flagplane_all FOR TABLES IN SCHEMA flagplane_data'
sql -d "$here" -c "SELECT pg_create_logical_replication_slot('$slot', 'pgoutput')" >/dev/null
sql -d "$there" -c "CREATE SUBSCRIPTION flagplane_all CONNECTION 'host=$PGHOST port=$PGPORT user=$PGUSER dbname=$here'
	PUBLICATION flagplane_all WITH (create_slot = false, slot_name = '$slot')"
until_true "every table is copied" "$there" \
	"SELECT count(*) = (SELECT count(*) FROM pg_tables WHERE schemaname = 'flagplane_data') AND bool_and(srsubstate = 'r') FROM pg_subscription_rel"

same() { # what has been done: the subscriber has all of it, and the same rows
	local lsn
	lsn=$(sql -d "$here" -c 'SELECT pg_current_wal_insert_lsn()')
	# The walsender confirms what is flushed; a transaction makes it look.
	sql -d "$here" -c "SELECT pg_logical_emit_message(true, 'flagplane', '')" >/dev/null
	until_true "the subscriber has arrived after $1" "$here" "SELECT confirmed_flush_lsn >= '$lsn' FROM pg_replication_slots WHERE slot_name = '$slot'"
	fingerprint "$here" >"$work/here"
	fingerprint "$there" | diff "$work/here" - || fail "$1: the same rows"
	ok "$1: the same rows"
}
same "the first copy"

sql -d "$here" >/dev/null <<'SQL'
SELECT flagplane.create_project('q', 'Q');
SELECT flagplane.create_flag('q', 'f', 'F');
SELECT flagplane.create_layer('q', 'l', 'L', '');
SELECT flagplane.create_experiment('q', 'test', 'e', 'E', flag_key => 'f');
SELECT flagplane.update_layer('q', 'l', '[{"kind": "updateExperimentReservation", "experimentKey": "e", "reservationPercent": 30}]', 'test');
SELECT flagplane.create_flag_link('q', 'f', 'k');
SELECT flagplane.create_sdk_app('q', 'A', 'expo');
SELECT flagplane.create_access_token('limited', '{*}', projects => '{q}');
SQL
same "new rows"
sql -d "$here" >/dev/null <<'SQL'
SELECT flagplane.update_project('p', '[{"op": "replace", "path": "/name", "value": "Renamed"}]');
SELECT flagplane.update_environment('p', 'test', '[{"op": "replace", "path": "/color", "value": "ABCDEF"}]');
SELECT flagplane.update_layer('p', 'l', '[{"kind": "updateExperimentReservation", "experimentKey": "here", "reservationPercent": 10}]', 'test');
SELECT flagplane.stop_experiment('p', 'test', 'running');
SELECT flagplane.reset_environment_mobile_key('p', 'test');
-- A value that is stored apart, and then a change beside it.
SELECT flagplane.create_flag('p', 'big', 'Big', variations => jsonb_build_array(jsonb_build_object('value', string_agg(md5(g::text), '')), '{"value": 1}'::jsonb)) FROM generate_series(1, 3000) g;
UPDATE flagplane_data.flag SET name = 'Bigger' WHERE key = 'big';
SQL
same "changed rows"
sql -d "$here" >/dev/null <<'SQL'
BEGIN;
SELECT flagplane.create_layer('p', 'never', 'Never', '');
SAVEPOINT s;
SELECT flagplane.create_layer('p', 'undone', 'Undone', '');
ROLLBACK TO s;
SELECT flagplane.create_layer('p', 'done', 'Done', '');
COMMIT;
BEGIN;
SELECT flagplane.delete_project('p');
ROLLBACK;
SQL
same "subtransactions and a rollback"
before=$(sql -d "$there" -c "SELECT count(*) FROM flagplane_data.flag_environment")
sql -d "$here" >/dev/null -c "SELECT flagplane.delete_project('q')" -c "SELECT flagplane.delete_environment('p', 'clone')" \
	-c "UPDATE flagplane_data.idempotency_key SET expires_at = now() - interval '1 day'" -c 'SELECT flagplane.purge()'
same "deletes with their cascades"
[ "$(sql -d "$there" -c "SELECT count(*) < $before FROM flagplane_data.flag_environment")" = t ] || fail "a cascade has taken rows"

# The comparison sees a single changed value.
sql -d "$there" -c "UPDATE flagplane_data.flag_link SET title = 'else'"
if fingerprint "$there" | diff -q "$work/here" - >/dev/null; then fail "a changed row is seen"; fi
ok "a changed row is seen"
sql -d "$there" -c "UPDATE flagplane_data.flag_link t SET title = NULL"
sql -d "$here" -c "UPDATE flagplane_data.flag_link t SET title = NULL"
same "a row set right"

sql -d "$here" -c 'TRUNCATE flagplane_data.layer CASCADE'
same "TRUNCATE with its cascade"
[ "$(sql -d "$there" -c 'SELECT count(*) FROM flagplane_data.layer_reservation')" = 0 ] || fail "the cascade has arrived"
[ "$(sql -d "$there" -c "SELECT count(*) > 0 FROM flagplane_data.flag")" = t ] || fail "there are rows that TRUNCATE has left"

# A switch-over: the subscriber is called from now on.
sql -d "$there" -c 'ALTER SUBSCRIPTION flagplane_all DISABLE' -c 'ALTER SUBSCRIPTION flagplane_all SET (slot_name = NONE)' -c 'DROP SUBSCRIPTION flagplane_all'
feed() { sql -d "$1" -c "SELECT e->>'_id' FROM json_array_elements(flagplane.changes(NULL, 1000)->'items') e"; }
feed "$here" >"$work/feed"
sql -d "$there" >/dev/null -c "SELECT flagplane.create_layer('p', 'after', 'After', '')" \
	-c "SELECT flagplane.create_environment('p', 'again', 'Again', '000000', source => '{\"key\": \"production\"}')"
until_true "the feed tells what is new" "$there" "SELECT json_array_length(flagplane.changes(NULL, 1000)->'items') = $(($(wc -l <"$work/feed") + 2))"
[ "$(feed "$there" | head -n "$(wc -l <"$work/feed")")" = "$(cat "$work/feed")" ] || fail "the feed begins with what was replicated"
ok "after a switch-over the subscriber is called, and the feed goes on"
# The layers that TRUNCATE took away are what it misses.
[ -z "$(sql -d "$there" -c "SELECT finding FROM flagplane.doctor() WHERE severity = 'error' AND finding NOT LIKE 'rows_missing: %: layer (%'")" ] || fail "the doctor finds nothing wrong: $(sql -d "$there" -c 'SELECT finding FROM flagplane.doctor()')"
ok "the doctor finds nothing wrong there"
echo "1..$number"
