/*
 * doctorlist.h
 *	  What doctor() looks for: a row for each check, the worst first.
 *
 * CHECK(name, severity, statement, what to do).  The statement returns a row with a
 * text for each thing that is found.  :preloaded says whether the library is preloaded.
 * They look over all accounts, but a CHECK_EACH is run for each account by itself, which
 * is :account_id, with the key :account and the time :now: where accounts are on several
 * servers, a join of an account's tables cannot be a join of all accounts'.  A CHECK_IF names
 * a relation as well that is none of the extension's, and is left out where that is not
 * there or the owner of the extension may not read it.  What monitoring of any
 * PostgreSQL tells (fsync, autovacuum, invalid indexes) is not looked for here.  No
 * include guard: it is read once for the statements and once for the table.
 */

/* The objects of the extension. */
#define MEMBERS                                                                     \
	" FROM pg_depend d JOIN pg_extension e ON e.extname = 'flagplane'"              \
	" AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid"           \
	" AND d.deptype = 'e'"                                                          \
	" LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid" \
	" LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid"   \
	" LEFT JOIN pg_namespace n ON d.classid = 'pg_namespace'::regclass AND n.oid = d.objid"

/* How many rows a group has, with their noun. */
#define COUNTED(noun) "count(*) || CASE WHEN count(*) = 1 THEN ' " noun "' ELSE ' " noun "s' END"

#define MEMBER "pg_describe_object(d.classid, d.objid, d.objsubid)"

/* The tables with the rows. */
#define TABLES                                                       \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace" \
	" AND n.nspname = 'flagplane_data' AND c.relkind IN ('r', 'p')"

/* What is set for this session, for this database, or for roles in it. */
#define SETTINGS_LIKE(name)                                                       \
	" FROM (SELECT 'this session', '" name "=' || current_setting('" name "')"    \
	" UNION ALL SELECT CASE WHEN s.setrole = 0 THEN 'the database'"               \
	" ELSE 'role ' || s.setrole::regrole END, u"                                  \
	" FROM pg_db_role_setting s, unnest(s.setconfig) u WHERE u LIKE '" name "=%'" \
	" AND s.setdatabase IN (0, (SELECT b.oid FROM pg_database b"                  \
	" WHERE b.datname = current_database()))) s(whose, setting)"

/* The rows of a table whose parent is not there, by the foreign key that says they have one. */
#define ORPHANS(constraint, child, column, parent)                                   \
	"SELECT format('" constraint " of " child " (rows: %s)', count(*))"              \
	" FROM flagplane_data." child " c WHERE c." column " IS NOT NULL AND NOT EXISTS" \
	" (SELECT 1 FROM flagplane_data." parent " p WHERE p.account_id = c.account_id"  \
	" AND p.id = c." column ") HAVING count(*) > 0"

#define ORPHANS_OF_ACCOUNT(child)                                                               \
	"SELECT format('" child "_account_id_fkey of " child " (rows: %s)', count(*))"              \
	" FROM flagplane_data." child " c WHERE NOT EXISTS (SELECT 1 FROM flagplane_data.account p" \
	" WHERE p.id = c.account_id) HAVING count(*) > 0"

/*
 * The newest row of each resource among the last 1,000 of an account's audit log, unless
 * that is its deletion: what there must be.  The log has no foreign key, so a restore
 * that loses other tables keeps it.
 */
#define AUDITED                                                                            \
	"(SELECT DISTINCT ON (n.target) n.subject, n.project_id, n.target, n.at, n.operation," \
	" substring(n.target from '[^/]*$') AS named FROM"                                     \
	" (SELECT l.subject, l.project_id, l.target, l.at, l.operation, l.epoch, l.xid,"       \
	" l.ordinal FROM flagplane_data.audit_log l WHERE l.account_id = :account_id"          \
	" ORDER BY l.at DESC, l.epoch DESC, l.xid DESC, l.ordinal DESC LIMIT 1000) n"          \
	" WHERE n.target NOT LIKE '%/*'"                                                       \
	" ORDER BY n.target, n.at DESC, n.epoch DESC, n.xid DESC, n.ordinal DESC)"

