/*
 * error.c
 *	  The table of refusals, raising them, and rendering them per dialect.
 *
 * To SDKs no accident may look like their own mistake, at which they stop for good: what is
 * not about their credential or request is 503.
 *
 * A refusal is raised as an ordinary error.  Its SQLSTATE may stand for several
 * rows of the table, so the row's name travels in the constraint_name field of
 * the error, where SQL callers can read it too (GET STACKED DIAGNOSTICS).
 */
#include "util/error.h"

#include "util/response_headers.h"
#include "util/document.h"
#include "util/id.h"
#include "storage/pmsignal.h"
#include "utils/memutils.h"

typedef struct ErrorRow
{
	const char *name;
	int sqlstate;
	int status[DIALECTS];		/* by Dialect */
	const char *code[DIALECTS]; /* by Dialect */
} ErrorRow;

static const ErrorRow rows[] = {
	[ERR_INVALID] = {.name = "invalid",
					 .sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
					 .status = {400, 422, 400, 400},
					 .code = {"invalid_request", "VALIDATION", "invalid_request",
							  "INVALID_CONTEXT"}},
	[ERR_MALFORMED] = {.name = "malformed",
					   .sqlstate = ERRCODE_INVALID_TEXT_REPRESENTATION,
					   .status = {400, 422, 400, 400},
					   .code = {"invalid_request", "VALIDATION", "invalid_request", "PARSE_ERROR"}},
	[ERR_TARGETING_KEY] = {.name = "targeting_key",
						   .sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
						   .status = {400, 422, 400, 400},
						   .code = {"invalid_request", "VALIDATION", "invalid_request",
									"TARGETING_KEY_MISSING"}},
	[ERR_SERVER_GENERATED_ID] = {.name = "server_generated_id",
								 .sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
								 .status = {400, 422, 503, 503},
								 .code = {"invalid_request", "VALIDATION_FAILED",
										  "service_unavailable", NULL}},
	[ERR_PATCH] = {.name = "patch",
				   .sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
				   .status = {400, 422, 503, 503},
				   .code = {"invalid_patch", "VALIDATION", "service_unavailable", NULL}},
	[ERR_UNAUTHENTICATED] = {.name = "unauthenticated",
							 .sqlstate = ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
							 .status = {401, 401, 401, 401},
							 .code = {"unauthorized", "UNAUTHENTICATED", "unauthorized", NULL}},
	[ERR_KILLED] = {.name = "killed",
					.sqlstate = ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
					.status = {401, 503, 503, 503},
					.code = {"unauthorized", "KILL_SWITCH", "service_unavailable", NULL}},
	[ERR_FORBIDDEN] = {.name = "forbidden",
					   .sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
					   .status = {403, 403, 503, 403},
					   .code = {"forbidden", "FORBIDDEN_SCOPE", "service_unavailable", NULL}},
	[ERR_NOT_FOUND] = {.name = "not_found",
					   .sqlstate = ERRCODE_NO_DATA_FOUND,
					   .status = {404, 404, 404, 404},
					   .code = {"not_found", "NOT_FOUND", "not_found", "FLAG_NOT_FOUND"}},
	[ERR_NO_ROUTE] = {.name = "no_route",
					  .sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
					  .status = {404, 404, 404, 404},
					  .code = {"not_found", "NOT_FOUND", "not_found", "GENERAL"}},
	[ERR_METHOD] = {.name = "method",
					.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
					.status = {405, 405, 405, 405},
					.code = {"method_not_allowed", "METHOD_NOT_ALLOWED", "method_not_allowed",
							 "GENERAL"}},
	[ERR_READ_ONLY] = {.name = "read_only",
					   .sqlstate = ERRCODE_READ_ONLY_SQL_TRANSACTION,
					   .status = {405, 405, 503, 503},
					   .code = {"method_not_allowed", "METHOD_NOT_ALLOWED", "service_unavailable",
								NULL}},
	[ERR_EXISTS] = {.name = "exists",
					.sqlstate = ERRCODE_UNIQUE_VIOLATION,
					.status = {409, 409, 503, 503},
					.code = {"conflict", "CONFLICT", "service_unavailable", NULL}},
	[ERR_STALE_VERSION] = {.name = "stale_version",
						   .sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
						   .status = {409, 409, 503, 503},
						   .code = {"optimistic_locking_error", "CONFLICT", "service_unavailable",
									NULL}},
	[ERR_IDEMPOTENCY_CONFLICT] = {.name = "idempotency_conflict",
								  .sqlstate = ERRCODE_DATA_EXCEPTION,
								  .status = {409, 409, 503, 503},
								  .code = {"idempotency_conflict", "IDEMPOTENCY_CONFLICT",
										   "service_unavailable", NULL}},
	[ERR_IDEMPOTENCY_REQUIRED] = {.name = "idempotency_required",
								  .sqlstate = ERRCODE_NULL_VALUE_NOT_ALLOWED,
								  .status = {400, 400, 503, 503},
								  .code = {"invalid_request", "IDEMPOTENCY_REQUIRED",
										   "service_unavailable", NULL}},
	[ERR_TOO_LARGE] = {.name = "too_large",
					   .sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					   .status = {400, 422, 413, 413},
					   .code = {"invalid_request", "VALIDATION", "too_large", "GENERAL"}},
	[ERR_RATE_LIMITED] = {.name = "rate_limited",
						  .sqlstate = ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
						  .status = {429, 429, 429, 429},
						  .code = {"rate_limited", "RATE_LIMITED", "rate_limited", NULL}},
	[ERR_IN_USE] = {.name = "in_use",
					.sqlstate = ERRCODE_OBJECT_IN_USE,
					.status = {409, 409, 503, 503},
					.code = {"conflict", "CONFLICT", "service_unavailable", NULL}},
	/* In SQL it stays what PostgreSQL raised. */
	[ERR_UNAVAILABLE] = {.name = "unavailable",
						 .sqlstate = ERRCODE_LOCK_NOT_AVAILABLE,
						 .status = {503, 503, 503, 503},
						 .code = {"service_unavailable", "UNAVAILABLE", "service_unavailable",
								  NULL}},
	[ERR_UNSUPPORTED] = {.name = "unsupported",
						 .sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED,
						 .status = {501, 501, 501, 501},
						 .code = {"not_supported", "NOT_SUPPORTED", "not_supported", NULL}},
	[ERR_INTERNAL] = {.name = "internal",
					  .sqlstate = ERRCODE_INTERNAL_ERROR,
					  .status = {500, 500, 503, 503},
					  .code = {"internal_service_error", "INTERNAL", "service_unavailable", NULL}},
};

