-- The OpenAPI document: it says what the table of operations says, refers to nothing that is not there,
-- and what is answered is what it promises.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
BEGIN;
CREATE TEMP TABLE document AS SELECT flagplane.openapi()::jsonb AS root;
SELECT root->>'openapi' AS openapi, root->'info'->>'title' AS title, root->'info'->>'version' = extversion AS this_version
FROM document, pg_extension WHERE extname = 'flagplane';
SELECT flagplane.openapi()::text = flagplane.openapi()::text AS always_the_same;
-- Every request, with its own parameters and its body's members.
CREATE TEMP TABLE request AS
SELECT p.key AS path, upper(m.key) AS method, m.value->>'operationId' AS name, m.value AS described
FROM document, jsonb_each(root->'paths') p, jsonb_each(p.value) m WHERE p.key <> '/api/v2/openapi.json';
CREATE TEMP TABLE field AS
SELECT r.name, p->>'name' AS wire, (p->>'required')::boolean AS required, p->'schema' AS schema
FROM request r, jsonb_array_elements(r.described->'parameters') p WHERE p ? 'name'
UNION ALL SELECT r.name, f.key, s.schema->'required' ? f.key, f.value
FROM request r, document, LATERAL (SELECT root #> string_to_array(substr(r.described #>> '{requestBody,content,application/json,schema,$ref}',
	3), '/') AS schema) s,
	jsonb_each(s.schema->'properties') f;
-- The same requests as in the table of operations, with the same success and scope.
SELECT o.name, o.method, o.path, r.method, r.path FROM (SELECT * FROM flagplane.operations() WHERE path IS NOT NULL) o FULL JOIN request r ON r.name = o.name
WHERE (r.method, r.path) IS DISTINCT FROM (o.method, regexp_replace(o.path, ':(\w+)', '{\1}', 'g'))
OR NOT r.described->'responses' ? o.status::text OR r.described #>> '{security,1,ApiKey,0}' IS DISTINCT FROM o.scope;
SELECT count(*) > 20 AS many FROM request;
-- The same fields as the SQL function has arguments, required where it has no default; a patch is the body itself.
SELECT coalesce(a.name, f.name) AS name, a.wire AS argument, a.required, f.wire, f.required
FROM (SELECT r.name,
	CASE n.name WHEN 'flag_key' THEN CASE r.name WHEN 'create_experiment' THEN 'flagKey' ELSE 'featureFlagKey' END
	WHEN 'filter' THEN CASE r.name WHEN 'list_audit_log' THEN 'q' ELSE 'filter' END WHEN 'id_or_key' THEN 'id'
		ELSE (SELECT string_agg(CASE i WHEN 1 THEN word ELSE initcap(word) END, '' ORDER BY i)
			FROM regexp_split_to_table(n.name, '_') WITH ORDINALITY w(word, i)) END AS wire,
		n.number <= p.pronargs - p.pronargdefaults AS required
	FROM request r JOIN pg_proc p ON p.proname = r.name AND p.pronamespace = 'flagplane'::regnamespace, unnest(p.proargnames) WITH ORDINALITY n(name, number)
	WHERE n.name NOT IN ('idempotency_key', 'patch', 'members', 'payload')) a
FULL JOIN field f ON f.name = a.name AND f.wire = a.wire WHERE (a.required IS DISTINCT FROM f.required);
-- Changes take an idempotency key; one of them requires it.
SELECT o.name FROM request r JOIN flagplane.operations() o ON o.name = r.name WHERE o.changes IS DISTINCT
	FROM (r.described->'parameters' @? '$[*]."$ref" ? (@ like_regex "IdempotencyKey$")');
