#!/usr/bin/env bash
#
# How many instructions a backend executes for a transaction, counted by callgrind:
# a figure that hardly depends on what else the machine does. What the kernel does
# is not in it.
#
# A server of its own runs under callgrind. Each script is run N times and 2N times;
# the difference is N transactions, without the start of the backend and without
# what happens in it once; and without new plans, if none of the numbers of uses that
# they are made anew at, 64, 256, 1024, is between N and 2N. BEGIN, COMMIT and the
# protocol of prepared statements are in it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
: "${ROUNDS:=5}" "${COUNTED:=300}"

if ! command -v valgrind >/dev/null; then
	echo "no instructions are counted: valgrind is not installed"
	exit
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-callgrind-XXXXXX")
chmod 1777 "$work"
export FLAGPLANE_CLUSTER=$work/cluster
# Every process of the server writes a file of its own when it ends.
cat >"$work/postgres" <<SCRIPT
#!/bin/sh
TMPDIR=$work exec valgrind --quiet --tool=callgrind --callgrind-out-file=$work/count.%p \\
	$("$PG_CONFIG" --bindir)/postgres "\$@"
SCRIPT
chmod 755 "$work/postgres"
finish() {
	"$here/../cluster.sh" stop || true
	rm -rf "$work" "${scripts:-$work}"
}
trap finish EXIT

# No autovacuum: its workers would be counted as well.
CLUSTER_POSTGRES=$work/postgres CLUSTER_OPTIONS="autovacuum = off
synchronous_commit = off
shared_preload_libraries = 'flagplane'
flagplane.rate_limits = off
log_connections = on
log_line_prefix = '%p '" "$here/../cluster.sh" start
eval "$("$here/../cluster.sh" env)"
. "$here/scripts.sh"
make_database
make_scripts

# count_run SCRIPT TRANSACTIONS: instructions of the backends that pgbench had, which
# the server's log shows by the name that the run goes by.
count_run() {
	local name=$1_$BASHPID count pid tries=0 sum=0
	PGAPPNAME=$name PGOPTIONS=$(options_of "$1" "") pgbench -n -M prepared -t "$2" -f "$scripts/$1.sql" >"$work/log" 2>&1 ||
		{ cat "$work/log" >&2; return 1; }
	for pid in $(sed -n "s/^\([0-9]*\) .*connection authorized: .* application_name=$name\$/\1/p" "$FLAGPLANE_CLUSTER/server.log"); do
		until count=$(sed -n 's/^totals: //p' "$work/count.$pid" 2>/dev/null) && [ -n "$count" ]; do
			tries=$((tries + 1))
			if [ "$tries" -gt 300 ]; then echo "a backend has left no count" >&2; return 1; fi
			sleep 0.1
		done
		sum=$((sum + count))
	done
	echo "$sum"
}

# instructions SCRIPT: of a transaction, the median of some rounds.
instructions() {
	local once twice i
	for ((i = 0; i < ROUNDS; i++)); do
		once=$(count_run "$1" "$COUNTED")
		twice=$(count_run "$1" $((2 * COUNTED)))
		echo $(((twice - once) / COUNTED))
	done | median
}

# What a database does first is done before anything is counted.
for script in "$scripts"/*_{environment,layer}.sql; do
	count_run "$(basename "$script" .sql)" 10 >/dev/null
done

ours=$(instructions ours_environment)
twin=$(instructions twin_environment)
rest=$(instructions rest_environment)
bare=$(instructions bare_environment)
layer=$(instructions ours_layer)
bare_layer=$(instructions bare_layer)

ratio() { line "$1" "$2" "$3" "$(echo "$2 $3" | awk '{ print $1 / $2 }')" "$4" "$5"; }
echo "(instructions a transaction; medians of $ROUNDS rounds, $COUNTED transactions each)"
ratio "full call / twin, instructions" "$ours" "$twin" "<=0.55" 0.48
ratio "full transaction / bare INSERT (layer), instructions" "$layer" "$bare_layer" "<=3.6" 3.0
ratio "the same with keys and settings (environment)" "$ours" "$bare" - -
ratio "REST body by handle / named arguments, instructions" "$rest" "$ours" "<=1.12" 1.05

# What PostgreSQL asks for a statement by what is in it, on tables of its own: one round.
sql <<-'SQL'
	CREATE SCHEMA price;
	CREATE TABLE price.parent (a bigint, b bigint, PRIMARY KEY (a, b));
	INSERT INTO price.parent VALUES (1, 1);
	CREATE TABLE price.plain (a bigint, b bigint, c text COLLATE "C", d text, e timestamptz);
	CREATE TABLE price.keyed (LIKE price.plain, PRIMARY KEY (a, b));
	INSERT INTO price.keyed VALUES (1, 0, 'x', 'y', now());
	CREATE TABLE price.indexed (LIKE price.keyed INCLUDING INDEXES);
	CREATE INDEX ON price.indexed (a, e);
	CREATE TABLE price.wide (LIKE price.keyed INCLUDING INDEXES, f text, g text, h text, i text, j text, k text, l text, m text, n text, o text);
	CREATE TABLE price.ruled (LIKE price.keyed INCLUDING INDEXES);
	ALTER TABLE price.ruled ALTER c TYPE flagplane_data.key;
	CREATE TABLE price.child (LIKE price.keyed INCLUDING INDEXES, FOREIGN KEY (a, a) REFERENCES price.parent);
SQL
row="VALUES (1, :n, 'x', 'y', now()"
script price_nothing <<<'SELECT 1;'
for table in plain keyed indexed ruled child; do script "price_$table" <<<"INSERT INTO price.$table $row);"; done
script price_wide <<<"INSERT INTO price.wide $row, 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o');"
script price_conflict <<<"INSERT INTO price.keyed $row) ON CONFLICT (a, b) DO NOTHING;"
script price_found <<<'SELECT c, d, e FROM price.keyed WHERE a = 1 AND b = 0 * (:n)::bigint;'
declare -A price
for kind in nothing plain keyed indexed ruled child wide conflict found; do
	count_run "price_$kind" 100 >/dev/null
	price[$kind]=$(ROUNDS=1 instructions "price_$kind")
done
echo "(instructions that PostgreSQL asks for it)"
while read -r more less name; do
	printf '%-56s %10d\n' "$name" $((${price[$more]} - ${price[$less]:-0}))
done <<-'LIST'
	nothing none a transaction that selects 1
	found nothing a row found by its key
	plain nothing a row of five columns, and a commit that writes
	keyed plain its primary key
	conflict keyed ON CONFLICT DO NOTHING
	indexed keyed another index
	child keyed a foreign key
	ruled keyed a domain checked in C
	wide keyed ten columns more
LIST

# A poll that is answered 304.
script rest_poll <<<"SELECT * FROM flagplane.handle('GET', '/sdk/latest-all', '{\"authorization\": \"$sdk_key\", \"if-none-match\": \"${etag//\"/\\\"}\"}', NULL);"
script sdk_poll <<<"SELECT flagplane.sdk('');"
for poll in rest sdk; do count_run "${poll}_poll" 10 >/dev/null; done
ratio "304 on /sdk/latest-all by handle / SELECT 1" "$(instructions rest_poll)" "${price[nothing]}" "<=6.00" 4.50
ratio "304 on /sdk/latest-all by sdk, as PostgREST calls it" "$(instructions sdk_poll)" "${price[nothing]}" - -
