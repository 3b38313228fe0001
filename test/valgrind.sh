#!/usr/bin/env bash
#
# valgrind.sh [REGRESS="init flags"]: the regression suite, or some tests of it, with
# the server under valgrind. An error counts if flagplane's code is on its stack; what
# PostgreSQL itself is known to do is in valgrind.supp. A server that was built with
# USE_VALGRIND shows more, since then valgrind knows of every palloc; PG_CONFIG names one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The server's user reads and writes here, whoever runs this.
work=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-valgrind-XXXXXX")
chmod 1777 "$work"
trap 'rm -rf "$work"' EXIT
cp test/valgrind.supp "$work/suppressions"
# A process ends without freeing its memory contexts: in XML valgrind would call their chunks lost.
cat >"$work/postgres" <<SCRIPT
#!/bin/sh
TMPDIR=$work exec valgrind --quiet --track-origins=yes --num-callers=30 --show-leak-kinds=none \\
	--suppressions=$work/suppressions --xml=yes --xml-file=$work/%p.xml \\
	$("$PG_CONFIG" --bindir)/postgres "\$@"
SCRIPT
chmod 755 "$work/postgres"

CLUSTER_POSTGRES=$work/postgres test/cluster.sh start
eval "$(test/cluster.sh env)"
failed=0
# Under valgrind the server is some thirty times slower.
timeout --kill-after=30 3600 make -s WERROR=1 installcheck ISOLATION= "$@" || failed=1
test/cluster.sh stop

# An error in our code, printed as "what: function (file:line), ..."; each one once.
errors=$(perl -0777 -ne '
	while (/<error>(.*?)<\/error>/gs) {
		my $error = $1;
		next unless $error =~ /<obj>[^<]*\/flagplane\.so<\/obj>/;
		my ($what) = $error =~ /<(?:what|text)>(.*?)<\//s;
		my @frames;
		while ($error =~ /<frame>(.*?)<\/frame>/gs) {
			my $frame = $1;
			my ($name) = $frame =~ /<fn>(.*?)<\//;
			my ($file) = $frame =~ /<file>(.*?)<\//;
			my ($line) = $frame =~ /<line>(.*?)<\//;
			push @frames, ($name // "?") . ($file ? " ($file:$line)" : "");
			last if $frame =~ /\/flagplane\.so</;
		}
		print "$what: ", join(", ", @frames), "\n";
	}' "$work"/*.xml | sort | uniq -c)
if [ -n "$errors" ]; then
	printf 'valgrind found in our code:\n%s\n' "$errors"
	failed=1
fi
processes=$(find "$work" -name '*.xml' | wc -l)
echo "valgrind watched $processes processes"
[ "$processes" -gt 1 ] || failed=1
exit "$failed"
