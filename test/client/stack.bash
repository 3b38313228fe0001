# The whole path, for the tests that send real requests: nginx with
# deploy/nginx.conf, PostgREST with deploy/postgrest.conf, the database. Where no
# postgrest is on the PATH, the bridge next to this file does what PostgREST does.
#
# Sourced by a test after it has named its database. It makes that database, and
# start_servers lets requests in; all of it goes when the test ends.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=test/client/skip.bash
. "$here/skip.bash"
deploy=$here/../../deploy
export PGOPTIONS='-c client_min_messages=warning' PATH="$PATH:/usr/sbin:/sbin"
place=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
number=0
failures=0
rest_pid=
nginx_pid=

sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }

clean() {
	if [ -n "$nginx_pid" ]; then kill "$nginx_pid" && wait "$nginx_pid" || true; fi
	if [ -n "$rest_pid" ]; then kill "$rest_pid" && wait "$rest_pid" || true; fi
	dropdb --force --if-exists "$database"
	for role in flagplane_authenticator flagplane_anonymous flagplane_backend flagplane_evaluator flagplane_monitor; do dropuser --if-exists "$role"; done
	rm -rf "$place"
}
trap clean EXIT
dropdb --force --if-exists "$database"
for role in flagplane_authenticator flagplane_anonymous flagplane_backend flagplane_evaluator flagplane_monitor; do dropuser --if-exists "$role"; done
createdb "$database"

check() { # what is tested, what came, what was expected: a pattern of the shell
	number=$((number + 1))
	# shellcheck disable=SC2053
	if [[ $2 == $3 ]]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '# got      %s\n# expected %s\n' "$2" "$3"
		failures=$((failures + 1))
	fi
}

# A condition that becomes true, or does not within so many tries.
wait_for() {
	local tries=100
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# The database, as doc/postgrest.md sets it up.
sql -c 'CREATE EXTENSION flagplane CASCADE' -f "$deploy/roles.sql"
token() { sql -c "SELECT flagplane.create_access_token('t', $1)->>'token'"; }

# PostgREST, or what does its work, on a port that is free.
rest_settings() { # a port, and one for PostgREST's own health
	sed -e "s|^db-uri = .*|db-uri = \"postgresql:///$database?host=$PGHOST\&port=$PGPORT\&user=flagplane_authenticator\"|" \
		-e "s|^server-port = .*|server-port = $1|" -e "s|^admin-server-port = .*|admin-server-port = $2|" "$deploy/postgrest.conf"
}

# nginx with the deployed file, everything else of it in one directory. nginx_edit may
# hold a command of sed for that file, nginx_connections how many it takes.
start_nginx() {
	web_port=$("$here/bridge" --free-port)
	sed -e "s|listen 127.0.0.1:8080;|listen 127.0.0.1:$web_port;|" -e "s|server 127.0.0.1:3000;|server 127.0.0.1:$rest_port;|" \
		-e "s|/var/log/nginx/|$place/logs/|" -e "s|/dev/shm/flagplane|$place/cache|" -e "${nginx_edit:-}" "$deploy/nginx.conf" >"$place/flagplane.conf"
	cat >"$place/nginx.conf" <<-CONF
		daemon off;
		$([ "$(id -u)" != 0 ] || echo "user $(id -un) $(id -gn);")
		pid $place/nginx.pid;
		error_log $place/logs/error.log crit;
		events { worker_connections ${nginx_connections:-256}; }
		http {
			client_body_temp_path $place/body;
			proxy_temp_path $place/proxy;
			fastcgi_temp_path $place/fastcgi;
			uwsgi_temp_path $place/uwsgi;
			scgi_temp_path $place/scgi;
			include $place/flagplane.conf;
		}
	CONF
	nginx -p "$place" -c "$place/nginx.conf" 2>"$place/nginx.err" &
	nginx_pid=$!
	base=http://127.0.0.1:$web_port
	wait_for curl -s -o "$place/ready" "$base/nowhere" && kill -0 "$nginx_pid"
}

# What serves the database at PGHOST, on the port it had before, if any.
start_rest() { # what its files are called
	local name=${1:-rest}
	if command -v postgrest >/dev/null; then
		rest_port=${rest_port:-$("$here/bridge" --free-port)}
		rest_settings "$rest_port" "$("$here/bridge" --free-port)" >"$place/$name.conf"
		(unset PGOPTIONS && exec postgrest "$place/$name.conf") >"$place/$name.log" 2>&1 &
		rest_pid=$!
		wait_for curl -s -f -o "$place/ready" "http://127.0.0.1:$rest_port/rpc/operations" || { cat "$place/$name.log"; exit 1; }
	else
		rest_settings "${rest_port:-0}" 0 >"$place/$name.conf"
		"$here/bridge" "$place/$name.conf" >"$place/$name.log" 2>&1 &
		rest_pid=$!
		wait_for grep -q '^[0-9][0-9]*$' "$place/$name.log" || { cat "$place/$name.log"; exit 1; }
		rest_port=$(head -1 "$place/$name.log")
	fi
}

# Both servers, when the database holds what the first request needs.
start_servers() {
	if command -v postgrest >/dev/null; then
		echo "# with $(postgrest --version | head -1)"
	else
		echo "# with the bridge: there is no postgrest on the PATH"
	fi
	start_rest
	mkdir "$place/logs"
	# Somebody else may have taken the port meanwhile: then another one.
	start_nginx || start_nginx || start_nginx || { cat "$place/nginx.err" "$place/logs/error.log"; exit 1; }
}

# A request: the status is printed, headers and body are left in files.
ask() { curl -s -o "$place/body.txt" -D "$place/headers.txt" -w '%{http_code}' "$@"; }
body() { cat "$place/body.txt"; }
header() { sed -n "s/^$1: \(.*\)\r\$/\1/Ip" "$place/headers.txt"; }
