-- Query parameters: each documented one does what is documented, any other is refused with what was perhaps meant; and GET honours If-None-Match.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('query') IS NOT NULL AS made;
SELECT flagplane.create_member('query@example.com')->>'_id' AS member \gset
SELECT flagplane.create_flag('query', 'a', 'Beta', tags => '{x,y}', temporary => false) IS NOT NULL
	AND flagplane.create_flag('query', 'b', 'alpha', tags => '{x}', maintainer_id => :'member') IS NOT NULL
	AND flagplane.create_flag('query', 'c', 'Gamma', client_side_availability => '{"usingEnvironmentId": true, "usingMobileKey": false}') IS NOT NULL
	AND flagplane.create_flag('query', 'd', 'Delta', client_side_availability => '{"usingEnvironmentId": false, "usingMobileKey": false}') IS NOT NULL
		AND flagplane.create_flag('query', 'gone', 'Gone', tags => '{x}') IS NOT NULL AS made;
SELECT flagplane.update_flag('query', 'gone', '{"archived": true}') IS NOT NULL AND flagplane.update_flag('query', 'd', '{"deprecated": true}') IS NOT NULL
	AND flagplane.update_flag('query', 'c', '{"environments": {"test": {"on": true}}}') IS NOT NULL
		AND flagplane.create_experiment('query', 'test', 'x', 'X', flag_key => 'b') IS NOT NULL AS changed;
CREATE FUNCTION pg_temp.ask(uri text, headers jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', h.status, coalesce(t.mask(h.body->>'message'), t.mask(h.body->'error'->>'message'), (h.body->>'totalCount') || ':', '-'),
		(SELECT string_agg(coalesce(e->>'key', e->>'name', e->>'email'), ' ' ORDER BY n) FROM json_array_elements(h.body->'items') WITH ORDINALITY l(e, n)))
	FROM flagplane.handle('GET', uri, headers) h
$$;
-- Flags: archived ones are left out unless they are asked for.
SELECT q, pg_temp.ask('/api/v2/flags/query' || q)
	FROM unnest(ARRAY['', '?archived=true', '?archived=1', '?archived=false', '?archived=x', '?filter=archived:true', '?filter=archived:false',
	'?filter=state:live', '?filter=state:deprecated', '?filter=state:archived', '?filter=state:dead',
		'?filter=state:live,state:archived', '?filter=state:live&archived=true', '?filter=archived:true&archived=true']) WITH ORDINALITY u(q, n) ORDER BY n;
SELECT q, pg_temp.ask('/api/v2/flags/query' || q)
	FROM unnest(ARRAY['?tag=x', '?tag=x&tag=y', '?tag=x,y', '?tag=z', '?tag=x&archived=true', '?filter=tags:x&tag=y',
	'?filter=type:temporary', '?filter=type:permanent', '?filter=type:forever',
	'?filter=maintainerId:' || :'member', '?filter=sdkAvailability:client', '?filter=sdkAvailability:mobile',
		'?filter=sdkAvailability:anyClient', '?filter=sdkAvailability:server', '?filter=hasExperiment:true', '?filter=hasExperiment:false,type:permanent',
	'?filter=creationDate:%7B%22before%22:1%7D', '?filter=creationDate:%7B%22before%22:4102444800000%7D',
		'?filter=creationDate:1', '?filter=creationDate:%7B%22after%22:1%7D', '?filter=evaluated:true', '?filter=query']) WITH ORDINALITY u(q, n)
WHERE q NOT LIKE '%' || :'member' ORDER BY n;
SELECT pg_temp.ask('/api/v2/flags/query?filter=maintainerId:' || :'member') AS by_maintainer;
SELECT q, pg_temp.ask('/api/v2/flags/query?sort=' || q)
	FROM unnest(ARRAY['creationDate', '-creationDate', 'key', '-key', 'name', '-name', 'type,key', '-type,-key', 'tags,key',
	'-maintainerId,key', 'maintainerId,key',
	'targetingModifiedDate', 'targetingModifiedDate&env=test', '-targetingModifiedDate&env=test&env=production',
		'targetingModifiedDate,key&env=test', 'colour', 'KEY', '-']) WITH ORDINALITY u(q, n) ORDER BY n;