#define THERE(table, condition)                   \
	"EXISTS (SELECT 1 FROM flagplane_data." table \
	" r WHERE r.account_id = :account_id AND " condition ")"

CHECK(
	version_mismatch, "error",
	"SELECT format('the library is of version %s, the extension of version %s', '" FLAGPLANE_VERSION
	"', e.extversion) FROM pg_extension e"
	" WHERE e.extname = 'flagplane' AND e.extversion <> '" FLAGPLANE_VERSION "'",
	"Install the library and the SQL files of one version, restart the server if the library is "
	"preloaded, and run ALTER EXTENSION flagplane UPDATE.")

/* Types of rows and arrays have their table's or element's owner; on 19 they are members too. */
CHECK(object_owner, "error",
	  "SELECT " MEMBER " || ' belongs to '"
	  " || coalesce(c.relowner, p.proowner, n.nspowner, t.typowner)::regrole" MEMBERS
	  " LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid"
	  " WHERE coalesce(c.relowner, p.proowner, n.nspowner, t.typowner) <> e.extowner"
	  " AND NOT EXISTS (SELECT 1 FROM pg_depend i WHERE i.classid = d.classid"
	  " AND i.objid = d.objid AND i.deptype = 'i')",
	  "Give it back to the owner of the extension with ALTER ... OWNER TO: whoever owns it can "
	  "change it.")

CHECK(granted_to_public, "error",
	  "SELECT " MEMBER
	  " || ': ' || string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)" MEMBERS
	  " CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, p.proacl, n.nspacl,"
	  " CASE WHEN p.oid IS NOT NULL THEN acldefault('f', p.proowner) END)) a"
	  " WHERE a.grantee = 0 GROUP BY d.classid, d.objid, d.objsubid",
	  "REVOKE it FROM PUBLIC, and grant it to the roles that need it.")

CHECK(schema_open_to_create, "error",
	  "SELECT format('%s may create objects in schema %s', a.grantee::regrole, n.nspname)"
	  " FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a"
	  " WHERE n.nspname IN ('flagplane', 'flagplane_data') AND a.privilege_type = 'CREATE'"
	  " AND a.grantee NOT IN (0, n.nspowner)",
	  "REVOKE CREATE ON SCHEMA: what stands there is called by others.")

CHECK(not_marked_for_dump, "error",
	  "SELECT " MEMBER MEMBERS " WHERE c.relkind IN ('r', 'p') AND NOT EXISTS"
	  " (SELECT 1 FROM unnest(e.extconfig, e.extcondition) u(config, condition)"
	  " WHERE u.config = c.oid AND u.condition = '')",
	  "pg_dump leaves its rows out. Copy them aside, and put them into a database with a fresh "
	  "installation.")

CHECK(not_validated, "error",
	  "SELECT format('%s of %s', c.conname, coalesce(nullif(c.conrelid, 0)::regclass::text,"
	  " c.contypid::regtype::text)) FROM pg_constraint c JOIN pg_namespace n"
	  " ON n.oid = c.connamespace AND n.nspname = 'flagplane_data' WHERE NOT c.convalidated",
	  "Rows may break it. Find and mend them, then ALTER ... VALIDATE CONSTRAINT.")

CHECK(trigger_disabled, "error",
	  "SELECT DISTINCT format('%s of %s', coalesce(k.conname, t.tgname), c.oid::regclass)" TABLES
	  " JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgenabled NOT IN ('O', 'A')"
	  " LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint",
	  "Foreign keys are not checked. ALTER TABLE ... ENABLE TRIGGER ALL, then look for rows "
	  "without a parent.")

CHECK(replication_role, "error",
	  "SELECT s.whose || ': ' || s.setting" SETTINGS_LIKE(
		  "session_replication_role") " WHERE s.setting <> 'session_replication_role=origin'",
	  "Foreign keys are not checked there. RESET session_replication_role.")

CHECK(
	no_exclusion, "error",
	"SELECT c.oid::regclass" TABLES " WHERE c.relname = 'layer_reservation'"
	" AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'x')",
	"Experiments of one layer may share segments. Add the exclusion constraint that a fresh "
	"installation "
	"has.")

