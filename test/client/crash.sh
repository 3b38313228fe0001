#!/usr/bin/env bash
# Runs "client crash" on a server of its own, whose data are flushed as they are elsewhere.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
chmod 755 "$FLAGPLANE_CLUSTER"
trap '"$here/../cluster.sh" stop' EXIT
# Checkpoints come often, so that crashes find some of them under way.
CLUSTER_OPTIONS="fsync = on
recovery_init_sync_method = syncfs
max_wal_size = '32MB'
checkpoint_timeout = '30s'" "$here/../cluster.sh" start
eval "$("$here/../cluster.sh" env)"
CRASH_RECOVER="$here/../cluster.sh recover" "$here/client" crash
if grep -E 'PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log"; then
	echo "not ok - the server's log tells of a crash of another kind"
	exit 1
fi
