-- A token that is limited to a project, against everything there is in another one: every operation, found in
-- the table of operations so that none is forgotten.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('limited-ours') IS NOT NULL AS made;
SELECT t.project('limited-theirs') AS theirs \gset
SELECT flagplane.create_flag('limited-theirs', 'f', 'F') IS NOT NULL
	AND flagplane.create_flag('limited-theirs', 'unused', 'U') IS NOT NULL
	AND flagplane.create_flag_link('limited-theirs', 'f', 'k') IS NOT NULL AND flagplane.create_layer('limited-theirs', 'l', 'L', '') IS NOT NULL
	AND flagplane.create_segment('limited-theirs', 'test', 's', 'S') IS NOT NULL
	AND flagplane.create_sdk_key('limited-theirs', 'test', 'k') IS NOT NULL
	AND flagplane.create_experiment('limited-theirs', 'test', 'x', 'X', iteration => t.plan('limited-theirs', 'f')) IS NOT NULL
		AND flagplane.create_experiment('limited-theirs', 'test', 'running', 'R', iteration => t.plan('limited-theirs', 'of-running')) IS NOT NULL
	AND flagplane.start_experiment('limited-theirs', 'test', 'running') IS NOT NULL AS made;
SELECT flagplane.create_sdk_app('limited-theirs', 'App', 'expo') AS app \gset
SELECT flagplane.create_member('limited-theirs@example.com')->>'_id' AS member_id \gset
SELECT flagplane.create_access_token('limited-theirs', '{flags:read}', projects => '{limited-theirs}')->>'_id' AS token_id \gset
SELECT flagplane.create_access_token('both', '{flags:read}', projects => '{limited-ours,limited-theirs}')->>'_id' AS both_id \gset
SELECT flagplane.list_audit_log(filter => 'proj/limited-theirs')->'items'->0->>'_id' AS entry_id \gset
SELECT flagplane.create_access_token('limited to ours', '{*}', projects => '{limited-ours}')->>'token' AS limited \gset
-- What each argument is to be; of those that have a default, only what a call needs.
CREATE TEMP TABLE given (operation text, argument text, value text);
INSERT INTO given VALUES
	(NULL, 'project_key', 'limited-theirs'), (NULL, 'project_id', 'limited-theirs'), (NULL, 'environment_key', 'test'),
		(NULL, 'flag_key', 'f'), (NULL, 'layer_key', 'l'), (NULL, 'segment_key', 's'), (NULL, 'experiment_key', 'x'), ('stop_experiment', 'experiment_key',
		'running'), ('delete_flag', 'flag_key', 'unused'),
	(NULL, 'key', 'new'), (NULL, 'name', 'New'), (NULL, 'description', ''), (NULL, 'color', '000000'), (NULL, 'platform',
		'expo'), (NULL, 'patch', '[]'), ('import_environment', 'payload', '{"flags": {}}'), (NULL, 'instructions', '[]'), (NULL, 'id_or_key', 'k'),
	('update_flag_link', 'id', (SELECT id FROM flagplane_data.flag_link WHERE key = 'k' AND flag_id = (SELECT id
		FROM flagplane_data.flag WHERE key = 'f'
		AND project_id = :'theirs'))), (NULL, 'app_id', :'app'::json->>'appId'), ('update_sdk_app', 'rotate_key', 'true'),
	('resolve_environment_key', 'value', flagplane.get_environment('limited-theirs', 'test')->>'apiKey'),
		('authenticate_sdk_app', 'api_key', :'app'::json->>'apiKey'), ('get_audit_log_entry', 'id', :'entry_id'),
	('rotate_access_token', 'id', :'token_id'), ('set_access_token_tier', 'id', :'token_id'), ('set_access_token_tier',
		'rate_tier', 'standard'), ('revoke_access_token', 'id', :'token_id'), ('kill_access_token', 'id', :'both_id'),
	('delete_sdk_key', 'name', 'k'), ('create_sdk_key', 'name', 'new'),
	('create_member', 'email', 'limited@example.com'), ('register_integration', 'manifest',
		'{"name": "New", "capabilities": {"flagLink": {"uiBlocks": {}, "header": {}, "emptyState": {}}}}'),
	('create_members', 'members', '[{"email": "limited@example.com"}]'), ('get_member', 'id', :'member_id'),
		('get_access_token', 'id', :'token_id'), ('update_access_token', 'id', :'token_id'), ('delete_access_token', 'id',
		:'token_id'), ('reset_access_token', 'id', :'token_id');