/* A row for each foreign key. */
/* clang-format off */
#define ALL_ORPHANS                                                                                          \
	ORPHANS_OF_ACCOUNT("member")                                                                                \
	" UNION ALL " ORPHANS_OF_ACCOUNT("project")                                                                 \
	" UNION ALL " ORPHANS_OF_ACCOUNT("access_token")                                                            \
	" UNION ALL " ORPHANS_OF_ACCOUNT("integration")                                                             \
	" UNION ALL " ORPHANS_OF_ACCOUNT("audit_epoch")                                                        \
	" UNION ALL " ORPHANS("token_member", "access_token", "member_id", "member")                                \
	" UNION ALL " ORPHANS("token_use_token", "access_token_use", "token_id", "access_token")                    \
	" UNION ALL " ORPHANS("token_project_project", "access_token_project", "project_id", "project")             \
	" UNION ALL " ORPHANS("token_project_token", "access_token_project", "token_id", "access_token")            \
	" UNION ALL " ORPHANS("environment_project", "environment", "project_id", "project")                        \
	" UNION ALL " ORPHANS("environment_key_environment", "environment_key", "environment_id", "environment")    \
	" UNION ALL " ORPHANS("payload_environment", "environment_payload", "environment_id", "environment")        \
	" UNION ALL " ORPHANS("payload_tombstone_environment", "payload_tombstone", "environment_id", "environment") \
	" UNION ALL " ORPHANS("flag_maintainer", "flag", "maintainer_id", "member")                                 \
	" UNION ALL " ORPHANS("flag_project", "flag", "project_id", "project")                                      \
	" UNION ALL " ORPHANS("flag_environment_environment", "flag_environment", "environment_id", "environment")  \
	" UNION ALL " ORPHANS("flag_environment_flag", "flag_environment", "flag_id", "flag")                       \
	" UNION ALL " ORPHANS("segment_environment", "segment", "environment_id", "environment")                    \
	" UNION ALL " ORPHANS("flag_link_flag", "flag_link", "flag_id", "flag")                                     \
	" UNION ALL " ORPHANS("flag_link_member", "flag_link", "member_id", "member")                               \
	" UNION ALL " ORPHANS("layer_project", "layer", "project_id", "project")                                    \
	" UNION ALL " ORPHANS("sdk_app_project", "sdk_app", "project_id", "project")                                \
	" UNION ALL " ORPHANS("experiment_environment", "experiment", "environment_id", "environment")              \
	" UNION ALL " ORPHANS("experiment_flag", "experiment", "flag_id", "flag")                                   \
	" UNION ALL " ORPHANS("experiment_maintainer", "experiment", "maintainer_id", "member")                     \
	" UNION ALL " ORPHANS("reservation_environment", "layer_reservation", "environment_id", "environment")      \
	" UNION ALL " ORPHANS("reservation_experiment", "layer_reservation", "experiment_id", "experiment")         \
	" UNION ALL " ORPHANS("reservation_layer", "layer_reservation", "layer_id", "layer")                        \
	" UNION ALL " ORPHANS("treatment_environment", "experiment_treatment", "environment_id", "environment")     \
	" UNION ALL " ORPHANS("treatment_experiment", "experiment_treatment", "experiment_id", "experiment")        \
	" UNION ALL " ORPHANS("treatment_layer", "experiment_treatment", "layer_id", "layer")
/* clang-format on */

CHECK(orphan, "error", ALL_ORPHANS,
	  "Rows that they belong to are lost: foreign keys were not checked while rows were loaded. "
	  "Restore the database again, as doc/operations.md describes.")

/* Of a resource that the log tells of no row is there. */
#define MISSING(subject, table, condition) " WHEN '" subject "' THEN NOT " THERE(table, condition)

#define MISSING_OF_PROJECT(subject, table) \
	MISSING(subject, table, "r.project_id = t.project_id AND r.key = t.named")

