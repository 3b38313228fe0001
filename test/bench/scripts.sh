# scripts.sh: sourced by what measures. Makes the database flagplane_bench and the
# pgbench scripts in $scripts, and says how to run them.
#
# Nothing is generated on the server that a client would send: keys are numbers of
# pgbench's own, and go in as parameters.
database=flagplane_bench
scripts=$(mktemp -d)
export PGOPTIONS='-c client_min_messages=warning'
sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

make_database() {
	dropdb --force --if-exists "$database"
	createdb "$database"
	export PGDATABASE=$database
	sql -c 'CREATE EXTENSION flagplane CASCADE' -f "$here/twin.sql" \
		-c "SELECT flagplane.create_project('bench', 'Bench')" >/dev/null
	token=$(sql -c "SELECT flagplane.create_access_token('bench', role => 'writer')->>'token'")
	account=$(sql -c 'SELECT id FROM flagplane_data.account')
	project=$(sql -c 'SELECT id FROM flagplane_data.project')
	# Our SQL way takes the token from the header, as behind PostgREST; plain settings
	# of the session stand for it here.
	headers="-c request.method=POST -c request.headers={\"x-api-key\":\"$token\"}"
	# A poll that knows the state already, as nginx and PostgREST hand it on. In options a backslash stands before a space and a backslash.
	sdk_key=$(sql -c "SELECT flagplane.get_environment('bench', 'production')->>'apiKey'")
	etag=$(sql -c "SELECT headers->>'ETag' FROM flagplane.handle('GET', '/sdk/latest-all', '{\"authorization\": \"$sdk_key\"}', NULL)")
	sdk_headers="-c request.method=POST -c request.headers={\"x-original-request\":\"GET\\ /sdk/latest-all\""
	sdk_headers+=",\"x-original-authorization\":\"$sdk_key\",\"if-none-match\":\"${etag//\"/\\\\\"}\"}"
}

# Scripts whose names begin with ours get the token from the settings, those that begin with sdk an SDK's request.
options_of() { # SCRIPT OPTIONS
	case $1 in
		ours*) echo "$PGOPTIONS $headers $2" ;;
		sdk*) echo "$PGOPTIONS $sdk_headers $2" ;;
		*) echo "$PGOPTIONS $2" ;;
	esac
}

script() { # NAME, and the statement on the input
	{
		echo '\set n random(100000000000000000, 900000000000000000)'
		cat
	} >"$scripts/$1.sql"
}

make_scripts() {
	script ours_environment <<-SQL
		SELECT flagplane.create_environment('bench', :n, 'Bench', 'DADBEE', idempotency_key => lpad(:n, 32, '0')::uuid);
	SQL
	script twin_environment <<-SQL
		SELECT twin.create_environment('$token', 'bench', :n, 'Bench', 'DADBEE', idempotency_key => lpad(:n, 32, '0')::uuid);
	SQL
	script bare_environment <<-SQL
		INSERT INTO flagplane_data.environment (account_id, id, project_id, key, name, color, default_ttl, secure_mode, default_track_events,
			confirm_changes, require_comments, tags, critical, version, created_at)
		VALUES ($account, lpad(:n, 24, '0'), '$project', :n, 'Bench', 'DADBEE', 0, false, false, false, false, '{}', false, 1, now());
	SQL
	script rest_environment <<-SQL
		SELECT * FROM flagplane.handle('POST', '/api/v2/projects/bench/environments',
			('{"Authorization": "$token", "Idempotency-Key": "' || lpad(:n, 32, '0')::uuid || '"}')::jsonb,
			'{"key": "' || :n || '", "name": "Bench", "color": "DADBEE"}');
	SQL
	script ours_layer <<-SQL
		SELECT flagplane.create_layer('bench', :n, 'Bench', '', idempotency_key => lpad(:n, 32, '0')::uuid);
	SQL
	script bare_layer <<-SQL
		INSERT INTO flagplane_data.layer (account_id, id, project_id, key, name, description, seed, created_at)
		VALUES ($account, lpad(:n, 24, '0'), '$project', :n, 'Bench', '', 1, now());
	SQL
	cat >"$scripts/ours_same.sql" <<-SQL
		\set key random(1, 1000000)
		SELECT flagplane.create_environment('bench', 'same-' || :key / 500, 'Bench', 'DADBEE', idempotency_key => lpad((:key / 500)::text, 32, '0')::uuid)->>'_id';
	SQL
	cat >"$scripts/twin_same.sql" <<-SQL
		\set key random(1, 1000000)
		SELECT twin.create_or_get('$token', 'bench', 'same-' || :key / 500);
	SQL
}

# Every round begins with the same tables: small ones, of which the planner knows what
# it needs, for the twin's plans as well as for ours.
reset() {
	sql -c 'TRUNCATE flagplane_data.environment, flagplane_data.layer, flagplane_data.idempotency_key, flagplane_data.audit_log CASCADE'
	PGOPTIONS=$(options_of ours_environment "") pgbench -n -M prepared -t 300 -f "$scripts/ours_environment.sql" >/dev/null 2>&1
	PGOPTIONS=$(options_of ours_layer "") pgbench -n -M prepared -t 300 -f "$scripts/ours_layer.sql" >/dev/null 2>&1
	sql -c 'VACUUM ANALYZE'
}

. "$here/report.bash"
