#!/usr/bin/env bash
# The role of deploy/roles.sql that evaluates flags: it does so for the account that it is bound to,
# and nothing else. Then a standby, which evaluates what has arrived there.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
here=$(dirname "${BASH_SOURCE[0]}")
database=flagplane_evaluator
roles=(flagplane_authenticator flagplane_anonymous flagplane_backend flagplane_evaluator flagplane_monitor)
number=0
work=$(mktemp -d)
chmod 755 "$work"
if [ "$(id -u)" = 0 ]; then chown postgres "$work"; fi
bin=$("${PG_CONFIG:-pg_config}" --bindir)

as_server() { # PostgreSQL's programs do not run as root
	if [ "$(id -u)" = 0 ]; then su postgres -s /bin/sh -c '"$0" "$@"' -- "$@"; else "$@"; fi
}
clean() {
	if [ -f "$work/standby/postmaster.pid" ]; then as_server "$bin/pg_ctl" -D "$work/standby" -m immediate -w stop >/dev/null; fi
	dropdb --force --if-exists "$database"
	for role in "${roles[@]}"; do dropuser --if-exists "$role"; done
	rm -rf "$work"
}
ok() { number=$((number + 1)); echo "ok $number - $1"; }
fail() { echo "not ok $((number + 1)) - $1"; exit 1; }
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -v VERBOSITY=sqlstate -d "$database" "$@"; }
evaluator() { sql -U flagplane_evaluator "$@"; }

trap clean EXIT
dropdb --force --if-exists "$database"
for role in "${roles[@]}"; do dropuser --if-exists "$role"; done
createdb "$database"
sql -c 'CREATE EXTENSION flagplane CASCADE' -f "$here/../../deploy/roles.sql"
sql >/dev/null <<'SQL'
SELECT flagplane.create_project('p', 'P'), flagplane.create_flag('p', 'f', 'F', is_flag_on => true), flagplane.create_account('other', 'O');
SET flagplane.account = 'other';
SELECT flagplane.create_project('p', 'P'), flagplane.create_flag('p', 'f', 'F', is_flag_on => false);
SQL

ask="SELECT flagplane.bool_variation('p', 'test', 'f', flagplane.user_context('a'), NULL)"
for what in "$ask" "SELECT flagplane.variation('p', 'test', 'f', '{\"key\": \"a\"}')" "SELECT flagplane.text_variation('p', 'test', 'f', '{\"key\": \"a\"}', 'true')" \
	"SELECT flagplane.numeric_variation('p', 'test', 'f', '{\"key\": \"a\"}', 1) = 1" "SELECT flagplane.variation_detail('p', 'test', 'f', '{\"key\": \"a\"}')->'value'" \
	"SELECT flagplane.explain_variation('p', 'test', 'f', '{\"key\": \"a\"}')->'detail'->'value'" "SELECT flagplane.all_flags_state('p', 'test', '{\"key\": \"a\"}')->'f'" \
	"SELECT flagplane.evaluate('{\"flags\": {\"f\": {\"variations\": [true], \"offVariation\": 0}}}', 'f', '{\"key\": \"a\"}')->'value'"; do
	answer=$(evaluator -c "$what" 2>&1) || fail "$what: $answer"
	[[ $answer == t || $answer == true ]] || fail "$what: $answer"
done
ok 'it evaluates'

for what in "SELECT flagplane.payload('p', 'test')" "SELECT flagplane.get_flag('p', 'f')" "SELECT flagplane.update_flag('p', 'f', '{}')" "SELECT flagplane.touch_environment('p', 'test')" \
	"SELECT flagplane.list_projects()" "SELECT flagplane.handle('GET', '/api/v2/projects')" 'SELECT * FROM flagplane.projects' 'SELECT * FROM flagplane_data.account' 'SELECT * FROM flagplane_data.environment_payload'; do
	answer=$(evaluator -c "$what" 2>&1) && fail "$what: $answer"
	[[ $answer == *42501* ]] || fail "$what: $answer"
done
ok 'it may do nothing else'

# The library is loaded by the first call of a session, or has been before: a setting from before that counts no more than one from after it.
for what in '' 'SELECT flagplane.user_context(NULL)'; do
	for set in "SET flagplane.account = 'other'" "SET flagplane.role_account = 'other'" "SET flagplane.role_account = ''" 'RESET flagplane.role_account'; do
		answer=$(psql -X -q -At -v VERBOSITY=sqlstate -d "$database" -U flagplane_evaluator -c "$what" -c "$set" -c "$ask" 2>&1 | tail -n 1)
		[ "$answer" = t ] || fail "$set: $answer"
	done
	answer=$(PGOPTIONS='-c flagplane.account=other -c flagplane.role_account=other' psql -X -q -At -d "$database" -U flagplane_evaluator -c "$what" -c "$ask" 2>&1 | tail -n 1)
	[[ $answer == t || $answer == *FATAL* ]] || fail "as an option of the connection: $answer"
done
ok 'it stays in its account, whatever it sets'

# A standby is read only. What was compiled there before a change serves nobody after it.
as_server "$bin/pg_basebackup" -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" -D "$work/standby" -X stream --checkpoint=fast -R
cat >>"$work/standby/postgresql.auto.conf" <<-CONF
	port = $((PGPORT + 1))
	unix_socket_directories = '$work'
	listen_addresses = ''
	hot_standby = on
CONF
as_server "$bin/pg_ctl" -D "$work/standby" -l "$work/standby/log" -w start >/dev/null || { cat "$work/standby/log"; fail 'a standby starts'; }
coproc standby { psql -X -q -At -h "$work" -p $((PGPORT + 1)) -d "$database" 2>&1; }
on_standby() { # one session for all of it
	local line
	echo "$1" >&"${standby[1]}"
	read -r line <&"${standby[0]}"
	echo "$line"
}
arrive() {
	local lsn deadline=$((SECONDS + 60))
	lsn=$(sql -c 'SELECT pg_current_wal_flush_lsn()')
	until [ "$(on_standby "SELECT pg_last_wal_replay_lsn() >= '$lsn';")" = t ]; do [ "$SECONDS" -lt "$deadline" ] || fail 'the standby follows'; done
}
[ "$(on_standby 'SELECT pg_is_in_recovery();')" = t ] || fail 'it is a standby'
arrive
[ "$(on_standby "$ask;")" = t ] || fail 'it evaluates'
sql -c "SELECT flagplane.update_flag('p', 'f', '{\"environments\": {\"test\": {\"on\": false}}}')" >/dev/null
arrive
[ "$(on_standby "$ask;")" = f ] || fail 'it evaluates what has changed'
[ "$(on_standby "SELECT flagplane.all_flags_state('p', 'test', flagplane.user_context('a'))->'f';")" = false ] || fail 'and all flags'
ok 'a standby evaluates, and follows changes'
echo "1..$number"
