-- Every operation, generated from the table of operations so that none is forgotten: its scope, and
-- that its caller is themselves again whatever became of the call.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('scopes') IS NOT NULL AS made;
-- A call with NULLs for arguments: enough, since token and scope are checked before anything else.
CREATE FUNCTION pg_temp.nulls(name text) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT flagplane.%I(%s)', p.proname,
		array_to_string(ARRAY(SELECT 'NULL::' || format_type(u, NULL) FROM unnest(p.proargtypes) u), ', '))
	FROM pg_proc p WHERE p.pronamespace = 'flagplane'::regnamespace AND p.proname = nulls.name
$$;
-- The code of the answer over /rpc: of a refusal, or 'done'.
CREATE FUNCTION pg_temp.code(token text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text := 'done';
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('authorization', 'Bearer ' || token)::text, true);
	BEGIN
		EXECUTE statement;
		RAISE EXCEPTION USING ERRCODE = 'UNDOS';
	EXCEPTION
		WHEN SQLSTATE 'UNDOS' THEN NULL;
		WHEN SQLSTATE 'PGRST' THEN answer := SQLERRM::json->>'code';
		WHEN OTHERS THEN answer := SQLSTATE || ': ' || SQLERRM;
	END;
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN answer;
END
$$;
CREATE TEMP TABLE scope AS SELECT DISTINCT scope AS name FROM flagplane.operations() WHERE scope <> 'none';
CREATE TEMP TABLE bearer AS
	SELECT s.name, flagplane.create_access_token('only ' || s.name, ARRAY[s.name])->>'token' AS only_it,
		flagplane.create_access_token('all but ' || s.name,
			array_remove('{projects:read,projects:write,flags:read,flags:write,layers:read,layers:write,tokens:admin,audit:read}', s.name))->>'token' AS all_but_it
	FROM scope s;
-- With every scope but its own an operation is refused, with its own alone it is not.
SELECT o.name, o.scope, pg_temp.code(b.all_but_it, pg_temp.nulls(o.name)) AS without, pg_temp.code(b.only_it, pg_temp.nulls(o.name)) AS with
FROM flagplane.operations() o JOIN bearer b ON b.name = o.scope
WHERE pg_temp.code(b.all_but_it, pg_temp.nulls(o.name)) NOT IN ('forbidden', 'FORBIDDEN_SCOPE')
OR pg_temp.code(b.only_it, pg_temp.nulls(o.name)) NOT IN ('invalid_request', 'VALIDATION', 'done');
SELECT count(*) > 20 AS many, count(*) FILTER (WHERE pg_temp.code(b.only_it, pg_temp.nulls(o.name)) = 'done') BETWEEN 1 AND 10 AS few_need_nothing
FROM flagplane.operations() o JOIN bearer b ON b.name = o.scope;
-- What is for database roles no token may do, one with every scope neither.
SELECT flagplane.create_access_token('everything', '{*}')->>'token' AS everything \gset
SELECT name, pg_temp.code(:'everything', pg_temp.nulls(name)) FROM flagplane.operations() WHERE scope IS NULL ORDER BY name;
-- A write scope does not imply the read scope of the same things, nor the other way round.
SELECT b.name, pg_temp.code(b.only_it, $$SELECT flagplane.get_project('scopes')$$) AS read_project,
	pg_temp.code(b.only_it, $$SELECT flagplane.create_environment('scopes', 'e', 'E', '000000')$$) AS write_environment,
	pg_temp.code(b.only_it, $$SELECT flagplane.list_flags('scopes')$$) AS read_flags, pg_temp.code(b.only_it,
		$$SELECT flagplane.create_flag('scopes', 'f', 'F')$$) AS write_flag
FROM bearer b ORDER BY b.name;
-- What asks for no scope any token may do, but no caller without one.
SELECT o.name, pg_temp.code(b.only_it, pg_temp.nulls(o.name)) AS code, count(*) > 4 AS many
	FROM flagplane.operations() o, bearer b WHERE o.scope = 'none' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT o.name, pg_temp.code('fp_00000001_0000000000000000_' || repeat('0', 43), pg_temp.nulls(o.name)) AS code
	FROM flagplane.operations() o WHERE o.scope = 'none' ORDER BY 1;
-- Dead tokens, in the dialect of each operation.
UPDATE flagplane_data.access_token SET killed_at = now() WHERE name = 'everything';
SELECT o.dialect, pg_temp.code(:'everything', pg_temp.nulls(o.name)) AS killed, count(*) > 1 AS many FROM flagplane.operations() o GROUP BY 1, 2 ORDER BY 1;
UPDATE flagplane_data.access_token SET expires_at = now() WHERE name = 'everything';
SELECT o.dialect, pg_temp.code(:'everything', pg_temp.nulls(o.name)) AS expired FROM flagplane.operations() o GROUP BY 1, 2 ORDER BY 1;

-- After each operation's refusal, caught in the same function, the caller's name and settings are as before.
CREATE ROLE fp_scopes;
GRANT USAGE ON SCHEMA flagplane, t TO fp_scopes;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO fp_scopes;
CREATE FUNCTION t.changed() RETURNS TABLE (operation text, who text) LANGUAGE plpgsql AS $$
DECLARE
	before text := concat_ws(' ', current_user, session_user, current_setting('search_path'), current_setting('is_superuser'));
BEGIN
	FOR operation IN SELECT name FROM flagplane.operations() LOOP
		PERFORM t.try(pg_temp.nulls(operation));
		who := concat_ws(' ', current_user, session_user, current_setting('search_path'), current_setting('is_superuser'));
		IF who <> before THEN
			RETURN NEXT;
		END IF;
		-- The owner's right to the tables went with it.
		BEGIN
			PERFORM FROM flagplane_data.account;
			who := 'reads the tables';
			RETURN NEXT;
		EXCEPTION WHEN insufficient_privilege THEN NULL;
		END;
	END LOOP;
END
$$;
SET ROLE fp_scopes;
SET search_path = t, pg_catalog;
SELECT * FROM t.changed();
-- Also with rights on the data, where the refusals come from the fields.
RESET ROLE;
GRANT USAGE ON SCHEMA flagplane_data TO fp_scopes;
SET ROLE fp_scopes;
SELECT * FROM t.changed();
SELECT current_user, current_setting('search_path');
RESET search_path;
RESET ROLE;
DROP FUNCTION t.changed();
DROP OWNED BY fp_scopes;
DROP ROLE fp_scopes;
