#!/usr/bin/env bash
#
# run.sh demo | test | bench: from a bare machine to the result. Sets the
# machine up, builds, installs into the server, and runs what is asked for.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=${1:?demo, test or bench}

test/cluster.sh install
PG_CONFIG=$(test/cluster.sh pg_config)
export PG_CONFIG

# Our own builds take warnings for errors.
make -s -j2 WERROR=1 all

if [ -w "$("$PG_CONFIG" --pkglibdir)" ]; then
	make -s WERROR=1 install >/dev/null
elif command -v sudo >/dev/null; then
	sudo -n make -s WERROR=1 PG_CONFIG="$PG_CONFIG" install >/dev/null
else
	echo "installing into $("$PG_CONFIG" --pkglibdir) needs root" >&2
	exit 1
fi

if [ "$what" = demo ]; then
	test/cluster.sh start
	eval "$(test/cluster.sh env)"
	exec test/demo.sh
fi

# A cluster of its own for each run, gone afterwards.
FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER
chmod 755 "$FLAGPLANE_CLUSTER"
trap 'test/cluster.sh stop' EXIT

if [ "$what" = bench ]; then
	# The limiter has a measure of its own; the others call more often than it lets them.
	CLUSTER_OPTIONS="fsync = on
shared_preload_libraries = 'flagplane'
flagplane.rate_limits = off" test/cluster.sh start
	eval "$(test/cluster.sh env)"
	test/bench/run.sh
	exit
fi

test/cluster.sh start
eval "$(test/cluster.sh env)"

passed=0
failed=0
count() { # a result and its name
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $2"
	fi
}

echo "== $("$PG_CONFIG" --version)"

for check in test/check_*.sh; do
	echo "== $check"
	status=0
	"$check" || status=$?
	count "$status" "$check"
done

# pg_regress and the isolation tester print one line a test.
echo "== installcheck"
output=$(mktemp)
make -s WERROR=1 installcheck 2>&1 | tee "$output" || true
ran=0
while read -r line; do
	case "$line" in
		ok\ * | *"... ok"*) count 0 "$line" ;;
		not\ ok\ * | *"... FAILED"*) count 1 "$line" ;;
		*) continue ;;
	esac
	ran=$((ran + 1))
done <"$output"
rm -f "$output"
expected=$(find sql -name '*.sql' | wc -l)
expected=$((expected + $(find test/isolation/specs -name '*.spec' | wc -l)))
if [ "$ran" != "$expected" ]; then
	echo "installcheck ran $ran tests of $expected"
	failed=$((failed + 1))
fi
for diffs in regression.diffs output_iso/regression.diffs; do
	if [ -s "$diffs" ]; then cat "$diffs"; fi
done

make -s -C test/client PG_CONFIG="$PG_CONFIG"
for script in test/client/*.sh; do
	echo "== $script"
	status=0
	"$script" || status=$?
	count "$status" "$script"
done

if grep -E 'PANIC|TRAP:|terminated by signal' "$FLAGPLANE_CLUSTER/server.log"; then
	echo "the server's log tells of a crash"
	failed=$((failed + 1))
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
