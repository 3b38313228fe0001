-- The rules that let the tables be distributed by account, and distribute() against a stand-in for Citus.
\set VERBOSITY terse
\pset format unaligned

-- What breaks a rule, of tables that are not written yet, too. The table of accounts is on every server.
CREATE VIEW t.not_distributable(rule, what) AS
WITH ours AS (SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.relhassubclass, c.relhasrules, c.relpersistence,
	c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = 'flagplane_data'::regnamespace), tables AS (SELECT * FROM ours WHERE relkind IN ('r', 'p'))
-- The account is a bigint, never NULL, and the first column, or part of the first expression, of every key
-- and every index, on both sides of every reference.
SELECT 'without account', c.name FROM tables c WHERE c.relname <> 'account' AND NOT EXISTS (SELECT
	FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account_id' AND a.attnotnull AND a.atttypid = 'bigint'::regtype)
UNION ALL SELECT 'other first column', i.indexrelid::regclass::text FROM pg_index i JOIN tables c ON c.oid = i.indrelid
	LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE c.relname <> 'account'
	AND a.attname IS DISTINCT FROM 'account_id' AND (i.indkey[0] <> 0 OR pg_get_indexdef(i.indexrelid, 1, false) !~ '\maccount_id\M')
UNION ALL SELECT 'key without account', i.indexrelid::regclass::text FROM pg_index i JOIN tables c ON c.oid = i.indrelid
	WHERE c.relname <> 'account' AND (i.indisunique OR i.indisexclusion) AND NOT EXISTS (SELECT FROM pg_attribute a
		WHERE a.attrelid = i.indrelid AND a.attname = 'account_id' AND a.attnum = ANY (i.indkey::int2[]))
UNION ALL SELECT 'other first reference', k.conname FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
	JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1] WHERE k.connamespace = 'flagplane_data'::regnamespace AND k.contype = 'f'
	AND (a.attname <> 'account_id' OR b.attname <> CASE WHEN k.confrelid = 'flagplane_data.account'::regclass THEN 'id' ELSE 'account_id' END)
UNION ALL SELECT 'reference to a table that is not ours', k.conname FROM pg_constraint k WHERE k.contype = 'f'
	AND k.conrelid IN (SELECT oid FROM tables) AND k.confrelid NOT IN (SELECT oid FROM tables)
UNION ALL SELECT 'reference of accounts', k.conname FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = 'flagplane_data.account'::regclass
-- No reference sets NULL, no key changes, nothing is put off to the commit.
UNION ALL SELECT 'reference that changes rows', conname FROM pg_constraint WHERE connamespace = 'flagplane_data'::regnamespace
	AND contype = 'f' AND (confupdtype <> 'a' OR confdeltype NOT IN ('a', 'c', 'r'))
UNION ALL SELECT 'deferred', conname FROM pg_constraint WHERE connamespace = 'flagplane_data'::regnamespace AND condeferrable
-- No identity, nothing generated, no default, no sequence; no trigger, rule or policy; nothing partitioned, inherited or of one session.
UNION ALL SELECT 'made by the table', c.name || '.' || a.attname FROM pg_attribute a JOIN tables c ON c.oid = a.attrelid
	WHERE a.attnum > 0 AND (a.attidentity <> '' OR a.attgenerated <> '' OR a.atthasdef)
UNION ALL SELECT 'odd kind', c.name FROM ours c WHERE c.relkind NOT IN ('r', 'i') OR c.relhassubclass OR c.relpersistence <> 'p'
	OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)
UNION ALL SELECT 'policy, rule or trigger', c.name FROM tables c WHERE c.relrowsecurity OR c.relhasrules
	OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
