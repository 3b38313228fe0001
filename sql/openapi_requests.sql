-- The OpenAPI document types what is sent: instructions, rules, clauses, targets, rollouts and iterations; an
-- example of each request is there, matches its schema, and is accepted.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
BEGIN;
CREATE TEMP TABLE document AS SELECT flagplane.openapi()::jsonb AS root;
CREATE TEMP TABLE request AS
SELECT p.key AS path, upper(m.key) AS method, m.value->>'operationId' AS name, m.value->'parameters' AS parameters,
	m.value #> '{requestBody,content,application/json}' AS body
FROM document, jsonb_each(root->'paths') p, jsonb_each(p.value) m WHERE p.key <> '/api/v2/openapi.json';
-- Nothing is an object or a list without saying of what.
SELECT s.key AS untyped FROM document, jsonb_each(root #> '{components,schemas}') s
WHERE s.value @? '$.** ? (@.type == "object" && !exists(@.properties) && !exists(@.additionalProperties))'
OR s.value @? '$.** ? (@.type == "array" && !exists(@.items))';
SELECT s.key AS list_of_anything, p.key AS member
	FROM document, jsonb_each(root #> '{components,schemas}') s, jsonb_each(s.value->'properties') p WHERE p.value->'items' = '{}';
-- No member of a body has a default: generators take it for required. A parameter of the query string may.
SELECT s.key AS with_default FROM document, jsonb_each(root #> '{components,schemas}') s WHERE s.value @? '$.**.default';
SELECT s.key, p.key AS member, p.value AS told
	FROM document, jsonb_each(root #> '{components,schemas}') s, jsonb_each(s.value->'properties') p WHERE p.value->>'description' ~ 'Default';
-- Instructions are one of the kinds that the code knows: what it names when it refuses another one.
SELECT t.project('openapi-requests') IS NOT NULL AS made;
SELECT flagplane.create_flag('openapi-requests', 'f', 'F')->>'key' AS flag, flagplane.create_layer('openapi-requests', 'l', 'L', '')->>'key' AS layer, flagplane.create_segment('openapi-requests', 'test', 's', 'S')->>'key' AS segment,
	flagplane.create_experiment('openapi-requests', 'test', 'x', 'X')->>'key' AS experiment;
CREATE TEMP TABLE kind AS
SELECT b.name, i->>'title' AS title, i AS schema FROM (VALUES ('FlagSemanticPatch'), ('UpdateLayer'), ('UpdateExperiment'), ('SegmentSemanticPatch')) b(name), document,
	jsonb_array_elements(root #> ARRAY['components', 'schemas', b.name, 'properties', 'instructions', 'items', 'oneOf']) i;
CREATE TEMP TABLE patched AS SELECT *
FROM (VALUES ('FlagSemanticPatch', 'flags/openapi-requests/f'), ('UpdateLayer', 'projects/openapi-requests/layers/l'),
	('SegmentSemanticPatch', 'segments/openapi-requests/test/s'),
	('UpdateExperiment', 'projects/openapi-requests/environments/test/experiments/x')) u(name, path);
SELECT u.name, h.body::jsonb #>> '{errors,0,reason}' AS refused
FROM patched u, flagplane.handle('PATCH', '/api/v2/' || u.path, '{}', '{"instructions": [{"kind": "?"}]}') h ORDER BY 1;
SELECT u.name, k.title AS not_known FROM patched u JOIN kind k ON k.name = u.name,
	flagplane.handle('PATCH', '/api/v2/' || u.path || CASE WHEN u.name LIKE '%SemanticPatch' THEN '?dryRun=true' ELSE '' END, '{}',
		format('{"instructions": [{"kind": "%s", "unknown": 1}]}', k.title)) h
WHERE h.status <> 400 OR h.body::text ~ 'as kind';
SELECT name, title, schema #>> '{properties,kind,const}' = title AS constant, schema->'required' AS required,
	(schema->'properties') - 'kind' AS members FROM kind ORDER BY name, title;
-- What a flag's settings are made of, as answers have it and as requests may.
SELECT s.key, s.value->'required' AS required, (SELECT jsonb_object_agg(p.key, p.value - 'enum'::text) FROM jsonb_each(s.value->'properties') p) AS members
FROM document, jsonb_each(root #> '{components,schemas}') s
WHERE s.key IN ('Rule', 'NewRule', 'Clause', 'NewClause', 'Target', 'Rollout', 'WeightedVariation', 'Fallthrough',
	'Prerequisite', 'Variation', 'NewVariation', 'IterationInput', 'TreatmentInput') ORDER BY 1;
SELECT root #> '{components,schemas,UpdateFlag}' AS patches FROM document;
SELECT root #> '{components,schemas,FlagMergePatch,properties,environments}' AS settings,
	root #> '{components,schemas,FlagConfigurationChange,properties,rules}' AS rules FROM document;

-- Each path parameter has an example, and each body.
SELECT name, p->>'name' AS parameter FROM request, jsonb_array_elements(parameters) p WHERE p->>'in' = 'path' AND NOT p ? 'example';
SELECT name AS without_example FROM request WHERE body IS NOT NULL AND NOT body ? 'example';
-- In this order each example is taken, and is kept as it is.
CREATE FUNCTION pg_temp.example(operation text, replaced jsonb) RETURNS TABLE (status int, answer jsonb) LANGUAGE plpgsql AS $$
DECLARE
	r request := (SELECT q FROM request q WHERE q.name = operation);
	uri text := r.path;
	p record;
BEGIN
	FOR p IN SELECT e->>'name' AS name, coalesce(replaced->>(e->>'name'), e->>'example') AS value
		FROM jsonb_array_elements(r.parameters) e WHERE e->>'in' = 'path' LOOP
		uri := replace(uri, '{' || p.name || '}', p.value);
	END LOOP;
	RETURN QUERY SELECT h.status, h.body::jsonb
		FROM flagplane.handle(r.method, uri, '{"Idempotency-Key": "5a5a5a5a-0000-4000-8000-0000000000aa"}', r.body->>'example') h;
END
$$;
CREATE FUNCTION pg_temp.examples() RETURNS TABLE (operation text, status int, message text) LANGUAGE plpgsql AS $$
DECLARE
	id text;
	answer jsonb;
BEGIN
	FOREACH operation IN ARRAY '{create_members,create_access_token,update_access_token,create_project,update_project,create_environment,update_environment,create_sdk_key,create_flag,update_flag,create_segment,update_segment,import_environment,create_flag_link,update_flag_link,create_layer,create_experiment,update_layer,update_experiment,create_sdk_app,update_sdk_app}'::text[] LOOP
		EXECUTE 'SELECT * FROM pg_temp.example($1, $2)' INTO status, answer USING operation, jsonb_build_object('id', id,
			'appId', id, 'projectId', (SELECT 'prj_' || p.id FROM flagplane_data.project p WHERE p.key = 'acme-coffee'));
		id := coalesce(answer->>'_id', answer->>'appId');
		message := coalesce(answer->>'message', answer #>> '{error,message}');
		RETURN NEXT;
		DELETE FROM flagplane_data.idempotency_key;
	END LOOP;
END
$$;
SELECT * INTO TEMP TABLE taken FROM pg_temp.examples();
SELECT * FROM taken;
SELECT name AS not_taken FROM request WHERE body IS NOT NULL AND name NOT IN (SELECT operation FROM taken);
ROLLBACK;
