#!/usr/bin/env bash
#
# The reference has a section for every function, with its arguments, method, path
# and status as the code has them, and a row for every error, table and setting.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bad=0
complain() {
	echo "$*"
	bad=1
}
functions=$(sed -n 's/^CREATE FUNCTION flagplane\.\([a-z0-9_]*\)(.*/\1/p' src/schema/*.sql)
operations=$(perl -0777 -ne 'print "$1\n" while /^OPERATION\(\s*(\w+),/gm' src/operationlist.h)
# A pattern that matches nothing would find nothing missing.
[ -n "$functions" ] && [ -n "$operations" ] || complain "$0 finds no functions or no operations"
for name in $(printf '%s\n' $functions $operations | sort -u); do
	grep -q "^### $name\$" doc/flagplane.md || complain "doc/flagplane.md has no section $name"
done
for name in $functions; do
	grep -qx "$name" <<<"$operations" || grep -q "^|.*\`$name\`.*|" doc/operations.md ||
		complain "doc/operations.md does not say that $name is no operation"
done
errors=$(sed -n 's/^	\[ERR_[A-Z_]*\] = {\.name = "\([a-z_]*\)",.*/\1/p' src/util/error.c)
[ -n "$errors" ] || complain "$0 finds no errors"
for name in $errors; do
	[ "$name" = internal ] && continue
	grep -q "^| \`$name\` |" doc/flagplane.md || complain "doc/flagplane.md has no error $name"
done
for name in $(sed -n 's/^CREATE TABLE flagplane_data\.\([a-z0-9_]*\) (.*/\1/p' src/schema/*.sql); do
	grep -q "^| \`$name\` |" doc/flagplane.md || complain "doc/flagplane.md has no table $name"
done
for name in $(sed -n 's/^CREATE VIEW flagplane\.\([a-z0-9_]*\) .*/\1/p' src/schema/*.sql); do
	grep -q "^| \`$name\` |" doc/flagplane.md || complain "doc/flagplane.md has no view $name"
done
for name in $(sed -n 's/.*"\(flagplane\.[a-z0-9_]*\)".*/\1/p' src/flagplane.c); do
	grep -q "^| \`$name\` |" doc/flagplane.md || complain "doc/flagplane.md has no setting $name"
done
# Every check of doctor() is in the documentation for those on call, and has a test.
checks=$(tr '\n' ' ' <src/admin/doctorlist.h | grep -oE 'CHECK(_IF)?\([[:space:]]*[a-z_]+, "' | sed 's/.*([[:space:]]*\([a-z_]*\),.*/\1/')
[ -n "$checks" ] || complain "$0 finds no checks of doctor()"
for name in $checks; do
	grep -q "^| \`$name\` |" doc/operations.md || complain "doc/operations.md has no finding $name"
	grep -qE "^(error|warning|info) $name: |^SELECT .* AS $name" expected/doctor.out ||
		grep -q "doctor() WHERE finding LIKE '$name: " test/client/*.sh || complain "no test finds $name"
done

# What a section says of its operation is what the table of operations says.
wrong=$(perl -0777 -e '
	sub slurp { open my $file, "<", $_[0] or die "$_[0]: $!\n"; my $all = <$file>; $all }
	my $doc = slurp("doc/flagplane.md");
	my $sql = join "", map { slurp($_) } glob "src/schema/*.sql";
	my $operations = slurp("src/operationlist.h");
	my ($rows, $read) = (scalar(() = $operations =~ /^OPERATION\(/gm), 0);
	while ($operations =~ /^OPERATION\(\s*(\w+),(.*?)\)$/gms) {
		my ($name, $row) = ($1, $2);
		my ($method) = $row =~ /\.method = "([A-Z]+)"/;
		my ($path) = $row =~ /\.path = "([^"]+)"/;
		my ($status) = $row =~ /\.status = (\d+)/ or next;
		++$read;
		my ($section) = $doc =~ /^### \Q$name\E\n(.*?)(?=^##|\z)/ms or next;
		my ($arguments) = $sql =~ /^CREATE FUNCTION flagplane\.\Q$name\E\((.*?)\)\s*RETURNS/ms or next;
		$arguments =~ s/\s+DEFAULT\s+/ = /g;
		$arguments = join " ", split " ", $arguments;
		print "doc/flagplane.md: $name has other arguments\n"
			unless $section =~ /^    flagplane\.\Q$name($arguments)\E/m;
		my $line = "- REST: `" . join(" ", $method // "", $path // "") . "` → $status\n";
		print "doc/flagplane.md: $name has another method, path or status\n"
			if !defined $method ? $section =~ /^- REST:/m : index($section, $line) < 0;
	}
	print "src/operationlist.h: $read rows of $rows are understood\n" if $read != $rows;')
[ -z "$wrong" ] || complain "$wrong"

jq . META.json >/dev/null || complain "META.json is no JSON"
[ "$(jq -r .version META.json)" = "$(sed -n 's/^## \([0-9.]*\).*/\1/p' CHANGELOG.md | head -1)" ] ||
	complain "META.json and CHANGELOG.md differ about the version"
for file in $(jq -r '.provides[] | .file, .docfile' META.json); do
	[ -f "$file" ] || complain "META.json names $file, which is not there"
done
exit "$bad"
