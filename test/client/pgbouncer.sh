#!/usr/bin/env bash
# Behind PgBouncer in transaction mode: a session's SET of flagplane.account reaches the
# next client, as any SET does; SET LOCAL and ALTER ROLE ... SET keep clients apart.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
if ! command -v pgbouncer >/dev/null; then
	echo "skipped: there is no pgbouncer on the PATH"
	exit 77
fi
database=flagplane_pooled
place=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
pid=
. "$(dirname "${BASH_SOURCE[0]}")/rows.bash"
drop() {
	dropdb --force --if-exists "$database"
	for role in flagplane_acme flagplane_plain; do dropuser --if-exists "$role"; done
}
clean() {
	if [ -n "$pid" ]; then kill "$pid" && wait "$pid" || true; fi
	drop
	rm -rf "$place"
}
drop
trap clean EXIT
createdb "$database"
sql -d "$database" >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c "SELECT flagplane.create_account('acme', 'Acme')" \
	-c "SELECT flagplane.create_project('ours', 'Ours')" -c 'CREATE ROLE flagplane_acme LOGIN' -c 'CREATE ROLE flagplane_plain LOGIN' \
	-c 'GRANT USAGE ON SCHEMA flagplane, flagplane_data TO flagplane_acme, flagplane_plain' \
	-c 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO flagplane_acme, flagplane_plain' \
	-c "ALTER ROLE flagplane_acme SET flagplane.account = 'acme'"
# One server connection for all clients of a role, so that the next client gets it.
printf '"flagplane_acme" ""\n"flagplane_plain" ""\n' >"$place/users"
cat >"$place/pgbouncer.ini" <<CONF
[databases]
$database = host=$PGHOST port=$PGPORT
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = $place
auth_type = trust
auth_file = $place/users
pool_mode = transaction
default_pool_size = 1
ignore_startup_parameters = options
CONF
as=()
if [ "$(id -u)" = 0 ]; then
	user=$(stat -c %U "$FLAGPLANE_CLUSTER/data")
	chown -R "$user" "$place"
	as=(-u "$user")
fi
pgbouncer -q "${as[@]}" "$place/pgbouncer.ini" >"$place/log" 2>&1 &
pid=$!
pooled() { # a role, and statements of one session
	PGHOST=$place PGPORT=6432 PGUSER=$1 sql -d "$database" "${@:2}"
}
tries=100
until pooled flagplane_plain -c 'SELECT 1' >/dev/null 2>&1; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || { cat "$place/log"; fail "pgbouncer starts"; }
	sleep 0.1
done
projects() { pooled "$1" -c "SELECT json_array_length(flagplane.list_projects()->'items')"; }

# The default account has one project, acme has none.
[ "$(projects flagplane_plain)" = 1 ] || fail "a client acts for the default account"
pooled flagplane_plain -c "BEGIN" -c "SET LOCAL flagplane.account = 'acme'" -c "SELECT flagplane.list_projects()" -c "COMMIT" >/dev/null
[ "$(projects flagplane_plain)" = 1 ] || fail "SET LOCAL ends with its transaction"
ok "SET LOCAL ends with its transaction"
[ "$(projects flagplane_acme)" = 0 ] || fail "ALTER ROLE ... SET counts behind the pool"
[ "$(projects flagplane_plain)" = 1 ] || fail "and for its role only"
ok "ALTER ROLE ... SET counts behind the pool, for its role only"
pooled flagplane_plain -c "SET flagplane.account = 'acme'"
[ "$(projects flagplane_plain)" = 0 ] || fail "a session's SET reaches the next client: doc/operations.md says so"
ok "a session's SET reaches the next client, as any SET does"
pooled flagplane_plain -c 'RESET flagplane.account'

# A token names its account itself, whatever is set.
token=$(sql -d "$database" -c "SELECT flagplane.create_access_token('t', role => 'reader')->>'token'")
pooled flagplane_plain -c "SET flagplane.account = 'acme'"
[ "$(pooled flagplane_plain -c "SELECT json_array_length(body->'items') FROM flagplane.handle('GET', '/api/v2/projects', json_build_object('Authorization', '$token')::jsonb)")" = 1 ] ||
	fail "a token acts for its own account, whatever the client before has set"
ok "a token acts for its own account, whatever the client before has set"
echo "1..$number"
