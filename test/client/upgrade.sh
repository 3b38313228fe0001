#!/usr/bin/env bash
# An upgraded installation is the same as a fresh one, object by object, and has every
# row that it had: from each released version, and from one that this test makes up, an
# older one by what it takes out of today's. Then differences are planted in its upgrade
# script, and each must be seen.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
PG_CONFIG=${PG_CONFIG:-$("$root/test/cluster.sh" pg_config)}
export PG_CONFIG
. "$root/test/client/rows.bash"

FLAGPLANE_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
export FLAGPLANE_CLUSTER PGHOST=$FLAGPLANE_CLUSTER PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
work=$(mktemp -d)
chmod 755 "$FLAGPLANE_CLUSTER" "$work"
trap '"$root/test/cluster.sh" stop; rm -rf "$work"' EXIT

. "$root/test/client/versions.bash"
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$versions/flagplane.control")

# Today's script is taken apart into statements. What the version before had not, and how
# it comes in, is the upgrade; what it had besides goes.
perl -0777 - "$versions" "$version" <<'PERL'
use strict;
use warnings;
my ($versions, $version) = @ARGV;
open my $file, '<', "$versions/flagplane--$version.sql" or die "$!";
my ($statement, @statements) = ('');
for my $line (split /^/, do { local $/; <$file> })
{
	$statement .= $line;
	my $code = $statement =~ s/^--.*$//mgr;
	next unless $code =~ /;\n\z/ && ($code =~ tr/'//) % 2 == 0;
	push @statements, $statement;
	$statement = '';
}
die "not taken apart: $statement" if $statement =~ /\S/;
my $new = qr/\bflagplane_data\.layer_reservation\b|\bflagplane_data\.experiment_treatment\b|\bflagplane\.stats\b|\blayer_svg\b|image\/svg|\bflag_link_of_flag\b|\bintegration\.created_at\b|\bDOMAIN flagplane_data\.web_domain IS\b/;
my (@old, @upgrade);
for (@statements)
{
	if (/$new/) { push @upgrade, $_; next; }
	my $was = $_;
	if (/^CREATE TABLE flagplane_data\.integration /m) { s/\tcreated_at timestamptz NOT NULL,\n// or die; }
	elsif (/^CREATE TABLE flagplane_data\.member /m) { s/last_name flagplane_data\.name/last_name text/ or die; }
	elsif (/^CREATE TABLE flagplane_data\.project /m) { s/(\tPRIMARY KEY)/\tlegacy text,\n$1/ or die; }
	elsif (/^CREATE FUNCTION flagplane\.purge\(/m) { s/PARALLEL UNSAFE/PARALLEL RESTRICTED/ or die; }
	elsif (/^COMMENT ON FUNCTION flagplane\.json_patch\(/m) { s/IS\n'/IS\n'Formerly: / or die; push @upgrade, $was; }
	push @old, $_;
}
die "nothing is new" unless @upgrade > 20;
push @old, "CREATE FUNCTION flagplane.former() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';\n";
# A statement about a column comes after the column.
unshift @upgrade, "ALTER TABLE flagplane_data.integration ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();\n",
	"ALTER TABLE flagplane_data.integration ALTER COLUMN created_at DROP DEFAULT;\n",
	"ALTER TABLE flagplane_data.member ALTER COLUMN last_name TYPE flagplane_data.name;\n",
	"ALTER TABLE flagplane_data.project DROP COLUMN legacy;\n", "ALTER FUNCTION flagplane.purge(integer) PARALLEL UNSAFE;\n",
	"DROP FUNCTION flagplane.former();\n";
open my $out, '>', "$versions/flagplane--0.0.1.sql" or die "$!";
print $out @old;
open $out, '>', "$versions/flagplane--0.0.1--$version.sql" or die "$!";
print $out map { s/^\\echo.*\n//mr } @upgrade;
PERL
upgrade=$versions/flagplane--0.0.1--$version.sql
cp "$upgrade" "$work/upgrade.sql"

CLUSTER_POSTGRES=$program "$root/test/cluster.sh" start
PATH=$bin:$PATH
sql -c "SELECT 1 / count(*) FROM pg_available_extension_versions WHERE name = 'flagplane' AND version = '0.0.1'" >/dev/null 2>&1 ||
	fail "a copy of the server finds its own versions"

createdb fresh
sql -d fresh -c 'CREATE EXTENSION flagplane CASCADE'
sql -d fresh -f "$root/test/client/catalog.sql" >"$work/fresh"
for kind in object acl 'initial acl' comment dump relation column constraint index trigger rule function type needs; do
	grep -q "^$kind " "$work/fresh" || fail "the catalog in words has a $kind"
done

# What a version has of today's columns: its rows are compared by those.
sql -d fresh -c "SELECT jsonb_object_agg(c.oid::regclass, (SELECT jsonb_agg(attname ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)) FROM pg_class c WHERE relnamespace = 'flagplane_data'::regnamespace AND relkind = 'r'" >"$work/columns"
common() {
	sql -d "$1" -v columns="$(cat "$work/columns")" <<-'SQL'
		SELECT jsonb_object_agg(t.name, (SELECT jsonb_agg(a.attname ORDER BY u.n) FROM jsonb_array_elements_text(t.columns) WITH ORDINALITY u(name, n)
			JOIN pg_attribute a ON a.attrelid = to_regclass(t.name) AND a.attname = u.name AND NOT a.attisdropped))
		FROM jsonb_each(:'columns') t(name, columns) WHERE to_regclass(t.name) IS NOT NULL
	SQL
}
rows() { # of a database, by the columns in a file
	sql -d "$1" -v columns="$(cat "$2")" <<-'SQL'
		SELECT format('SELECT %L, count(*), md5(string_agg(r, E''\n'' ORDER BY r)) FROM (SELECT ROW(%s)::text AS r FROM %s) s', t.name,
			(SELECT string_agg(quote_ident(u.name) || '::text', ', ' ORDER BY u.n) FROM jsonb_array_elements_text(t.columns) WITH ORDINALITY u(name, n)), t.name)
		FROM jsonb_each(:'columns') t(name, columns) ORDER BY t.name
		\gexec
	SQL
}

upgraded() { # a database with a version and rows, brought to today's
	common "$1" >"$work/common"
	rows "$1" "$work/common" >"$work/before"
	sql -d "$1" -c 'ALTER EXTENSION flagplane UPDATE'
	rows "$1" "$work/common" | diff "$work/before" - || fail "$1: every row is kept"
	ok "$1: every row is kept"
	sql -d "$1" -f "$root/test/client/catalog.sql" | diff "$work/fresh" - || fail "$1: the catalog is that of a fresh installation"
	ok "$1: the catalog is that of a fresh installation"
	sql -d "$1" >/dev/null -c "SELECT flagplane.create_project('upgraded', 'U')" -c "SELECT flagplane.create_layer('upgraded', 'l', 'L', '')" \
		-c "SELECT flagplane.create_experiment('upgraded', 'test', 'e', 'E')" \
		-c "SELECT flagplane.update_layer('upgraded', 'l', '[{\"kind\": \"updateExperimentReservation\", \"experimentKey\": \"e\", \"reservationPercent\": 5}]', 'test')"
	[ -z "$(sql -d "$1" -c "SELECT finding FROM flagplane.doctor() WHERE severity = 'error'")" ] || fail "$1: the doctor finds nothing wrong"
	ok "$1: it works, and the doctor finds nothing wrong"
}

older() { # a database with the version of this test
	createdb "$1"
	sql -d "$1" -c "CREATE EXTENSION flagplane VERSION '0.0.1' CASCADE"
}
older made_up
grep -vi 'reservation\|register' "$root/test/client/populate.sql" >"$work/populate.sql"
sql -d made_up >/dev/null -f "$work/populate.sql"
sql -d made_up -c "INSERT INTO flagplane_data.integration SELECT id, 'acme', '{}' FROM flagplane_data.account WHERE key = 'default'"
common made_up >"$work/common"
rows made_up "$work/common" >"$work/before"
[ "$(wc -l <"$work/before")" = "$(sql -d made_up -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'flagplane_data'")" ] || fail "every table is compared"
if grep '|0|' "$work/before"; then fail "every table has rows to lose"; fi
ok "every table has rows to lose, and is compared"
sql -d made_up -f "$root/test/client/catalog.sql" | diff -q "$work/fresh" - >/dev/null && fail "the made-up version is another one"
grep -q '^version_mismatch: ' <<<"$(sql -d made_up -c 'SELECT finding FROM flagplane.doctor()')" || fail "the doctor tells of an upgrade that is due"
ok "the doctor tells of an upgrade that is due"
upgraded made_up

# An upgrade that fails changes nothing.
older fails
sql -d fails -f "$root/test/client/catalog.sql" >"$work/older"
echo 'SELECT 1 / 0;' >>"$upgrade"
if sql -d fails -c 'ALTER EXTENSION flagplane UPDATE' 2>/dev/null; then fail "an upgrade with an error fails"; fi
sql -d fails -f "$root/test/client/catalog.sql" | diff "$work/older" - || fail "an upgrade that fails changes nothing"
ok "an upgrade that fails changes nothing"

# The versions that were released, each with rows of its own making.
for released in $(sql -c "SELECT DISTINCT v.version FROM pg_available_extension_versions v JOIN pg_extension_update_paths('flagplane') p ON p.source = v.version AND p.target = '$version'
	WHERE v.name = 'flagplane' AND p.path IS NOT NULL AND v.version <> '0.0.1'"); do
	cp "$work/upgrade.sql" "$upgrade"
	createdb "released_$released"
	sql -d "released_$released" -c "CREATE EXTENSION flagplane VERSION '$released' CASCADE"
	sql -d "released_$released" >/dev/null -c "SELECT flagplane.create_project('p', 'P')" -c "SELECT flagplane.create_flag('p', 'f', 'F')"
	upgraded "released_$released"
done

planted() { # what, and the program that plants it into the upgrade
	perl -0777 -pe "$2" "$work/upgrade.sql" >"$upgrade"
	cmp -s "$work/upgrade.sql" "$upgrade" && fail "$1 is planted"
	dropdb --if-exists planted
	older planted
	sql -d planted -c 'ALTER EXTENSION flagplane UPDATE'
	sql -d planted -f "$root/test/client/catalog.sql" | diff "$work/fresh" - >"$work/found" && fail "$1 is seen"
	grep -q "^[<>].*$3" "$work/found" || fail "$1 is seen as such: $(cat "$work/found")"
	ok "$1 is seen"
}
planted "a function that is left over" 's/DROP FUNCTION flagplane.former\(\);//' 'function flagplane.former'
planted "a missing comment on a column" 's/COMMENT ON COLUMN flagplane_data.layer_reservation.segments IS .*?;\n//' 'comment column segments'
planted "a missing mark for dumps" 's/SELECT pg_catalog.pg_extension_config_dump\(.flagplane_data.layer_reservation.*?;\n//' 'dump flagplane_data.layer_reservation'
planted "a function open to PUBLIC" 's/REVOKE ALL ON FUNCTION flagplane.layer_svg.*?;\n//' 'acl function flagplane.layer_svg'
planted "another volatility" 's/(CREATE FUNCTION flagplane.layer_svg.*?)STABLE/$1VOLATILE/s' 'function .* flagplane.layer_svg'
planted "another parallel safety" 's/ALTER FUNCTION flagplane.purge.*?;\n//' 'function .* flagplane.purge'
planted "columns in another order" 's/(\tcreated_at timestamptz NOT NULL,\n)(\treleased_at timestamptz,\n)/$2$1/' 'column flagplane_data.layer_reservation 7'
planted "a column that stayed" 's/ALTER TABLE flagplane_data.project DROP COLUMN legacy;//' 'column flagplane_data.project .* legacy'
planted "a default that stayed" 's/ALTER TABLE flagplane_data.integration ALTER COLUMN created_at DROP DEFAULT;//' 'created_at .* default now()'
planted "another type of a column" 's/ALTER TABLE flagplane_data.member ALTER.*?;//' 'last_name text'
planted "a missing index" 's/CREATE INDEX flag_link_of_flag .*?;//' 'index .*flag_link_of_flag'
planted "another rule of a constraint" 's/\[0,1000\)/[0,1001)/' 'constraint flagplane_data.layer_reservation reservation_segments_range'
planted "a missing constraint" 's/(\tCONSTRAINT reservation_has_owner CHECK \(.*?\)),\n//' 'constraint flagplane_data.layer_reservation reservation_has_owner'
planted "another query of a view" 's/(CREATE VIEW .*?\sFROM flagplane.operation_stats\(\) s)/$1 WHERE s.calls > 0/s' 'rule .* WHERE'
planted "a comment that stayed" 's/COMMENT ON FUNCTION flagplane.json_patch.*?;\n//s' 'comment function flagplane.json_patch'
planted "a missing comment on a domain" 's/COMMENT ON DOMAIN flagplane_data.web_domain.*?;\n//s' 'comment type flagplane_data.web_domain'
echo "1..$number"
