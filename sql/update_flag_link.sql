-- PATCH of flag links: title and description, nothing else.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('linked') IS NOT NULL AS made;
SELECT flagplane.create_flag('linked', 'f', 'F') IS NOT NULL AS made;
SELECT flagplane.create_flag_link('linked', 'f', 'k', 'github', 1655342199935, 'https://example.com/1', 'One', 'First',
	'{"state": "open"}')->>'_id' AS id \gset
CREATE FUNCTION pg_temp.patch(id text, body text, flag text DEFAULT 'f') RETURNS text LANGUAGE sql AS $$
	SELECT r.status || ' ' || r.headers || ' ' || r.body FROM t.rest('PATCH', '/api/v2/flag-links/projects/linked/flags/' || flag || '/' || id, body) r
$$;
SELECT pg_temp.patch(:'id', '[{"op": "replace", "path": "/title", "value": "Updated flag link title"}]');
SELECT pg_temp.patch(:'id', '{"comment": "no words", "patch": [{"op": "remove", "path": "/description"}, {"op": "test", "path": "/_key", "value": "k"}]}');
SELECT pg_temp.patch(:'id', '[{"op": "add", "path": "/description", "value": "Again"}, {"op": "copy", "from": "/description", "path": "/title"}]');
SELECT flagplane.update_flag_link('linked', 'f', :'id', '[{"op": "replace", "path": "/title", "value": ""}]')->>'title' AS empty;
SELECT before->>'title' AS before, after->>'title' AS after FROM flagplane_data.audit_log WHERE operation = 'update_flag_link' ORDER BY epoch, xid, ordinal;
-- Nothing changed: no row.
SELECT pg_temp.patch(:'id', '[]') ~ '^200 ' AS good, count(*) AS rows FROM flagplane_data.audit_log WHERE operation = 'update_flag_link';
-- Refused.
SELECT b, pg_temp.patch(:'id', b) FROM unnest(ARRAY[
	'[{"op": "replace", "path": "/_deepLink", "value": "https://example.com/2"}]',
		'[{"op": "replace", "path": "/_key", "value": "l"}, {"op": "add", "path": "/key", "value": "l"}]',
	'[{"op": "replace", "path": "/_metadata/state", "value": "closed"}]',
		'[{"op": "replace", "path": "/title", "value": 1}]', '[{"op": "replace", "path": "/nothing", "value": 1}]',
	'[{"op": "replace", "path": "/_timestamp/seconds", "value": 1}]', '[{"op": "remove", "path": "/_member"}]',
		'[{"op": "test", "path": "/title", "value": "One"}]', '{"title": "x"}']) b;
SELECT left(pg_temp.patch(:'id', json_build_array(json_build_object('op', 'replace', 'path', '/title', 'value', repeat('x', 4097)))::text), 120);
-- By its id, not by its key.
SELECT pg_temp.patch('k', '[]'), pg_temp.patch(:'id', '[]', 'g');