-- Names leave room for the number of a shard.
UNION ALL SELECT 'long name', relname FROM ours WHERE length(relname) >= 45
UNION ALL SELECT 'long name', conname FROM pg_constraint WHERE connamespace = 'flagplane_data'::regnamespace AND contype <> 'n' AND length(conname) >= 45;
SELECT * FROM t.not_distributable;
-- Each rule sees what breaks it.
CREATE FUNCTION t.broken_by(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	rules text;
BEGIN
	EXECUTE change;
	SELECT string_agg(DISTINCT rule, ', ' ORDER BY rule) INTO rules FROM t.not_distributable;
	RAISE SQLSTATE 'TAKEN';
EXCEPTION WHEN SQLSTATE 'TAKEN' THEN
	RETURN rules;
END
$$;
CREATE FUNCTION t.fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT replace(change, 'flagplane_data.', '') AS change, t.broken_by(change) FROM (VALUES
	('CREATE TABLE flagplane_data.later (account_id bigint NOT NULL REFERENCES flagplane_data.account, id text NOT NULL, PRIMARY KEY (account_id, id))'),
	('CREATE TABLE flagplane_data.later (id text)'),
	('CREATE TABLE flagplane_data.later (account_id bigint)'),
	('CREATE TABLE flagplane_data.later (account_id text NOT NULL)'),
	('CREATE INDEX by_time ON flagplane_data.audit_log (at)'),
	('CREATE TABLE flagplane_data.later (account_id bigint NOT NULL, key text); CREATE UNIQUE INDEX by_key ON flagplane_data.later ((key || account_id))'),
	('CREATE TABLE flagplane_data.later (account_id bigint NOT NULL, key text UNIQUE)'),
	('CREATE TABLE flagplane_data.later (account_id bigint NOT NULL, key text, EXCLUDE USING gist (key WITH =))'),
	('CREATE UNIQUE INDEX by_id ON flagplane_data.project (id); ALTER TABLE flagplane_data.flag ADD CONSTRAINT f FOREIGN KEY (project_id) REFERENCES flagplane_data.project (id)'),
	('CREATE TABLE t.other (account_id bigint PRIMARY KEY); ALTER TABLE flagplane_data.flag ADD CONSTRAINT f FOREIGN KEY (account_id) REFERENCES t.other NOT VALID'),
	('ALTER TABLE flagplane_data.account ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES flagplane_data.account'),
	('ALTER TABLE flagplane_data.flag ADD CONSTRAINT f FOREIGN KEY (account_id, project_id) REFERENCES flagplane_data.project ON DELETE SET NULL'),
	('ALTER TABLE flagplane_data.flag ADD CONSTRAINT f FOREIGN KEY (account_id, project_id) REFERENCES flagplane_data.project ON UPDATE CASCADE'),
	('ALTER TABLE flagplane_data.flag ADD CONSTRAINT f FOREIGN KEY (account_id, project_id) REFERENCES flagplane_data.project DEFERRABLE'),
	('ALTER TABLE flagplane_data.flag ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY'),
	('ALTER TABLE flagplane_data.flag ADD COLUMN number bigserial'),
	('ALTER TABLE flagplane_data.flag ADD COLUMN twice integer GENERATED ALWAYS AS (version * 2) STORED'),
	('ALTER TABLE flagplane_data.flag ALTER COLUMN version SET DEFAULT 1'),
	('CREATE SEQUENCE flagplane_data.numbers'),
	('CREATE TRIGGER fires AFTER INSERT ON flagplane_data.flag EXECUTE FUNCTION t.fires()'),
	('CREATE RULE no AS ON DELETE TO flagplane_data.flag DO INSTEAD NOTHING'),
	('CREATE POLICY p ON flagplane_data.flag; ALTER TABLE flagplane_data.flag ENABLE ROW LEVEL SECURITY'),
	('CREATE TABLE flagplane_data.later (account_id bigint NOT NULL) PARTITION BY RANGE (account_id)'),
	('CREATE TABLE flagplane_data.later () INHERITS (flagplane_data.flag_link)'),
	('CREATE UNLOGGED TABLE flagplane_data.later (account_id bigint NOT NULL)'),
	('CREATE TABLE flagplane_data.a_table_with_a_name_that_leaves_no_room_for_more (account_id bigint NOT NULL)'),
	('ALTER TABLE flagplane_data.flag ADD CONSTRAINT a_constraint_with_a_name_that_leaves_no_room_either CHECK (true)')) v(change);
DROP FUNCTION t.broken_by(text), t.fires();
DROP VIEW t.not_distributable;

-- Without Citus.
SELECT t.try('SELECT flagplane.distribute()');
SELECT t.try('SELECT flagplane.drop_shards()');
SELECT t.try('SELECT flagplane.distribute(0)');
SELECT t.try('SELECT flagplane.distribute(NULL)');
-- It is for the owner, not for whoever may act without a token.
CREATE ROLE fp_distribute;
GRANT USAGE ON SCHEMA flagplane, flagplane_data, t TO fp_distribute;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane, t TO fp_distribute;
SET ROLE fp_distribute;
SELECT t.try('SELECT flagplane.distribute()');
SELECT t.try('SELECT flagplane.drop_shards()');
RESET ROLE;
DROP OWNED BY fp_distribute;
DROP ROLE fp_distribute;

-- A stand-in for Citus, undone at the end: its functions note how they are called and refuse what Citus would.
BEGIN;
SET LOCAL allow_system_table_mods = on;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) VALUES (1, 'citus', 10, 'pg_catalog'::regnamespace, false, '13');
CREATE TABLE pg_catalog.pg_dist_local_group (groupid int);
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, colocationid int);
INSERT INTO pg_catalog.pg_dist_local_group VALUES (1);
CREATE TABLE t.citus_call (n int GENERATED ALWAYS AS IDENTITY, call text);
CREATE FUNCTION t.parents_there(child regclass) RETURNS boolean LANGUAGE sql AS $$
	SELECT count(*) = 0 FROM pg_constraint k WHERE k.conrelid = child AND k.contype = 'f' AND NOT EXISTS (SELECT
		FROM pg_dist_partition p WHERE p.logicalrelid = k.confrelid)
