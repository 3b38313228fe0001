# shellcheck shell=bash
# Sourced by what polls with many SDKs at once, after it has named its database: a server of its own, the whole path
# to it, and the program pollers.
stack=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
chmod 755 "$FLAGPLANE_CLUSTER"
trap '"$stack/../cluster.sh" stop' EXIT
CLUSTER_OPTIONS="shared_preload_libraries = 'flagplane'
flagplane.rate_limits = off
${load_options:-}" "$stack/../cluster.sh" start
eval "$("$stack/../cluster.sh" env)"
# shellcheck source=test/client/stack.bash
. "$stack/stack.bash"
end() {
	if [ -n "${pollers:-}" ]; then kill "$pollers" 2>/dev/null && wait "$pollers" || true; fi
	clean
	"$stack/../cluster.sh" stop
}
trap end EXIT

# start_pollers COUNT INTERVAL SECONDS ASKED KEY...: as in pollers.c.
start_pollers() {
	coproc POLLING { exec "$stack/pollers" "$web_port" "$@"; }
	pollers=$POLLING_PID
	# Those of a coprocess itself are closed in subshells.
	exec {to_pollers}>&"${POLLING[1]}" {from_pollers}<&"${POLLING[0]}"
}
stop_pollers() {
	echo quit >&"$to_pollers"
	wait "$pollers" || true
	pollers=
	exec {to_pollers}>&- {from_pollers}<&-
}

# tell COMMAND: what the pollers answer.
tell() {
	local answer
	echo "$*" >&"$to_pollers"
	read -r -t 120 answer <&"$from_pollers" && [ "$answer" != 'out of time' ] || { echo "not ok - no answer to: $*"; exit 1; }
	echo "$answer"
}
# figure NAME PHASE: a figure of what a phase is told as.
figure() { sed "s/.* $1=\([0-9.]*\).*/\1/" <<<"$2"; }

# The tags of what is sent now to who shows these keys.
tags() {
	local key
	for key in "$@"; do
		sql -c "SELECT headers->>'ETag' FROM flagplane.handle('GET', '/sdk/latest-all', '{\"authorization\": \"$key\"}', NULL)"
	done
}
kill_server() { kill -9 "$(head -1 "$FLAGPLANE_CLUSTER/data/postmaster.pid")"; }
recover_server() { "$stack/../cluster.sh" recover; }
