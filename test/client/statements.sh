#!/usr/bin/env bash
# Every list takes as many statements for many things as for few: auto_explain counts them.
set -euo pipefail
database=flagplane_statements
number=0

check() { # what, got, expected
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1: got $2, expected $3"
		exit 1
	fi
}

dropdb --force --if-exists "$database" 2>/dev/null
createdb "$database"
trap 'dropdb --force "$database"' EXIT
export PGDATABASE=$database

sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# make FROM TO: things numbered so, of each kind.
make() {
	sql >/dev/null <<-SQL
		SELECT flagplane.create_project('p' || n, 'P'), flagplane.create_account('a' || n, 'A'),
			flagplane.create_member('m' || n || '@example.com'), flagplane.create_access_token('t' || n, '{*}', projects => '{p}'),
			flagplane.create_environment('p', 'e' || n, 'E', '000000'), flagplane.create_flag('p', 'f' || n, 'F'),
			flagplane.create_flag_link('p', 'f', 'k' || n), flagplane.create_layer('p', 'l' || n, 'L', ''), flagplane.create_segment('p', 'test', 's' || n, 'S'), flagplane.create_sdk_key('p', 'test', 'k' || n),
			flagplane.create_experiment('p', 'test', 'x' || n, 'X'), flagplane.create_sdk_app('p', 'app', 'ios', 'com.n' || n)
			FROM generate_series($1, $2) n;
		SELECT flagplane.update_layer('p', 'l' || n, format('[{"kind": "updateExperimentReservation", "experimentKey": "x%s", "reservationPercent": 10}]', n)::jsonb, 'test')
			FROM generate_series($1, $2) n;
	SQL
}

# count CALL: how many statements a call runs, once it is known which owner and account it is for.
count() {
	local told
	if ! told=$(
		sql 2>&1 <<-SQL
			SELECT $1 IS NOT NULL;
			LOAD 'auto_explain';
			SET auto_explain.log_min_duration = 0;
			SET auto_explain.log_nested_statements = on;
			SET auto_explain.log_level = notice;
			SELECT $1 IS NOT NULL;
		SQL
	); then
		echo "$told" >&2
		return 1
	fi
	grep -c 'Query Text:' <<<"$told"
}

sql -c 'CREATE EXTENSION flagplane CASCADE' 2>/dev/null
sql -c "SELECT flagplane.create_project('p', 'P'), flagplane.create_flag('p', 'f', 'F')" >/dev/null
project=$(sql -c "SELECT id FROM flagplane_data.project WHERE key = 'p'")
lists=("list_accounts()" "list_projects(\"limit\" => 100)" "list_projects(\"limit\" => 100, expand => 'environments')" "get_project('p', expand => 'environments')"
	"list_environments('p', \"limit\" => 100)" "list_flags('p', \"limit\" => 100)" "list_flags('p', \"limit\" => 100, env => 'test')" "get_flag('p', 'f')" "list_flag_links('p', 'f')"
	"list_segments('p', 'test', \"limit\" => 100)" "list_layers('p')" "list_experiments('p', 'test', \"limit\" => 100)" "list_sdk_keys('p', 'test')" "list_members()" "list_access_tokens()" "list_sdk_apps('$project', \"limit\" => 100)"
	"list_partner_projects(\"limit\" => 100)" "list_audit_log(\"limit\" => 100)" "changes(\"limit\" => 100)")
for operation in $(sql -c "SELECT name FROM flagplane.operations() WHERE name LIKE 'list\_%'"); do
	check "$operation is among the lists" "$(printf '%s\n' "${lists[@]}" | grep -c "^$operation(" | sed 's/[2-9]/1/')" 1
done

make 1 2
declare -A few
for list in "${lists[@]}"; do few[$list]=$(count "flagplane.$list"); done
make 3 40
for list in "${lists[@]}"; do check "$list" "$(count "flagplane.$list")" "${few[$list]}"; done
echo "1..$number"
