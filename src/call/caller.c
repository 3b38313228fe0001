/*
 * caller.c
 *	  The caller: a token or the database role; what they may do; and the owner
 *	  context, in which the work is done as the extension's owner.
 *
 * The owner context is that of PostgreSQL's own foreign-key triggers: user, security
 * context and GUC level are restored by the end of the transaction or subtransaction
 * on every error, and by owner_leave otherwise.  The caller is read before it is entered.
 */
#include "call/caller.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "call/field.h"
#include "call/rate_limit.h"
#include "call/stats.h"
#include "call/token.h"
#include "call/auth_cache.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#define DEFAULT_ACCOUNT "default"

/* No account has this id. */
#define NO_ACCOUNT 0

char *account_setting = NULL;
char *role_account_setting = NULL; /* is read in the catalog: see account_of_role */

typedef struct ScopeName
{
	const char *name;
	int scope;
} ScopeName;

/* The names that tokens are given; a role is a name for a set. */
static const ScopeName scope_names[] = {
	{"projects:read", PROJECTS_READ},
	{"projects:write", PROJECTS_WRITE},
	{"flags:read", FLAGS_READ},
	{"flags:write", FLAGS_WRITE},
	{"layers:read", LAYERS_READ},
	{"layers:write", LAYERS_WRITE},
	{"tokens:admin", TOKENS_ADMIN},
	{"audit:read", AUDIT_READ},
	{"*", SCOPE_ALL},
};

/* What operations() says of an operation that asks for no scope; no token is given it. */
#define NO_SCOPE_NAME "none"

STATEMENT(find_account, "SELECT a.id FROM flagplane_data.account a WHERE a.key = :account_key");

STATEMENT(make_account, "INSERT INTO flagplane_data.account (id, key, name, created_at)"
						" VALUES (:account_id, :account_key, :name, :now) ON CONFLICT DO NOTHING");

/* A token may be limited to projects; those are then asked for with each project. */
STATEMENT(find_token, "SELECT t.id, t.secret_hash, t.scopes, t.all_projects, t.member_id,"
					  " t.expires_at, t.revoked_at, t.killed_at, t.previous_secret_hash,"
					  " t.previous_expires_at, t.rate_tier"
					  " FROM flagplane_data.access_token t"
					  " WHERE t.account_id = :account_id AND t.selector = :selector");

STATEMENT(find_project_by_key, "SELECT p.id FROM flagplane_data.project p"
							   " WHERE p.account_id = :account_id AND p.key = :project_key");

STATEMENT(find_project_access_by_key,
		  "SELECT 1 FROM flagplane_data.project p JOIN flagplane_data.access_token_project r"
		  " ON r.account_id = p.account_id AND r.project_id = p.id"
		  " WHERE p.account_id = :account_id AND p.key = :project AND r.token_id = :token_id");

STATEMENT(
	find_project_access_by_id,
	"SELECT 1 FROM flagplane_data.access_token_project r"
	" WHERE r.account_id = :account_id AND r.project_id = :project AND r.token_id = :token_id");

/*
 * pin_search_path sets search_path for the current GUC level: every name in our
 * statements is qualified, and what operators they use is the system's.
 */
static void
pin_search_path(void)
{
	set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SAVE, true, 0, false);
}

/*
 * owner_enter switches to the owner of the extension's tables, with a pinned
 * search_path, until owner_leave; it notes whether the caller's role has rights
 * on the data.
 */
void
owner_enter(OwnerContext *owner)
{
	HeapTuple schema = SearchSysCache1(NAMESPACENAME, CStringGetDatum(DATA_SCHEMA));
	Oid schema_id;
	Oid owner_id;

	if (!HeapTupleIsValid(schema))
		elog(ERROR, "schema %s is missing", DATA_SCHEMA);
	schema_id = ((Form_pg_namespace) GETSTRUCT(schema))->oid;
	owner_id = ((Form_pg_namespace) GETSTRUCT(schema))->nspowner;
	ReleaseSysCache(schema);

	GetUserIdAndSecContext(&owner->user, &owner->security_context);
	owner->trusted = may_use_schema(schema_id, owner->user);
	SetUserIdAndSecContext(owner_id, owner->security_context | SECURITY_LOCAL_USERID_CHANGE |
										 SECURITY_RESTRICTED_OPERATION);
	owner->guc_level = NewGUCNestLevel();
	pin_search_path();
}

/*
 * owner_leave returns to the caller's user and settings.
 */
