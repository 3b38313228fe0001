-- draw_layer() and layer_svg(): every segment is there once, in the right place.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('picture') IS NOT NULL AS made;
SELECT flagplane.create_layer('picture', 'checkout', 'Checkout', '')->>'key' AS checkout,
	flagplane.create_layer('picture', 'crowded', 'Crowded', '')->>'key' AS crowded;
-- A few owners, one of them of nothing; and ninety, more than there are letters.
INSERT INTO flagplane_data.experiment (account_id, id, environment_id, key, name, description, randomization_unit, status, version, created_at)
SELECT e.account_id, left(md5(x || e.id), 24), e.id, x, x, '', 'user', CASE x WHEN 'zero' THEN 'not_started' ELSE 'running' END, 1, now()
	FROM flagplane_data.environment e JOIN flagplane_data.project p ON p.id = e.project_id,
	(SELECT unnest('{big,small,zero}'::text[]) UNION ALL SELECT to_char(i, '"no-"FM00') FROM generate_series(1, 90) i) x(x)
		WHERE p.key = 'picture' AND e.key = 'production';
INSERT INTO flagplane_data.layer_reservation (account_id, id, layer_id, environment_id, experiment_id, segments, created_at)
SELECT x.account_id, x.id, l.id, x.environment_id, x.id,
	CASE x.key WHEN 'big' THEN '{[0,300),[500,650),[999,1000)}' WHEN 'small' THEN '{[300,425)}' WHEN 'zero' THEN '{}'
	ELSE format('{[%s,%s)}', right(x.key, 2)::int * 11 - 11, right(x.key, 2)::int * 11) END::int4multirange, x.created_at
FROM flagplane_data.experiment x JOIN flagplane_data.environment e ON e.id = x.environment_id JOIN flagplane_data.project p ON p.id = e.project_id
JOIN flagplane_data.layer l ON l.project_id = p.id AND (l.key = 'crowded') = (x.key ~ '^no-') WHERE p.key = 'picture';
SELECT flagplane.draw_layer('picture', 'production', 'checkout');
SELECT flagplane.draw_layer('picture', 'test', 'checkout');
-- Each symbol's places in the drawing are its owner's segments.
CREATE FUNCTION t.drawn(layer text) RETURNS TABLE (symbol text, segments int4multirange) LANGUAGE sql AS $$
	SELECT symbol, range_agg(int4range(n::int - 1, n::int))
		FROM regexp_split_to_table((SELECT string_agg(regexp_replace(line, '^ *\d+ | ', '', 'g'), '' ORDER BY n)
		FROM regexp_split_to_table(flagplane.draw_layer('picture', 'production', layer), '\n') WITH ORDINALITY l(line, n)
			WHERE line ~ '^ *\d+ .{54}$'), '') WITH ORDINALITY s(symbol, n) GROUP BY 1
$$;
SELECT * FROM t.drawn('checkout') ORDER BY symbol COLLATE "C";
SELECT count(*) AS symbols, count(*) FILTER (WHERE r.segments = d.segments) AS as_reserved, string_agg(d.symbol || d.segments, ' '
	ORDER BY d.symbol) FILTER (WHERE r.segments IS NULL) AS others
FROM t.drawn('crowded') d LEFT JOIN flagplane_data.layer_reservation r USING (segments);

SELECT pg_typeof(flagplane.layer_svg('picture', 'production', 'checkout'));
SELECT regexp_replace(regexp_replace(flagplane.layer_svg('picture', 'production', 'checkout'),
	'(<path d="M[^"]{60})[^"]*', '\1...', 'g'), '(<tspan[^/]*/tspan>)(<tspan[^/]*/tspan>)*(?=<tspan)', '\1...', 'g');
-- The squares of each owner are its segments: one path each, fifty squares in a row.
CREATE FUNCTION t.squares(layer text) RETURNS TABLE (title text, segments int4multirange) LANGUAGE sql AS $$
	SELECT g[1], (SELECT range_agg(int4range(s, s + 1))
		FROM (SELECT (m[2]::int - 158) / 16 * 50 + (m[1]::int - 40) / 16 AS s FROM regexp_matches(g[2], 'M(\d+) (\d+)h14v14h-14z', 'g') m) s)
	FROM regexp_matches(flagplane.layer_svg('picture', 'production', layer), '<g><title>([^<]*)</title><path d="([^"]*)" fill="[^"]*"[^>]*/>', 'g') g
$$;
SELECT * FROM t.squares('checkout');
SELECT count(*) AS owners, count(*) FILTER (WHERE r.segments = s.segments) AS as_reserved, sum((SELECT sum(upper(u) - lower(u))
	FROM unnest(s.segments) u)) AS squares
FROM t.squares('crowded') s LEFT JOIN (flagplane_data.layer_reservation r
	JOIN flagplane_data.experiment x ON x.id = r.experiment_id) ON s.title = x.key || ': 1.1 %, 11 segments';
-- Each square has its owner's letter, that of draw_layer; so have the bar and the legend.
CREATE FUNCTION t.lettered(layer text) RETURNS TABLE (symbol text, segments int4multirange) LANGUAGE sql AS $$
	SELECT g[3], range_agg(int4range(s, s + 1))
		FROM regexp_matches(flagplane.layer_svg('picture', 'production', layer), '<tspan x="(\d+)" y="(\d+)">(.)</tspan>', 'g') g,
		LATERAL (SELECT (g[2]::int - 168) / 16 * 50 + (g[1]::int - 47) / 16) c(s) GROUP BY 1