/* A row for each kind of resource. */
/* clang-format off */
#define KINDS                                                                    \
	MISSING("project", "project", "r.id = t.project_id")                         \
	MISSING("member", "member", "r.id = t.named")                                \
	MISSING("access token", "access_token", "r.id = t.named")                    \
	MISSING("integration", "integration", "r.key = t.named")                     \
	MISSING("SDK app", "sdk_app", "'app_' || r.id = t.named")                    \
	MISSING_OF_PROJECT("environment", "environment")                             \
	MISSING_OF_PROJECT("flag", "flag")                                           \
	MISSING_OF_PROJECT("layer", "layer")                                         \
	MISSING("flag link", "flag_link", "r.id = t.named")                          \
	" AND " THERE("flag", "r.project_id = t.project_id AND r.created_at <= t.at" \
						  " AND r.key = substring(t.target from ':flag/([^:]*):')")
/* clang-format on */

/* Only what has no project is asked for where the project is not there. */
#define IN_REACH                                                                         \
	" AND (t.subject IN ('project', 'member', 'access token', 'integration') OR " THERE( \
		"project", "r.id = t.project_id") ")"

#define ROWS_ARE_MISSING                                                                      \
	"They are not there, though nobody deleted them: a restore has lost rows, as pg_restore " \
	"--jobs does where foreign keys are checked. Restore the database again, as "             \
	"doc/operations.md describes."

CHECK(rows_missing, "error",
	  "SELECT 'all accounts' WHERE NOT EXISTS (SELECT 1 FROM flagplane_data.account)"
	  " AND EXISTS (SELECT 1 FROM flagplane_data.audit_log)",
	  ROWS_ARE_MISSING)

CHECK_EACH(rows_missing, "error",
		   "SELECT format('account \"%s\": %s (rows: %s), the first of them %s', :account,"
		   " t.subject, count(*), min(t.target)) FROM " AUDITED
		   " t WHERE NOT starts_with(t.operation, 'delete_') AND CASE t.subject" KINDS
		   " END" IN_REACH " GROUP BY t.subject"
		   " UNION ALL SELECT format('account \"%s\": its epochs of the audit log', :account)"
		   " WHERE EXISTS (SELECT 1 FROM flagplane_data.audit_log l"
		   " WHERE l.account_id = :account_id) AND NOT EXISTS"
		   " (SELECT 1 FROM flagplane_data.audit_epoch g WHERE g.account_id = :account_id)"
		   " UNION ALL SELECT format('account \"%s\": last uses of access tokens (rows: %s)',"
		   " :account, count(*)) FROM flagplane_data.access_token k"
		   " WHERE k.account_id = :account_id AND NOT EXISTS"
		   " (SELECT 1 FROM flagplane_data.access_token_use u"
		   " WHERE u.account_id = :account_id AND u.token_id = k.id) HAVING count(*) > 0",
		   ROWS_ARE_MISSING)

CHECK_EACH(environment_without_key, "error",
		   "SELECT format('environment %s of account \"%s\"', e.id, :account)"
		   " FROM flagplane_data.environment e WHERE e.account_id = :account_id"
		   " AND (SELECT count(*) FROM flagplane_data.environment_key k"
		   " WHERE k.account_id = :account_id AND k.environment_id = e.id"
		   " AND k.name IS NULL AND k.expires_at IS NULL AND k.replaced_in IS NULL) <> 2",
		   "It has not one current SDK key and one current mobile key. Restore the rows from a "
		   "backup.")

CHECK_EACH(
	payload_missing, "error",
	"SELECT format('environment %s of account \"%s\"', e.id, :account)"
	" FROM flagplane_data.environment e WHERE e.account_id = :account_id"
	" AND NOT EXISTS (SELECT 1 FROM flagplane_data.environment_payload v"
	" WHERE v.account_id = :account_id AND v.environment_id = e.id)",
	"It has no version of what SDKs are sent, so its flags are never cached. Restore the row "
	"from a backup.")