-- What concerns the whole account is forbidden, and so are tokens of others. Of the rest that names nothing
-- of a project the checks below show what it reveals: whoever adds an operation
-- to these must make sure that it reveals nothing of other projects.
CREATE TEMP TABLE apart (name text);
INSERT INTO apart VALUES ('whoami'), ('get_caller_identity'), ('create_access_token'), ('list_access_tokens'),
	('list_projects'), ('list_partner_projects'), ('list_audit_log'), ('changes');
CREATE FUNCTION pg_temp.call(operation text) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT flagplane.%I(%s)', operation, (SELECT string_agg(format('%I => %L', a, coalesce(s.value, g.value)), ', '
		ORDER BY n) FROM pg_proc p, unnest(p.proargnames[1:p.pronargs]) WITH ORDINALITY u(a, n)
		LEFT JOIN given s ON s.operation = call.operation AND s.argument = a LEFT JOIN given g ON g.operation IS NULL AND g.argument = a
		WHERE p.pronamespace = 'flagplane'::regnamespace AND p.proname = call.operation AND (n <= p.pronargs - p.pronargdefaults OR s.value IS NOT NULL)))
$$;
-- What comes of a call, by a token or without one; nothing is left of it.
CREATE FUNCTION pg_temp.outcome(token text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	IF token IS NOT NULL THEN
		PERFORM set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('authorization', 'Bearer ' || token)::text, true);
	END IF;
	BEGIN
		EXECUTE statement INTO answer;
		RAISE EXCEPTION USING ERRCODE = 'UNDOS', MESSAGE = coalesce(answer, '');
	EXCEPTION
		WHEN SQLSTATE 'UNDOS' THEN answer := 'done';
		WHEN SQLSTATE 'PGRST' THEN answer := SQLERRM::json->>'code';
		WHEN OTHERS THEN answer := SQLSTATE || ': ' || SQLERRM;
	END;
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN answer;
END
$$;
-- Who may, can do each of these; a limited token learns each time that there is no such thing, or that it is not for them.
SELECT name FROM flagplane.operations() WHERE whole_account ORDER BY name;
SELECT o.name, pg_temp.outcome(NULL, pg_temp.call(o.name)) AS by_role, pg_temp.outcome(:'limited', pg_temp.call(o.name)) AS limited
FROM flagplane.operations() o WHERE o.name NOT IN (SELECT name FROM apart)
AND (pg_temp.outcome(NULL, pg_temp.call(o.name)) <> 'done'
	OR upper(pg_temp.outcome(:'limited', pg_temp.call(o.name))) <> CASE WHEN o.whole_account
	OR o.name LIKE '%\_access\_token%' THEN 'FORBIDDEN' ELSE 'NOT_FOUND' END);
SELECT count(*) > 40 AS many FROM flagplane.operations() o WHERE o.name NOT IN (SELECT name FROM apart);
-- A mark without the scope does not do, nor the scope without the mark.
SELECT flagplane.create_access_token('no scope', '{audit:read}')->>'token' AS unscoped \gset
SELECT name, pg_temp.outcome(:'unscoped', pg_temp.call(name)) FROM flagplane.operations() WHERE whole_account ORDER BY name;
CREATE FUNCTION pg_temp.names(token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('authorization', 'Bearer ' || token)::text, true);
	SELECT string_agg(e->>'name', ', ' ORDER BY e->>'name') INTO answer FROM json_array_elements(flagplane.list_access_tokens(1000)->'items') e
	WHERE e->>'name' IN ('limited to ours', 'limited-theirs', 'both', 'no scope', 'mine', 'of another', 'of nobody');
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN answer;
END
$$;
-- Members: a token may be made for the caller's own and for none; tokens of others are not seen.
SELECT flagplane.create_member('me@limited.example')->>'_id' AS me, flagplane.create_member('you@limited.example')->>'_id' AS you \gset
SELECT flagplane.create_access_token('mine', '{*}', member_id => :'me', projects => '{limited-ours}')->>'token' AS mine \gset
SELECT flagplane.create_access_token('of another', '{flags:read}', member_id => :'you', projects => '{limited-ours}')->>'_id' AS other \gset
SELECT flagplane.create_access_token('of nobody', '{flags:read}', projects => '{limited-ours}')->>'_id' AS nobody \gset
SELECT who, pg_temp.outcome(token, format('SELECT flagplane.create_access_token(%L, %L, member_id => %L, projects => %L)',
	'x', '{flags:read}', member, '{limited-ours}'))
