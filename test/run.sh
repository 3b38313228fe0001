#!/usr/bin/env bash
#
# run.sh demo | test | bench | bench-load | check-citus | check-valgrind | check-hostile |
# check-ubsan | check-clients: from a bare machine to the result.
# Sets the machine up, builds, installs into a private copy of the server, and runs what
# is asked for.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=${1:?demo, test, bench, bench-load, check-citus, check-valgrind, check-hostile, check-ubsan or check-clients}

# shellcheck source=test/result.bash
. test/result.bash

# Whatever happens, the tests end with their result and leave no cluster.
stage="the set-up"
finish() {
	local status=$?
	trap - EXIT
	if [ -n "${own_cluster:-}" ]; then test/cluster.sh stop || status=1; fi
	if [ "$what" = test ]; then
		if [ "$status" != 0 ] && [ "$failed" = 0 ]; then count "$status" "$stage"; fi
		summary
		if [ "$failed" != 0 ]; then status=1; fi
	fi
	exit "$status"
}
trap finish EXIT

if [ "$what" = check-valgrind ]; then test/cluster.sh install valgrind; else test/cluster.sh install; fi
if [ "$what" != demo ]; then test/cluster.sh optional; fi
PG_CONFIG=$(test/cluster.sh pg_config)
export PG_CONFIG

# Our own builds take warnings for errors.
stage="the build"
flags=(WERROR=1)
if [ "$what" = check-ubsan ]; then
	flags=(WERROR=1 COPT="-fsanitize=undefined -fno-omit-frame-pointer" SHLIB_LINK=-lubsan)
fi
make -s -j2 "${flags[@]}" all

# Into the private server that pg_config belongs to; the system's stays as it is.
stage="the installation"
make -s "${flags[@]}" install >/dev/null

if [ "$what" = demo ]; then
	test/cluster.sh start
	eval "$(test/cluster.sh env)"
	exec test/demo.sh
fi

# They make clusters of their own. Where the server has no Citus they say so, and that is all.
if [ "$what" = check-citus ]; then
	failed=0
	for script in test/citus.sh test/citus/*.sh; do
		echo "== $script"
		status=0
		"$script" || status=$?
		if [ "$status" != 0 ] && [ "$status" != 77 ]; then failed=1; fi
	done
	exit "$failed"
fi

# So does the load of many SDKs, which kills its server.
if [ "$what" = bench-load ]; then
	test/bench/load.sh
	exit
fi

# Each run has its own cluster, which is removed afterwards.
stage="the cluster"
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
own_cluster=1
chmod 755 "$FLAGPLANE_CLUSTER"

case "$what" in
	bench)
		# The limiter has a measure of its own; the others call more often than it lets them.
		# What is measured should not be when the server writes its buffers.
		CLUSTER_OPTIONS="fsync = on
shared_buffers = 1GB
max_wal_size = 8GB
checkpoint_timeout = 1h
shared_preload_libraries = 'flagplane'
flagplane.rate_limits = off" test/cluster.sh start
		eval "$(test/cluster.sh env)"
		test/bench/run.sh
		exit
		;;
	check-valgrind)
		test/valgrind.sh
		exit
		;;
esac

if [ "$what" = test ]; then CLUSTER_OPTIONS=$(cat test/installcheck.conf); fi
CLUSTER_OPTIONS=${CLUSTER_OPTIONS:-} test/cluster.sh start
eval "$(test/cluster.sh env)"

# What hangs is ended after so many seconds, and has failed.
limited() { timeout --kill-after=30 "$@"; }

if [ "$what" = check-hostile ]; then
	make -s -B -C test/client PG_CONFIG="$PG_CONFIG"
	HOSTILE_COUNT=${HOSTILE_COUNT:-100000} test/client/hostile.sh
	if grep -E 'PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log"; then exit 1; fi
	exit
fi

# Programs that others made. Where there is none it says so, and that is all.
if [ "$what" = check-clients ]; then
	make -s -B -C test/client PG_CONFIG="$PG_CONFIG"
	status=0
	limited 1800 test/clients.sh || status=$?
	if grep -E 'PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log"; then status=1; fi
	if [ "$status" = 77 ]; then status=0; fi
	exit "$status"
fi

# The server's log reports undefined behavior. The next make test builds anew.
if [ "$what" = check-ubsan ]; then
	stage="the tests"
	make -s -B -C test/client PG_CONFIG="$PG_CONFIG"
	limited 1800 make -s "${flags[@]}" installcheck
	limited 1800 test/client/hostile.sh
	if grep -E 'runtime error|PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log"; then exit 1; fi
	exit
fi

echo "== $("$PG_CONFIG" --version)"

for check in test/check_*.sh; do
	echo "== $check"
	status=0
	limited 300 "$check" || status=$?
	count "$status" "$check"
done

# pg_regress and the isolation tester print one line a test.
installcheck() { # a stage, how many tests it has, and what says which
	local output ran=0 line
	echo "== $1"
	output=$(mktemp)
	rm -f regression.diffs output_iso/regression.diffs
	limited 1800 make -s WERROR=1 installcheck "${@:3}" 2>&1 | tee "$output" || true
	while read -r line; do
		case "$line" in
			ok\ * | *"... ok"*) count 0 "$line" ;;
			not\ ok\ * | *"... FAILED"*) count 1 "$line" ;;
			*) continue ;;
		esac
		ran=$((ran + 1))
	done <"$output"
	rm -f "$output"
	if [ "$ran" != "$2" ]; then count 1 "$1 ran $ran tests of $2"; fi
	for diffs in regression.diffs output_iso/regression.diffs; do
		if [ -s "$diffs" ]; then cat "$diffs"; fi
	done
}
no_crash() {
	if grep -E 'PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log"; then
		count 1 "the server's log tells of a crash"
	fi
}
installcheck "regression, preloaded and with users' settings" "$(find sql -name '*.sql' | wc -l)" ISOLATION=
installcheck "isolation without prepared transactions" 2 REGRESS= ISOLATION="changes notify"
no_crash
test/cluster.sh stop
CLUSTER_OPTIONS='' test/cluster.sh start
installcheck "regression, not preloaded" 4 ISOLATION= REGRESS="init doctor monitor authenticate"
installcheck "isolation" "$(find test/isolation/specs -name '*.spec' | wc -l)" REGRESS=

status=0
make -s -B -C test/client PG_CONFIG="$PG_CONFIG" || status=$?
count "$status" "the build of test/client"
output=$(mktemp)
for script in test/client/*.sh; do
	echo "== $script"
	status=0
	limited 900 "$script" | tee "$output" || status=$?
	count "$status" "$script"
	if [ "$status" != 77 ]; then count_parts "$script" "$output"; fi
done
rm -f "$output"

no_crash
