#!/usr/bin/env bash
#
# An upgrade of the extension on a cluster: a version that this test makes up brings a table, changes one that is
# distributed, and makes a view anew, in the form that CONTRIBUTING.md asks for. Afterwards all nodes have it, a node
# that joins later as well, and no row is lost. In any other form it is refused as a whole.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
OWN_VERSIONS=1
. "$here/nodes.bash"
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$versions/flagplane.control")

cat >"$work/form" <<'SQL'
SELECT pg_catalog.set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);
CREATE TABLE flagplane_data.later (
	account_id bigint NOT NULL REFERENCES flagplane_data.account,
	id text NOT NULL,
	PRIMARY KEY (account_id, id)
);
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.later', '');
CREATE INDEX later_by_length ON flagplane_data.later (account_id, length(id));
DO $$ BEGIN EXECUTE 'ALTER TABLE flagplane_data.project ADD COLUMN IF NOT EXISTS note text'; END $$;
DO $$ BEGIN EXECUTE 'CREATE INDEX IF NOT EXISTS project_by_note ON flagplane_data.project (account_id, note)'; END $$;
DO $$ BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = 'project_note_length') THEN
		EXECUTE 'ALTER TABLE flagplane_data.project ADD CONSTRAINT project_note_length CHECK (length(note) < 100)';
	END IF;
END $$;
CREATE FUNCTION flagplane.later() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
REVOKE ALL ON FUNCTION flagplane.later() FROM PUBLIC;
SQL
perl -0777 -ne 'print "CREATE OR REPLACE VIEW$1\n" if /^CREATE VIEW( flagplane\.projects .*?;)$/ms' "$versions/flagplane--$version.sql" >>"$work/form"
echo 'SELECT flagplane_data.route_views();' >>"$work/form"
same "the check of statements takes this form" "$("$tests/check_statements.sh" "$work/form")" ''
upgrade=$versions/flagplane--$version--99.0.0.sql

on coordinator >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c 'SELECT flagplane.distribute()'
account_on one here
account_on two there
for account in here there; do as "$account" coordinator >/dev/null -c "SELECT flagplane.create_project('p', 'P')" -c "SELECT flagplane.create_flag('p', 'f', 'F')"; done
# The rows of what there was, by its columns.
rows coordinator >"$work/before"
versions_of() { for node in "$@"; do on "$node" -c "SELECT extversion FROM pg_extension WHERE extname = 'flagplane'"; done | tr '\n' ' '; }

# Any other form fails, on whatever node, and changes nothing on any.
for other in 'ALTER TABLE flagplane_data.project ADD COLUMN note text;' 'CREATE INDEX project_by_note ON flagplane_data.project (account_id, note);'; do
	echo "$other" >"$upgrade"
	[ -n "$("$tests/check_statements.sh" "$upgrade" || true)" ] || fail "the check of statements refuses: $other"
	case $(on coordinator -v ON_ERROR_STOP=0 -c "ALTER EXTENSION flagplane UPDATE TO '99.0.0'" 2>&1) in *ERROR*) ;; *) fail "it fails: $other" ;; esac
	same "in another form it changes nothing on any node" "$(versions_of coordinator one two)" "$version $version $version "
done

cp "$work/form" "$upgrade"
session here one
same "a session is open" "$(say_to "SELECT flagplane.get_project('p')->>'key'")" p
on coordinator -c "ALTER EXTENSION flagplane UPDATE TO '99.0.0'"
same "all nodes are upgraded" "$(versions_of coordinator one two)" '99.0.0 99.0.0 99.0.0 '
same "a table that is new is distributed" "$(on coordinator -c 'SELECT flagplane.distribute()')" 1
rows one | grep -v '^later' | sed -E '/^project\t/s/\t\\N$//' | diff "$work/before" - || fail "no row is lost"
ok "no row is lost"
same "a session that was there goes on" "$(say_to "SELECT flagplane.get_project('p')->>'key'") $(say_to "SELECT flagplane.create_layer('p', 'l', 'L', '')->>'key'")" 'p l'
end_session
# A node that joins now has the new version from the beginning.
cat "$versions/flagplane--$version.sql" "$work/form" >"$versions/flagplane--99.0.0.sql"
sed -i "s/^default_version = .*/default_version = '99.0.0'/" "$versions/flagplane.control"
on coordinator >/dev/null -c "SELECT citus_add_node('127.0.0.1', ${port[three]})" -c "SELECT replicate_reference_tables('block_writes')" \
	-c "SELECT citus_move_shard_placement(get_shard_id_for_distribution_column('flagplane_data.project', a.id), '127.0.0.1', ${port[two]}, '127.0.0.1', ${port[three]}, 'block_writes') FROM flagplane_data.account a WHERE a.key = 'there'"
same "a node that joins later has the new version" "$(versions_of three)" '99.0.0 '
for node in coordinator one two three; do
	for account in here there; do
		same "$node has what is new, for $account" "$(as "$account" "$node" <<-SQL | tr '\n' ' '
			INSERT INTO flagplane_data.later SELECT id, 'made on $node' FROM flagplane_data.account WHERE key = '$account';
			UPDATE flagplane_data.project SET note = '$node' WHERE account_id = (SELECT id FROM flagplane_data.account WHERE key = '$account') AND key = 'p';
			SELECT p.note, l.id FROM flagplane_data.project p JOIN flagplane_data.later l ON l.account_id = p.account_id
				WHERE p.account_id = (SELECT id FROM flagplane_data.account WHERE key = '$account') AND l.id = 'made on $node';
			SELECT flagplane.later();
		SQL
		)" "$node|made on $node 1 "
	done
	same "views read through their function on $node, the new one too" "$(on "$node" -c "SELECT count(*) FILTER (WHERE pg_get_viewdef(oid) ~ 'view_rows') = count(*) FROM pg_class WHERE relnamespace = 'flagplane'::regnamespace AND relkind = 'v' AND relname NOT IN ('stats', 'environment_stats')")" t
done
for node in one three; do
	shards=$(on "$node" -c 'SET citus.override_table_visibility = off' -c "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid AND x.relname ~ '^project_by_note_' WHERE i.indrelid = c.oid)),
		count(*) FILTER (WHERE EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conname ~ '^project_note_length')) FROM pg_class c WHERE c.relname ~ '^project_[0-9]+\$'")
	case $shards in "0|"*) fail "$node has shards" ;; "${shards%%|*}|${shards%%|*}|${shards%%|*}") ok "each of ${shards%%|*} shards on $node has the index and the constraint" ;; *) fail "each shard on $node has the index and the constraint: $shards" ;; esac
done
same "and refuse what breaks it" "$(as there one -v ON_ERROR_STOP=0 -c "UPDATE flagplane_data.project SET note = repeat('x', 100) WHERE account_id = (SELECT id FROM flagplane_data.account WHERE key = 'there')" 2>&1 | grep -c 'violates check constraint "project_note_length"')" 1
echo "1..$number"
