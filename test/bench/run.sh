#!/usr/bin/env bash
#
# The ratios of design: create_environment against its PL/pgSQL twin on the same
# tables and against the bare INSERT, in interleaved rounds of pgbench; medians.
# At the end assign() against its twins, in assign.sql.
# Only ratios count: the machine may be busy with other things.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
: "${ROUNDS:=5}" "${SECONDS_EACH:=2}" "${CALLS:=100000}" "${UNITS:=1000000}"
database=flagplane_bench
scripts=$(mktemp -d)
export PGOPTIONS='-c client_min_messages=warning'
dropdb --force --if-exists "$database"
createdb "$database"
trap 'dropdb --force "$database"; rm -rf "$scripts"' EXIT
export PGDATABASE=$database
sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

sql -c 'CREATE EXTENSION flagplane CASCADE' -f "$here/twin.sql" \
	-c "SELECT flagplane.create_project('bench', 'Bench')" >/dev/null
token=$(sql -c "SELECT flagplane.create_access_token('bench', role => 'writer')->>'token'")
account=$(sql -c 'SELECT id FROM flagplane_data.account')
project=$(sql -c 'SELECT id FROM flagplane_data.project')

# Each client makes keys of its own: client, a random part, a counter.
cat >"$scripts/ours.sql" <<SQL
SELECT flagplane.create_environment('bench', gen_random_uuid()::text, 'Bench', 'DADBEE', idempotency_key => gen_random_uuid());
SQL
cat >"$scripts/twin.sql" <<SQL
SELECT twin.create_environment('$token', 'bench', gen_random_uuid()::text, 'Bench', 'DADBEE', idempotency_key => gen_random_uuid());
SQL
cat >"$scripts/bare.sql" <<SQL
INSERT INTO flagplane_data.environment (account_id, id, project_id, key, name, color, default_ttl, secure_mode, default_track_events,
	confirm_changes, require_comments, tags, critical, version, created_at)
VALUES ($account, left(md5(gen_random_uuid()::text), 24), '$project', gen_random_uuid()::text, 'Bench', 'DADBEE', 0, false, false, false, false, '{}', false, 1, now());
SQL
cat >"$scripts/rest.sql" <<SQL
SELECT * FROM flagplane.handle('POST', '/api/v2/projects/bench/environments',
	jsonb_build_object('Authorization', '$token', 'Idempotency-Key', gen_random_uuid()),
	'{"key": "' || gen_random_uuid() || '", "name": "Bench", "color": "DADBEE"}');
SQL
cat >"$scripts/ours_same.sql" <<SQL
\set key random(1, 1000000)
SELECT flagplane.create_environment('bench', 'same-' || :key / 500, 'Bench', 'DADBEE', idempotency_key => lpad((:key / 500)::text, 32, '0')::uuid)->>'_id';
SQL
cat >"$scripts/twin_same.sql" <<SQL
\set key random(1, 1000000)
SELECT twin.create_or_get('$token', 'bench', 'same-' || :key / 500);
SQL

# Our SQL way takes the token from the header, as behind PostgREST; plain settings
# of the session stand for it here.
headers="-c request.method=POST -c request.headers={\"x-api-key\":\"$token\"}"

# Every round begins with the same tables.
reset() {
	sql -c 'TRUNCATE flagplane_data.environment, flagplane_data.idempotency_key, flagplane_data.audit_log CASCADE' \
		-c 'VACUUM flagplane_data.project, flagplane_data.access_token'
}

# round SCRIPT CLIENTS OPTIONS: transactions a second.
round() {
	local options=$PGOPTIONS
	case $1 in ours*) options="$options $headers" ;; esac
	reset
	PGOPTIONS="$options $3" pgbench -n -M prepared -c "$2" -j "$2" -T "$SECONDS_EACH" -f "$scripts/$1.sql" |
		sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