/* The class of SQLSTATE that PostgREST reads a whole response from. */
#define ERRCODE_POSTGREST MAKE_SQLSTATE('P', 'G', 'R', 'S', 'T')

static ErrorFormat current_format = ERROR_FORMAT_SQL;
static Dialect current_dialect = LAUNCHDARKLY;
static char current_request_id[REQUEST_ID_LENGTH + 1];

/* The fields of the last raised violations; read by error_body while that error is rendered. */
static MemoryContext fields_context = NULL;
static char *raised_fields = NULL;

/* A caller's own words come back in messages, but not without bounds (bytes). */
#define ATTRIBUTE_MAX 384
#define WORD_MAX	  64
#define REASON_MAX	  300
#define MESSAGE_MAX	  2000

/* Further broken fields are counted, but not reported: no operation has so many of its own. */
#define VIOLATIONS_TOLD 50

pg_noreturn static void raise_formatted(ErrorKind kind, const char *hint, const char *message,
										va_list args) pg_attribute_printf(3, 0);
pg_noreturn static void throw(ErrorKind kind, const char *message, const char *hint);

/*
 * clip cuts a string to so many bytes of whole characters.
 */
static void
clip(char *string, int bytes)
{
	int length = strlen(string);

	if (length > bytes)
		string[pg_mbcliplen(string, length, bytes)] = '\0';
}

/*
 * error_word is a name from the caller, cut to what a message has room for.
 */
char *
error_word(char *name)
{
	clip(name, WORD_MAX);
	return name;
}

/*
 * error_set_format sets the form in which refusals leave from now on, and the id of
 * the request that they belong to (NULL: none).  Every entry into the extension
 * calls it first.
 */
void
error_set_format(ErrorFormat format, Dialect dialect, const char *request_id)
{
	current_format = format;
	current_dialect = dialect;
	strlcpy(current_request_id, request_id ? request_id : "", sizeof(current_request_id));
	raised_fields = NULL;
}

