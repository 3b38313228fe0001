#!/usr/bin/env bash
# What make bench measures still runs: each script of pgbench, and the SQL of most other measures, with small numbers.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../bench" && pwd -P)
. "$here/scripts.sh"
trap 'PGDATABASE=postgres dropdb --force --if-exists "$database"; rm -rf "$scripts"' EXIT
make_database
make_scripts
for script in "$scripts"/*.sql; do
	name=$(basename "$script" .sql)
	log=$(PGOPTIONS=$(options_of "$name" "") pgbench -n -M prepared -t 2 -f "$script" 2>&1) || { echo "not ok - $name: $log"; exit 1; }
	echo "ok - $name"
done
sql -c "SELECT flagplane.create_environment('bench', 'bench-assign', 'Bench', 'DADBEE')" >/dev/null
sql -v units=100 -v rounds=1 -f "$here/assign.sql" >/dev/null
sql -v contexts=10 -v changes=10 -f "$here/variation.sql"
sql -c "SELECT net('ruled', 1)" -c 'SELECT last_tenth(10)' -c "CALL milliseconds('SELECT :odd', 'SELECT :odd', 2)" \
	-c "CALL processor_milliseconds('SELECT :odd', 2)" >/dev/null
echo "ok - what is measured in SQL"
