-- An installation in words: a line for every object of the extension and for everything about it, in an order that does not depend on how it came to be.
\pset format unaligned
\pset tuples_only on
SET search_path = pg_catalog;
CREATE TEMP VIEW ours AS SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	WHERE e.extname = 'flagplane' AND d.deptype = 'e';
CREATE TEMP VIEW acls AS SELECT classid, objid, a.objsubid, (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(a.acl) x) AS acl FROM ours CROSS JOIN LATERAL (
	SELECT 0, relacl FROM pg_class WHERE classid = 'pg_class'::regclass AND oid = objid UNION ALL SELECT 0, proacl FROM pg_proc WHERE classid = 'pg_proc'::regclass AND oid = objid
	UNION ALL SELECT 0, typacl FROM pg_type WHERE classid = 'pg_type'::regclass AND oid = objid UNION ALL SELECT 0, nspacl FROM pg_namespace WHERE classid = 'pg_namespace'::regclass AND oid = objid
	UNION ALL SELECT attnum, attacl FROM pg_attribute WHERE classid = 'pg_class'::regclass AND attrelid = objid AND attacl IS NOT NULL) a(objsubid, acl);
SELECT replace(line, E'\n', ' ') FROM (
	SELECT 'object ' || pg_describe_object(classid, objid, 0) FROM ours
	UNION ALL SELECT format('acl %s %s', pg_describe_object(classid, objid, objsubid), coalesce(acl, 'default')) FROM acls
	UNION ALL SELECT format('initial acl %s %s %s', pg_describe_object(i.classoid, i.objoid, i.objsubid), i.privtype, i.initprivs) FROM pg_init_privs i JOIN ours ON classid = classoid AND objid = objoid
	UNION ALL SELECT format('comment %s %s', pg_describe_object(c.classoid, c.objoid, c.objsubid), c.description) FROM pg_description c JOIN ours ON classid = classoid AND objid = objoid
	UNION ALL SELECT format('extension %s %s %s %s', extversion, extnamespace::regnamespace, extrelocatable, extowner::regrole) FROM pg_extension WHERE extname = 'flagplane'
	UNION ALL SELECT format('dump %s where %s', u.config::regclass, u.condition) FROM pg_extension, unnest(extconfig, extcondition) u(config, condition) WHERE extname = 'flagplane'
	UNION ALL SELECT format('relation %s %s %s %s %s %s %s', c.oid::regclass, relkind, relpersistence, relreplident, relrowsecurity, relowner::regrole, reloptions) FROM pg_class c JOIN ours ON objid = c.oid AND classid = 'pg_class'::regclass
	UNION ALL SELECT format('column %s %s %s %s not null %s default %s collate %s storage %s %s%s', a.attrelid::regclass, row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname, format_type(atttypid, atttypmod),
		attnotnull, pg_get_expr(d.adbin, d.adrelid), attcollation::regcollation, attstorage, attidentity, attgenerated)
		FROM pg_attribute a JOIN ours ON objid = attrelid AND classid = 'pg_class'::regclass LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE attnum > 0 AND NOT attisdropped
	UNION ALL SELECT format('constraint %s %s %s validated %s', coalesce(nullif(conrelid, 0)::regclass::text, contypid::regtype::text), conname, pg_get_constraintdef(k.oid), convalidated)
		FROM pg_constraint k JOIN ours ON (objid = conrelid AND classid = 'pg_class'::regclass) OR (objid = contypid AND classid = 'pg_type'::regclass)
	UNION ALL SELECT format('index %s valid %s primary %s replica %s', pg_get_indexdef(indexrelid), indisvalid, indisprimary, indisreplident) FROM pg_index JOIN ours ON objid = indrelid AND classid = 'pg_class'::regclass
	UNION ALL SELECT format('trigger %s %s', coalesce((SELECT conname FROM pg_constraint k WHERE k.oid = tgconstraint), tgname), tgenabled) FROM pg_trigger JOIN ours ON objid = tgrelid AND classid = 'pg_class'::regclass
	UNION ALL SELECT format('rule %s', pg_get_ruledef(r.oid)) FROM pg_rewrite r JOIN ours ON objid = ev_class AND classid = 'pg_class'::regclass
	UNION ALL SELECT format('function %s owner %s', pg_get_functiondef(p.oid), proowner::regrole) FROM pg_proc p JOIN ours ON objid = p.oid AND classid = 'pg_proc'::regclass
	UNION ALL SELECT format('type %s %s of %s not null %s default %s collate %s owner %s', t.oid::regtype, typtype, format_type(typbasetype, typtypmod), typnotnull, typdefault, typcollation::regcollation, typowner::regrole)
		FROM pg_type t JOIN ours ON objid = t.oid AND classid = 'pg_type'::regclass
	UNION ALL SELECT format('needs %s: %s', pg_describe_object(d.classid, d.objid, 0), pg_describe_object(d.refclassid, d.refobjid, 0)) FROM pg_depend d JOIN ours o ON o.classid = d.classid AND o.objid = d.objid
		WHERE d.refclassid = 'pg_extension'::regclass OR d.classid = 'pg_extension'::regclass
) l(line) ORDER BY line COLLATE "C";