$$;
CREATE FUNCTION pg_catalog.create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('citus.enable_local_reference_table_foreign_keys') <> 'off' OR current_setting('citus.multi_shard_modify_mode') <> 'sequential' THEN
		RAISE 'not prepared';
	END IF;
	INSERT INTO t.citus_call (call) VALUES ('reference ' || table_name);
	INSERT INTO pg_dist_partition VALUES (table_name, 1);
END
$$;
CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text,
	distribution_type text DEFAULT 'hash', colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF NOT t.parents_there(table_name) THEN
		RAISE 'referenced table must be a distributed table or a reference table: %', table_name;
	END IF;
	IF colocate_with <> 'none' AND (shard_count IS NOT NULL OR NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = colocate_with::regclass)) THEN
		RAISE 'cannot colocate %', table_name;
	END IF;
	INSERT INTO t.citus_call (call) VALUES (format('distribute %s by %s with %s, %s shards', table_name, distribution_column, colocate_with, shard_count));
	INSERT INTO pg_dist_partition VALUES (table_name, 2);
END
$$;
CREATE FUNCTION pg_catalog.truncate_local_data_after_distributing_table(function_name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_constraint k WHERE k.confrelid = function_name AND NOT EXISTS (SELECT
		FROM pg_dist_partition p WHERE p.logicalrelid = k.conrelid)) THEN
		RAISE 'cannot truncate a table referenced in a foreign key constraint by a local table: %', function_name;
	END IF;
	INSERT INTO t.citus_call (call) VALUES ('empty ' || function_name);
END
$$;
CREATE FUNCTION pg_catalog.citus_drop_all_shards(logicalrelid regclass, schema_name text, table_name text,
	drop_shards_metadata_only boolean DEFAULT false) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	IF logicalrelid <> (schema_name || '.' || table_name)::regclass OR EXISTS (SELECT FROM pg_constraint k JOIN pg_dist_partition p ON p.logicalrelid = k.conrelid
		WHERE k.confrelid = citus_drop_all_shards.logicalrelid AND k.conrelid NOT IN (SELECT substr(call, 6)::regclass
			FROM t.citus_call WHERE call LIKE 'drop %')) THEN
		RAISE 'shards of a child are still there: %', logicalrelid;
	END IF;
	INSERT INTO t.citus_call (call) VALUES ('drop ' || logicalrelid);
	RETURN 1;
END
$$;
CREATE FUNCTION pg_catalog.run_command_on_workers(command text, OUT success boolean) RETURNS SETOF boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO t.citus_call (call) VALUES ('workers ' || command);
	RETURN QUERY SELECT true;