CHECK_EACH(configuration_missing, "error",
		   "SELECT format('flag \"%s\" in environment %s of account \"%s\"', f.key, e.id,"
		   " :account) FROM flagplane_data.flag f JOIN flagplane_data.environment e"
		   " ON e.account_id = f.account_id AND e.project_id = f.project_id"
		   " WHERE f.account_id = :account_id AND NOT EXISTS"
		   " (SELECT 1 FROM flagplane_data.flag_environment s WHERE s.account_id = :account_id"
		   " AND s.flag_id = f.id AND s.environment_id = e.id)",
		   "The flag has no settings there. Restore the row from a backup.")

CHECK(not_preloaded, "warning", "SELECT 'the library is not preloaded' WHERE NOT :preloaded",
	  "Nothing is limited and nothing counted. Add flagplane to shared_preload_libraries and "
	  "restart.")

CHECK(rate_limits_off, "warning",
	  "SELECT 'flagplane.rate_limits = off' WHERE current_setting('flagplane.rate_limits') = 'off'",
	  "A single access token may take the whole server. Set it on and reload.")

CHECK(ingest_endpoint, "warning",
	  "SELECT 'flagplane.ingest_endpoint = ' || current_setting('flagplane.ingest_endpoint')"
	  " WHERE current_setting('flagplane.ingest_endpoint') !~ '^https://[^/?#[:space:]]+'",
	  "Every SDK app is told to send its events there, and it is no https URL.")

CHECK(unknown_account, "warning",
	  "SELECT s.whose || ': ' || s.setting" SETTINGS_LIKE(
		  "flagplane.account") " WHERE s.setting <> 'flagplane.account=default' AND NOT EXISTS"
							   " (SELECT 1 FROM flagplane_data.account a WHERE "
							   "'flagplane.account=' || a.key = s.setting)",
	  "There is no such account, so calls without an access token fail. Set it to one of "
	  "list_accounts().")

CHECK(
	secrets_in_log, "warning",
	"SELECT string_agg(s.name || ' = ' || s.setting, ', ' ORDER BY s.name) FROM pg_settings s"
	" WHERE (s.name = 'log_statement' AND s.setting = 'all')"
	" OR (s.name IN ('log_min_duration_statement', 'log_min_duration_sample') AND s.setting <> '-1'"
	" AND current_setting('log_parameter_max_length') <> '0')"
	" OR (s.name = 'log_parameter_max_length_on_error' AND s.setting <> '0') HAVING count(*) > 0",
	"Access tokens and once-shown keys get into the server's log with the statements and their "
	"parameters. "
	"Set log_statement below all, and log_parameter_max_length and "
	"log_parameter_max_length_on_error to 0.")

CHECK(
	rows_granted, "warning",
	"SELECT format('%s: %s on %s', a.grantee::regrole,"
	" string_agg(DISTINCT a.privilege_type, ', ' ORDER BY a.privilege_type), "
	"c.oid::regclass)" TABLES
	" CROSS JOIN LATERAL (SELECT x.grantee, x.privilege_type FROM aclexplode(c.relacl) x UNION ALL"
	" SELECT x.grantee, x.privilege_type FROM pg_attribute b, aclexplode(b.attacl) x"
	" WHERE b.attrelid = c.oid) a WHERE a.grantee NOT IN (0, c.relowner) GROUP BY a.grantee, c.oid",
	"The role sees or changes the rows of all accounts, past scopes and the audit log. REVOKE it, "
	"and let the "
	"role call functions.")

CHECK(trigger_or_rule, "warning",
	  "SELECT format('trigger %s on %s', t.tgname, c.oid::regclass)" TABLES
	  " JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal"
	  " UNION ALL SELECT format('rule %s on %s', r.rulename, c.oid::regclass)" TABLES
	  " JOIN pg_rewrite r ON r.ev_class = c.oid",
	  "It runs as part of every change, with the rights of the extension's owner. DROP it; follow "
	  "changes() "
	  "instead.")

CHECK(foreign_object, "warning",
	  "SELECT pg_describe_object(o.class, o.id, 0) FROM (SELECT 'pg_class'::regclass, c.oid,"
	  " c.relnamespace FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"
	  " UNION ALL SELECT 'pg_proc'::regclass, p.oid, p.pronamespace FROM pg_proc p) o(class, id, "
	  "schema)"
	  " JOIN pg_namespace n ON n.oid = o.schema AND n.nspname IN ('flagplane', 'flagplane_data')"
	  " WHERE NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.id"
	  " AND d.deptype = 'e')",
	  "It is none of the extension's. Move it to a schema of its own: an upgrade may want the "
	  "name, and "
	  "DROP EXTENSION stops at it.")