$$;
SELECT layer, count(*) AS symbols, count(*) FILTER (WHERE d.segments = l.segments) AS as_drawn
	FROM unnest('{checkout,crowded}'::text[]) layer, t.drawn(layer) d FULL JOIN t.lettered(layer) l USING (symbol) GROUP BY 1;
SELECT g FROM regexp_matches(flagplane.layer_svg('picture', 'production', 'checkout'),
	'<text text-anchor="middle" font-size="1[23]"[^>]*>([^<]*)</text>(?:<text x="\d+" y="\d+">([^<]*))?', 'g') g;
-- In grey, on a light page and on a dark one, no shade is less than eight steps of lightness from another, nor is a letter unreadable on it.
CREATE FUNCTION t.luminance(colour text) RETURNS float8 LANGUAGE sql AS $$
	SELECT sum(w * CASE WHEN v <= 0.04045 THEN v / 12.92 ELSE power((v + 0.055) / 1.055, 2.4) END)
	FROM (SELECT w, get_byte(decode(substr(colour, 2), 'hex'), i::int - 1) / 255.0::float8 AS v
		FROM unnest('{0.2126,0.7152,0.0722}'::float8[]) WITH ORDINALITY u(w, i)) c
$$;
CREATE TEMP TABLE shade AS SELECT DISTINCT page, t.luminance(p.shade) AS y, t.luminance(p.letter) AS ink
	FROM (SELECT g[1] AS fill, g[3] AS ink, g[2] = ' class="free"' AS is_free, svg
	FROM flagplane.layer_svg('picture', 'production', 'crowded') svg, regexp_matches(svg,
		'<path [^>]*fill="(#[^"]*)"([^/]*)/>(?:<path [^>]*/>)?<text [^>]* fill="([^"]*)"', 'g') g) s,
	LATERAL (VALUES ('light', s.fill, s.ink), ('dark', CASE WHEN is_free THEN (regexp_match(svg,
		'\.free\{fill:(#\w+)'))[1] ELSE s.fill END, CASE WHEN is_free THEN (regexp_match(svg,
		'\.on-free\{fill:(#\w+)'))[1] ELSE s.ink END)) p(page, shade, letter);
SELECT a.page, count(DISTINCT a.y) AS shades,
	min(abs(116 * cbrt(a.y) - 116 * cbrt(b.y))) FILTER (WHERE a.y <> b.y) >= 8 AS apart_in_grey, min((greatest(a.y,
	a.ink) + 0.05) / (least(a.y, a.ink) + 0.05)) >= 4.5 AS letters_readable
FROM shade a JOIN shade b USING (page) GROUP BY 1 ORDER BY 1;
-- The style reaches nothing of a page around the drawing, and each class in it is used.
SELECT s[1] AS selector, count(u) > 0 AS used
	FROM flagplane.layer_svg('picture', 'production', 'checkout') svg, regexp_matches(substring(svg from '<style>.*</style>'), '([.][^{}]*)\{', 'g') s
LEFT JOIN LATERAL regexp_matches(svg, 'class="' || substring(s[1] from '[^.]*$') || '"', 'g') u ON true GROUP BY 1 ORDER BY 1;
-- With what psql puts around it, no line is wider than 80 columns, whatever the keys are.
SELECT flagplane.create_layer('picture', repeat('long-layer', 25), 'L', '')->>'key' IS NOT NULL AS layer,
	flagplane.create_environment('picture', repeat('long-place', 25), 'E', '000000')->>'key' IS NOT NULL AS environment;
SELECT flagplane.create_experiment('picture', repeat('long-place', 25), repeat('experiment', 25), 'X')->>'key' IS NOT NULL AS experiment;
SELECT flagplane.update_layer('picture', repeat('long-layer', 25), json_build_array(json_build_object('kind',
	'updateExperimentReservation', 'experimentKey', repeat('experiment', 25), 'reservationPercent', 100))::jsonb,
	repeat('long-place', 25)) IS NOT NULL AS reserved;
SELECT max(length(line)) AS widest
	FROM (VALUES ('production', 'checkout'), ('production', 'crowded'), (repeat('long-place', 25), repeat('long-layer',
	25))) d(environment, layer), regexp_split_to_table(flagplane.draw_layer('picture', environment, layer), '\n') line;
SELECT line FROM regexp_split_to_table(flagplane.draw_layer('picture', repeat('long-place', 25), repeat('long-layer', 25)), '\n') line WHERE line !~ '^ *\d+ ';
-- Colour and what is laid over it distinguish twenty-one owners, and what is free.
SELECT count(DISTINCT g) AS told_apart
	FROM regexp_matches(flagplane.layer_svg('picture', 'production', 'crowded'),
	'<g><title>[^<]*</title><rect [^>]*fill="([^"]*)"[^>]*/>(?:<rect [^>]*fill="([^"]*)"/>)?', 'g') g;
-- Refusals, and a token without the scope.
SELECT t.try($$SELECT flagplane.draw_layer(NULL, 'production', NULL)$$), t.try($$SELECT flagplane.layer_svg(NULL, 'production', NULL)$$);
SELECT t.try($$SELECT flagplane.draw_layer('picture', 'nowhere', 'checkout')$$), t.try($$SELECT flagplane.layer_svg('picture', 'production', '<script>')$$);
SELECT flagplane.create_access_token('picture', ARRAY['flags:read'])->>'token' AS token \gset
BEGIN;
SELECT set_config('request.method', 'POST', true) AS method, set_config('request.headers',
	json_build_object('x-api-key', :'token')::text, true) IS NOT NULL AS headers;
SELECT t.try($$SELECT flagplane.draw_layer('picture', 'production', 'checkout')$$), t.try($$SELECT flagplane.layer_svg('picture', 'production', 'checkout')$$);
ROLLBACK;
