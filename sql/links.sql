-- A crawler: every link of every answer leads somewhere, or is not there.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
BEGIN;
TRUNCATE flagplane_data.account CASCADE;
TRUNCATE flagplane_data.audit_log;
SELECT t.project('links') IS NOT NULL AS made;
SELECT flagplane.create_member('ada@example.com', 'owner', 'Ada', 'L')->>'_id' AS member \gset
SELECT flagplane.create_access_token('crawler', role => 'admin', member_id => :'member')->>'token' AS token \gset
-- One of everything that can be made, by its member, so that the answers are as full as they can be; twice, so that there are pages.
CREATE TEMP TABLE made AS SELECT n, c.method, c.uri, h.status, h.headers, h.body
FROM (VALUES (1, 'POST', 'flags/links', '{"key": "f1", "name": "F"}'), (2, 'POST', 'flags/links', '{"key": "f2", "name": "F", "initialPrerequisites": []}'),
	(3, 'POST', 'projects/links/layers', '{"key": "l1", "name": "L", "description": ""}'), (4, 'POST',
		'projects/links/environments', '{"key": "e1", "name": "E", "color": "000000"}'),
	(5, 'POST', 'flag-links/projects/links/flags/f1',
		'{"key": "k1", "integrationKey": "github", "deepLink": "https://example.com/", "title": "T"}'), (6, 'POST',
		'flag-links/projects/links/flags/f1', '{"deepLink": "https://example.com/2"}'),
	(7, 'POST', 'projects/links/environments/test/experiments',
		'{"key": "x1", "name": "X", "iteration": {"hypothesis": "h", "flags": {"f1": {"ruleId": "fallthrough", "flagConfigVersion": 1}}, "metrics": [{"key": "m"}], "primarySingleMetricKey": "m", "treatments": [{"name": "T", "baseline": true, "allocationPercent": "100", "parameters": []}]}}'),
	(8, 'POST', 'projects/links/environments/test/experiments', '{"key": "x2", "name": "X"}'), (9, 'PATCH',
		'projects/links/layers/l1',
		'{"environmentKey": "test", "instructions": [{"kind": "updateExperimentReservation", "experimentKey": "x1", "reservationPercent": 10}]}'),
	(10, 'POST', 'tokens', '{"name": "second", "role": "reader", "serviceToken": false, "description": "D", "defaultApiVersion": 20240415}'),
		(11, 'POST', 'members', '[{"email": "grace@example.com"}, {"email": "joan@example.com", "firstName": "Joan"}]'),
	(12, 'POST', 'projects', '{"key": "links-2", "name": "P"}'), (13, 'PATCH', 'flags/links/f1',
		'{"environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}')) c(n, method, uri, body),
	flagplane.handle(c.method, '/api/v2/' || c.uri, jsonb_build_object('Authorization', :'token'), c.body) h;
SELECT method, uri, status FROM made WHERE status NOT IN (200, 201);
-- An SDK app, which Layers' clients make.
SELECT h.status
	FROM flagplane_data.project p, flagplane.handle('POST', format('/v1/projects/%s/sdk-apps', p.id),
	jsonb_build_object('Authorization', 'Bearer ' || :'token', 'Idempotency-Key', '5a5a5a5a-0000-4000-8000-0000000000ab'),
	'{"name": "A", "platform": "expo"}') h WHERE p.key = 'links';
-- From every list, and what is left out of lists, on through all links until there are no new ones; and through the places of what was made.
CREATE TEMP TABLE page (uri text PRIMARY KEY, found_in text, status int, body json);
INSERT INTO page SELECT u, 'the start'
	FROM unnest(ARRAY['projects?limit=1', 'projects?limit=1&offset=1&expand=environments',
	'flags/links?limit=1&sort=-key&summary=0', 'projects/links/layers', 'projects/links/environments?limit=1',
	'projects/links/environments/test/experiments?limit=1&lifecycleState=active,archived',
	'flag-links/projects/links/flags/f1', 'tokens?limit=1&showAll=true', 'members?limit=1&sort=displayName',
		'auditlog?limit=20', 'caller-identity']) v, LATERAL (SELECT '/api/v2/' || v AS u) w;
