#!/usr/bin/env bash
# The tour of the README and the recipes of doc/evaluation.md work: the SQL blocks of each run
# in order in a fresh database, and what they answer has the form of the answers shown. Ids,
# keys and numbers may differ.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export PGOPTIONS='-c client_min_messages=warning'
database=flagplane_readme
work=$(mktemp -d)
trap 'dropdb --force --if-exists "$database"; rm -rf "$work"' EXIT

# Writes N.sql and N.shown for each block of SQL and the block of text after it, below a heading.
blocks_of() { # file, heading
	awk -v work="$work" -v heading="## $2" '
		/^## / { inside = $0 == heading }
		!inside { next }
		/^```sql$/ { name = work "/" sprintf("%02d", ++number) ".sql"; next }
		/^```text$/ { name = work "/" sprintf("%02d", number) ".shown"; next }
		/^```$/ { if (name) close(name); name = ""; next }
		name { print >name }' "$root/$1"
}
# One session for all blocks, as a reader has it; the answers of each go to N.answer.
run() {
	local block
	for block in "$work"/*.sql; do
		echo "\\o ${block%.sql}.answer"
		cat "$block"
		echo '\o'
	done | psql -X -At -v ON_ERROR_STOP=1 -d "$database" 2>"$work/error"
}
form() { # what stays the same from run to run
	sed -E 's/"(app_|sdk-|mob-|sk_app_)[A-Za-z0-9-]+"/KEY/g; s/[0-9a-f]{24}/ID/g; s/[0-9]+/N/g' "$1"
}

number=0
check() { # file, heading
	local what blocks block
	rm -f "$work"/*
	dropdb --force --if-exists "$database"
	createdb "$database"
	blocks_of "$1" "$2"
	blocks=$(find "$work" -name '*.sql' | wc -l)
	if [ "$blocks" -lt 5 ]; then
		echo "not ok $((number + 1)) - $1, $2: $blocks blocks of SQL"
		exit 1
	fi
	if ! run; then
		cat "$work/error"
		echo "not ok $((number + 1)) - $1, $2: the blocks run"
		exit 1
	fi
	for block in "$work"/*.sql; do
		number=$((number + 1))
		what="$1, $2, block $(basename "$block" .sql): $(head -1 "$block" | cut -c1-60)"
		if diff <(form "${block%.sql}.shown") <(form "${block%.sql}.answer"); then
			echo "ok $number - $what"
		else
			echo "not ok $number - $what"
			exit 1
		fi
	done
}

check README.md 'A tour'
check doc/evaluation.md Recipes
echo "1..$number"
