#!/usr/bin/env bash
# LaunchDarkly's SDKs of several languages at the same time over the whole path. sdk_drivers.mjs has the
# checks, which are the same for each; here is how each is had and started. A language that is not to be
# had is skipped by itself.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
drivers=$here/drivers
# shellcheck source=test/client/skip.bash
. "$here/skip.bash"
command -v node >/dev/null || skip "node is not installed"

# A name, what prepares it, which kind of SDK it is, and what it says of its data source once its key is
# refused, by the first and by the second protocol: - where it tells nobody.
languages=(
	'Go|go|server|OFF|INTERRUPTED'
	'Python|python|server|INTERRUPTED|OFF'
	'Java|java|server|OFF|OFF'
	'Node.js|node_server|server|-|-'
	'Node.js as a client|node_client|client|-|-'
)

# Each has the directory $work for itself, and prints the command that starts the driver, a word on each
# line. What skip says goes into the summary; any other failure is one of the test.
command_is() { printf '%s\n' "$@"; }
prepare_go() {
	command -v go >/dev/null || skip "go is not installed"
	cd "$drivers/go"
	timeout 300 go mod download >&2 || skip "the modules of Go cannot be had"
	go build -mod=readonly -buildvcs=false -o "$work/driver" . >&2
	command_is "$work/driver"
}
prepare_python() {
	command -v python3 >/dev/null || skip "python3 is not installed"
	python3 -m venv "$work/venv" >&2 || skip "python3 makes no virtual environment"
	timeout 300 "$work/venv/bin/pip" install --quiet --requirement "$drivers/python/requirements.txt" >&2 || skip "the packages of Python cannot be had"
	command_is "$work/venv/bin/python" "$drivers/python/driver.py"
}
prepare_java() {
	command -v javac >/dev/null || skip "javac is not installed"
	command -v mvn >/dev/null || skip "mvn is not installed"
	timeout 300 mvn -q -B -f "$drivers/java/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/lib" >&2 || skip "the packages of Java cannot be had"
	javac -d "$work/classes" -cp "$work/lib/*" "$drivers/java/Driver.java" >&2
	command_is java -cp "$work/classes:$work/lib/*" Driver
}
prepare_node_server() {
	npm_packages "$work" @launchdarkly/node-server-sdk@9.13.7
	command_is env NPM_PREFIX="$work" node "$drivers/node/server.mjs"
}
prepare_node_client() {
	npm_packages "$work" launchdarkly-node-client-sdk@3.4.3
	command_is env NPM_PREFIX="$work" node "$drivers/node/client.mjs"
}

# A server of its own, which is stopped on the way, and counts.
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
chmod 755 "$FLAGPLANE_CLUSTER"
trap '"$here/../cluster.sh" stop' EXIT
CLUSTER_OPTIONS="shared_preload_libraries = 'flagplane'" "$here/../cluster.sh" start
eval "$("$here/../cluster.sh" env)"
database=flagplane_sdk_drivers
# shellcheck source=test/client/stack.bash
. "$here/stack.bash"
checking=
finish() {
	if [ -n "$checking" ]; then kill "$checking" 2>/dev/null || true; fi
	if [ ! -f "$FLAGPLANE_CLUSTER/data/postmaster.pid" ]; then start_database; fi
	clean
	"$here/../cluster.sh" stop
}
trap finish EXIT

stop_database() {
	kill -INT "$(head -1 "$FLAGPLANE_CLUSTER/data/postmaster.pid")"
	gone() { [ ! -e "$FLAGPLANE_CLUSTER/data/postmaster.pid" ]; }
	wait_for gone
}
start_database() { "$here/../cluster.sh" recover; }
restart_rest() {
	kill "$rest_pid" && wait "$rest_pid" || true
	start_rest
}

# All of them are prepared at the same time.
preparing=()
for language in "${languages[@]}"; do
	IFS='|' read -r name prepare _ <<<"$language"
	work=$place/$prepare
	mkdir "$work"
	"prepare_$prepare" >"$work.command" 2>"$work.err" &
	preparing+=($!)
done
sql -f "$here/sdk_drivers.sql" >/dev/null
ready=()
for i in "${!languages[@]}"; do
	IFS='|' read -r name prepare _ <<<"${languages[$i]}"
	work=$place/$prepare
	status=0
	wait "${preparing[$i]}" || status=$?
	case $status in
		0) ready+=("${languages[$i]}|$work.command") ;;
		77) sed "s/^skipped: /skipped: $name: /" "$work.command" ;;
		*) check "$name can be prepared" "$(cat "$work.command" "$work.err")" '' ;;
	esac
done
if [ "${#ready[@]}" = 0 ] && [ "$failures" = 0 ]; then exit 77; fi

# One more log, of what each client asks for.
nginx_edit='s#^log_format flagplane .*#log_format sdks escape=none "$status $request_uri $http_x_launchdarkly_tags";\n&#'
nginx_edit+=";s#^\taccess_log .*#&\n\taccess_log $place/logs/sdks.log sdks;#"
start_servers

# The checks say when servers stop and start.
coproc checks { BASE=$base DATABASE=$database LOG=$place/logs/sdks.log node "$here/sdk_drivers.mjs" "$number" "${ready[@]}" 2>"$place/drivers.err"; }
checking=$checks_PID
exec 5<&"${checks[0]}" 6>&"${checks[1]}"
while read -r line <&5; do
	case $line in
		'stop the database') stop_database ;;
		'start the database')
			start_database
			restart_rest
			;;
		*)
			echo "$line"
			continue
			;;
	esac
	echo done >&6
done
wait "$checking" || { cat "$place/drivers.err"; exit 1; }
[ "$failures" = 0 ]
