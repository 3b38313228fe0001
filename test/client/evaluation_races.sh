#!/usr/bin/env bash
# Changes, some of them rolled back, race with evaluations in every isolation level: what is evaluated is always what the
# tables say in the same snapshot, and what is cached is never of another one.
set -euo pipefail
database=flagplane_evaluation_races
export PGOPTIONS='-c client_min_messages=warning'
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }
place=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
pids=()
clean() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
	dropdb --force --if-exists "$database"
	rm -rf "$place"
}
trap clean EXIT
dropdb --force --if-exists "$database"
createdb "$database"

sql >/dev/null <<'SQL'
CREATE EXTENSION flagplane CASCADE;
SELECT flagplane.create_project('race', 'R');
SELECT flagplane.create_flag('race', 'f' || i, 'F') FROM generate_series(1, 4) i;
SELECT flagplane.create_segment('race', 'test', 's', 'S');
SELECT flagplane.update_flag('race', 'f4', '{"environments": {"test": {"on": true, "fallthrough": {"variation": 1},
	"rules": [{"variation": 0, "clauses": [{"op": "segmentMatch", "values": ["s"]}]}]}}}');
CREATE TABLE seen (session text, what text);
CREATE FUNCTION turn(number int, value boolean) RETURNS void LANGUAGE sql AS $$
	SELECT flagplane.update_flag('race', 'f' || number, jsonb_build_object('environments', jsonb_build_object('test', jsonb_build_object('on', value))))
$$;
CREATE FUNCTION include(value boolean) RETURNS void LANGUAGE sql AS $$
	SELECT flagplane.update_segment('race', 'test', 's', jsonb_build_object('included', CASE WHEN value THEN '["a"]'::jsonb ELSE '[]' END))
$$;
-- What the tables say, in the snapshot of the query: f1 to f3 are on or off, and the user is in the segment or not.
CREATE FUNCTION stored(flag text) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT CASE flag WHEN 'f4' THEN (SELECT included ? 'a' FROM flagplane_data.segment) ELSE (SELECT c.is_on FROM flagplane_data.flag_environment c
		JOIN flagplane_data.flag f ON f.id = c.flag_id JOIN flagplane_data.environment e ON e.id = c.environment_id WHERE f.key = flag AND e.key = 'test') END
$$;
-- How evaluations differ from it; NULL if they do not. STABLE, so all of it is in one snapshot.
CREATE FUNCTION difference() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	one CONSTANT jsonb := '{"key": "a"}';
	found text;
BEGIN
	SELECT string_agg(flag, ' ') INTO found FROM unnest('{f1,f2,f3,f4}'::text[]) flag
	WHERE flagplane.bool_variation('race', 'test', flag, one, NULL) IS DISTINCT FROM stored(flag);
	IF flagplane.evaluate_all(flagplane.payload('race', 'test')::jsonb, one)::jsonb <> flagplane.all_flags_state('race', 'test', one)::jsonb THEN
		found := concat_ws(' ', found, 'payload');
	END IF;
	RETURN found;
END
$$;
CREATE FUNCTION look(session text) RETURNS void LANGUAGE sql AS $$ INSERT INTO seen SELECT session, d FROM difference() d WHERE d IS NOT NULL $$;
SQL
cat >"$place/change.sql" <<'SQL'
\set flag random(1, 3)
\set value random(0, 1)
\set end random(0, 3)
BEGIN;
SELECT turn(:flag, :value = 1);
SAVEPOINT s;
SELECT include(:value = 1);
SELECT look('change');
\if :value
RELEASE s;
\else
ROLLBACK TO s;
SELECT look('after a rollback to a savepoint');
\endif
SELECT turn(:flag, :end > 1), include(:end = 1);
SELECT look('change');
\if :end
COMMIT;
\else
ROLLBACK;
\endif
SELECT look('after the change');
SQL
cat >"$place/repeatable.sql" <<'SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM flagplane_data.flag;
SELECT look('repeatable read');
SELECT look('repeatable read'), pg_sleep(0.002);
SELECT look('repeatable read');
COMMIT;
SQL
echo "SELECT look('read committed'), pg_sleep(0.001), look('read committed');" >"$place/committed.sql"

run() { timeout 120 pgbench -n -d "$database" --random-seed=7 -c 2 -t "$2" -f "$place/$1.sql" >"$place/$1.log" 2>&1; }
version() { sql -c "SELECT v.version FROM flagplane_data.environment_payload v JOIN flagplane_data.environment e ON e.id = v.environment_id WHERE e.key = 'test'"; }
before=$(version)
run change 150 & pids+=($!)
run repeatable 300 & pids+=($!)
run committed 500 & pids+=($!)
for pid in "${pids[@]}"; do
	if ! wait "$pid"; then
		echo "not ok - a session failed"
		cat "$place"/*.log
		exit 1
	fi
done
pids=()
different=$(sql -c "SELECT format('not ok - %s: %s, %s times', session, what, count(*)) FROM seen GROUP BY session, what")
if [ -n "$different" ]; then echo "$different"; exit 1; fi
raised=$(($(version) - before))
if [ "$raised" -lt 100 ]; then echo "not ok - $raised changes have been seen"; exit 1; fi
echo "ok - $raised changes"
