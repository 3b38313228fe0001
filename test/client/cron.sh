#!/usr/bin/env bash
# deploy/cron.sql with the real pg_cron: its jobs run although pg_hba.conf refuses logins by
# TCP, doctor() reports those that fail, and the documented restores succeed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
config=$("$root/test/cluster.sh" pg_config)
if [ ! -f "$("$config" --sharedir)/extension/pg_cron.control" ]; then
	echo "skipped: the server has no pg_cron"
	exit 77
fi
. "$root/test/client/rows.bash"
export PGOPTIONS='-c client_min_messages=error'
work=$(mktemp -d)
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
chmod 755 "$FLAGPLANE_CLUSTER"
trap '"$root/test/cluster.sh" stop; rm -rf "$work"' EXIT
database=flagplane_cron
restored=flagplane_cron_restored

# Nobody may log in by TCP, so that a job which would is refused, as by Debian's pg_hba.conf.
CLUSTER_OPTIONS="shared_preload_libraries = 'flagplane,pg_cron'
cron.database_name = '$database'" "$root/test/cluster.sh" start
eval "$("$root/test/cluster.sh" env)"
restart() {
	local postmaster
	postmaster=$(head -1 "$FLAGPLANE_CLUSTER/data/postmaster.pid")
	kill -INT "$postmaster"
	while kill -0 "$postmaster" 2>/dev/null; do sleep 0.1; done
	"$root/test/cluster.sh" recover
}
# Jobs run at the next start, not at the next minute.
run_jobs() { # in the database of pg_cron
	sql -d "$1" -c 'TRUNCATE cron.job_run_details' -c "SELECT cron.alter_job(jobid, schedule => '@reboot') FROM cron.job" >/dev/null
	restart
	until_true "the jobs of $1 have run" "$1" \
		"SELECT count(*) = 2 FROM cron.job_run_details WHERE status IN ('failed', 'succeeded')"
}
outcome() { # of the jobs of a database
	sql -d "$1" -c 'SELECT DISTINCT status, CASE status WHEN $$failed$$ THEN return_message END FROM cron.job_run_details'
}
expire() { sql -d "$1" -c "UPDATE flagplane_data.idempotency_key SET expires_at = now()"; }
expired() { sql -d "$1" -c 'SELECT count(*) FROM flagplane_data.idempotency_key WHERE expires_at <= now()'; }
findings() { sql -d "$1" -c "SELECT regexp_replace(finding, ' at .* UTC', '') FROM flagplane.doctor() WHERE finding LIKE 'cron_job_failed: %'"; }

createdb "$database"
sql -d "$database" >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -f "$root/test/client/populate.sql"
[ -z "$(findings "$database")" ] || fail "the doctor does without pg_cron"
ok "the doctor does without pg_cron"

# --- In the same database, by login: it does not work, and doctor() reports it.
PGOPTIONS='-c client_min_messages=warning' psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" -f "$root/deploy/cron.sql" >"$work/jobs" 2>"$work/warnings"
grep -q 'WARNING:  cron.use_background_workers is off' "$work/warnings" || fail "who schedules jobs that cannot run is warned"
ok "who schedules jobs that cannot run is warned"
expire "$database"
run_jobs "$database"
[ "$(outcome "$database")" = 'failed|connection failed' ] || fail "jobs by login fail: $(outcome "$database")"
[ "$(findings "$database")" = 'cron_job_failed: "flagplane purge": connection failed' ] || fail "the doctor tells of the failed job: $(findings "$database")"
ok "the doctor tells of the failed job"
sql -d "$database" -c "CREATE ROLE watcher LOGIN" -c "GRANT USAGE ON SCHEMA flagplane, flagplane_data TO watcher" -c "GRANT EXECUTE ON FUNCTION flagplane.doctor() TO watcher"
[ "$(PGUSER=watcher findings "$database")" = 'cron_job_failed: "flagplane purge": connection failed' ] || fail "to who may ask it only, too"
ok "to a role without rights on pg_cron, too"

# --- By background workers: they run.
sql -d "$database" -c 'ALTER SYSTEM SET cron.use_background_workers = on'
run_jobs "$database"
[ "$(outcome "$database")" = 'succeeded|' ] || fail "jobs by background workers run: $(outcome "$database")"
[ "$(expired "$database")" = 0 ] || fail "and purge"
ok "jobs by background workers run, and purge"
[ -z "$(findings "$database")" ] || fail "a job that succeeded again is no finding"
ok "a job that succeeded again is no finding"

# --- A dump with pg_cron in it is restored without pg_cron, as doc/operations.md shows.
fingerprint "$database" >"$work/before"
pg_dump --format=custom --file="$work/dump" "$database"
createdb "$restored"
if pg_restore --exit-on-error --dbname="$restored" "$work/dump" 2>"$work/refused"; then fail "pg_cron can be made in one database only"; fi
grep -q 'can only create extension in database' "$work/refused" || fail "pg_cron is what stops the restore: $(cat "$work/refused")"
dropdb "$restored"
createdb "$restored"
documented=$(sed -n '/pg_restore --list/p' "$root/doc/operations.md" | sed 's/^ *//; s/flagplane\.dump/"$work\/dump"/; s/flagplane\.list/"$work\/list"/')
[ -n "$documented" ] || fail "the documentation shows the restore"
eval "$documented"
pg_restore --exit-on-error --use-list="$work/list" --dbname="$restored" "$work/dump"
fingerprint "$restored" | diff "$work/before" - || fail "a dump with pg_cron is restored without it"
ok "a dump with pg_cron in it is restored without it"

# --- In a database of its own: nothing of it is in the dump.
sql -d "$database" -c 'DROP EXTENSION pg_cron' -c "ALTER SYSTEM SET cron.database_name = 'postgres'"
restart
sql -d postgres -v database="$restored" -f "$root/deploy/cron.sql" >"$work/jobs"
expire "$restored"
run_jobs postgres
[ "$(outcome postgres)" = 'succeeded|' ] || fail "jobs run in another database: $(outcome postgres)"
[ "$(expired "$restored")" = 0 ] || fail "and purge there"
ok "jobs run in another database, and purge there"
fingerprint "$restored" >"$work/before"
pg_dump --format=custom --file="$work/dump" "$restored"
createdb "$restored"_again
pg_restore --exit-on-error --dbname="$restored"_again "$work/dump"
fingerprint "$restored"_again | diff "$work/before" - || fail "its dump is restored as any"
ok "its dump is restored as any"
echo "1..$number"
