#!/usr/bin/env bash
#
# The reference has a heading for every function, and a row for every error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bad=0
for name in $(sed -n 's/^CREATE FUNCTION flagplane\.\([a-z_]*\)(.*/\1/p' src/schema/*.sql); do
	grep -q "^### $name\$" doc/flagplane.md || { echo "doc/flagplane.md has no section $name"; bad=1; }
done
for name in $(sed -n 's/^	\[ERR_[A-Z_]*\] = {"\([a-z_]*\)",.*/\1/p' src/ground/error.c); do
	[ "$name" = internal ] && continue
	grep -q "^| \`$name\` |" doc/flagplane.md || { echo "doc/flagplane.md has no error $name"; bad=1; }
done
jq . META.json >/dev/null || { echo "META.json is no JSON"; bad=1; }
[ "$(jq -r .version META.json)" = "$(sed -n 's/^## \([0-9.]*\).*/\1/p' CHANGELOG.md | head -1)" ] ||
	{ echo "META.json and CHANGELOG.md differ about the version"; bad=1; }
exit "$bad"
