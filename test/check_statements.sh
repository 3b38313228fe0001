#!/usr/bin/env bash
#
# Every prepared statement stays within one account: each table that it names is
# tied to the account in $1, so that the tables can be distributed by account, and it
# has the form that Citus sends to one server as a whole: within each subquery the
# tables are tied to $1 itself, not to the query around it, a row to insert has no
# subquery, and no outer join is on a parameter that may be NULL. test/citus.sh found these rules. The statements are read out of the sources
# as the compiler sees them. The table of accounts itself is on every server, and needs
# no tie.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PG_CONFIG=${PG_CONFIG:-pg_config}
statements=$(mktemp)
trap 'rm -f "$statements"' EXIT

for file in $(grep -rlE --include='*.c' '^\s*(STATEMENT(_IN_ORDER)?\(|#include "admin/doctorlist.h")' src | sort); do
	echo "FILE $file"
	gcc -E -P -Isrc -I"$("$PG_CONFIG" --includedir-server)" -DFLAGPLANE_VERSION='"0"' "$file" | tr '\n' ' ' |
		grep -oE 'static Statement \w+ = \{\.text = ("([^"\]|\\.)*"\s*)+,' || true
done >"$statements"

# A generic plan that joins cannot be distributed: one place decides, and knows whether tables are.
if grep -rnE --include='*.c' 'CURSOR_OPT_GENERIC_PLAN|plan_cache_mode' src | grep -v '^src/util/statement.c:'; then
	echo "plans are forced to be generic outside of statement.c"
	exit 1
fi
grep -q 'generic ? CURSOR_OPT_GENERIC_PLAN : 0' src/util/statement.c || { echo "plans are forced to be generic where tables are distributed"; exit 1; }