-- What answers to changes link to.
INSERT INTO page SELECT DISTINCT ON (1) l.value->>'href', m.method || ' ' || m.uri
	FROM made m, jsonb_path_query(m.body::jsonb, '$.**._links') s, jsonb_each(s) l WHERE l.value->>'href' LIKE '/%' ORDER BY 1 ON CONFLICT DO NOTHING;
INSERT INTO page SELECT headers->>'Location', 'Location of ' || uri FROM made WHERE headers ? 'Location' ON CONFLICT DO NOTHING;
CREATE FUNCTION pg_temp.crawl(token text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	p page;
	rounds int := 0;
BEGIN
	WHILE EXISTS (SELECT FROM page WHERE status IS NULL) AND rounds < 40 LOOP
		rounds := rounds + 1;
		FOR p IN SELECT * FROM page WHERE status IS NULL LOOP
			UPDATE page q SET (status, body) = (SELECT h.status, h.body
				FROM flagplane.handle('GET', p.uri, jsonb_build_object('Authorization', token)) h) WHERE q.uri = p.uri;
		END LOOP;
		-- Not those to pages for people (_site), nor those of a document as it once was.
		INSERT INTO page SELECT DISTINCT ON (1) l.value->>'href', q.uri
			FROM page q, jsonb_path_query(q.body::jsonb - '{previousVersion,currentVersion}'::text[], '$.**._links') s, jsonb_each(s) l
			WHERE l.value->>'href' LIKE '/%' ORDER BY 1 ON CONFLICT DO NOTHING;
	END LOOP;
	RETURN rounds;
END
$$;
SELECT pg_temp.crawl(:'token') < 40 AS came_to_an_end;
SELECT t.mask(uri) AS dead, t.mask(found_in) AS found_in, status FROM page WHERE status <> 200 ORDER BY 1;
-- Every kind of address was there.
SELECT DISTINCT regexp_replace(regexp_replace(uri, '\?.*', '?'), '[0-9a-f]{24,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<id>', 'g') AS address
	FROM page ORDER BY 1;
-- What is no link by name and looks like one: every other path in an answer.
SELECT DISTINCT p.value AS other_path FROM page q, jsonb_path_query(q.body::jsonb, '$.**.href') h(value), LATERAL (SELECT h.value #>> '{}' AS value) p
	WHERE p.value LIKE '/api/%' AND p.value NOT IN (SELECT uri FROM page);
-- What goes takes the links to it along: those of the audit log, too.
SELECT flagplane.delete_flag_link('links', 'f1', 'k1') IS NULL AND flagplane.delete_flag('links', 'f2') IS NULL
	AND flagplane.delete_experiment('links', 'test', 'x1') IS NULL AND flagplane.delete_layer('links', 'l1') IS NULL
	AND flagplane.delete_environment('links', 'e1') IS NULL
	AND flagplane.delete_project('links-2') IS NULL AND flagplane.delete_access_token((SELECT id
		FROM flagplane_data.access_token WHERE name = 'second')) IS NULL
		AND flagplane.delete_sdk_app('links', (SELECT 'app_' || id FROM flagplane_data.sdk_app)) IS NULL AS gone;
DELETE FROM page WHERE uri !~ '\?' OR found_in <> 'the start';
UPDATE page SET status = NULL, body = NULL;
SELECT pg_temp.crawl(:'token') < 40 AS came_to_an_end;
SELECT t.mask(uri) AS dead, t.mask(found_in) AS found_in, status FROM page WHERE status <> 200 ORDER BY 1;
SELECT count(*) FILTER (WHERE e #>> '{target,_links,canonical}' IS NULL) AS gone,
	count(*) FILTER (WHERE e #>> '{target,_links,canonical}' IS NOT NULL) AS there
	FROM json_array_elements(flagplane.list_audit_log("limit" => 100)->'items') e;
ROLLBACK;
