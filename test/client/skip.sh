#!/usr/bin/env bash
# Tests that cannot run: they say why and are counted as skipped; where continuous
# integration runs, packages of npm that cannot be had are a failure.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
number=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() { # what, got, expected
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		printf 'not ok %s - %s\n# got      %s\n# expected %s\n' "$number" "$1" "$2" "$3"
		exit 1
	fi
}

# A machine with node, and an npm that installs nothing.
mkdir "$work/bin" "$work/bare"
for tool in bash timeout false; do ln -s "$(type -P "$tool")" "$work/bare/$tool"; done
cp -P "$work"/bare/* "$work/bin"
ln -s "$(type -P false)" "$work/bin/npm"
ln -s "$(type -P false)" "$work/bin/node"
asked() { # a PATH, and whether integration runs
	local status=0
	PATH=$1 CI=$2 bash -c '. "$1/skip.bash"; npm_packages "$2" left-pad' - "$here" "$work" || status=$?
	echo "$status"
}
check "without npm a test is skipped" "$(asked "$work/bare" '')" $'skipped: node and npm are not installed\n77'
check "that is so in integration too" "$(asked "$work/bare" true)" $'skipped: node and npm are not installed\n77'
check "without the registry as well" "$(asked "$work/bin" '')" $'skipped: npm does not install left-pad\n77'
check "but in integration that fails" "$(asked "$work/bin" true)" $'not ok - npm does not install left-pad\n1'
check "they are counted" "$(. "$here/../result.bash"; count 0 a; count 77 b; count 1 c; count 77 d; summary)" \
	$'SKIPPED: b\nFAILED: c\nSKIPPED: d\n1 passed, 1 failed, 2 skipped'
printf '%s\n' 'ok 1 - a' 'skipped: Go: go is not installed' '# skipped: nothing' 'skipped: Java: mvn is not installed' >"$work/output"
check "so are parts of a test that ran" "$(. "$here/../result.bash"; count 0 a; count_parts a "$work/output"; summary)" \
	$'SKIPPED: a: Go: go is not installed\nSKIPPED: a: Java: mvn is not installed\n1 passed, 0 failed, 2 skipped'
echo "1..$number"
