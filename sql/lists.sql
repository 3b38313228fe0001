-- Lists: pages of every length, filters, sorting, and links that keep them.
\set VERBOSITY terse
\pset format unaligned
CREATE FUNCTION pg_temp.keys(list json) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(e->>'key', ' ' ORDER BY ordinality), '-') || ' of ' || (list->>'totalCount')
	FROM json_array_elements(list->'items') WITH ORDINALITY l(e, ordinality)
$$;
CREATE FUNCTION pg_temp.links(list json) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(key || ' ' || regexp_replace(value->>'href', '^[^?]*', ''), ', ' ORDER BY ordinality)
	FROM json_each(list->'_links') WITH ORDINALITY
$$;
SELECT flagplane.create_project('lists', 'Lists', environments => '[{"key": "e0", "name": "Zero", "color": "000000"}]') IS NOT NULL AS made;
-- 0, 1, page - 1, page, page + 1 flags by pages of 3.
SELECT pg_temp.keys(l), pg_temp.links(l) FROM flagplane.list_flags('lists', 3) l;
SELECT flagplane.create_flag('lists', 'f1', 'beta', tags => '{a,b}') IS NOT NULL AS made;
SELECT pg_temp.keys(l), pg_temp.links(l) FROM flagplane.list_flags('lists', 3) l;
SELECT flagplane.create_flag('lists', 'f2', 'Alpha', tags => '{a}') IS NOT NULL AS made;
SELECT pg_temp.keys(l), pg_temp.links(l) FROM flagplane.list_flags('lists', 3) l;
SELECT flagplane.create_flag('lists', 'f3', 'gamma', tags => '{b,c}') IS NOT NULL AS made;
SELECT pg_temp.keys(l), pg_temp.links(l) FROM flagplane.list_flags('lists', 3) l;
SELECT flagplane.create_flag('lists', 'f4', 'alphabet') IS NOT NULL AS made;
SELECT pg_temp.keys(l), pg_temp.links(l) FROM flagplane.list_flags('lists', 3) l;
SELECT pg_temp.keys(l), pg_temp.links(l) FROM flagplane.list_flags('lists', 3, 3) l;
SELECT pg_temp.keys(l), pg_temp.links(l) FROM flagplane.list_flags('lists', 3, 6) l;
-- Filters: words in name or key, all tags; several terms together.
SELECT f, pg_temp.keys(flagplane.list_flags('lists', filter => f)) FROM unnest(ARRAY['query:ALPHA', 'query:f1', 'query:alpha,query:bet', 'query:x', 'tags:a',
	'tags:a+b', 'tags:b,query:gam', 'query:100%', 'query:', '']) f;
SELECT s, pg_temp.keys(flagplane.list_flags('lists', sort => s))
	FROM unnest(ARRAY['name', '-name', 'createdOn', '-createdOn', '-createdOn,name', 'name,-createdOn', '']) s;
SELECT pg_temp.keys(l), pg_temp.links(l) FROM flagplane.list_flags('lists', 1, 1, 'tags:a+b,query:b&=é', '-name') l;
SELECT pg_temp.keys(l), pg_temp.links(l) FROM flagplane.list_flags('lists', 1, 0, 'query:a', '-name') l;
SELECT t.try(format('SELECT flagplane.list_flags(%L, filter => %L, sort => %L)', 'lists', f, s))
FROM (VALUES ('x:y', NULL), ('query', NULL), ('keys:a', NULL), (NULL, 'critical'), (NULL, '--name'), ('x:y', 'x'), (NULL, 'name,name,name,name')) v(f, s);
-- The same by REST: a '+' in a query string arrives as %2B.
SELECT status, pg_temp.keys(body), pg_temp.links(body) FROM flagplane.handle('GET', '/api/v2/flags/lists?limit=1&filter=query%3Aa%2Ctags%3Aa%2Bb&sort=-name');
SELECT status, body FROM t.rest('GET', '/api/v2/flags/lists?sort=color');
-- Environments sort by critical too.
SELECT count(flagplane.create_environment('lists', 'e' || g, (ARRAY['One', 'two', 'Three'])[g], '000000',
	critical => g = 2, tags => ARRAY['t' || g, 'all'])) FROM generate_series(1, 3) g;
SELECT s, pg_temp.keys(flagplane.list_environments('lists', sort => s)) FROM unnest(ARRAY['critical', '-critical', '-critical,name', 'name', '-name']) s;
SELECT pg_temp.keys(flagplane.list_environments('lists', filter => 'tags:all+t2')),
	pg_temp.keys(flagplane.list_environments('lists', filter => 'query:O', sort => 'name'));
-- Projects by key, too.
SELECT flagplane.create_project('lists2', 'Second list', '{x,y}') IS NOT NULL AS made;
SELECT f, pg_temp.keys(flagplane.list_projects(filter => f, sort => 'name'))
	FROM unnest(ARRAY['keys:lists2|lists|nothing', 'keys:lists', 'query:second', 'keys:lists|lists2,tags:x+y']) f;
SELECT t.try($$SELECT flagplane.list_projects(filter => 'color:red')$$);