END
$$;
-- Only on the coordinator.
SELECT t.try('SELECT flagplane.distribute()');
SELECT t.try('SELECT flagplane.drop_shards()');
UPDATE pg_dist_local_group SET groupid = 0;
-- Only by a role that the servers can connect to each other as.
CREATE ROLE fp_cannot_log_in;
ALTER SCHEMA flagplane_data OWNER TO fp_cannot_log_in;
SELECT t.try('SELECT flagplane.distribute()');
ALTER SCHEMA flagplane_data OWNER TO CURRENT_USER;
SET LOCAL search_path = t, public;
CREATE FUNCTION t.split_part(text, text, int) RETURNS text LANGUAGE sql AS $$ SELECT 'hostile' $$;
SELECT flagplane.distribute(8) = (SELECT count(*) FROM pg_class WHERE relnamespace = 'flagplane_data'::regnamespace AND relkind = 'r') AS every_table;
SELECT call FROM t.citus_call ORDER BY n LIMIT 3;
SELECT split_part(call, ' ', 1) AS what, count(DISTINCT split_part(call, ' ', 2)) = (SELECT count(*) FROM pg_class
	WHERE relnamespace = 'flagplane_data'::regnamespace AND relkind = 'r') - (call NOT LIKE 'empty%')::int AS all_but_accounts,
	count(*) = count(DISTINCT split_part(call, ' ', 2)) AS once FROM t.citus_call
	WHERE call NOT LIKE ALL ('{reference%,workers%}') GROUP BY 1, call NOT LIKE 'empty%' ORDER BY 1;
SELECT count(*) AS other FROM t.citus_call WHERE call NOT LIKE ALL ('{empty%,workers%}')
	AND call !~ '^(reference flagplane_data.account|distribute flagplane_data\.project by account_id with none, 8 shards|distribute flagplane_data\.\w+ by account_id with flagplane_data\.project,  shards)$';
-- The views then read through a function, as does one that an upgrade brings, with their columns and comments, for roles that
-- have no right on the rows.
SELECT c.relname, pg_get_viewdef(c.oid) ~ format('view_rows\(''%s''', c.relname) AS routed, c.reloptions,
	count(*) FILTER (WHERE col_description(c.oid, attnum) IS NULL) AS without_comment
	FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
	WHERE relnamespace = 'flagplane'::regnamespace AND relkind = 'v' AND relname NOT IN ('stats', 'environment_stats') GROUP BY c.oid, c.relname, c.reloptions ORDER BY 1;
SELECT count(*) AS said_to_workers FROM t.citus_call WHERE call = 'workers SELECT flagplane_data.route_views()';
CREATE VIEW flagplane.later AS SELECT c.account_id FROM flagplane.current_caller('projects:read') c;
UPDATE pg_dist_local_group SET groupid = 1;
SELECT flagplane_data.route_views() AS routed;
UPDATE pg_dist_local_group SET groupid = 0;
SELECT replace(pg_get_viewdef('flagplane.later'::regclass), 'r.account_id', 'account_id') AS definition;
DROP VIEW flagplane.later;
CREATE ROLE fp_reads;
GRANT USAGE ON SCHEMA flagplane, t TO fp_reads;
GRANT SELECT ON flagplane.projects TO fp_reads;
SAVEPOINT granted;
GRANT EXECUTE ON FUNCTION flagplane.view_rows(text) TO fp_reads;
SET LOCAL ROLE fp_reads;
SELECT t.try('SELECT count(*) FROM flagplane.projects');
ROLLBACK TO granted;
SET LOCAL ROLE fp_reads;
SELECT t.try('SELECT count(*) FROM flagplane.projects');
RESET ROLE;
-- Again: nothing is left to do. After an upgrade that brings a table, that one is.
TRUNCATE t.citus_call;
SELECT flagplane.distribute(16);
CREATE TABLE flagplane_data.later (account_id bigint REFERENCES flagplane_data.account);
SELECT flagplane.distribute();
SELECT call FROM t.citus_call ORDER BY n;
-- What somebody distributed apart is not taken for good.
UPDATE pg_dist_partition SET colocationid = 3 WHERE logicalrelid = 'flagplane_data.flag'::regclass;
SELECT t.try('SELECT flagplane.distribute()');
-- The settings for Citus last to the end of the transaction.
SELECT current_setting('citus.multi_shard_modify_mode', true) AS mode;
TRUNCATE t.citus_call;
SELECT flagplane.drop_shards() = (SELECT count(*) FROM pg_dist_partition) AS every_table;
SELECT (SELECT call FROM t.citus_call ORDER BY n DESC LIMIT 1) AS last, count(*) = (SELECT count(*) FROM pg_dist_partition) AS every_table FROM t.citus_call;
ROLLBACK;
SELECT t.try('SELECT flagplane.distribute()');