/*
 * error_violation adds a broken field: its name as the caller spelled it and
 * the rule, worded to follow the name ("must be ...", "is required").
 */
void
error_violation(Violations *violations, const char *attribute, const char *reason, ...)
{
	char *name;
	StringInfoData text;
	va_list args;

	if (violations->count >= VIOLATIONS_TOLD)
	{
		violations->count++;
		return;
	}
	name = pstrdup(attribute);
	initStringInfo(&text);
	va_start(args, reason);
	append_formatted(&text, reason, args);
	va_end(args);
	clip(name, ATTRIBUTE_MAX);
	clip(text.data, REASON_MAX);

	if (violations->count++ == 0)
	{
		initStringInfo(&violations->message);
		initStringInfo(&violations->fields);
	}
	else
	{
		appendStringInfoString(&violations->message, "; ");
		appendStringInfoChar(&violations->fields, ',');
	}
	appendStringInfo(&violations->message, "%s %s", name, text.data);

	document_open(&violations->fields, '{');
	document_string(&violations->fields, "attribute", name);
	document_string(&violations->fields, "reason", text.data);
	document_close(&violations->fields, '}');
}

/*
 * error_raise_violations refuses a request for all its broken fields at once.
 */
void
error_raise_violations(ErrorKind kind, const Violations *violations)
{
	if (fields_context == NULL)
		fields_context =
			AllocSetContextCreate(TopMemoryContext, "flagplane refusal", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(fields_context);
	raised_fields = MemoryContextStrdup(fields_context, violations->fields.data);
	clip(violations->message.data, MESSAGE_MAX);
	throw(kind, violations->message.data, NULL);
}

/*
 * raise_formatted refuses a request without violations of fields.
 */
static void
raise_formatted(ErrorKind kind, const char *hint, const char *message, va_list args)
{
	StringInfoData text;

	initStringInfo(&text);
	append_formatted(&text, message, args);
	clip(text.data, MESSAGE_MAX);
	raised_fields = NULL;
	throw(kind, text.data, hint);
}

/*
 * error_raise refuses a request.  The message follows PostgreSQL's style: lower
 * case, no full stop; never a secret, never a table name.
 */
void
error_raise(ErrorKind kind, const char *message, ...)
{
	va_list args;

	va_start(args, message);
	raise_formatted(kind, NULL, message, args);
	va_end(args);
}

/*
 * error_raise_with_hint refuses a request, and tells SQL callers, who have a server before
 * them and not a service, what they can do about it.
 */
void
error_raise_with_hint(ErrorKind kind, const char *hint, const char *message, ...)
{
	va_list args;

	va_start(args, message);
	raise_formatted(kind, hint, message, args);
	va_end(args);
}

/*
 * error_raise_serialization ends a transaction whose snapshot is too old to do
 * the request right; like every serialization failure it can be tried again.
 */
void
error_raise_serialization(void)
{
	ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			errmsg("could not serialize access due to concurrent update"));
}

/*
 * throw raises the error in the form the current caller understands.
 */
static void throw(ErrorKind kind, const char *message, const char *hint)
{
	const ErrorRow *row = &rows[kind];

	if (current_format == ERROR_FORMAT_POSTGREST)
	{
		StringInfoData body;
		StringInfoData response;

		initStringInfo(&body);
		document_open(&body, '{');
		document_string(&body, "code", row->code[current_dialect]);
		document_string(&body, "message", message);
		if (raised_fields)
		{
			StringInfoData fields;

			initStringInfo(&fields);
			appendStringInfo(&fields, "[%s]", raised_fields);
			document_string(&body, "details", fields.data);
		}
		document_close(&body, '}');

		initStringInfo(&response);
		document_open(&response, '{');
		document_integer(&response, "status", row->status[current_dialect]);
		document_key(&response, "headers");
		document_open(&response, '{');
		if (current_dialect == LAYERS)
			document_string(&response, "X-Request-Id", current_request_id);
		for (int i = 0; i < response_header_count(); i++)
			document_string(&response, response_header_name(i), response_header_value(i));
		document_close(&response, '}');
		document_close(&response, '}');

		ereport(ERROR, errcode(ERRCODE_POSTGREST), errmsg_internal("%s", body.data),
				errdetail_internal("%s", response.data));
	}

	ereport(ERROR, errcode(row->sqlstate), errmsg_internal("%s", message),
			hint ? errhint("%s", hint) : 0, err_generic_string(PG_DIAG_CONSTRAINT_NAME, row->name));
}

