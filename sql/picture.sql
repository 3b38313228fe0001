-- draw_layer() and layer_svg(): every segment is there once, in the right place.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('picture') IS NOT NULL AS made;
SELECT flagplane.create_layer('picture', 'checkout', 'Checkout', '')->>'key' AS checkout, flagplane.create_layer('picture', 'crowded', 'Crowded', '')->>'key' AS crowded;
-- A few owners, one of them of nothing; and ninety, more than there are letters.
INSERT INTO flagplane_data.experiment (account_id, id, environment_id, key, name, description, randomization_unit, status, version, created_at)
SELECT e.account_id, left(md5(x || e.id), 24), e.id, x, x, '', 'user', CASE x WHEN 'zero' THEN 'not_started' ELSE 'running' END, 1, now() FROM flagplane_data.environment e JOIN flagplane_data.project p ON p.id = e.project_id,
	(SELECT unnest('{big,small,zero}'::text[]) UNION ALL SELECT to_char(i, '"no-"FM00') FROM generate_series(1, 90) i) x(x) WHERE p.key = 'picture' AND e.key = 'production';
INSERT INTO flagplane_data.layer_reservation (account_id, id, layer_id, environment_id, experiment_id, segments, created_at)
SELECT x.account_id, x.id, l.id, x.environment_id, x.id, CASE x.key WHEN 'big' THEN '{[0,300),[500,650),[999,1000)}' WHEN 'small' THEN '{[300,425)}' WHEN 'zero' THEN '{}'
	ELSE format('{[%s,%s)}', right(x.key, 2)::int * 11 - 11, right(x.key, 2)::int * 11) END::int4multirange, x.created_at
FROM flagplane_data.experiment x JOIN flagplane_data.environment e ON e.id = x.environment_id JOIN flagplane_data.project p ON p.id = e.project_id
JOIN flagplane_data.layer l ON l.project_id = p.id AND (l.key = 'crowded') = (x.key ~ '^no-') WHERE p.key = 'picture';
SELECT flagplane.draw_layer('picture', 'production', 'checkout');
SELECT flagplane.draw_layer('picture', 'test', 'checkout');
-- Each symbol's places in the drawing are its owner's segments.
CREATE FUNCTION t.drawn(layer text) RETURNS TABLE (symbol text, segments int4multirange) LANGUAGE sql AS $$
	SELECT symbol, range_agg(int4range(n::int - 1, n::int)) FROM regexp_split_to_table((SELECT string_agg(regexp_replace(line, '^ *\d+ | ', '', 'g'), '' ORDER BY n)
		FROM regexp_split_to_table(flagplane.draw_layer('picture', 'production', layer), '\n') WITH ORDINALITY l(line, n) WHERE line ~ '^ *\d+ .{109}$'), '') WITH ORDINALITY s(symbol, n) GROUP BY 1
$$;
SELECT * FROM t.drawn('checkout') ORDER BY symbol COLLATE "C";
SELECT count(*) AS symbols, count(*) FILTER (WHERE r.segments = d.segments) AS as_reserved, string_agg(d.symbol || d.segments, ' ' ORDER BY d.symbol) FILTER (WHERE r.segments IS NULL) AS others
FROM t.drawn('crowded') d LEFT JOIN flagplane_data.layer_reservation r USING (segments);

SELECT pg_typeof(flagplane.layer_svg('picture', 'production', 'checkout'));
SELECT regexp_replace(flagplane.layer_svg('picture', 'production', 'checkout'), '(<path d="M[^"]{60})[^"]*', '\1...', 'g');
-- The squares of each owner are its segments: one path each, fifty squares in a row.
CREATE FUNCTION t.squares(layer text) RETURNS TABLE (title text, segments int4multirange) LANGUAGE sql AS $$
	SELECT g[1], (SELECT range_agg(int4range(s, s + 1)) FROM (SELECT (m[2]::int - 158) / 16 * 50 + (m[1]::int - 40) / 16 AS s FROM regexp_matches(g[2], 'M(\d+) (\d+)h14v14h-14z', 'g') m) s)
	FROM regexp_matches(flagplane.layer_svg('picture', 'production', layer), '<g><title>([^<]*)</title><path d="([^"]*)" fill="[^"]*"/>', 'g') g
$$;
SELECT * FROM t.squares('checkout');
SELECT count(*) AS owners, count(*) FILTER (WHERE r.segments = s.segments) AS as_reserved, sum((SELECT sum(upper(u) - lower(u)) FROM unnest(s.segments) u)) AS squares
FROM t.squares('crowded') s LEFT JOIN (flagplane_data.layer_reservation r JOIN flagplane_data.experiment x ON x.id = r.experiment_id) ON s.title = x.key || ': 1.1 %, 11 segments';
-- Colour and what is laid over it tell twenty-one owners apart, and what is free.
SELECT count(DISTINCT g) AS told_apart FROM regexp_matches(flagplane.layer_svg('picture', 'production', 'crowded'), '<g><title>[^<]*</title><rect [^>]*fill="([^"]*)"/>(?:<rect [^>]*fill="([^"]*)"/>)?', 'g') g;
-- Refusals, and a token without the scope.
SELECT t.try($$SELECT flagplane.draw_layer(NULL, 'production', NULL)$$), t.try($$SELECT flagplane.layer_svg(NULL, 'production', NULL)$$);
SELECT t.try($$SELECT flagplane.draw_layer('picture', 'nowhere', 'checkout')$$), t.try($$SELECT flagplane.layer_svg('picture', 'production', '<script>')$$);
SELECT flagplane.create_access_token('picture', ARRAY['flags:read'])->>'token' AS token \gset
BEGIN;
SELECT set_config('request.method', 'POST', true) AS method, set_config('request.headers', json_build_object('x-api-key', :'token')::text, true) IS NOT NULL AS headers;
SELECT t.try($$SELECT flagplane.draw_layer('picture', 'production', 'checkout')$$), t.try($$SELECT flagplane.layer_svg('picture', 'production', 'checkout')$$);
ROLLBACK;
