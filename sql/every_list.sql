-- Every list, found in the table of operations so that none is forgotten: of 0, 1, page - 1, page and page +
-- 1 rows, by pages of 3, by SQL and where they have a
-- path by the links of REST. All rows are returned, each once, and each page leads to those that are there and to no other.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
BEGIN;
TRUNCATE flagplane_data.account CASCADE;
TRUNCATE flagplane_data.audit_log;
-- What each list is asked for, what its rows are, and what makes the n-th of them.
CREATE TEMP TABLE list (name text PRIMARY KEY, arguments text, rows_are text, make text);
INSERT INTO list VALUES
	('list_accounts', '', 'account',
		'SELECT CASE %1$s WHEN 1 THEN flagplane.create_member(''m@example.com'') ELSE flagplane.create_account(''a%1$s'', ''A'') END'),
	('list_members', '', 'member', 'SELECT flagplane.create_member(''m%s@example.com'')'),
	('list_access_tokens', '', 'access_token', 'SELECT flagplane.create_access_token(''t%s'', ''{flags:read}'')'),
	('list_projects', '', 'project', 'SELECT flagplane.create_project(''p%s'', ''P'')'),
	('list_partner_projects', '', 'project', 'SELECT flagplane.create_project(''p%s'', ''P'')'),
	('list_environments', 'project_key => ''p''', 'environment', 'SELECT flagplane.create_environment(''p'', ''e%s'', ''E'', ''000000'')'),
	('list_flags', 'project_key => ''p''', 'flag', 'SELECT flagplane.create_flag(''p'', ''f%s'', ''F'')'),
	('list_segments', 'project_key => ''p'', environment_key => ''test''', 'segment', 'SELECT flagplane.create_segment(''p'', ''test'', ''s%s'', ''S'')'),
	('list_flag_links', 'project_key => ''p'', flag_key => ''f''', 'flag_link', 'SELECT flagplane.create_flag_link(''p'', ''f'', ''k%s'')'),
	('list_layers', 'project_key => ''p''', 'layer', 'SELECT flagplane.create_layer(''p'', ''l%s'', ''L'', '''')'),
	('list_experiments', 'project_key => ''p'', environment_key => ''test''', 'experiment',
		'SELECT flagplane.create_experiment(''p'', ''test'', ''x%s'', ''X'')'),
	('list_sdk_keys', 'project_key => ''p'', environment_key => ''test''', 'environment_key',
		'SELECT flagplane.create_sdk_key(''p'', ''test'', ''k%s'')'),
	('list_sdk_apps', 'project_id => ''p''', 'sdk_app', 'SELECT flagplane.create_sdk_app(''p'', ''A%s'', ''expo'')'),
	('list_audit_log', '', 'audit_log', 'SELECT pg_temp.change(%s)'),
	('changes', '', 'audit_log', 'SELECT pg_temp.change(%s)');
SELECT o.name AS forgotten FROM flagplane.operations() o LEFT JOIN list l ON l.name = o.name
	WHERE (o.name LIKE 'list\_%' OR o.arguments ~ '\m(limit|cursor)\M') AND l.name IS NULL;