FROM (VALUES (1, 'memberless, none', :'limited', NULL), (2, 'memberless, a member', :'limited', :'me'), (3,
	'a member, none', :'mine', NULL), (4, 'a member, its own', :'mine', :'me'), (5, 'a member, another', :'mine', :'you'),
	(6, 'a member, unknown', :'mine', 'aaaaaaaaaaaaaaaaaaaaaaaa')) v(n, who, token, member) ORDER BY n;
SELECT who, o, pg_temp.outcome(token, format('SELECT flagplane.%s(%L)', o, id))
	FROM (VALUES ('memberless', :'limited', :'other'), ('memberless', :'limited', :'nobody'), ('a member', :'mine',
	:'other'), ('a member', :'mine', :'nobody'),
	('a member', :'mine', 'aaaaaaaaaaaaaaaaaaaaaaaa')) v(who, token, id), unnest(ARRAY['revoke_access_token', 'kill_access_token', 'rotate_access_token']) o;
SELECT who, pg_temp.names(token) AS sees FROM (VALUES ('memberless', :'limited'), ('a member', :'mine')) v(who, token);
-- Functions beside the table.
SELECT f, pg_temp.outcome(NULL, f) AS by_role, pg_temp.outcome(:'limited', f) AS limited
	FROM unnest(ARRAY[$$SELECT flagplane.assign('limited-theirs', 'test', 'l', 'u')$$,
	$$SELECT flagplane.assign_many('limited-theirs', 'test', 'l', ARRAY['u'])$$,
	$$SELECT flagplane.draw_layer('limited-theirs', 'test', 'l')$$, $$SELECT flagplane.layer_svg('limited-theirs', 'test', 'l')$$]) f;
-- Lists, feeds and views: nothing of the other project, neither by its key nor by its id.
CREATE FUNCTION pg_temp.tells(token text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('authorization', 'Bearer ' || token)::text, true);
	EXECUTE statement INTO answer;
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN CASE WHEN answer LIKE '%limited-theirs%' OR answer LIKE '%' || (SELECT id FROM flagplane_data.project
		WHERE key = 'limited-theirs') || '%' THEN answer ELSE 'nothing' END;
END
$$;
SELECT f, pg_temp.tells(:'limited', f)
	FROM unnest(ARRAY['SELECT flagplane.list_access_tokens(1000)',
	'SELECT flagplane.list_projects(1000, expand => ''environments'')', 'SELECT flagplane.list_projects(filter => ''keys:limited-theirs'')->''items''',
	'SELECT flagplane.list_partner_projects("limit" => 200)', 'SELECT flagplane.list_audit_log("limit" => 1000)',
		'SELECT flagplane.changes("limit" => 1000)', 'SELECT flagplane.whoami()']) f;
SELECT viewname, pg_temp.tells(:'limited', format('SELECT json_agg(v) FROM flagplane.%I v', viewname)) FROM pg_views
	WHERE schemaname = 'flagplane' AND viewname <> 'environment_stats' ORDER BY viewname; -- that is of the server, and goes by the role alone
SELECT count(*) AS changed FROM flagplane_data.audit_log a JOIN flagplane_data.access_token k ON a.actor = 'token:' || k.id WHERE k.name = 'limited to ours';
-- The project that the token was for goes: then it is valid for nothing, not even for a new project of the same key.
SELECT flagplane.delete_project('limited-ours');
SELECT t.project('limited-ours') IS NOT NULL AS made_again;
SELECT pg_temp.outcome(:'limited', $$SELECT flagplane.get_project('limited-ours')$$), pg_temp.outcome(:'limited',
	$$SELECT flagplane.create_layer('limited-ours', 'l', 'L', '')$$), pg_temp.outcome(:'limited', $$SELECT flagplane.create_access_token('x', '{*}')$$);
