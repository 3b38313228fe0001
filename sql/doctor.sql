-- Every finding of doctor(), each produced by what it warns of; what was there before does not count.
\set VERBOSITY terse
\pset format unaligned
-- What the server has set does not count either.
SET flagplane.rate_limits = on;
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_parameter_max_length_on_error = 0;
SELECT t.project('doctor') IS NOT NULL AS made;
SELECT flagplane.create_flag('doctor', 'f', 'F') IS NOT NULL AS made;
CREATE ROLE fp_doctor;
-- The findings that a statement brings about, and the check's other findings that it takes away; the statement is undone.
CREATE FUNCTION pg_temp.finds(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	before text[] := ARRAY(SELECT finding FROM flagplane.doctor());
	after text[];
BEGIN
	BEGIN
		EXECUTE statement;
		after := ARRAY(SELECT severity || ' ' || finding FROM flagplane.doctor());
		RAISE EXCEPTION USING ERRCODE = 'UNDOS';
	EXCEPTION WHEN SQLSTATE 'UNDOS' THEN
		RETURN QUERY SELECT t.mask(u) FROM unnest(after) WITH ORDINALITY u(u, n) WHERE substr(u, 1 + strpos(u, ' ')) <> ALL (before) ORDER BY n;
	END;
END
$$;
SELECT f FROM (VALUES
	(1, $$UPDATE pg_extension SET extversion = '0.0' WHERE extname = 'flagplane'$$),
	(2,
		$$ALTER TABLE flagplane_data.flag OWNER TO fp_doctor; ALTER FUNCTION flagplane.purge OWNER TO fp_doctor; ALTER DOMAIN flagplane_data.color OWNER TO fp_doctor$$),
	(3,
		$$GRANT EXECUTE ON FUNCTION flagplane.purge TO PUBLIC; GRANT SELECT, DELETE ON flagplane.stats TO PUBLIC; GRANT USAGE ON SCHEMA flagplane_data TO PUBLIC$$),
	(4, $$UPDATE pg_proc SET proacl = NULL WHERE oid = 'flagplane.purge'::regproc$$),
	(5, $$GRANT CREATE ON SCHEMA flagplane TO fp_doctor$$),
	(6, $$CREATE TABLE flagplane_data.added (id int PRIMARY KEY); ALTER EXTENSION flagplane ADD TABLE flagplane_data.added$$),
	(7,
		$$ALTER TABLE flagplane_data.flag ADD CONSTRAINT unsure CHECK (version > 0) NOT VALID; ALTER DOMAIN flagplane_data.color ADD CONSTRAINT pale CHECK (VALUE > '') NOT VALID$$),
	(8, $$ALTER TABLE flagplane_data.access_token_use DISABLE TRIGGER ALL$$),
	(9, $$SET LOCAL session_replication_role = replica; ALTER ROLE fp_doctor SET session_replication_role = local$$),
	(10, $$ALTER TABLE flagplane_data.layer_reservation DROP CONSTRAINT reservation_exclusive$$),
	(11,
		$$DELETE FROM flagplane_data.environment_key WHERE kind = 'sdk' AND environment_id = (SELECT id FROM flagplane_data.environment WHERE key = 'test' AND project_id = (SELECT id FROM flagplane_data.project WHERE key = 'doctor'))$$),
	(12, $$DELETE FROM flagplane_data.flag_environment WHERE flag_id = (SELECT f.id FROM flagplane_data.flag f
		JOIN flagplane_data.project p ON p.id = f.project_id WHERE p.key = 'doctor')
		AND environment_id = (SELECT e.id FROM flagplane_data.environment e
			JOIN flagplane_data.project p ON p.id = e.project_id WHERE p.key = 'doctor' AND e.key = 'test')$$),
	(13,
		$$SET LOCAL flagplane.rate_limits = off; SET LOCAL flagplane.rate_limit_period = '1s'; SET LOCAL flagplane.notify = on; SET LOCAL flagplane.ingest_endpoint = 'http://x.com'$$),
	(14, $$SET LOCAL flagplane.account = 'nobody'; ALTER ROLE fp_doctor SET flagplane.account = 'nobody either'$$),
	(15, $$SET LOCAL log_statement = 'all'; SET LOCAL log_min_duration_statement = 100000; SET LOCAL log_parameter_max_length_on_error = -1$$),
	(16, $$GRANT SELECT, UPDATE ON flagplane_data.flag TO fp_doctor; GRANT SELECT (key) ON flagplane_data.project TO fp_doctor$$),
	(17,
		$$CREATE TRIGGER watch AFTER DELETE ON flagplane_data.flag EXECUTE FUNCTION suppress_redundant_updates_trigger(); CREATE RULE keep AS ON DELETE TO flagplane_data.member DO ALSO NOTIFY x$$),
	(18,
		$$CREATE TABLE flagplane_data.notes (id int PRIMARY KEY); CREATE FUNCTION flagplane.mine() RETURNS int LANGUAGE sql RETURN 1; REVOKE ALL ON FUNCTION flagplane.mine() FROM PUBLIC$$),
	(19, $$DELETE FROM flagplane_data.environment_key
		WHERE expires_at IS NOT NULL; INSERT INTO flagplane_data.environment_key (account_id, environment_id, kind, value, created_at, expires_at, replaced_in)
		SELECT e.account_id, e.id, 'sdk', 'doctor ' || g, now(), now() - g * interval '10 hours', g
			FROM flagplane_data.environment e JOIN flagplane_data.project p ON p.account_id = e.account_id AND p.id = e.project_id,
		generate_series(1, 3) g WHERE p.key = 'doctor' AND e.key = 'test'$$),
	(20, $$DELETE
		FROM flagplane_data.idempotency_key; INSERT INTO flagplane_data.idempotency_key (account_id, actor, operation, key_hash,
		request_hash, salt, expires_at)
		SELECT 1, 'x', 'x', sha256(g::text::bytea), sha256(''), '', now() - g * interval '10 hours' FROM generate_series(1, 4) g$$),
	(21,
		$$UPDATE flagplane_data.access_token SET expires_at = NULL; SELECT flagplane.create_access_token('t', '{*}', expires_at => now() + g * interval '4 days') FROM generate_series(1, 5) g$$),
	(22, $$SELECT flagplane.create_layer('doctor', 'l', 'L', ''), flagplane.create_sdk_app('doctor', 'A', 'expo'),
		flagplane.create_flag_link('doctor', 'f', 'k'), flagplane.create_access_token('t', '{*}'),
		flagplane.create_member('doctor@example.com'), flagplane.register_integration('doctor',
			'{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e"}}}'), flagplane.create_environment('doctor', 'e', 'E', '000000');
		DELETE FROM flagplane_data.layer WHERE created_at = now(); DELETE FROM flagplane_data.sdk_app
			WHERE created_at = now(); DELETE FROM flagplane_data.flag_link WHERE created_at = now();
		DELETE FROM flagplane_data.access_token WHERE created_at = now(); DELETE FROM flagplane_data.member
			WHERE created_at = now(); DELETE FROM flagplane_data.integration WHERE key = 'doctor';
		DELETE FROM flagplane_data.environment WHERE created_at = now()$$),
	(23,
		$$SELECT flagplane.create_flag_link('doctor', 'f', 'k'); DELETE FROM flagplane_data.flag WHERE project_id = (SELECT id FROM flagplane_data.project WHERE key = 'doctor')$$),
	(24, $$SELECT flagplane.create_project('doctor-too', 'Too'); SELECT flagplane.delete_project('doctor')$$),
	(25,
		$$SELECT flagplane.create_project('doctor-too', 'Too'); SET LOCAL session_replication_role = replica; DELETE FROM flagplane_data.project WHERE key = 'doctor'$$),
	(26,
		$$SELECT flagplane.create_access_token('t', '{*}'); DELETE FROM flagplane_data.access_token_use WHERE token_id = (SELECT id FROM flagplane_data.access_token WHERE created_at = now())$$),
	(27, $$GRANT USAGE ON SCHEMA flagplane_data TO fp_doctor$$),
	(28, $$DELETE FROM flagplane_data.environment_payload WHERE environment_id = (SELECT e.id FROM flagplane_data.environment e
		JOIN flagplane_data.project p ON p.id = e.project_id WHERE p.key = 'doctor' AND e.key = 'test')$$)
	) v(n, statement), pg_temp.finds(statement) f
ORDER BY n;
SELECT count(*) AS account_without_project FROM pg_temp.finds($$SELECT flagplane.create_account('0', 'Doctor')$$)
	WHERE finds ~ '^info account_without_project: \d+ accounts?, the first of them "0"$';
-- What only the server's start and its file can change is found where it is so.
SELECT (EXISTS (SELECT FROM flagplane.doctor() WHERE finding LIKE 'not_preloaded: %')) = NOT preloaded AS not_preloaded FROM flagplane.status();
-- It changes nothing: a transaction that is read only may ask, as on a standby.
BEGIN READ ONLY;
SELECT count(*) >= 0 AS answered FROM flagplane.doctor();
COMMIT;
-- The worst first, and something to do for each.
SELECT bool_and(rank >= before) AS ordered, bool_and(what_to_do <> '') AS advised
	FROM (SELECT what_to_do, rank, coalesce(lag(rank) OVER (ORDER BY n), 0) AS before
	FROM flagplane.doctor() WITH ORDINALITY d(finding, severity, what_to_do, n), array_position('{error,warning,info}', severity) rank) s;
-- A healthy object is not found: the tests before this one leave no error.
SELECT finding FROM flagplane.doctor() WHERE severity = 'error';
-- It is not for those without rights on the data.
GRANT USAGE ON SCHEMA flagplane, t TO fp_doctor;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane, t TO fp_doctor;
SET ROLE fp_doctor;
SELECT t.try('SELECT count(*) FROM flagplane.doctor()');
RESET ROLE;
GRANT USAGE ON SCHEMA flagplane_data TO fp_doctor;
SET ROLE fp_doctor;
SELECT finding FROM flagplane.doctor() WHERE finding LIKE '%fp_doctor%';
SELECT current_user;
RESET ROLE;
DROP OWNED BY fp_doctor;
DROP ROLE fp_doctor;
