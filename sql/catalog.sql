-- House rules that apply to future objects, too.
\set VERBOSITY terse

-- The table of operations and the SQL functions are the same.
SELECT o.name, o.arguments AS in_the_table, pg_get_function_arguments(p.oid) AS in_the_catalog
FROM flagplane.operations() o
FULL JOIN (SELECT * FROM pg_proc WHERE pronamespace = 'flagplane'::regnamespace
	AND prorettype = 'json'::regtype AND proname NOT IN ('openapi', 'evaluate', 'evaluate_all', 'variation_detail', 'explain_variation')) p ON p.proname = o.name
WHERE o.arguments IS DISTINCT FROM pg_get_function_arguments(p.oid);
-- The others are few and known.
SELECT proname FROM pg_proc WHERE pronamespace = 'flagplane'::regnamespace
AND proname NOT IN (SELECT name FROM flagplane.operations()) ORDER BY proname;
-- One function a name and names of arguments: PostgREST distinguishes overloads by those alone.
SELECT proname FROM pg_proc WHERE pronamespace = 'flagplane'::regnamespace
GROUP BY proname, proargnames[1:pronargs] HAVING count(*) > 1;
-- Readers are STABLE and PARALLEL RESTRICTED, writers VOLATILE and PARALLEL UNSAFE; none is STRICT.
SELECT p.proname, p.provolatile, p.proparallel, p.proisstrict
FROM flagplane.operations() o
JOIN pg_proc p ON p.proname = o.name AND p.pronamespace = 'flagplane'::regnamespace
WHERE p.proisstrict OR (p.provolatile, p.proparallel) IS DISTINCT FROM
	(CASE WHEN o.changes THEN ('v'::"char", 'u'::"char") ELSE ('s'::"char", 'r'::"char") END);
-- No two operations share a method and a path.
SELECT method, path FROM flagplane.operations() WHERE path IS NOT NULL
GROUP BY method, path HAVING count(*) > 1;

-- Nothing is granted to PUBLIC.
SELECT 'function ' || p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace IN ('flagplane'::regnamespace, 'flagplane_data'::regnamespace)
AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee = 0));
SELECT 'table ' || c.oid::regclass FROM pg_class c
WHERE c.relnamespace IN ('flagplane'::regnamespace, 'flagplane_data'::regnamespace)
AND EXISTS (SELECT FROM aclexplode(c.relacl) WHERE grantee = 0);
SELECT 'schema ' || nspname FROM pg_namespace, aclexplode(nspacl)
WHERE nspname LIKE 'flagplane%' AND grantee = 0;

-- Every table is marked for dump, whole; there are no sequences, triggers or rules.
SELECT c.oid::regclass AS not_marked FROM pg_class c
WHERE c.relnamespace = 'flagplane_data'::regnamespace AND c.relkind IN ('r', 'p')
AND NOT EXISTS (SELECT FROM pg_extension e, unnest(e.extconfig, e.extcondition) u(config, condition)
	WHERE e.extname = 'flagplane' AND u.config = c.oid AND u.condition = '');
SELECT relname FROM pg_class WHERE relnamespace IN ('flagplane'::regnamespace, 'flagplane_data'::regnamespace)
AND relkind NOT IN ('r', 'i', 'p', 'I', 'v', 't', 'c');
SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'flagplane_data'::regnamespace AND NOT tgisinternal;

-- The account comes first in every key and every foreign key; names are short.
SELECT conrelid::regclass, conname FROM pg_constraint
WHERE connamespace = 'flagplane_data'::regnamespace AND contype IN ('p', 'u', 'x', 'f')
AND conrelid <> 'flagplane_data.account'::regclass
AND (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) <> 'account_id';
SELECT indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'flagplane_data'::regnamespace AND i.indisunique
AND c.relname <> 'account'
AND (SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[0]) <> 'account_id';
SELECT conname FROM pg_constraint WHERE connamespace = 'flagplane_data'::regnamespace
AND contype <> 'n' AND length(conname) >= 45;
SELECT conname FROM pg_constraint WHERE connamespace = 'flagplane_data'::regnamespace AND condeferrable;
-- What a deletion takes along is found by an index, in whatever state it is.
SELECT conname FROM pg_constraint c WHERE connamespace = 'flagplane_data'::regnamespace AND contype = 'f' AND confdeltype = 'c'
AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
	AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey);

-- Every view identifies the caller, keeps others' conditions out, runs as its owner, cannot be written
-- through, and shows the account and nothing that tokens and keys are made of; what counts is of the server.
SELECT c.oid::regclass AS view FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
WHERE c.relnamespace = 'flagplane'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('stats', 'environment_stats')
AND (c.reloptions IS DISTINCT FROM '{security_barrier=true}' OR pg_relation_is_updatable(c.oid, true) <> 0
	OR NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'account_id')
	OR NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
		AND d.refobjid = 'flagplane.current_caller(text)'::regprocedure)
	OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid
		AND (attname ~ 'hash|secret|selector|salt|seed' OR atttypid IN ('bytea'::regtype, 'flagplane_data.hash'::regtype))));

-- Everything that users see has a comment.
SELECT p.oid::regprocedure AS without_comment FROM pg_proc p
WHERE p.pronamespace = 'flagplane'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.oid::regclass AS without_comment FROM pg_class c
WHERE c.relnamespace IN ('flagplane'::regnamespace, 'flagplane_data'::regnamespace)
AND c.relkind IN ('r', 'v') AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT c.oid::regclass AS of_table, a.attname AS without_comment FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace IN ('flagplane'::regnamespace, 'flagplane_data'::regnamespace)
AND c.relkind IN ('r', 'v') AND col_description(c.oid, a.attnum) IS NULL ORDER BY 1, a.attnum;
SELECT t.oid::regtype AS without_comment FROM pg_type t
WHERE t.typnamespace IN ('flagplane'::regnamespace, 'flagplane_data'::regnamespace) AND t.typtype = 'd'
AND obj_description(t.oid, 'pg_type') IS NULL;
SELECT nspname AS without_comment FROM pg_namespace n
WHERE nspname LIKE 'flagplane%' AND obj_description(n.oid, 'pg_namespace') IS NULL;