-- Environments: several may be named, in one parameter or in several; each page's links keep what was asked for.
SELECT q, string_agg(DISTINCT k, ' ')
	FROM unnest(ARRAY['', '?env=test', '?env=test&env=production', '?env=test,production']) q, flagplane.handle('GET',
	'/api/v2/flags/query/a' || q) h, json_object_keys(h.body->'environments') k GROUP BY q ORDER BY q;
SELECT pg_temp.ask('/api/v2/flags/query?env=test&env=none');
SELECT status, body #>> '{_links,next,href}' AS next
	FROM flagplane.handle('GET',
	'/api/v2/flags/query?limit=1&env=test&env=production&tag=x&archived=false&summary=0&expand=evaluation&sort=-key&filter=query:a');
-- A list of flags shows summaries unless asked otherwise, one flag all of it; nothing is recorded that they could be expanded by.
SELECT q, (SELECT string_agg(k, ' ') FROM json_object_keys(h.body #> '{items,0,environments,test}') k)
	FROM unnest(ARRAY['', '?summary=true', '?summary=1', '?summary=0', '?summary=false']) q, flagplane.handle('GET', '/api/v2/flags/query' || q) h
	ORDER BY q;
SELECT flagplane.list_flags('query', 1, summary => false) #> '{items,0,environments,test,rules}' AS rules,
	flagplane.list_flags('query', 1) #> '{items,0,environments,test,rules}' AS none;
SELECT q, pg_temp.ask('/api/v2/flags/query/a' || q)
	FROM unnest(ARRAY['?expand=evaluation', '?expand=codeReferences,migrationSettings', '?expand=rules', '?summary=0', '?evn=test']) q;
-- The same in SQL.
SELECT e->>'key' AS archived FROM json_array_elements(flagplane.list_flags('query', archived => true)->'items') e;
SELECT e->>'key' AS tagged FROM json_array_elements(flagplane.list_flags('query', tag => 'x,y')->'items') e;
-- A dry run shows the result of a patch, and changes nothing.
SELECT h.status, h.body->>'name' AS name, h.body->>'_version' AS version
	FROM flagplane.handle('PATCH', '/api/v2/flags/query/a?dryRun=true&ignoreConflicts=true',
	'{"Idempotency-Key": "5a5a5a5a-0000-4000-8000-0000000000aa"}', '{"name": "Never", "environments": {"test": {"on": true}}}') h;
SELECT h.status, h.body->>'message' FROM flagplane.handle('PATCH', '/api/v2/flags/query/a?dryRun=true', '{}', '{"name": ""}') h;
SELECT f->>'name' AS name, f->>'_version' AS version, f #>> '{environments,test,on}' AS "on" FROM flagplane.get_flag('query', 'a') f;
SELECT flagplane.update_flag('query', 'a', '{"name": "Never"}', dry_run => true)->>'name' AS told, flagplane.get_flag('query', 'a')->>'name' AS name;
SELECT count(*) AS told_of FROM flagplane_data.audit_log WHERE after->>'name' = 'Never';
SELECT h.status, h.body->>'name' AS name FROM flagplane.handle('PATCH', '/api/v2/flags/query/a?dryRun=false', '{}', '{"name": "Better"}') h;
-- Experiments: active ones unless others are asked for.
SELECT flagplane.create_experiment('query', 'test', 'old', 'Old',
	iteration => '{"metrics": [{"key": "m"}], "primarySingleMetricKey": "p"}') IS NOT NULL
	AND flagplane.archive_experiment('query', 'test', 'old') IS NOT NULL
	AND flagplane.create_experiment('query', 'test', 'y', 'Y', iteration => t.plan('query',
		'd') || '{"metrics": [{"key": "m"}, {"key": "n"}], "primaryFunnelKey": "f"}') IS NOT NULL
		AND flagplane.start_experiment('query', 'test', 'y') IS NOT NULL AS made;
SELECT q, pg_temp.ask('/api/v2/projects/query/environments/test/experiments' || q)
	FROM unnest(ARRAY['', '?lifecycleState=archived', '?lifecycleState=active,archived',
	'?lifecycleState=active&lifecycleState=archived', '?lifecycleState=dead', '?filter=status:running', '?filter=status:walking',
	'?filter=flagKey:b', '?filter=metricKey:n', '?filter=metricKey:f', '?filter=metricKey:p&lifecycleState=archived',
		'?sort=-creationDate', '?expand=treatments', '?expand=x', '?lifecyclestate=active']) WITH ORDINALITY u(q, n) ORDER BY n;
SELECT e, (SELECT string_agg(k, ' ') FROM json_object_keys(flagplane.get_experiment('query', 'test', 'x', e)) k
	WHERE k ~ 'Iteration') FROM unnest(ARRAY[NULL, 'draftIteration', 'draftIteration,treatments']) e;
-- Any other parameter is refused, on every route: with the nearest, with all that there are, or with none; and so is what stands twice and is no list.
SELECT q, pg_temp.ask(q)
	FROM unnest(ARRAY['/api/v2/flags/query?foo=1', '/api/v2/flags/query?tags=x', '/api/v2/flags/query?Archived=true',
	'/api/v2/flags/query?limit=1&limit=2', '/api/v2/flags/query?=1', '/api/v2/flags/query?%zz=1',
	'/api/v2/flags/query?a=%zz', '/api/v2/flags/query?&&limit=1&',
	'/api/v2/flags/query?archived=', '/api/v2/flags/query?archived', '/api/v2/projects?expnad=environments',
		'/api/v2/projects/query?expand=environments&x', '/api/v2/projects/query/environments?page=2',
		'/api/v2/projects/query/environments/test?verbose=1', '/api/v2/projects/query/layers?limit=3',
	'/api/v2/auditlog?filter=x', '/api/v2/auditlog?limt=3', '/v1/projects?limits=3', '/v1/whoami?x=1',
		'/api/v2/caller-identity?x=1#y=2', '/api/v2/members?role=admin', '/api/v2/tokens?showall=true']) WITH ORDINALITY u(q, n) ORDER BY n;
SELECT method, uri, h.status, h.body->>'message'
	FROM (VALUES ('POST', '/api/v2/projects/query/layers?dryRun=true', '{"key": "never", "name": "N", "description": ""}'),
	('DELETE', '/api/v2/flags/query/a?force=true', NULL),
	('POST', '/api/v2/flags/query?clome=a', '{"key": "never", "name": "N"}')) u(method, uri, body), flagplane.handle(method, uri, '{}', body) h;
-- No operation that has a path takes a parameter that it does not name, and each says so.
SELECT o.name, h.status
	FROM flagplane.operations() o, flagplane.handle(o.method, regexp_replace(o.path, ':\w+',
	'9cb958b5-11b5-4e30-8675-5d075d52da7c', 'g') || '?no_such_parameter=1') h
WHERE o.path IS NOT NULL
	AND coalesce(h.body->>'message', h.body->'error'->>'message') NOT LIKE 'no_such_parameter is not a parameter of this request; it takes%';

-- If-None-Match: compared weakly, among several, by *; of what has an ETag.
SELECT flagplane.create_segment('query', 'test', 'known', 'K') IS NOT NULL AS made;
CREATE FUNCTION pg_temp.etag(uri text) RETURNS text LANGUAGE sql AS $$ SELECT headers->>'ETag' FROM flagplane.handle('GET', uri) $$;
CREATE FUNCTION pg_temp.when_changed(uri text, tags text, method text DEFAULT 'GET') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', h.status, CASE WHEN h.body IS NULL THEN 'no body' END,
		CASE WHEN h.headers->>'ETag' = pg_temp.etag(uri) THEN 'its tag' END, h.headers->>'Content-Type')
		FROM flagplane.handle(method, uri, jsonb_build_object('if-none-match', tags)) h
$$;
SELECT u, tags, pg_temp.when_changed('/api/v2/projects/query' || u, tags) FROM unnest(ARRAY['/environments/test']) u,
	unnest(ARRAY['"1"', 'W/"1"', '"0", "1"', '"0",W/"1"', '*', '"0"', 'W/"0"', '', '1', '"1', '1"', '"10"', '"a,b", "1"',
		'"a, "1"', ',,"1",', 'w/"1"', '"1"x']) WITH ORDINALITY g(tags, n) ORDER BY n;
SELECT u, pg_temp.when_changed('/api/v2/' || u, pg_temp.etag('/api/v2/' || u)) AS same,
	pg_temp.when_changed('/api/v2/' || u, 'W/' || pg_temp.etag('/api/v2/' || u), 'HEAD') AS head, pg_temp.when_changed('/api/v2/' || u, '"x"') AS another
FROM unnest(ARRAY['projects/query', 'projects/query?expand=environments', 'projects/query/environments/test',
	'projects/query/environments/test/experiments/x', 'flags/query/a', 'flags/query/a?env=test', 'segments/query/test/known', 'segments/query/test', 'flags/query', 'flags/query?limit=1',
	'projects', 'projects/query/environments', 'projects/query/environments/test/experiments']) u;
SELECT pg_temp.when_changed('/api/v2/flags/query', '*') AS a_list, pg_temp.when_changed('/api/v2/flags/query/none', '*') AS nothing;
-- A list has no version: its tag is that of all it says, and a page has another one.
SELECT pg_temp.etag('/api/v2/segments/query/test') ~ '^"[0-9a-f]{16}"$' AS hash, pg_temp.etag('/api/v2/flags/query') <> pg_temp.etag('/api/v2/flags/query?limit=1') AS pages, pg_temp.etag('/api/v2/segments/query/test') AS segments \gset list_
SELECT :'list_hash' AS hash, :'list_pages' AS pages, flagplane.update_segment('query', 'test', 'known', '{"included": ["u"]}') IS NOT NULL AS changed;
SELECT pg_temp.when_changed('/api/v2/segments/query/test', :'list_segments') AS changed;
-- What a document shows of something else is in its tag too: settings, an environment's name, a new environment.
SELECT pg_temp.etag('/api/v2/flags/query/a') AS flag, pg_temp.etag('/api/v2/projects/query?expand=environments') AS project \gset
SELECT flagplane.update_environment('query', 'test', '[{"op": "replace", "path": "/name", "value": "Renamed"}]') IS NOT NULL AS renamed;
SELECT pg_temp.when_changed('/api/v2/flags/query/a', :'flag') AS flag,
	pg_temp.when_changed('/api/v2/projects/query?expand=environments', :'project') AS project;
SELECT pg_temp.etag('/api/v2/flags/query/a') AS flag \gset
SELECT flagplane.create_environment('query', 'more', 'More', '000000') IS NOT NULL AS made;
SELECT pg_temp.when_changed('/api/v2/flags/query/a', :'flag') AS flag;
-- Such a tag is as good as its version in If-Match.
SELECT pg_temp.etag('/api/v2/flags/query/a') ~ '^"\d+\.[0-9a-f]{16}"$' AS version_and_hash;
SELECT h.status, h.headers->>'ETag' AS etag
	FROM flagplane.handle('PATCH', '/api/v2/flags/query/a', jsonb_build_object('If-Match', :'flag'), '{"name": "Matched"}') h;
SELECT h.status, h.body->>'code' AS code
	FROM flagplane.handle('PATCH', '/api/v2/flags/query/a', jsonb_build_object('If-Match', :'flag'), '{"name": "Late"}') h;
-- A term without a value is no filter, so it is refused; query may be empty, as a search box may.
SELECT u, h.status, h.body->>'message' AS message, h.body->>'totalCount' AS count
	FROM unnest(ARRAY['flags/query?filter=tags:', 'flags/query?filter=tags:%2B', 'flags/query?filter=tags:a,tags:', 'projects?filter=keys:',
	'projects?filter=keys:%7C', 'projects/query/environments?filter=tags:', 'flags/query?filter=query:&limit=1&tag=none']) u,
	flagplane.handle('GET', '/api/v2/' || u) h;