void
owner_leave(const OwnerContext *owner)
{
	AtEOXact_GUC(true, owner->guc_level);
	SetUserIdAndSecContext(owner->user, owner->security_context);
}

/*
 * missing_grant is what would give the caller's role rights on the data.
 */
static char *
missing_grant(const OwnerContext *owner)
{
	return psprintf(
		"A role that may do everything without a token needs: GRANT USAGE ON SCHEMA " DATA_SCHEMA
		" TO %s.",
		quote_identifier(GetUserNameFromId(owner->user, false)));
}

/*
 * owner_require_rights refuses database roles without rights on the data, for a
 * function that is about all accounts.
 */
void
owner_require_rights(const OwnerContext *owner, const char *function)
{
	if (!owner->trusted)
		error_raise_with_hint(ERR_UNAUTHENTICATED, missing_grant(owner),
							  "%s is for database roles with rights on the data", function);
}

/*
 * owner_require_monitoring refuses database roles that neither watch the server, as those with
 * the privileges of pg_read_all_stats do (pg_monitor has them), nor have rights on the data.
 * EXECUTE alone is not enough: roles that must present a token have it on all functions.
 */
void
owner_require_monitoring(const OwnerContext *owner, const char *function)
{
	if (!owner->trusted && !has_privs_of_role(owner->user, ROLE_PG_READ_ALL_STATS))
		error_raise(ERR_UNAUTHENTICATED,
					"%s is for database roles with the privileges of pg_monitor or rights on the "
					"data",
					function);
}

/*
 * account_by_key finds an account's id; 0 if there is none.
 */
static int64
account_by_key(const char *key, StatementMode mode)
{
	Params params = {0};
	Rows rows;
	Row row;

	bind_text(&params, "account_key", key);
	rows = statement_run(&find_account, &params, mode);
	if (rows.count == 0)
		return 0;
	row_read(&rows, 0, &row);
	return row_get_bigint(&row, "id");
}

/*
 * bound_account is what some settings of a role, in a database or in all of them, bind it to; NULL
 * if they do not.
 */
static char *
bound_account(Relation settings, Oid database, Oid role)
{
	static const char name[] = ROLE_ACCOUNT "=";
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;
	char *account = NULL;
	bool isnull = true;
	Datum *elements;
	Datum array = 0;
	int count = 0;

	ScanKeyInit(&keys[0], Anum_pg_db_role_setting_setdatabase, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(database));
	ScanKeyInit(&keys[1], Anum_pg_db_role_setting_setrole, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(role));
	scan = systable_beginscan(settings, DbRoleSettingDatidRolidIndexId, true, NULL, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		array = heap_getattr(tuple, Anum_pg_db_role_setting_setconfig, RelationGetDescr(settings),
							 &isnull);
	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements,
						  NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char *setting = TextDatumGetCString(elements[i]);

		if (strncmp(setting, name, sizeof(name) - 1) == 0)
			account = setting + sizeof(name) - 1;
	}
	systable_endscan(scan);
	return account;
}

/*
 * caller_bound_account is the key of the account that a database role is bound to; NULL if it is
 * to none. It is bound by ALTER ROLE, which is read where that has written it: what a session has of
 * the setting can come from its client. As with all such settings, what is changed counts for later
 * sessions.
 */
const char *
caller_bound_account(Oid role)
{
	static Oid known_role = InvalidOid;
	static char *known_account = NULL;

	if (known_role != role)
	{
		Relation settings = table_open(DbRoleSettingRelationId, AccessShareLock);
		char *account = bound_account(settings, MyDatabaseId, role);

		if (account == NULL)
			account = bound_account(settings, InvalidOid, role);
		table_close(settings, AccessShareLock);
		known_role = InvalidOid;
		if (known_account != NULL)
			pfree(known_account);
		known_account = account == NULL ? NULL : MemoryContextStrdup(TopMemoryContext, account);
		known_role = role;
	}
	return known_account != NULL && known_account[0] != '\0' ? known_account : NULL;
}

/*
 * account_of_role is the key of the account that a database role acts for: the one that it is bound
 * to, or else that of the setting.
 */
static const char *
account_of_role(Oid role)
{
	const char *account = caller_bound_account(role);

	return account != NULL ? account : account_setting;
}

/*
 * caller_account_of_role is the key of the account that a database role acts for without a token;
 * NULL if it needs one.
 */