SELECT name FROM request WHERE described->'parameters' @? '$[*]."$ref" ? (@ like_regex "/RequiredIdempotencyKey$")';
-- Each has a summary, and speaks of no argument by its SQL name, and of no SQLSTATE.
SELECT name, described->'summary', described->'description' FROM request WHERE NOT described ? 'summary' OR described->>'summary' = ''
OR concat(described->>'summary', described->>'description') ~ '[a-z]_[a-z]|Refuses|\m[0-9P][0-9]{4}\M';
-- Every refusal, and which of them each kind of request has.
SELECT r.key AS response, r.value->>'description' AS codes FROM document, jsonb_each(root #> '{components,responses}') r ORDER BY 1;
SELECT DISTINCT o.dialect, o.method, r.described ? 'requestBody' AS body, (SELECT string_agg(s, ' ' ORDER BY s)
	FROM jsonb_object_keys(r.described->'responses') s) AS statuses
FROM request r JOIN flagplane.operations() o ON o.name = r.name ORDER BY 1, 2, 3, 4;
-- What is documented of rate limits, in each dialect's spelling.
SELECT r.key, (SELECT string_agg(h, ' ' ORDER BY h) FROM jsonb_object_keys(r.value->'headers') h)
	FROM document, jsonb_each(root #> '{components,responses}') r WHERE r.key ~ '429$';
SELECT name, (SELECT string_agg(h, ' ' ORDER BY h)
	FROM jsonb_each(described->'responses') a, jsonb_object_keys(a.value->'headers') h WHERE h ~* 'ratelimit') FROM request
	WHERE name IN ('get_layer', 'get_sdk_app');
-- Every kind of rule.
SELECT name, wire, required, schema FROM field
	WHERE (name, wire) IN (('create_environment', 'key'), ('create_environment', 'color'), ('create_environment',
	'defaultTtl'), ('create_environment', 'tags'),
	('create_environment', 'source'), ('create_flag_link', 'deepLink'), ('create_flag_link', 'timestamp'),
		('create_flag_link', 'metadata'), ('create_sdk_app', 'projectId'), ('create_sdk_app', 'platform'),
	('create_sdk_app', 'bundleId'), ('create_sdk_app', 'webDomain'), ('list_environments', 'limit'), ('create_flag', 'temporary')) ORDER BY 1, 2;
-- All that is referred to is there, and every answer is described.
CREATE TEMP TABLE reference AS SELECT DISTINCT r #>> '{}' AS name FROM document, jsonb_path_query(root, '$.**."$ref"') q(r);
SELECT count(*) > 50 AS many FROM reference;
SELECT name AS leads_nowhere FROM reference, document WHERE root #> string_to_array(substr(name, 3), '/') IS NULL;
-- Nothing is there that is not referred to.
SELECT k.key AS kind, n.key AS unused FROM document, jsonb_each(root->'components') k, jsonb_each(k.value) n
WHERE k.key <> 'securitySchemes' AND NOT EXISTS (SELECT FROM reference WHERE name = concat_ws('/', '#/components', k.key, n.key));
SELECT name AS not_described FROM request, jsonb_each(described->'responses') a WHERE a.key IN ('200', '201')
	AND a.value #>> '{content,application/json,schema,$ref}' IS NULL;

-- What breaks a schema: a path and the rule. An object's unknown members break it unless it is open.
CREATE FUNCTION pg_temp.broken(given jsonb, schema jsonb, root jsonb, path text DEFAULT '$',
	open boolean DEFAULT false) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	kind text := jsonb_typeof(given);
	string text := given #>> '{}';
	type text := CASE WHEN kind = 'number' AND string ~ '^-?\d+$' THEN 'integer' ELSE kind END;
BEGIN
	IF schema ? '$ref' THEN
		RETURN QUERY SELECT pg_temp.broken(given, root #> string_to_array(substr(schema->>'$ref', 3), '/'), root, path, open);
	ELSIF schema ? 'anyOf' THEN
		IF NOT EXISTS (SELECT FROM jsonb_array_elements(schema->'anyOf') s WHERE NOT EXISTS (SELECT pg_temp.broken(given, s, root, path, open))) THEN
			RETURN NEXT path || ' anyOf';
		END IF;
	ELSIF schema ? 'oneOf' THEN
		IF 1 <> (SELECT count(*) FROM jsonb_array_elements(schema->'oneOf') s WHERE NOT EXISTS (SELECT pg_temp.broken(given, s, root, path, open))) THEN
			RETURN NEXT path || ' oneOf';
		END IF;
	ELSIF schema ? 'allOf' THEN
		RETURN QUERY SELECT pg_temp.broken(given, s, root, path, true) FROM jsonb_array_elements(schema->'allOf') s;
	ELSIF schema->>'type' <> type THEN
		RETURN NEXT path || ' type';
	ELSE
		RETURN QUERY SELECT path || ' ' || rule FROM (VALUES
			('enum', schema->'enum' @> given),
			('const', schema->'const' = given),
			('pattern', string ~ (schema->>'pattern')),
			('minLength', length(string) >= (schema->>'minLength')::int),
			('maxLength', length(string) <= (schema->>'maxLength')::int),
			('minimum', CASE kind WHEN 'number' THEN given::numeric >= (schema->>'minimum')::numeric END),
			('maximum', CASE kind WHEN 'number' THEN given::numeric <= (schema->>'maximum')::numeric END),
			('maxItems', CASE kind WHEN 'array' THEN jsonb_array_length(given) <= (schema->>'maxItems')::int END)) r(rule, held) WHERE NOT held;
		IF kind = 'array' THEN
			RETURN QUERY SELECT pg_temp.broken(v, schema->'items', root, path || '[' || i - 1 || ']', open)
				FROM jsonb_array_elements(given) WITH ORDINALITY e(v, i) WHERE schema ? 'items';
		ELSIF kind = 'object' THEN
			RETURN QUERY SELECT path || '.' || r || ' required' FROM jsonb_array_elements_text(schema->'required') r WHERE NOT given ? r;
			RETURN QUERY SELECT pg_temp.broken(v, coalesce(schema->'properties'->k, schema->'additionalProperties'), root, path || '.' || k, open)
				FROM jsonb_each(given) e(k, v)
				WHERE schema->'properties' ? k OR jsonb_typeof(schema->'additionalProperties') = 'object';
			RETURN QUERY SELECT path || '.' || k || ' unknown' FROM jsonb_object_keys(given) k WHERE NOT open
				AND schema ? 'properties' AND NOT schema->'properties' ? k;
		END IF;
	END IF;
END
$$;
-- It finds what is wrong.
SELECT pg_temp.broken(v,
	'{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"type": "array", "items": {"type": "string", "pattern": "^x$"}}}}',
	'{}')
FROM unnest(ARRAY['{"a": 1, "b": ["x"]}', '{"a": 0}', '{"b": ["x", "y"], "c": 1}', '[]']::jsonb[]) v;
SELECT pg_temp.broken(v,
	'{"type": "array", "items": {"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}}}, {"type": "object", "properties": {"kind": {"const": "b"}, "n": {"type": "integer"}}}]}}',
	'{}')
FROM unnest(ARRAY['[{"kind": "a"}, {"kind": "b", "n": 1}]', '[{"kind": "a", "n": 1}]', '[{}]', '[{"kind": "c"}]']::jsonb[]) v;
-- No example breaks its schema.
SELECT name, pg_temp.broken(described #> '{requestBody,content,application/json,example}',
	described #> '{requestBody,content,application/json,schema}', root) FROM request, document WHERE described ? 'requestBody';
SELECT name, p->>'name' AS wire, pg_temp.broken(p->'example', p->'schema', root)
	FROM request, document, jsonb_array_elements(described->'parameters') p WHERE p ? 'example';

-- A request, and what its body and its answer break of the document.
CREATE FUNCTION pg_temp.promised(operation text, uri text, body text DEFAULT NULL, headers jsonb DEFAULT '{}',
	OUT status int, OUT request_breaks text[], OUT answer_breaks text[], OUT answer json) LANGUAGE plpgsql AS $$
DECLARE
	root jsonb := (SELECT d.root FROM document d);
	described jsonb := (SELECT r.described FROM request r WHERE r.name = operation);
	response jsonb;
BEGIN
	IF body LIKE '%":plan"%' THEN
		body := replace(body, '":plan"', t.plan('openapi', 'f')::text);
	END IF;
	SELECT h.status, h.body INTO STRICT status, answer
		FROM request r, flagplane.handle(r.method, promised.uri, promised.headers, promised.body) h WHERE r.name = operation;
	IF body IS NOT NULL THEN
		request_breaks := ARRAY(SELECT pg_temp.broken(body::jsonb, described #> '{requestBody,content,application/json,schema}', root));
	END IF;
	response := described->'responses'->status::text;
	IF response ? '$ref' THEN
		response := root #> string_to_array(substr(response->>'$ref', 3), '/');
	END IF;
	answer_breaks := CASE WHEN response IS NULL THEN '{"no such status"}' WHEN answer IS NULL AND NOT response ? 'content' THEN '{}'
		ELSE ARRAY(SELECT pg_temp.broken(answer::jsonb, response #> '{content,application/json,schema}', root)) END;
END
$$;
SELECT t.project('openapi') IS NOT NULL AS made;
SELECT 'prj_' || id AS project FROM flagplane_data.project WHERE key = 'openapi' \gset
SELECT flagplane.create_member('openapi@example.com', first_name => 'Open')->>'_id' AS member \gset
SELECT json_build_object('Authorization', flagplane.create_access_token('openapi', '{*}', member_id => :'member')->>'token') AS token \gset
CREATE TEMP TABLE call (number int GENERATED ALWAYS AS IDENTITY, operation text, uri text, body text, headers jsonb DEFAULT '{}');
INSERT INTO call (operation, uri, body) VALUES
('whoami', '/v1/whoami', NULL),
('get_caller_identity', '/api/v2/caller-identity', NULL),
('create_project', '/api/v2/projects',
	'{"key": "openapi-2", "name": "P", "tags": ["a"], "environments": [{"key": "e", "name": "E", "color": "aaBB00"}], "defaultClientSideAvailability": {"usingMobileKey": true}}'),
('get_project', '/api/v2/projects/openapi', NULL),
('list_projects', '/api/v2/projects?limit=1', NULL),
('get_project', '/api/v2/projects/openapi?expand=environments', NULL),
('update_project', '/api/v2/projects/openapi', '[{"op": "add", "path": "/namingConvention", "value": {"case": "camelCase"}}]'),
('update_project', '/api/v2/projects/openapi', '{"comment": "c", "patch": [{"op": "copy", "from": "/key", "path": "/name"}]}'),
('list_audit_log', '/api/v2/auditlog?limit=3', NULL),
('create_members', '/api/v2/members', '[{"email": "openapi-1@example.com", "role": "writer"}, {"email": "openapi-2@example.com", "firstName": "O"}]'),
('list_members', '/api/v2/members?limit=2', NULL),
('get_member', '/api/v2/members/:member', NULL),
('create_access_token', '/api/v2/tokens',
	'{"name": "openapi-by-path", "role": "reader", "description": "D", "serviceToken": true, "defaultApiVersion": 20240415, "projects": ["openapi"]}'),
('create_access_token', '/api/v2/tokens', '{"name": "", "scopes": ["none"], "serviceToken": 1}'),
('get_access_token', '/api/v2/tokens/:token', NULL),
('list_access_tokens', '/api/v2/tokens?showAll=true', NULL),
('update_access_token', '/api/v2/tokens/:token', '[{"op": "remove", "path": "/description"}]'),
('reset_access_token', '/api/v2/tokens/:token/reset', NULL),
('delete_access_token', '/api/v2/tokens/:token', NULL),
('get_audit_log_entry', '/api/v2/auditlog/:entry', NULL),
('get_partner_project', '/v1/projects/:project', NULL),
('list_partner_projects', '/v1/projects?limit=1', NULL),
('create_flag', '/api/v2/flags/openapi',
	'{"key": "f", "name": "F", "variations": [{"value": {"a": 1}, "name": "one"}, {"value": null, "description": "none"}], "defaults": {"onVariation": 0, "offVariation": 1}, "tags": ["b"]}'),
('create_environment', '/api/v2/projects/openapi/environments',
	'{"key": "e", "name": "E", "color": "DADBEE", "defaultTtl": 60, "source": {"key": "test", "version": 1}}'),
('get_environment', '/api/v2/projects/openapi/environments/e', NULL),
('list_environments', '/api/v2/projects/openapi/environments', NULL),
('update_environment', '/api/v2/projects/openapi/environments/e',
	'[{"op": "replace", "path": "/approvalSettings/serviceKind", "value": "jira"}, {"op": "replace", "path": "/approvalSettings/autoApplyApprovedChanges", "value": true}]'),
('update_environment', '/api/v2/projects/openapi/environments/e', '[{"op": "replace", "path": "/nothing", "value": 1}]'),
('reset_environment_sdk_key', '/api/v2/projects/openapi/environments/e/apiKey?expiry=253402300799999', NULL),
('reset_environment_mobile_key', '/api/v2/projects/openapi/environments/e/mobileKey', NULL),
('create_sdk_key', '/api/v2/projects/openapi/environments/e/sdk-keys', '{"name": "k", "expiry": 253402300799999}'),
('create_sdk_key', '/api/v2/projects/openapi/environments/e/sdk-keys', '{"name": "l"}'),
('list_sdk_keys', '/api/v2/projects/openapi/environments/e/sdk-keys', NULL),
('delete_sdk_key', '/api/v2/projects/openapi/environments/e/sdk-keys/k', NULL),
('get_flag', '/api/v2/flags/openapi/f', NULL),
('list_flags', '/api/v2/flags/openapi', NULL),
('update_flag', '/api/v2/flags/openapi/f', '{"customProperties": {"k": {"name": "K", "value": ["v"]}}}'),
('update_flag', '/api/v2/flags/openapi/f', '[{"op": "remove", "path": "/environments/e/offVariation"}]'),
('update_flag', '/api/v2/flags/openapi/f',
	'{"environments": {"test": {"on": true, "offVariation": null, "targets": [{"values": ["ada"], "variation": 1, "contextKind": "user"}], "rules": [{"clauses": [{"attribute": "country", "op": "in", "values": ["de"], "negate": false}], "rollout": {"variations": [{"variation": 0, "weight": 60000}, {"variation": 1, "weight": 40000}], "bucketBy": "key"}, "trackEvents": false}]}}}'),
('update_flag', '/api/v2/flags/openapi/f',
	'{"comment": "c", "merge": {"environments": {"test": {"fallthrough": {"rollout": {"kind": "experiment", "seed": 7, "variations": [{"variation": 0, "weight": 100000, "untracked": true}]}, "variation": null}}}}}'),
('update_flag', '/api/v2/flags/openapi/f', '{"environmentKey": "test", "instructions": [{"kind": "turnFlagOff"}, {"kind": "addTags", "values": ["x"]}]}'),
('update_flag', '/api/v2/flags/openapi/f', '{"environmentKey": "test", "instructions": [{"kind": "frobnicate"}]}'),
('import_environment', '/api/v2/projects/openapi/environments/test/import', '{"flags": {"imported": {"version": 1, "variations": [1, 2], "fallthrough": {"variation": 0}}}, "segments": {}}'),
('import_environment', '/api/v2/projects/openapi/environments/test/import', '{"segments": {}}'),
('create_segment', '/api/v2/segments/openapi/test', '{"key": "s", "name": "S", "description": "d", "tags": ["t"], "unbounded": false}'),
('list_segments', '/api/v2/segments/openapi/test?limit=1&sort=name', NULL),
('get_segment', '/api/v2/segments/openapi/test/s', NULL),
('update_segment', '/api/v2/segments/openapi/test/s', '{"comment": "c", "environmentKey": "test", "instructions": [{"kind": "addIncludedTargets", "contextKind": "org", "values": ["acme"]}, {"kind": "addRule", "clauses": [{"attribute": "email", "op": "endsWith", "values": [".edu"]}], "description": "d"}]}'),
('update_segment', '/api/v2/segments/openapi/test/s', '{"rules": [{"clauses": [{"attribute": "email", "op": "endsWith", "values": [".edu"], "negate": true}], "weight": 10000, "bucketBy": "name", "rolloutContextKind": "org"}]}'),
('update_segment', '/api/v2/segments/openapi/test/s', '{"comment": "c", "merge": {"excludedContexts": [{"values": ["a"]}]}}'),
('update_segment', '/api/v2/segments/openapi/test/s', '[{"op": "add", "path": "/included/-", "value": "a"}]'),
('update_segment', '/api/v2/segments/openapi/test/s', '{"rules": [{"weight": 1}]}'),
('delete_segment', '/api/v2/segments/openapi/test/s', NULL),
('create_layer', '/api/v2/projects/openapi/layers', '{"key": "l", "name": "L", "description": "", "randomizationUnit": "user"}'),
('create_layer', '/api/v2/projects/openapi/layers', '{"key": "m", "name": "M", "description": ""}'),
('get_layer', '/api/v2/projects/openapi/layers/l', NULL),
('list_layers', '/api/v2/projects/openapi/layers', NULL),
('create_experiment', '/api/v2/projects/openapi/environments/test/experiments',
	'{"key": "x", "name": "X", "flagKey": "f", "randomizationUnit": "user", "iteration": ":plan"}'),
('update_layer', '/api/v2/projects/openapi/layers/l',
	'{"comment": "c", "environmentKey": "test", "instructions": [{"kind": "updateExperimentReservation", "experimentKey": "x", "reservationPercent": 10}]}'),
('update_experiment', '/api/v2/projects/openapi/environments/test/experiments/x', '{"instructions": [{"kind": "startIteration"}]}'),
('update_layer', '/api/v2/projects/openapi/layers/l', '{"environmentKey": "test", "instructions": [{"kind": "removeExperiment", "experimentKey": "x"}]}'),
('get_experiment', '/api/v2/projects/openapi/environments/test/experiments/x?expand=rollout', NULL),
('delete_layer', '/api/v2/projects/openapi/layers/l', NULL),
('update_experiment', '/api/v2/projects/openapi/environments/test/experiments/x', '{"instructions": [{"kind": "stopIteration"}]}'),
('get_experiment', '/api/v2/projects/openapi/environments/test/experiments/x', NULL),
('update_experiment', '/api/v2/projects/openapi/environments/test/experiments/x', '{"instructions": [{"kind": "archiveExperiment"}]}'),
('list_experiments', '/api/v2/projects/openapi/environments/test/experiments', NULL),
('delete_experiment', '/api/v2/projects/openapi/environments/test/experiments/x', NULL),
('delete_layer', '/api/v2/projects/openapi/layers/l', NULL),
('create_flag_link', '/api/v2/flag-links/projects/openapi/flags/f', '{}'),
('create_flag_link', '/api/v2/flag-links/projects/openapi/flags/f',
	'{"key": "k", "integrationKey": "github", "metadata": {"prNumber": "1"}, "timestamp": 1, "deepLink": "https://example.com/", "title": "T", "description": "D"}'),
('get_flag_link', '/api/v2/flag-links/projects/openapi/flags/f/k', NULL),
('update_flag_link', '/api/v2/flag-links/projects/openapi/flags/f/:link', '[{"op": "add", "path": "/title", "value": "T"}]'),
('list_flag_links', '/api/v2/flag-links/projects/openapi/flags/f', NULL),
('create_sdk_app', '/v1/projects/:project/sdk-apps', '{"name": "A", "platform": "web", "webDomain": "openapi.example.com"}'),
('get_sdk_app', '/v1/projects/:project/sdk-apps/:app', NULL),
('update_sdk_app', '/v1/projects/:project/sdk-apps/:app', '{"name": "B", "capi": {"meta": {"enabled": true}}, "rotateKey": true}'),
('list_sdk_apps', '/v1/projects/:project/sdk-apps', NULL),
-- What is refused breaks the document's rules for the body where they can express it, and is refused as it says.
('create_environment', '/api/v2/projects/openapi/environments',
	'{"key": "-", "name": "", "color": "#00000", "defaultTtl": 61, "tags": ["a b"], "surplus": 1}'),
('create_environment', '/api/v2/projects/openapi/environments', '{"key": "e", "name": "E", "color": "000000"}'),
('create_flag_link', '/api/v2/flag-links/projects/openapi/flags/f', '{"deepLink": "ftp://example.com/", "timestamp": -1, "metadata": {"a": 1}}'),
('create_flag', '/api/v2/flags/openapi', '{"key": "g", "name": "G", "variations": {}, "temporary": 1}'),
('get_layer', '/api/v2/projects/openapi/layers/none', NULL),
('create_sdk_app', '/v1/projects/:project/sdk-apps', '{"name": "A", "platform": "amiga", "bundleId": "..", "appId": "app_1"}'),
('create_sdk_app', '/v1/projects/:project/sdk-apps', '{"name": "A", "platform": "web", "webDomain": "openapi.example.com"}'),
('get_sdk_app', '/v1/projects/:project/sdk-apps/none', NULL),
('list_sdk_apps', '/v1/projects/:project/sdk-apps?limit=101', NULL),
('delete_sdk_app', '/v1/projects/:project/sdk-apps/:app', NULL),
('delete_flag_link', '/api/v2/flag-links/projects/openapi/flags/f/k', NULL),
('delete_flag', '/api/v2/flags/openapi/f', NULL),
('delete_environment', '/api/v2/projects/openapi/environments/e', NULL),
('delete_project', '/api/v2/projects/openapi-2', NULL);
UPDATE call SET headers = :'token', uri = replace(uri, ':project', :'project');
UPDATE call SET headers = headers || jsonb_build_object('Idempotency-Key', '5a5a5a5a-0000-4000-8000-' || lpad(number::text, 12, '0'))
	WHERE operation = 'create_sdk_app';
CREATE FUNCTION pg_temp.all_calls() RETURNS TABLE (operation text, status int, request_breaks text[], answer_breaks text[]) LANGUAGE plpgsql AS $$
DECLARE
	c call;
	p record;
BEGIN
	FOR c IN SELECT * FROM call ORDER BY number LOOP
		p := pg_temp.promised(c.operation, replace(replace(replace(replace(replace(c.uri, ':member', coalesce((SELECT m.id
			FROM flagplane_data.member m WHERE m.email = 'openapi-1@example.com'), '')), ':token', coalesce((SELECT k.id
			FROM flagplane_data.access_token k
			WHERE k.name = 'openapi-by-path'), '')), ':entry', flagplane.list_audit_log("limit" => 1) #>> '{items,0,_id}'), ':link', coalesce((SELECT k.id
			FROM flagplane_data.flag_link k WHERE k.key = 'k' AND k.title = 'T'), '')), ':app', coalesce((SELECT 'app_' || a.id
			FROM flagplane_data.sdk_app a WHERE a.web_domain = 'openapi.example.com'), '')), c.body, c.headers);
		operation := c.operation;
		status := p.status;
		request_breaks := p.request_breaks;
		answer_breaks := p.answer_breaks;
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.all_calls();
SELECT name AS not_called FROM request WHERE name NOT IN (SELECT operation FROM call);

-- Anybody may read it: a role without rights on the data, with a token, without one, with a bad one.
CREATE ROLE fp_reader;
GRANT USAGE ON SCHEMA flagplane TO fp_reader;
GRANT EXECUTE ON FUNCTION flagplane.openapi(), flagplane.handle(text, text, jsonb, text) TO fp_reader;
SET ROLE fp_reader;
SELECT status, headers, body::text = flagplane.openapi()::text AS the_document FROM unnest(ARRAY['{}', :'token', '{"Authorization": "bad"}']) h,
	flagplane.handle('GET', '/api/v2/openapi.json?a=b', h::jsonb) a;
SELECT status, headers, body FROM flagplane.handle('POST', '/api/v2/openapi.json');
SELECT status FROM flagplane.handle('GET', '/api/v2/openapi.json/');
SELECT status FROM flagplane.handle('GET', '/api/v2/projects');
ROLLBACK;