CHECK(purge_backlog, "warning",
	  "SELECT " COUNTED(
		  "idempotency key") " FROM flagplane_data.idempotency_key k"
							 " WHERE k.expires_at < now() - interval '1 day' HAVING count(*) > 0"
							 " UNION ALL SELECT " COUNTED(
								 "environment key") " FROM "
													"flagplane_data.environment_key k"
													" WHERE k.expires_at < now() - interval '1 "
													"day' HAVING count(*) > 0",
	  "They expired more than a day ago. Let a scheduler call flagplane.purge() every few minutes.")

CHECK_IF(cron_job_failed, "warning", "cron.job_run_details",
		 "SELECT format('\"%s\" at %s UTC: %s', coalesce(j.jobname, d.command),"
		 " to_char(d.start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), d.return_message)"
		 " FROM (SELECT DISTINCT ON (r.jobid) r.jobid, r.status, r.command, r.start_time, "
		 "r.return_message"
		 " FROM cron.job_run_details r WHERE r.command LIKE '%flagplane%'"
		 " AND r.status IN ('succeeded', 'failed') ORDER BY r.jobid, r.runid DESC) d"
		 " JOIN cron.job j ON j.jobid = d.jobid WHERE d.status = 'failed'",
		 "The last run of the job failed. After 'connection failed' set "
		 "cron.use_background_workers = on and "
		 "restart: pg_cron then needs no line of pg_hba.conf.")

CHECK_EACH(
	token_expires_soon, "warning",
	"SELECT format('account \"%s\": %s, the first of them %s', :account, " COUNTED(
		"access token") ", (array_agg(t.id ORDER BY t.expires_at, t.id))[1]) FROM "
						"flagplane_data.access_token t"
						" WHERE t.account_id = :account_id"
						" AND t.expires_at BETWEEN :now AND :now + interval '14 days'"
						" AND t.revoked_at IS NULL AND t.killed_at IS NULL HAVING count(*) > 0",
	"They expire within 14 days. Make new ones with the same scopes, and give them to the callers.")

CHECK(role_without_token, "info",
	  "SELECT a.grantee::regrole FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a"
	  " WHERE n.nspname = 'flagplane_data' AND a.privilege_type = 'USAGE'"
	  " AND a.grantee NOT IN (0, n.nspowner)",
	  "The role acts without an access token, for any account. REVOKE USAGE ON SCHEMA "
	  "flagplane_data if it "
	  "should not.")

CHECK(rate_limit_period, "info",
	  "SELECT 'flagplane.rate_limit_period = ' || current_setting('flagplane.rate_limit_period')"
	  " WHERE current_setting('flagplane.rate_limit_period') <> '1min'",
	  "The tiers are told in calls a minute, and last another time here.")

CHECK(notify_on, "info",
	  "SELECT s.whose || ': ' || s.setting" SETTINGS_LIKE(
		  "flagplane.notify") " WHERE s.setting = 'flagplane.notify=on'",
	  "Commits of changes wait for each other. Leave it on only if somebody listens.")

CHECK(account_without_project, "info",
	  "SELECT format('%s, the first of them \"%s\"', " COUNTED(
		  "account") ", min(a.key)) FROM flagplane_data.account a WHERE a.id NOT IN"
					 " (SELECT p.account_id FROM flagplane_data.project p) HAVING count(*) > 0",
	  "Nobody has begun to use them, or a restore has left their rows out.")

#undef ORPHANS
#undef ORPHANS_OF_ACCOUNT
#undef AUDITED
#undef THERE
#undef MISSING
#undef MISSING_OF_PROJECT
#undef KINDS
#undef IN_REACH
#undef ALL_ORPHANS
#undef ROWS_ARE_MISSING
#undef MEMBERS
#undef MEMBER
#undef COUNTED
#undef TABLES
#undef SETTINGS_LIKE
