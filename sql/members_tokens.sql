-- Members and access tokens: every field, every refusal, what a limited token sees.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('mt') IS NOT NULL AS made;
SELECT t.project('mt2') IS NOT NULL AS made;
-- A call over /rpc with a token.
CREATE FUNCTION pg_temp.as(token text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('x-api-key', token)::text, true);
	answer := t.try(statement);
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN answer;
END
$$;

-- Members.
SELECT t.try($$SELECT flagplane.create_member('Tokens@Example.com', 'admin', 'Ann', 'Other')$$);
SELECT t.try($$SELECT flagplane.create_member('TOKENS@example.com')$$);
SELECT t.try($$SELECT flagplane.create_member('tokens.plain@example.com')$$);
SELECT t.try($$SELECT flagplane.create_member(NULL, NULL, '', repeat('n', 129))$$);
SELECT e, t.try(format('SELECT flagplane.create_member(%L)->>%L', e, 'email')) FROM unnest(ARRAY['@b.c', 'a@', 'a@b', 'a@.b', 'a@b.', 'a b@c.d',
	'a@b@c.d', E'a\nb@c.d', '', 'ü@tokens.example']) e;
SELECT t.try($$SELECT length(flagplane.create_member(repeat('a', 238) || '@tokens.example')->>'email')$$);
SELECT t.try($$SELECT flagplane.create_member(repeat('a', 240) || '@tokens.example')$$);

-- A token's fields; the token itself is in this answer alone.
SELECT t.shape(flagplane.create_access_token('shape', '{flags:read}'));
SELECT t.try($$SELECT flagplane.create_access_token('dear', '{flags:read,flags:write,flags:read}', projects => '{mt,mt}', expires_at => '2100-01-01Z')$$);
SELECT count(*) FROM json_array_elements(flagplane.list_access_tokens(1000)->'items') e WHERE e->>'name' = 'shape' AND length(e->>'token') = 4;
-- The time is one that the answer can say.
SELECT e, t.try(format('SELECT flagplane.create_access_token(%L, %L, expires_at => %L)->>%L', 'late', '{flags:read}', e, 'expiresAt'))
FROM unnest(ARRAY['infinity', '-infinity', '1969-12-31Z', '2020-01-01Z', '9999-12-31 23:59:59Z', '10000-01-01Z', '290000-01-01Z']) e;
-- A list may hold NULLs in SQL.
SELECT p, t.try(format('SELECT flagplane.create_access_token(%L, role => %L, projects => %L)', 'nulls', 'reader', p))
FROM unnest(ARRAY['{NULL}', '{NULL,NULL}', '{NULL,mt}', '{mt,NULL}', '{{mt},{mt2}}', '{""}']) p;
SELECT p, t.try(format('SELECT flagplane.create_access_token(%L, %L)', 'nulls', p))
	FROM unnest(ARRAY['{NULL}', '{NULL,flags:read}', '{flags:read,NULL}', '{{*}}', '{""}']) p;
SELECT t.try($$SELECT flagplane.create_access_token('many', role => 'reader', projects => (SELECT array_agg('p' || g) FROM generate_series(1, 65) g))$$);
SELECT t.try($$SELECT flagplane.create_access_token(repeat('n', 121), '{}', member_id => '')$$);

-- What a role is a name for.
SELECT r, flagplane.create_access_token('role', role => r)->'scopes' FROM unnest(ARRAY['reader', 'writer', 'admin']) r;

-- A token limited to projects sees the tokens that reach no further than itself.
SELECT flagplane.create_access_token('near', '{*}', projects => '{mt}')->>'token' AS near \gset
SELECT flagplane.create_access_token('far', '{*}', projects => '{mt,mt2}')->>'token' AS far \gset
SELECT flagplane.create_access_token('all', '{*}')->>'token' AS all \gset
SELECT name, pg_temp.as(token, $$SELECT string_agg(DISTINCT e->>'name' || ' ' || coalesce(e->>'projects', 'all'), ', ')
	FROM json_array_elements(flagplane.list_access_tokens(1000)->'items') e WHERE e->>'name' IN ('dear', 'near', 'far', 'all')$$) AS sees
FROM (VALUES ('near', :'near'), ('far', :'far'), ('all', :'all')) v(name, token) ORDER BY name;
-- It cannot distinguish a project outside from one that does not exist.
SELECT p, pg_temp.as(:'near', format('SELECT flagplane.create_access_token(%L, %L, projects => %L)', 'x', '{flags:read}', p))
FROM unnest(ARRAY['{mt2}', '{nowhere}', '{mt,mt2}', '{mt,nowhere}']) p;
SELECT p, pg_temp.as(:'near', format('SELECT flagplane.list_layers(%L)', p)) FROM unnest(ARRAY['mt2', 'nowhere']) p;
-- A caller without the scope learns nothing, whatever it asks for.
SELECT flagplane.create_access_token('weak', '{projects:read}')->>'token' AS weak \gset
SELECT s, pg_temp.as(:'weak', s) FROM unnest(ARRAY['SELECT flagplane.list_access_tokens()', 'SELECT flagplane.list_members()',
	'SELECT flagplane.create_member(NULL)', $$SELECT flagplane.create_access_token('x', '{projects:read}')$$, 'SELECT flagplane.list_accounts()']) s;
-- No token's secret is stored, nor shown in the audit log.
SELECT count(*) FROM flagplane_data.audit_log WHERE after::text LIKE ANY (SELECT '%' || right(s, 43) || '%'
	FROM unnest(ARRAY[:'near', :'far', :'all', :'weak']) s);