SELECT l.name AS unknown FROM list l LEFT JOIN flagplane.operations() o ON o.name = l.name WHERE o.name IS NULL;
-- Changes as they come with a dump: those of this transaction no feed may return.
CREATE FUNCTION pg_temp.account() RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM flagplane_data.account WHERE key = current_setting('flagplane.account') $$;
CREATE FUNCTION pg_temp.change(n int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO flagplane_data.audit_epoch (account_id, number, system_identifier, timeline, began_at,
		is_current) VALUES (pg_temp.account(), 1, 1, 1, now(), true) ON CONFLICT DO NOTHING;
	INSERT INTO flagplane_data.audit_log (account_id, epoch, xid, ordinal, at, actor, operation, subject, target, after, request_id)
	VALUES (pg_temp.account(), 1, '100', n, now(), 'role:r', 'create_layer', 'layer', 'proj/p:layer/l', '{}', 'req')
$$;
CREATE FUNCTION pg_temp.ids(page json) RETURNS text[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(coalesce(e->>'_id', e->>'appId', e->>'id', e->>'key', e->>'name')), '{}') FROM json_array_elements(page->'items') e
$$;
-- Follow a list from page to page: how many each has, and what is wrong.
CREATE FUNCTION pg_temp.walk(list list, by_path boolean, rows_there int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	operation record;
	call text;
	uri text;
	more text;
	page json;
	code int;
	place int := 0;
	ids text[] := '{}';
	told text := '';
	problems text := '';
BEGIN
	SELECT * INTO operation FROM flagplane.operations() o WHERE o.name = list.name;
	uri := replace(replace(replace(operation.path, ':projectKey', 'p'), ':featureFlagKey', 'f'), ':environmentKey', 'test');
	uri := replace(uri, ':projectId', coalesce((SELECT id::text FROM flagplane_data.project
		WHERE account_id = pg_temp.account() AND key = 'p'), '')) || CASE WHEN operation.arguments ~ '\mlimit\M' THEN '?limit=3' ELSE '' END;
	LOOP
		IF by_path THEN
			SELECT h.body, h.status INTO page, code FROM flagplane.handle('GET', uri) h;
			IF code <> 200 THEN
				RETURN concat_ws(' ', uri, code, page);
			END IF;
		ELSE
			call := concat_ws(', ', NULLIF(list.arguments, ''),
				CASE WHEN operation.arguments ~ '\mlimit\M' THEN '"limit" => 3' END, CASE WHEN operation.arguments ~ '\moffset\M' THEN '"offset" => ' || place END,
				CASE WHEN more IS NOT NULL THEN format('%I => %L', CASE list.name WHEN 'changes' THEN 'after' ELSE 'cursor' END, more) END);
			EXECUTE format('SELECT flagplane.%I(%s)', list.name, call) INTO page;
		END IF;
		told := told || CASE WHEN place > 0 THEN '+' ELSE '' END || json_array_length(page->'items');
		ids := ids || pg_temp.ids(page);
		IF page->'totalCount' IS NOT NULL AND (page->>'totalCount')::int <> rows_there THEN
			problems := problems || ' counts ' || (page->>'totalCount');
		END IF;
		IF operation.arguments ~ '\moffset\M' AND page->'_links' IS NOT NULL AND (SELECT string_agg(k, ' ') FROM json_object_keys(page->'_links') k)
			<> ('self' || CASE WHEN place > 0 THEN ' first prev' ELSE '' END || CASE WHEN place + 3 < rows_there THEN ' next last' ELSE '' END) THEN
			problems := problems || ' links ' || (page->>'_links');
		END IF;
		place := place + 3;
		more := CASE WHEN page->'hasMore' IS NULL
			OR (page->>'hasMore')::boolean THEN coalesce(page->>'nextCursor', substring(page->'_links'->'next'->>'href' FROM 'cursor=([0-9a-f]+)')) END;
		IF by_path THEN
			uri := coalesce(page->'_links'->'next'->>'href', uri || '&cursor=' || replace(replace(replace(more, '+', '%2B'), '/', '%2F'), '=', '%3D'));
			EXIT WHEN page->'_links'->'next' IS NULL AND more IS NULL;
			uri := regexp_replace(uri, '&cursor=.*&cursor=', '&cursor=');
		ELSE
			EXIT WHEN more IS NULL AND (operation.arguments !~ '\moffset\M' OR place >= rows_there);
		END IF;
		IF place > 30 THEN
			RETURN told || ' without an end';
		END IF;
	END LOOP;
	IF cardinality(ids) <> rows_there OR cardinality(ids) <> (SELECT count(DISTINCT i) FROM unnest(ids) i) THEN
		problems := problems || ' told ' || ids::text;
	END IF;
	RETURN told || problems;
END
$$;
CREATE FUNCTION pg_temp.pages() RETURNS TABLE (name text, rows_there int, by_sql text, by_path text) LANGUAGE plpgsql AS $$
DECLARE
	l list;
	filter text;
BEGIN
	FOR l IN SELECT * FROM list ORDER BY list.name <> 'list_accounts', list.name LOOP
		name := l.name;
		filter := '';
		IF name <> 'list_accounts' THEN
			PERFORM set_config('flagplane.account', 'default', true);
			PERFORM flagplane.create_account(name, 'A');
			PERFORM set_config('flagplane.account', name, true);
			filter := 'WHERE account_id = pg_temp.account()';
			IF name = 'list_sdk_keys' THEN
				filter := filter || ' AND name IS NOT NULL';
			END IF;
			IF l.arguments <> '' THEN
				PERFORM flagplane.create_project('p', 'P', environments => '[{"key": "test", "name": "Test", "color": "000000"}]');
			END IF;
			IF l.arguments LIKE '%flag_key%' THEN
				PERFORM flagplane.create_flag('p', 'f', 'F');
			END IF;
			DELETE FROM flagplane_data.audit_log;
			DELETE FROM flagplane_data.audit_epoch;
		END IF;
		FOR n IN 0 .. 4 LOOP
			IF n > 0 THEN
				EXECUTE format(l.make, n);
			END IF;
			EXECUTE format('SELECT count(*) FROM flagplane_data.%I %s', l.rows_are, filter) INTO rows_there;
			by_sql := pg_temp.walk(l, false, rows_there);
			by_path := CASE WHEN (SELECT o.path FROM flagplane.operations() o WHERE o.name = l.name) IS NOT NULL THEN pg_temp.walk(l, true, rows_there) END;
			RETURN NEXT;
		END LOOP;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.pages();
ROLLBACK;
