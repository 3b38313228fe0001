-- Projects: changed by a patch, shown with their environments, and in the shape of Layers' Partner API.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('changed') AS id \gset
CREATE FUNCTION pg_temp.patch(body text, headers jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT r.status || ' ' || r.headers || ' ' || (r.body::jsonb - 'environments' - '_links')::text
		FROM t.rest('PATCH', '/api/v2/projects/changed', body, headers) r
$$;
-- The calls of Terraform's provider, in its order; PATCH answers with the environments as an array.
SELECT pg_temp.patch('[{"op": "replace", "path": "/name", "value": "Renamed"}, {"op": "replace", "path": "/tags", "value": ["b", "a", "b"]}, {"op": "replace", "path": "/defaultClientSideAvailability", "value": {"usingEnvironmentId": true, "usingMobileKey": false}}]');
SELECT pg_temp.patch('[{"op": "replace", "path": "/requireViewAssociationForNewFlags", "value": true}, {"op": "replace", "path": "/requireViewAssociationForNewSegments", "value": false}]');
SELECT json_array_length(flagplane.update_project('changed',
	'{"patch": [{"op": "replace", "path": "/includeInSnippetByDefault", "value": true}], "comment": "c"}')->'environments') AS environments;
SELECT t.mask(flagplane.get_project('changed')::text);
SELECT r.status, r.headers FROM t.rest('GET', '/api/v2/projects/changed') r;
-- With expand, GET answers with a page of environments as the list of them would.
SELECT (flagplane.get_project('changed', 'environments')->'environments')::jsonb = flagplane.list_environments('changed')::jsonb AS same,
	(SELECT (r.body::jsonb->'environments'->'totalCount') FROM t.rest('GET', '/api/v2/projects/changed?expand=environments') r) AS total;
SELECT count(flagplane.create_environment('changed', 'e' || n, 'E', '000000')) FROM generate_series(3, 21) n;
SELECT json_array_length(e->'items') AS items, e->'totalCount' AS total, e->'_links' AS links
	FROM (SELECT flagplane.get_project('changed', 'environments')->'environments' AS e) p;
SELECT count(p->'environments'->'items') FROM json_array_elements(flagplane.list_projects(filter => 'keys:changed', expand => 'environments')->'items') p;
SELECT count(p->'environments') FROM json_array_elements(flagplane.list_projects(filter => 'keys:changed')->'items') p;
SELECT r.status, r.body FROM t.rest('GET', '/api/v2/projects/changed?expand=flags') r;
-- Refused.
SELECT b, pg_temp.patch(b)
	FROM unnest(ARRAY['[{"op": "replace", "path": "/key", "value": "k"}]',
	'[{"op": "replace", "path": "/name", "value": ""}]', '[{"op": "add", "path": "/environments", "value": []}]',
	'[{"op": "replace", "path": "/tags", "value": ["a b"]}]', '[{"op": "remove", "path": "/name"}]',
		'[{"op": "replace", "path": "/defaultClientSideAvailability/x", "value": true}]',
		'[{"op": "add", "path": "/defaultClientSideAvailability/x", "value": true}]',
	'[{"op": "add", "path": "/namingConvention", "value": {"case": "SpOnGe"}}]',
		'[{"op": "add", "path": "/namingConvention", "value": {"prefix": "-"}}]', '[{"op": "add", "path": "/namingConvention", "value": {"suffix": "x"}}]']) b;
SELECT r.status, r.body FROM t.rest('PATCH', '/api/v2/projects/nosuch', '[]') r;
SELECT left(pg_temp.patch('[{"op": "remove", "path": "/tags/0"}]', '{"If-Match": "\"1\""}'), 110);
SELECT left(pg_temp.patch('[{"op": "remove", "path": "/tags/0"}]', '{"If-Match": "\"4\""}'), 20);
SELECT r.status, r.body FROM t.rest('DELETE', '/api/v2/projects/changed', NULL, '{"If-Match": "\"4\""}') r;

-- A naming convention holds new flags to it.
CREATE FUNCTION pg_temp.tried(convention text, keys text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	k text;
BEGIN
	RETURN NEXT flagplane.update_project('changed', ('[{"op": "add", "path": "/namingConvention", "value": ' || convention || '}]')::jsonb)->>'namingConvention';
	FOREACH k IN ARRAY keys LOOP
		BEGIN
			PERFORM flagplane.create_flag('changed', k, 'F');
			RETURN NEXT k;
			PERFORM flagplane.delete_flag('changed', k);
		EXCEPTION WHEN invalid_parameter_value THEN
			RETURN NEXT SQLERRM;
		END;
	END LOOP;
END
$$;
SELECT string_agg(f, '; ') FROM pg_temp.tried('{"case": "camelCase"}', '{newCheckout,x,a1B,NewCheckout,new-checkout,1new,new_checkout}') f;
SELECT string_agg(f, '; ') FROM pg_temp.tried('{"case": "upperCamelCase"}', '{NewCheckout,X,newCheckout}') f;
SELECT string_agg(f, '; ') FROM pg_temp.tried('{"case": "snakeCase"}', '{new_checkout,x2_3,newCheckout,new__checkout,new_}') f;
SELECT string_agg(f, '; ') FROM pg_temp.tried('{"case": "kebabCase"}', '{new-checkout,new,New-checkout,new_checkout,new-}') f;
SELECT string_agg(f, '; ') FROM pg_temp.tried('{"case": "constantCase"}', '{NEW_CHECKOUT,N1,NEW-CHECKOUT,new_checkout}') f;
SELECT string_agg(f, '; ') FROM pg_temp.tried('{"case": "kebabCase", "prefix": "team."}', '{team.new-checkout,new-checkout,team.New,team.}') f;
SELECT string_agg(f, '; ') FROM pg_temp.tried('{"prefix": "team-"}', '{team-Any.thing,thing}') f;
SELECT string_agg(f, '; ') FROM pg_temp.tried('{}', '{Any.thing}') f;
SELECT flagplane.create_project('named', 'Named', naming_convention => '{"case": "kebabCase", "prefix": null}')->'namingConvention' AS made;

-- Layers' Partner API.
SELECT * FROM t.rest('GET', '/v1/projects/prj_' || :'id');
SELECT flagplane.get_partner_project('changed')::jsonb = flagplane.get_partner_project(:'id')::jsonb AS same;
SELECT * FROM t.rest('GET', '/v1/projects/' || gen_random_uuid());
SELECT * FROM t.rest('GET', '/v1/projects/changed');
SELECT p->>'name' AS name, t.shape(p) FROM json_array_elements(flagplane.list_partner_projects(search => 'NAMED')->'items') p;
-- Page by page, newest first, each once.
CREATE FUNCTION pg_temp.all_pages(size int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	page json;
	cursor text;
BEGIN
	LOOP
		page := flagplane.list_partner_projects(cursor, size);
		RETURN QUERY SELECT p->>'id' FROM json_array_elements(page->'items') p;
		cursor := page->>'nextCursor';
		EXIT WHEN cursor IS NULL;
	END LOOP;
END
$$;
SELECT size, (SELECT array_agg(p) FROM pg_temp.all_pages(size) p) = (SELECT array_agg('prj_' || id
	ORDER BY created_at DESC, id DESC) FROM flagplane_data.project
	WHERE account_id = (SELECT account_id FROM flagplane_data.project WHERE key = 'changed')) AS all_of_them FROM unnest(ARRAY[1, 2, 3, 200]) size;
SELECT flagplane.list_partner_projects(status => 'archived')::text;
SELECT status, body FROM t.rest('GET', '/v1/projects?customerExternalId=customer-1');
SELECT r.status, r.body FROM unnest(ARRAY['cursor=x', 'cursor=' || encode('projects-1:5:x', 'base64'), 'limit=0', 'limit=201', 'status=gone', 'cursor=' ||
	translate(encode(convert_to('projects-' || (SELECT account_id FROM flagplane_data.project
		WHERE key = 'changed') || ':5:' || repeat('-', 36), 'UTF8'), 'base64'), E'\n', '')]) q, t.rest('GET', '/v1/projects?' || q) r;
-- A cursor of another account, or of another list, is none of this one.
SELECT flagplane.list_partner_projects("limit" => 1)->>'nextCursor' AS cursor \gset
SELECT flagplane.create_account('partner', 'Partner') IS NOT NULL AS made;
SET flagplane.account = 'partner';
SELECT t.project('theirs') IS NOT NULL AS made;
SELECT t.try(format('SELECT flagplane.list_partner_projects(%L)', :'cursor'));
SELECT count(*) FROM json_array_elements(flagplane.list_partner_projects()->'items');
RESET flagplane.account;
SELECT t.try(format('SELECT flagplane.list_sdk_apps(%L, %L)', 'changed', :'cursor'));
-- The audit log tells what has changed, and that alone; no key of an environment gets in.
SELECT flagplane.create_project('told', 'Told') IS NOT NULL AS made;
SELECT flagplane.update_project('told', '[{"op": "replace", "path": "/name", "value": "Told again"}]') IS NOT NULL AS changed;
SELECT flagplane.list_audit_log("limit" => 1)->'items'->0->>'description' AS description;
SELECT before->>'name' AS name, before->'environments'->0->>'apiKey' AS before_key, after->'environments'->0->>'apiKey' AS after_key
	FROM flagplane_data.audit_log WHERE operation = 'update_project' AND target = 'proj/told';
