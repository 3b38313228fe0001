-- Flag links: every field, every refusal, integrations, members.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('links') IS NOT NULL AS made;
SELECT t.try($$SELECT flagplane.create_flag('links', 'flag', 'Flag')$$) <> '' AS made;
SELECT t.try($$SELECT flagplane.create_flag('links', 'other', 'Other')$$) <> '' AS made;
-- All is optional.
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag')$$);
SELECT * FROM t.rest('POST', '/api/v2/flag-links/projects/links/flags/flag', '{}');
-- The documented time, in its four forms.
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', 'github-pr-1-flag', 'github', 1655342199935,
	'https://example.com/pr/1', 'A pull request', 'It does things',
	'{"prNumber": "1", "avatarUrl": "https://example.com/a.png"}')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', "timestamp" => 0)->'_timestamp'$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', "timestamp" => 253402300799999)->'_timestamp'$$);
-- The five integrations and what they declare.
SELECT i, t.try(format('SELECT flagplane.create_flag_link(%L, %L, integration_key => %L, metadata => %L)->%L',
	'links', 'flag', i, json_build_object(m, 'x'), '_metadata'))
FROM (VALUES ('github', 'repoName'), ('jira', 'issueKey'), ('msteams-app', 'channelName'),
	('slack-app', 'message'), ('trello', 'cardTitle')) v(i, m);

SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', 'github-pr-1-flag')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'other', 'github-pr-1-flag')->'_key'$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'nothing', 'k')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('nowhere', 'flag', 'k')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('nowhere', 'flag', 'k', 'nothing')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', 'a b', "timestamp" => -1, deep_link => 'ftp://x', metadata => '[]')$$);
SELECT t.try(format('SELECT flagplane.create_flag_link(%L, %L, deep_link => %L)->%L', 'links', 'flag', u, '_deepLink'))
FROM unnest(ARRAY['https://example.com', 'HTTP://example.com/ü?a=b#c', 'http://', '/path', 'javascript:alert(1)',
	'https://a b', 'https:///x', '', 'https://x/"', 'https://x/' || repeat('y', 2039)]) u;
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', metadata => '{"prNumber": "1"}')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', integration_key => 'nothing')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', integration_key => 'github', metadata => '{"prNumber": 1}')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', integration_key => 'github', metadata => '{"nothing": "1"}')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', integration_key => 'github', metadata => '{"repoUrl": "x"}')$$);
SELECT * FROM t.rest('POST', '/api/v2/flag-links/projects/links/flags/flag', '{"integrationKey": "github", "metadata": {"a": "1", "b": "2"}}');
SELECT * FROM t.rest('POST', '/api/v2/flag-links/projects/links/flags/flag', '{"key": "github-pr-1-flag"}');

-- An integration of the account's own.
SELECT t.try($$SELECT flagplane.register_integration('acme', '{"name": "Acme", "capabilities": {"flagLink":
	{"uiBlocks": {}, "header": "h", "emptyState": "e", "metadata": {"ticket": {"type": "string"}, "page": {"type": "uri"}}}}}')$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', integration_key => 'acme', metadata => '{"ticket": "T-1", "page": "https://acme.com/T-1"}')->'_metadata'$$);
SELECT t.try($$SELECT flagplane.create_flag_link('links', 'flag', integration_key => 'acme', metadata => '{"page": "T-1"}')$$);
SELECT t.try($$SELECT flagplane.register_integration('acme', '{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e"}}}')$$);
SELECT t.try($$SELECT flagplane.register_integration('github', '{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e"}}}')$$);
SELECT t.try($$SELECT flagplane.register_integration('x', '{}')$$);
SELECT t.try($$SELECT flagplane.register_integration('x', '{"capabilities": {"flagLink": {"header": "h"}}}')$$);
SELECT t.try($$SELECT flagplane.register_integration('x', '{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e", "metadata": {"a": {"type": "int"}}}}}')$$);

-- The member whose token made it.
SELECT flagplane.create_member('Ada@Example.com', first_name => 'Ada', last_name => 'Lovelace')->>'_id' AS member \gset
SELECT flagplane.create_access_token('ada', ARRAY['flags:write'], member_id => :'member')->>'token' AS token \gset
SELECT * FROM t.rest('POST', '/api/v2/flag-links/projects/links/flags/flag', '{"key": "by-ada"}', json_build_object('Authorization', :'token')::jsonb);

-- Found by key and by id; listed.
SELECT t.try($$SELECT flagplane.get_flag_link('links', 'flag', 'by-ada')->'_member'$$);
SELECT flagplane.get_flag_link('links', 'flag', flagplane.get_flag_link('links', 'flag', 'by-ada')->>'_id')->>'_key' AS by_id;
SELECT t.try($$SELECT flagplane.get_flag_link('links', 'flag', 'nothing')$$);
SELECT t.try($$SELECT flagplane.get_flag_link('links', 'nothing', 'nothing')$$);
SELECT json_array_length(flagplane.list_flag_links('links', 'flag')->'items'), flagplane.list_flag_links('links', 'flag')->'_links';
SELECT t.try($$SELECT flagplane.list_flag_links('links', 'nothing')$$);

-- Manifests of any shape; an array is not an object.
SELECT m, t.try(format('SELECT flagplane.register_integration(%L, %L)->>%L', 'shape', m, 'key'))
	FROM unnest(ARRAY['[]', 'null', '{"capabilities": []}', '{"capabilities": ["flagLink"]}',
	'{"capabilities": {"flagLink": null}}', '{"capabilities": {"flagLink": ["uiBlocks", "header", "emptyState"]}}']) m;
SELECT m, t.try(format('SELECT flagplane.register_integration(%L, %L)->>%L', 'shape',
	'{"capabilities": {"flagLink": {"uiBlocks": 1, "header": 1, "emptyState": 1, "metadata": ' || m || '}}}', 'key'))
FROM unnest(ARRAY['"x"', '[]', '["type"]', '{"a": "string"}', '{"a": ["type", "string"]}', '{"a": {"type": 1}}', '{"a": {"type": null}}', '{"a": {}}']) m;
-- Metadata and times of any shape.
SELECT m, t.try(format('SELECT flagplane.create_flag_link(%L, %L, integration_key => %L, metadata => %L)->%L', 'links', 'flag', 'github', m, '_metadata'))
FROM unnest(ARRAY['{}', '{"": "x"}', '{"prNumber": ""}', '{"prNumber": null}', '{"prNumber": {}}', '{"type": "x"}', '"x"', '[["prNumber", "1"]]']) m;
SELECT v, r.status, CASE WHEN r.status < 300 THEN r.body->'_timestamp'->>'rfc3339' ELSE r.body->>'message' END AS answer
FROM unnest(ARRAY['1', '1e3', '1.0', '"1"', '-1', 'true', '253402300799999', '253402300800000', '9223372036854775807', '99999999999999999999']) v,
	flagplane.handle('POST', '/api/v2/flag-links/projects/links/flags/flag', '{}', '{"timestamp": ' || v || '}') r;
-- A key may look like another link's id: the id goes first.
SELECT flagplane.create_flag_link('links', 'flag', 'first')->>'_id' AS id \gset
SELECT flagplane.create_flag_link('links', 'flag', :'id')->>'_key' = :'id' AS made;
SELECT flagplane.get_flag_link('links', 'flag', :'id')->>'_key';