median() { sort -g | awk '{ a[NR] = $1 } END { print (NR % 2) ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }

printf '%-52s %10s %10s %8s %8s %6s\n' measure ours other ratio must aim
line() { printf '%-52s %10.0f %10.0f %8.2f %8s %6s\n' "$@"; }

# compare NAME A B CLIENTS OPTIONS KIND MUST AIM: latency ratios are B's rate over A's.
compare() {
	local ours="" other="" a b i
	for ((i = 0; i < ROUNDS; i++)); do
		ours+=$(round "$2" "$4" "$5")$'\n'
		other+=$(round "$3" "$4" "$5")$'\n'
	done
	a=$(printf %s "$ours" | median)
	b=$(printf %s "$other" | median)
	if [ "$6" = latency ]; then
		line "$1" "$a" "$b" "$(echo "$b $a" | awk '{ print $1 / $2 }')" "$7" "$8"
	else
		line "$1" "$a" "$b" "$(echo "$a $b" | awk '{ print $1 / $2 }')" "$7" "$8"
	fi
}

echo "(ours and other in transactions a second; medians of $ROUNDS rounds)"
compare "full call / twin, latency, commit async" ours twin 1 "-c synchronous_commit=off" latency "<=0.70" 0.60
compare "full call / twin, latency, commit sync" ours twin 1 "" latency "<=0.82" 0.74
compare "full transaction / bare INSERT, latency, async" ours bare 1 "-c synchronous_commit=off" latency "-" "-"
compare "REST body by handle / named arguments, latency" rest ours 1 "-c synchronous_commit=off" latency "<=1.15" 1.05
compare "8 clients, own keys / twin, throughput, async" ours twin 8 "-c synchronous_commit=off" rate ">=1.8" 2.2
compare "8 clients, one key / twin with handler, throughput" ours_same twin_same 8 "-c synchronous_commit=off" rate ">=2.0" 2.4

# The rate limiter by itself, and a token that all clients use.
make -s -C "$here" PG_CONFIG="${PG_CONFIG:-pg_config}"
install -m 755 "$here/limiter.so" "$FLAGPLANE_CLUSTER/limiter.so"
sql -c "CREATE FUNCTION limiter_nanoseconds(calls int) RETURNS float8 LANGUAGE c AS '$FLAGPLANE_CLUSTER/limiter.so'" \
	-c "CREATE FUNCTION limiter_claim() RETURNS boolean LANGUAGE c AS '$FLAGPLANE_CLUSTER/limiter.so'"
echo 'SELECT limiter_claim()' >"$scripts/hot.sql"
echo 'SELECT 1' >"$scripts/select.sql"
compare "8 clients, one token in the rate limiter / SELECT 1" hot select 8 "" rate ">=0.95" 0.99
nanoseconds=$(for ((i = 0; i < ROUNDS; i++)); do sql -c 'SELECT limiter_nanoseconds(10000000)'; done | median)
printf '%-52s %10.1f %10s %8s %8s %6s\n' "rate limiter, nanoseconds a call" "$nanoseconds" - - "<=60" 40

# Many calls in one transaction: do they slow down, does memory grow?
reset
sql -v calls="$CALLS" <<'SQL'
SET synchronous_commit = off;
SET bench.calls = :calls;
CREATE FUNCTION pg_temp.memory() RETURNS bigint LANGUAGE sql AS 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';
DO $$
DECLARE
	calls int := current_setting('bench.calls');
	tenth int := calls / 10;
	started timestamptz;
	first float8;
	last float8;
	before bigint;
	after bigint;
BEGIN
	FOR part IN 1..10 LOOP
		started := clock_timestamp();
		FOR i IN 1..tenth LOOP
			PERFORM flagplane.create_layer('bench', 'l' || part || '-' || i, 'Bench', '');
		END LOOP;
		IF part = 1 THEN
			first := extract(epoch FROM clock_timestamp() - started);
			before := pg_temp.memory();
			before := pg_temp.memory();
		END IF;
		last := extract(epoch FROM clock_timestamp() - started);
	END LOOP;
	after := pg_temp.memory();
	RAISE WARNING '% calls in one transaction: last tenth / first tenth % (must <= 1.1), memory grew by % kB (must <= 64)',
		calls, round((last / first)::numeric, 2), (after - before) / 1024;
END
$$;
SQL

# Which experiment is a unit in?
reset
sql -c "SELECT flagplane.create_environment('bench', 'bench-assign', 'Bench', 'DADBEE')" >/dev/null
sql -v units="$UNITS" -v rounds="$ROUNDS" -f "$here/assign.sql"
