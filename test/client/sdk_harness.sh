#!/usr/bin/env bash
# The contract tests that LaunchDarkly's server-side SDKs must pass, run by their own harness: the part
# about evaluation, over evaluate() and evaluate_all(). HARNESS names a harness that is there already; else it is built
# with Go.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=test/client/skip.bash
. "$here/skip.bash"
module=github.com/launchdarkly/sdk-test-harness/v2@v2.41.0
database=flagplane_sdk_harness
export PGOPTIONS='-c client_min_messages=warning'
work=$(mktemp -d)
service_pid=
clean() {
	if [ -n "$service_pid" ]; then kill "$service_pid" 2>/dev/null && wait "$service_pid" || true; fi
	dropdb --force --if-exists "$database"
	rm -rf "$work"
}
trap clean EXIT

command -v python3 >/dev/null || skip "python3 is not installed"
harness=${HARNESS:-$(command -v sdk-test-harness || true)}
if [ -z "$harness" ]; then
	command -v go >/dev/null || skip "there is no sdk-test-harness, and no Go to build it with"
	GOBIN=$work/bin timeout 300 go install "$module" >"$work/go.log" 2>&1 || skip "$module cannot be had: $(head -1 "$work/go.log")"
	harness=$work/bin/sdk-test-harness
fi

dropdb --force --if-exists "$database"
createdb "$database"
psql -X -q -d "$database" -c 'CREATE EXTENSION flagplane CASCADE'
PGDATABASE=$database python3 "$here/sdk_service.py" 0 >"$work/port" 2>"$work/service.log" &
service_pid=$!
for _ in $(seq 100); do
	[ -s "$work/port" ] && break
	sleep 0.1
done
[ -s "$work/port" ] || { cat "$work/service.log"; exit 1; }
free_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

status=0
"$harness" -url "http://127.0.0.1:$(cat "$work/port")" -host 127.0.0.1 -port "$free_port" -run '^evaluation$' >"$work/harness.log" 2>&1 || status=$?
tail -3 "$work/harness.log"
if [ "$status" != 0 ] || ! grep -q '^All tests passed' "$work/harness.log"; then
	grep -A8 'FAILED' "$work/harness.log" | head -100
	cat "$work/service.log"
	exit 1
fi