# What upgrades do is checked by itself, or of the files that are named.
upgrades=("$@")
if [ $# = 0 ]; then
	for file in flagplane--*--*.sql; do if [ -e "$file" ]; then upgrades+=("$file"); fi; done
fi

perl - "$statements" "${upgrades[@]}" <<'PERL'
use strict;
use warnings;
my ($statements, @upgrades) = @ARGV;
@ARGV = $statements;

# What looks over all accounts on purpose, and is no part of a call for one: doctor()'s
# checks of rows, the only ones that are.
my %across = map { ("src/admin/doctor.c $_" => 1) } qw(orphan rows_missing purge_backlog
	account_without_project);

my $parentheses = qr/(\((?:[^()]++|(?-1))*+\))/;

# subqueries of a statement, each with () for those within it.
sub subqueries
{
	my ($text) = @_;
	my @found;
	while ($text =~ /\((?=(?:SELECT|WITH)\b)/g)
	{
		substr($text, $-[0]) =~ /^$parentheses/ or next;
		(my $inner = substr $1, 1, -1) =~ s/$parentheses/$1 =~ m{^\((?:SELECT|WITH)\b} ? '()' : $1/ge;
		push @found, $inner;
	}
	return @found;
}

# faults of a statement: what is not tied to $1, and what may not be sent to another server.
sub faults
{
	my ($text) = @_;
	$text =~ s/'[^']*'/''/g;
	# Parameters by name: the account's is $1, the others are any other number.
	$text =~ s/(?<!:):account_id\b/\$1/g;
	$text =~ s/(?<!:):[a-z_]\w*/\$2/g;
	my @faults = untied($text);
	for my $subquery (subqueries($text)) { push @faults, map { "in a subquery $_" } untied($subquery); }
	while ($text =~ /\bLEFT JOIN (.*?)(?= (?:LEFT |CROSS )?JOIN | WHERE | GROUP | ORDER |\z)/g)
	{
		push @faults, "an outer join on what may be NULL: give it coalesce()" if $1 =~ / = \$(?!1\b)/;
	}
	while ($text =~ /\bVALUES $parentheses/g)
	{
		push @faults, "a row to insert has a subquery" if $1 =~ /\(SELECT\b/;
	}
	# What is computed anew on each server, or is a lock on one of them only.
	push @faults, "$1 may not be part of a statement"
		if $text =~ /\b(clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random\w*|gen_random_\w+|nextval|setval|now|pg_notify|pg_(?:try_)?advisory\w*)\(/
		|| $text =~ /\b(CURRENT_(?:TIMESTAMP|TIME|DATE)|LOCALTIME(?:STAMP)?|MERGE INTO|WHERE CURRENT OF)\b/i;
	push @faults, 'rows may not change hands' if $text =~ /\bSET (?:[^()]*, )?account_id = /;
	return @faults;
}

# untied: the tables of a query, or of a subquery by itself, that are not tied to $1.
sub untied
{
	my ($text) = @_;
	my (@faults, %tables, %ties, %account, @pairs);
	my $words = 'ON|WHERE|SET|USING|VALUES|SELECT|ORDER|JOIN|LEFT|CROSS|FOR|RETURNING|GROUP';

	while ($text =~ /INSERT INTO flagplane_data\.(\w+)(?: AS \w+)? ?\((\w+)/g)
	{
		my ($table, $first) = ($1, $2);
		next if $table eq 'account';
		push @faults, "$table: account_id is not the first column" if $first ne 'account_id';
	}
	(my $read = $text) =~ s/INSERT INTO flagplane_data\.(\w+)(?: AS (\w+))? ?\([^)]*\)/"INSERTED $1 " . ($2 \/\/ $1)/ge;
	while ($read =~ /INSERTED (\w+) (\w+) (.*?)(?=ON CONFLICT|RETURNING|INSERTED|\z)/gs)
	{
		my ($table, $alias, $source) = ($1, $2, $3);
		next if $table eq 'account';
		if ($source =~ /^VALUES (.*)/s)
		{
			my $rows = $1;
			my $tuples = () = $rows =~ /(?:^|\), ?)\(/g;
			my $tied = () = $rows =~ /(?:^|\), ?)\(\$1[,)]/g;
			push @faults, "$table: a row is not of \$1" if $tied != $tuples;
		}
		elsif ($source =~ /^SELECT (?:DISTINCT )?(\w+)\.account_id\b/)
		{
			push @pairs, [$1, $alias];
			$tables{$alias}++;
		}
		elsif ($source !~ /^SELECT (?:DISTINCT )?\$1\b/) { push @faults, "$table: the rows are not of \$1"; }
		# What is RETURNING may look further from the new row.
		push @pairs, [$alias, '$1'] if !@faults && $source =~ /^VALUES|^SELECT (?:DISTINCT )?\$1\b/;
	}
	while ($read =~ /flagplane_data\.(\w+)\b(?!\()(?:(?: AS)? (?!(?:$words)\b)(\w+))?/g)
	{
		my $alias = $2 // $1;
		if ($1 eq 'account') { $account{$alias} = 1; next; }
		$tables{$alias}++;
	}
	while ($read =~ /\b(\w+)\.(account_id|id) = (?:(\w+)\.(account_id|id)\b|\$1(?!\d))/g)
	{
		my ($left, $left_column, $right, $right_column) = ($1, $2, $3, $4);
		next if $left_column ne ($account{$left} ? 'id' : 'account_id');
		next if defined $right && $right_column ne ($account{$right} ? 'id' : 'account_id');
		push @pairs, [$left, $right // '$1'];
	}
	my %reached = ('$1' => 1);
	for (1 .. @pairs)
	{
		for my $pair (@pairs)
		{
			@reached{@$pair} = (1, 1) if $reached{ $pair->[0] } || $reached{ $pair->[1] };
		}
	}
	for my $pair (@pairs) { $ties{$_}++ for @$pair; }
	for my $alias (sort keys %tables)
	{
		push @faults, "$alias is not tied to \$1" unless $reached{$alias} && $ties{$alias} >= $tables{$alias};
	}
	return @faults;
}

# upgrade_faults of an upgrade script. Citus carries each change of a distributed table to the other servers, and then
# has the whole script run there too: a change must bear to be made twice, and be sent one by one. Tables that
# the script makes are not distributed yet. A view must read through its function where there is Citus.
sub upgrade_faults
{
	my ($text) = @_;
	$text =~ s/^--.*$//mg;
	my %new = map { $_ => 1 } $text =~ /CREATE TABLE flagplane_data\.(\w+)/g;
	my @faults;
	my $change = qr/(?:ALTER TABLE (?:ONLY )?|CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?\w+ ON |DROP INDEX (?:IF EXISTS )?)flagplane_data\.(\w+)[^;\x27]*/;
	my %checked;
	while ($text =~ /DO \$\$(.*?)\$\$/gs)
	{
		my $block = $1;
		while ($block =~ /EXECUTE \x27($change)\x27/g)
		{
			my $statement = $1;
			$checked{$statement} = 1;
			push @faults, "cannot be done twice: $statement" unless $statement =~ /IF (?:NOT )?EXISTS|ALTER COLUMN|(?:ENABLE|DISABLE) / || $block =~ /IF NOT EXISTS \(SELECT/;
		}
	}
	while ($text =~ /($change)/g)
	{
		my ($statement, $table) = ($1, $2);
		push @faults, "not by EXECUTE in a DO block of its own: $statement" unless $new{$table} || $checked{$statement};
	}
	# Otherwise Citus makes it a table of its own at once, and the others that refer to accounts with it.
	push @faults, 'a table is made before citus.enable_local_reference_table_foreign_keys is off'
		if %new && $text !~ /set_config\('citus\.enable_local_reference_table_foreign_keys', 'off', true\).*?CREATE TABLE/s;
	push @faults, 'a view is made, and route_views() is not called after it'
		if $text =~ /CREATE (?:OR REPLACE )?VIEW flagplane\.(?!.*SELECT flagplane_data\.route_views\(\))/s;
	return @faults;
}

# The judge is judged first.
my %known_upgrades = (
	"ALTER TABLE flagplane_data.flag ADD COLUMN a text;" => 0,
	"ALTER TABLE flagplane_data.flag ADD COLUMN IF NOT EXISTS a text;" => 0,
	"CREATE INDEX i ON flagplane_data.flag (account_id);" => 0,
	"CREATE UNIQUE INDEX IF NOT EXISTS i ON flagplane_data.flag (account_id);" => 0,
	"DROP INDEX flagplane_data.flag_key;" => 0,
	q{DO $$ BEGIN EXECUTE 'ALTER TABLE flagplane_data.flag ADD COLUMN a text'; END $$;} => 0,
	q{DO $$ BEGIN EXECUTE 'ALTER TABLE flagplane_data.flag ADD COLUMN IF NOT EXISTS a text'; END $$;} => 1,
	q{DO $$ BEGIN EXECUTE 'ALTER TABLE flagplane_data.flag ALTER COLUMN a SET NOT NULL'; END $$;} => 1,
	q{DO $$ BEGIN EXECUTE 'CREATE INDEX IF NOT EXISTS i ON flagplane_data.flag (account_id)'; END $$;} => 1,
	q{DO $$ BEGIN EXECUTE 'CREATE INDEX i ON flagplane_data.flag (account_id)'; END $$;} => 0,
	q{DO $$ BEGIN EXECUTE 'DROP INDEX IF EXISTS flagplane_data.flag_key'; END $$;} => 1,
	q{DO $$ BEGIN EXECUTE 'ALTER TABLE flagplane_data.flag ADD CONSTRAINT c CHECK (true)'; END $$;} => 0,
	q{DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_constraint) THEN EXECUTE 'ALTER TABLE flagplane_data.flag ADD CONSTRAINT c CHECK (true)'; END IF; END $$;} => 1,
	"CREATE TABLE flagplane_data.new (account_id bigint);" => 0,
	"SELECT set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);\nCREATE TABLE flagplane_data.new (account_id bigint);\nCREATE INDEX i ON flagplane_data.new (account_id);\nALTER TABLE flagplane_data.new ADD COLUMN a text;" => 1,
	"CREATE VIEW flagplane.v AS SELECT 1;" => 0,
	"SELECT flagplane_data.route_views();\nCREATE VIEW flagplane.v AS SELECT 1;" => 0,
	"CREATE OR REPLACE VIEW flagplane.v AS SELECT 1;\nSELECT flagplane_data.route_views();" => 1,
	"-- ALTER TABLE flagplane_data.flag ADD COLUMN a text;" => 1,
);
my %known = (
	'SELECT 1 FROM flagplane_data.flag f WHERE f.account_id = $1' => 1,
	'SELECT 1 FROM flagplane_data.flag f WHERE f.account_id = :account_id AND f.id = :id::uuid' => 1,
	'SELECT 1 FROM flagplane_data.flag f WHERE f.account_id = :account' => 0,
	'SELECT 1 FROM flagplane_data.flag f WHERE f.account_id = $12' => 0,
	'SELECT 1 FROM flagplane_data.flag f WHERE f.key = $1' => 0,
	'SELECT 1 FROM flagplane_data.flag f WHERE f.id = $1' => 0,
	'SELECT 1 FROM flagplane_data.flag WHERE key = $2' => 0,
	"SELECT 'flagplane_data.flag'" => 1,
	'SELECT 1 FROM flagplane_data.flag f JOIN flagplane_data.project p ON p.account_id = f.account_id WHERE p.account_id = $1' => 1,
	'SELECT 1 FROM flagplane_data.flag f JOIN flagplane_data.project p ON p.id = f.project_id WHERE p.account_id = $1' => 0,
	'SELECT 1 FROM flagplane_data.flag f JOIN flagplane_data.project p ON p.account_id = f.account_id WHERE p.key = $1' => 0,
	'SELECT 1 FROM flagplane_data.flag f WHERE f.account_id = $1 AND EXISTS (SELECT 1 FROM flagplane_data.layer f WHERE f.key = $2)' => 0,
	'SELECT 1 FROM flagplane_data.account a JOIN flagplane_data.project p ON p.account_id = a.id WHERE a.id = $1' => 1,
	'SELECT 1 FROM flagplane_data.account a JOIN flagplane_data.project p ON p.account_id = a.id WHERE a.key = $1' => 0,
	'UPDATE flagplane_data.flag f SET version = $2 WHERE f.id = $3' => 0,
	'DELETE FROM flagplane_data.flag f USING flagplane_data.project p WHERE f.account_id = $1 AND p.account_id = $1' => 1,
	'INSERT INTO flagplane_data.flag (account_id, id) VALUES ($1, $2), ($1, $3) ON CONFLICT DO NOTHING' => 1,
	'INSERT INTO flagplane_data.flag (account_id, id) VALUES ($1, $2), ($3, $3)' => 0,
	'INSERT INTO flagplane_data.flag AS f (id, account_id) VALUES ($1, $2)' => 0,
	'INSERT INTO flagplane_data.flag (account_id, id) SELECT p.account_id, p.id FROM flagplane_data.project p WHERE p.account_id = $1' => 1,
	'INSERT INTO flagplane_data.flag AS f (account_id, id) VALUES ($1, $2) RETURNING (SELECT p.key FROM flagplane_data.project p WHERE p.account_id = $1)' => 1,
	'INSERT INTO flagplane_data.flag AS f (account_id, id) VALUES ($1, $2) RETURNING (SELECT p.key FROM flagplane_data.project p WHERE p.account_id = f.account_id)' => 0,
	'SELECT 1 FROM flagplane_data.flag f LEFT JOIN flagplane_data.layer s ON s.account_id = f.account_id AND s.key = $2 WHERE f.account_id = $1' => 0,
	"SELECT 1 FROM flagplane_data.flag f LEFT JOIN flagplane_data.layer s ON s.account_id = f.account_id AND s.key = coalesce(\$2, '') WHERE f.account_id = \$1 AND f.key = \$3" => 1,
	'INSERT INTO flagplane_data.flag (account_id, tags) VALUES ($1, (SELECT array_agg(t) FROM unnest($2) t))' => 0,
	'INSERT INTO flagplane_data.flag (account_id, tags) SELECT $1, (SELECT array_agg(t) FROM unnest($2) t)' => 1,
	'SELECT (SELECT p.key FROM flagplane_data.project p WHERE p.account_id = f.account_id) FROM flagplane_data.flag f WHERE f.account_id = $1 FOR UPDATE' => 0,
	'SELECT (SELECT p.key FROM flagplane_data.project p WHERE p.account_id = $1) FROM flagplane_data.flag f WHERE f.account_id = $1 FOR UPDATE' => 1,
	'SELECT 1 FROM flagplane_data.account a WHERE NOT EXISTS (SELECT 1 FROM flagplane_data.project p WHERE p.account_id = a.id) AND a.id = $1' => 0,
	'SELECT 1 FROM unnest($2) k WHERE EXISTS (SELECT 1 FROM flagplane_data.flag f WHERE f.account_id = $1 AND EXISTS (SELECT 1 FROM flagplane_data.layer l WHERE l.account_id = f.account_id))' => 0,
	'INSERT INTO flagplane_data.flag AS f (account_id, id) VALUES ($2, $2) RETURNING (SELECT p.key FROM flagplane_data.project p WHERE p.account_id = f.account_id)' => 0,
	'INSERT INTO flagplane_data.flag (account_id, id) SELECT $2, p.id FROM flagplane_data.project p WHERE p.account_id = $1' => 0,
	'UPDATE flagplane_data.flag f SET created_at = clock_timestamp() WHERE f.account_id = $1' => 0,
	'UPDATE flagplane_data.flag f SET created_at = :now WHERE f.account_id = $1' => 1,
	'UPDATE flagplane_data.flag f SET created_at = now() WHERE f.account_id = $1' => 0,
	'UPDATE flagplane_data.flag f SET created_at = current_timestamp WHERE f.account_id = $1' => 0,
	'UPDATE flagplane_data.flag f SET salt = gen_random_uuid() WHERE f.account_id = $1' => 0,
	'SELECT random() FROM flagplane_data.flag f WHERE f.account_id = $1' => 0,
	"SELECT pg_notify('a', f.key) FROM flagplane_data.flag f WHERE f.account_id = \$1" => 0,
	'SELECT pg_advisory_xact_lock(1) FROM flagplane_data.flag f WHERE f.account_id = $1' => 0,
	'SELECT pg_try_advisory_lock(1) FROM flagplane_data.flag f WHERE f.account_id = $1' => 0,
	"INSERT INTO flagplane_data.flag (account_id, version) VALUES (\$1, nextval('s'))" => 0,
	'UPDATE flagplane_data.flag f SET account_id = $2 WHERE f.account_id = $1' => 0,
	'UPDATE flagplane_data.flag f SET version = 1, account_id = $2 WHERE f.account_id = $1' => 0,
	'UPDATE flagplane_data.flag f SET version = 1 WHERE f.account_id = $1 AND f.account_id = $1' => 1,
	'UPDATE flagplane_data.flag SET version = 1 WHERE CURRENT OF c AND account_id = $1' => 0,
	'MERGE INTO flagplane_data.flag f USING flagplane_data.project p ON p.account_id = $1 AND f.account_id = $1 WHEN MATCHED THEN DELETE' => 0,
);
my $bad = 0;
for my $text (sort keys %known_upgrades)
{
	next if !!$known_upgrades{$text} == !upgrade_faults($text);
	print "check_statements.sh judges wrongly: $text\n";
	$bad = 1;
}
for my $file (@upgrades)
{
	open my $script, '<', $file or die "$file: $!";
	my $text = do { local $/; <$script> };
	for my $fault (upgrade_faults($text))
	{
		print "$file: $fault\n";
		$bad = 1;
	}
}
# Where an install script makes views, it ends with that too.
{
	local @ARGV = 'src/schema/views.sql';
	my $views = join '', <>;
	print "src/schema/views.sql does not end with route_views()\n" and $bad = 1 if $views !~ /SELECT flagplane_data\.route_views\(\)[^;]*;\s*\z/;
}
for my $text (sort keys %known)
{
	next if !!$known{$text} == !faults($text);
	print "check_statements.sh judges wrongly: $text\n";
	$bad = 1;
}

my ($file, $count, %met) = ('', 0);
while (<>)
{
	if (/^FILE (.*)/) { $file = $1; next; }
	my ($name, $text) = /^static Statement (\w+) = \{\.text = (.*),$/s or die "not a statement: $_";
	$text = join '', map { s/\\"/"/gr } $text =~ /"((?:[^"\\]|\\.)*)"/g;
	$count++;
	my @faults = faults($text);
	push @faults, 'a parameter stands by its number, not by its name' if $text =~ /\$\d/;
	if ($across{"$file $name"})
	{
		$met{"$file $name"} = 1 if @faults;
		next;
	}
	for my $fault (@faults)
	{
		print "$file: $name: $fault\n";
		$bad = 1;
	}
}
for my $exception (sort keys %across)
{
	next if $met{$exception};
	print "$exception is excepted without need\n";
	$bad = 1;
}
if ($count < 100) { print "only $count statements were found\n"; $bad = 1; }
exit $bad;
PERL