const char *
caller_account_of_role(Oid role)
{
	Oid schema = get_namespace_oid(DATA_SCHEMA, true);

	return OidIsValid(schema) && may_use_schema(schema, role) ? account_of_role(role) : NULL;
}

/*
 * identify_role makes the database role the caller: it acts for the account
 * named by the setting.  The default account is made by the first change.
 */
static void
identify_role(Request *request, const OwnerContext *owner)
{
	Caller *caller = &request->caller;
	const char *key = account_of_role(owner->user);
	bool is_default = strcmp(key, DEFAULT_ACCOUNT) == 0;

	if (!owner->trusted)
	{
		stats_count(request->operation, STATS_UNAUTHENTICATED);
		error_raise_with_hint(ERR_UNAUTHENTICATED, missing_grant(owner),
							  "an access token is required");
	}

	snprintf(caller->actor, sizeof(caller->actor), "role:%s",
			 GetUserNameFromId(owner->user, false));
	caller->scopes = SCOPE_ALL | ROLE_ONLY;
	caller->all_projects = true;
	caller->account = account_by_key(key, request->mode);
	if (caller->account != 0)
		return;
	if (!is_default)
		error_raise(ERR_NOT_FOUND, "account \"%s\" does not exist", key);
	while (caller->account == 0 && request->operation->kind != READS && !XactReadOnly)
	{
		Params params = {0};

		bind_bigint(&params, "account_id", random_account());
		bind_text(&params, "account_key", DEFAULT_ACCOUNT);
		bind_text(&params, "name", "Default");
		bind_time(&params, "now", request->now);
		statement_run(&make_account, &params, STATEMENT_WRITE);
		caller->account = account_by_key(key, STATEMENT_WRITE);
	}
}

/*
 * scope_of finds the bits that a scope's name of so many bytes stands for; SCOPE_NONE if it is
 * unknown.
 */
static int
scope_of(const char *name, size_t length)
{
	for (int i = 0; i < (int) lengthof(scope_names); i++)
		if (strncmp(scope_names[i].name, name, length) == 0 && scope_names[i].name[length] == '\0')
			return scope_names[i].scope;
	return SCOPE_NONE;
}

/*
 * scopes_of_array reads a token's scopes; a name that is unknown grants nothing.
 */
static int
scopes_of_array(ArrayType *names)
{
	Datum *elements;
	int count;
	int scopes = SCOPE_NONE;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		const text *name = DatumGetTextPP(elements[i]);

		scopes |= scope_of(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	}
	return scopes;
}

/*
 * verify_token makes the access token the caller.  An unknown selector costs
 * the same hash and comparisons as a wrong secret, whether or not there is a
 * previous one, and all get the same response.
 */
static void
verify_token(Request *request)
{
	static const uint8 nobody[SECRET_HASH_BYTES] = {0};
	Caller *caller = &request->caller;
	TokenParts parts;
	Params params = {0};
	Rows rows;
	Row row;
	uint8 presented[SECRET_HASH_BYTES];
	const uint8 *current = nobody;
	const uint8 *previous = nobody;
	bool is_current;
	bool is_previous;
	bool known;

	/* Its form is public: there is nothing to hide about a text that has not got it. */
	if (!token_parse(request->token, &parts))
		rate_limit_unknown_token(request, NO_ACCOUNT);

	bind_bigint(&params, "account_id", parts.account);
	bind_text(&params, "selector", parts.selector);
	rows = statement_run(&find_token, &params, request->mode);
	known = rows.count == 1;
	caller->good_until = DT_NOEND;
	if (known)
	{
		row_read(&rows, 0, &row);
		current = (uint8 *) VARDATA_ANY(row_get_bytes(&row, "secret_hash"));
		if (!row_is_null(&row, "expires_at"))
			caller->good_until = row_get_time(&row, "expires_at");
		if (!row_is_null(&row, "previous_secret_hash") &&
			row_get_time(&row, "previous_expires_at") > GetCurrentTimestamp())
			previous = (uint8 *) VARDATA_ANY(row_get_bytes(&row, "previous_secret_hash"));
	}
	sha256(parts.secret, SECRET_LENGTH, presented);
	is_current = hashes_match(presented, current);
	is_previous = hashes_match(presented, previous);
	explicit_bzero(parts.secret, sizeof(parts.secret));
	if (is_previous && !is_current)
		caller->good_until = Min(caller->good_until, row_get_time(&row, "previous_expires_at"));
	if (!known || !(is_current | is_previous) || !row_is_null(&row, "revoked_at") ||
		caller->good_until <= GetCurrentTimestamp())
		rate_limit_unknown_token(request, parts.account);
	if (!row_is_null(&row, "killed_at"))
		error_raise(ERR_KILLED, "the access token has been killed");

	caller->account = parts.account;
	caller->token_id = row_get_string(&row, "id");
	caller->scopes = scopes_of_array(row_get_array(&row, "scopes"));
	caller->all_projects = row_get_boolean(&row, "all_projects");
	caller->member_id = row_get_string(&row, "member_id");
	caller->tier = rate_tier_by_name(row_get_string(&row, "rate_tier"));
	caller->limit_key = limit_key(parts.account, parts.selector);
}