/*
 * error_is_transient tells whether PostgreSQL could not do something for the moment: it did
 * not get a lock in time, has no memory, disk or connections left (class 53), or does not
 * reach the server that has the rows (class 08).
 */
bool
error_is_transient(int sqlstate)
{
	return sqlstate == ERRCODE_LOCK_NOT_AVAILABLE ||
		   ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) ||
		   ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(ERRCODE_CONNECTION_EXCEPTION);
}

/*
 * error_is_being_handled tells, inside PG_CATCH, whether the error has the SQLSTATE of a
 * row of the table.
 */
bool
error_is_being_handled(ErrorKind kind)
{
	return geterrcode() == rows[kind].sqlstate;
}

/*
 * server_is_lost tells whether an error is what Citus says, without a state of its own, when this
 * server or one that it is connected to has been killed.
 */
static bool
server_is_lost(const ErrorData *error)
{
	return !PostmasterIsAlive() ||
		   (error->sqlerrcode == ERRCODE_INTERNAL_ERROR && error->message != NULL &&
			strstr(error->message, "failure on connection marked as essential") != NULL);
}

/*
 * error_is_ours tells whether a caught error is a refusal of the table, and
 * which.  PostgreSQL's own refusal of text that the database's encoding cannot
 * represent counts as one, and so does what it could not do for the moment.
 */
bool
error_is_ours(const ErrorData *error, ErrorKind *kind)
{
	if (error->sqlerrcode == ERRCODE_UNTRANSLATABLE_CHARACTER ||
		error->sqlerrcode == ERRCODE_CHARACTER_NOT_IN_REPERTOIRE)
	{
		*kind = ERR_MALFORMED;
		return true;
	}
	if (error->constraint_name == NULL)
	{
		*kind = ERR_UNAVAILABLE;
		return error_is_transient(error->sqlerrcode) || server_is_lost(error);
	}
	for (int i = 0; i < (int) lengthof(rows); i++)
	{
		if (rows[i].sqlstate == error->sqlerrcode &&
			strcmp(rows[i].name, error->constraint_name) == 0)
		{
			*kind = (ErrorKind) i;
			return true;
		}
	}
	return false;
}

/*
 * error_ends_transaction tells whether the caller's own transaction is over
 * with this error: cancellation and shutdown (class 57), serialization failures
 * and deadlocks (class 40).  Such an error is passed on, never turned into a response.
 */
bool
error_ends_transaction(const ErrorData *error)
{
	int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
		   category == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE);
}

/*
 * error_tells_row tells whether the detail of an error may show a row's values:
 * those of broken constraints (class 23) do.
 */
bool
error_tells_row(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) ==
		   ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION);
}

/*
 * error_status is the HTTP status of a refusal in a dialect.
 */
int
error_status(ErrorKind kind, Dialect dialect)
{
	return rows[kind].status[dialect];
}

/*
 * error_code is the code that a refusal's body has in a dialect.
 */
const char *
error_code(ErrorKind kind, Dialect dialect)
{
	return rows[kind].code[dialect];
}

/*
 * error_body writes the documented body of a refusal.
 */
void
error_body(StringInfo out, ErrorKind kind, Dialect dialect, const char *message,
		   const char *request_id)
{
	const char *code = rows[kind].code[dialect];

	document_open(out, '{');
	if (dialect != LAYERS)
	{
		document_string(out, "code", code);
		document_string(out, "message", message);
		if (raised_fields)
		{
			document_key(out, "errors");
			appendStringInfo(out, "[%s]", raised_fields);
		}
	}
	else
	{
		document_key(out, "error");
		document_open(out, '{');
		document_string(out, "code", code);
		document_string(out, "message", message);
		document_string(out, "requestId", request_id);
		if (raised_fields)
		{
			document_key(out, "details");
			appendStringInfo(out, "{\"fields\":[%s]}", raised_fields);
		}
		document_close(out, '}');
	}
	document_close(out, '}');
}
