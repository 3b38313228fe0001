#!/usr/bin/env bash
# The role for monitoring of deploy/roles.sql: it reads what it needs, and acts for no account.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
here=$(dirname "${BASH_SOURCE[0]}")
database=flagplane_monitor
roles=(flagplane_authenticator flagplane_anonymous flagplane_backend flagplane_evaluator flagplane_monitor)
number=0

drop() {
	dropdb --force --if-exists "$database"
	for role in "${roles[@]}"; do dropuser --if-exists "$role"; done
}
ok() { number=$((number + 1)); echo "ok $number - $1"; }
fail() { echo "not ok $((number + 1)) - $1"; exit 1; }
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -v VERBOSITY=sqlstate -d "$database" "$@"; }

drop
trap drop EXIT
createdb "$database"
sql -c 'CREATE EXTENSION flagplane CASCADE' -f "$here/../../deploy/roles.sql"

for what in 'flagplane.stats' 'flagplane.environment_stats' 'flagplane.operation_stats()' 'flagplane.environment_stats()' 'flagplane.status()' 'flagplane.doctor()'; do
	answer=$(sql -c 'SET ROLE flagplane_monitor' -c "SELECT count(*) >= 0 FROM $what" 2>&1) || fail "$what: $answer"
	[ "$answer" = t ] || fail "$what: $answer"
done
ok 'it reads the counters, the status and what the doctor finds'

for what in 'flagplane.list_projects()' "flagplane.create_project('p', 'P')" 'flagplane.purge()' 'flagplane.reset_stats()' \
	"flagplane.handle('GET', '/api/v2/projects')" 'flagplane.projects' 'flagplane_data.account'; do
	answer=$(sql -c 'SET ROLE flagplane_monitor' -c "SELECT count(*) FROM $what" 2>&1) && fail "$what: $answer"
	[[ $answer == *42501* ]] || fail "$what: $answer"
done
ok 'it may call nothing else'

# PostgREST's anonymous role may execute every function, and sees nothing of this without a token.
for what in 'flagplane.operation_stats()' 'flagplane.environment_stats()' 'flagplane.status()' 'flagplane.doctor()'; do
	answer=$(sql -c 'SET ROLE flagplane_anonymous' -c "SELECT count(*) FROM $what" 2>&1) && fail "$what: $answer"
	[[ $answer == *28000* ]] || fail "$what: $answer"
done
ok 'the anonymous role does not'
echo "1..$number"
