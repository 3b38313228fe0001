-- Members, access tokens and accounts by pages: of 0, 1, page - 1, page and page + 1, and what a limited token counts.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
BEGIN;
TRUNCATE flagplane_data.account CASCADE;
CREATE FUNCTION pg_temp.page(list json) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce((SELECT string_agg(coalesce(e->>'email', e->>'name'), ' ' ORDER BY n)
		FROM json_array_elements(list->'items') WITH ORDINALITY i(e, n)), '-') || ' of ' || (list->>'totalCount')
		|| coalesce(' (' || (SELECT string_agg(key || ' ' || (value->>'href'), ', ' ORDER BY n)
			FROM json_each(list->'_links') WITH ORDINALITY l(key, value, n)) || ')', '')
$$;
CREATE FUNCTION pg_temp.walk(list text, page int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer json;
	place int := 0;
	told text := '';
BEGIN
	LOOP
		EXECUTE format('SELECT flagplane.%I(%s, %s)', list, page, place) INTO answer;
		told := told || (SELECT coalesce(string_agg(coalesce(e->>'email', e->>'name'), ' ' ORDER BY n), '-')
			FROM json_array_elements(answer->'items') WITH ORDINALITY i(e, n)) || '; ';
		place := place + page;
		EXIT WHEN place >= (answer->>'totalCount')::int;
	END LOOP;
	RETURN told;
END
$$;
-- None.
SELECT pg_temp.page(flagplane.list_members()), pg_temp.page(flagplane.list_access_tokens()), pg_temp.page(flagplane.list_accounts());
-- Pages of 3 with 1, 2, 3 and 4 rows.
CREATE FUNCTION pg_temp.make(g int) RETURNS TABLE (members text, tokens text, accounts text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM flagplane.create_member('m' || g || '@example.com');
	PERFORM flagplane.create_access_token('t' || g, '{flags:read}');
	IF g > 1 THEN
		PERFORM flagplane.create_account('a' || g, 'A' || g);
	END IF;
	-- The order of what one transaction makes is that of ids, which are random.
	UPDATE flagplane_data.member SET created_at = created_at + g * interval '1 second' WHERE email = 'm' || g || '@example.com';
	UPDATE flagplane_data.access_token SET created_at = created_at + g * interval '1 second' WHERE name = 't' || g;
	RETURN QUERY SELECT pg_temp.page(flagplane.list_members(3)), pg_temp.page(flagplane.list_access_tokens(3)), pg_temp.page(flagplane.list_accounts(3));
END
$$;
SELECT m.* FROM generate_series(1, 4) g, LATERAL (SELECT * FROM pg_temp.make(g)) m;
SELECT o, pg_temp.page(flagplane.list_members(3, o)), pg_temp.page(flagplane.list_access_tokens(3, o)), pg_temp.page(flagplane.list_accounts(3, o))
	FROM unnest(ARRAY[1, 3, 4, 5, 2147483647]) o;
SELECT l, p, pg_temp.walk(l, p)
	FROM unnest(ARRAY['list_members', 'list_access_tokens', 'list_accounts']) WITH ORDINALITY u(l, n), unnest(ARRAY[1, 3, 4, 5]) p ORDER BY n, p;
-- The default is 20, and NULL is the same.
SELECT count(flagplane.create_member('n' || g || '@example.com')) FROM generate_series(1, 17) g;
SELECT json_array_length(l->'items') AS items, l->'totalCount' AS total FROM flagplane.list_members() l;
SELECT json_array_length(l->'items') AS items, l->'_links'->'last'->>'href' AS last FROM flagplane.list_members(NULL, NULL) l;
-- What the refusals say.
SELECT f, l, o, t.try(format('SELECT flagplane.%I(%L, %L)', f, l, o))
	FROM unnest(ARRAY['list_members', 'list_access_tokens', 'list_accounts']) WITH ORDINALITY u(f, n), (VALUES (0, 0), (1001, 0), (1, -1), (0, -1)) v(l, o)
	ORDER BY n, l, o;
-- A limited token counts the tokens that it sees.
SELECT t.project('pp') IS NOT NULL AS made;
SELECT flagplane.create_access_token('limited', '{tokens:admin}', projects => '{pp}')->>'token' AS token \gset
SELECT set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('x-api-key', :'token')::text, true) \g /dev/null
SELECT pg_temp.page(flagplane.list_access_tokens(1));
SELECT set_config('request.method', '', true), set_config('request.headers', '', true) \g /dev/null
ROLLBACK;