/*
 * caller_identify finds out who calls: the access token if one was presented,
 * else the database role.
 */
void
caller_identify(Request *request, const OwnerContext *owner)
{
	Caller *caller = &request->caller;

	if (request->token == NULL)
	{
		identify_role(request, owner);
		return;
	}
	if (!auth_cache_find(request->token, caller))
		verify_token(request);
	snprintf(caller->actor, sizeof(caller->actor), "token:%s", caller->token_id);
}

/*
 * caller_require_scope refuses a caller without the operation's scope, and one that is
 * limited to projects where the operation concerns the whole account.
 */
void
caller_require_scope(const Request *request)
{
	int needed = request->operation->scope;

	if ((request->caller.scopes & needed) != needed)
	{
		if (needed == ROLE_ONLY)
			error_raise(ERR_FORBIDDEN, "this operation is for database roles only");
		error_raise(ERR_FORBIDDEN, "scope %s is required", scope_name((Scope) needed));
	}
	if (request->operation->whole_account && !request->caller.all_projects)
		error_raise(ERR_FORBIDDEN, "this operation concerns the whole account, and the access "
								   "token is limited to projects");
}

/*
 * caller_project_field finds the field that names the request's project; -1 if
 * the operation is not about one.
 */
int
caller_project_field(const Operation *operation)
{
	for (int i = 0; operation->fields[i].name; i++)
		if (operation->fields[i].place == IN_PATH &&
			(operation->fields[i].type == FIELD_PROJECT_ID ||
			 strcmp(operation->fields[i].name, "project_key") == 0))
			return i;
	return -1;
}

/*
 * caller_resolve_project turns a project given by key where an id is usual into
 * its id, so that the same request looks the same however it came.
 */
void
caller_resolve_project(Request *request)
{
	Params params = {0};
	Rows rows;
	Row row;

	if (request->project_key == NULL)
		return;
	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "project_key", request->project_key);
	rows = statement_run(&find_project_by_key, &params, request->mode);
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "project \"%s\" does not exist", request->project_key);
	row_read(&rows, 0, &row);
	field_set(request, caller_project_field(request->operation), row_get_datum(&row, "id"));
}

/*
 * caller_require_project_access hides projects that the token is not for.  It is asked once
 * the work is to be done: a replayed response belongs to this very token, whatever
 * has become of the project.
 */
void
caller_require_project_access(Request *request)
{
	int field = caller_project_field(request->operation);
	const Caller *caller = &request->caller;
	Params params = {0};
	Rows rows;

	if (caller->all_projects || field < 0 || !request_given(request, field))
		return;
	bind_bigint(&params, "account_id", caller->account);
	bind_value(&params, "project", request->params.types[FIELD_PARAM(field)],
			   request->params.values[FIELD_PARAM(field)], false);
	bind_text(&params, "token_id", caller->token_id);
	if (request->params.types[FIELD_PARAM(field)] == UUIDOID)
		rows = statement_run(&find_project_access_by_id, &params, request->mode);
	else
		rows = statement_run(&find_project_access_by_key, &params, request->mode);
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the project does not exist");
}

/*
 * scope_by_name finds the bits that a scope's name stands for.
 */
bool
scope_by_name(const char *name, int *scope)
{
	*scope = scope_of(name, strlen(name));
	return *scope != SCOPE_NONE;
}

/*
 * scope_name is the name of a single scope, or of none.
 */
const char *
scope_name(Scope scope)
{
	if (scope == SCOPE_NONE)
		return NO_SCOPE_NAME;
	for (int i = 0; i < (int) lengthof(scope_names); i++)
		if (scope_names[i].scope == (int) scope)
			return scope_names[i].name;
	return "?";
}
