/*
 * request.c
 *	  What operations ask of the request that runs them.
 */
#include "call/request.h"

#include "util/document.h"
#include "utils/builtins.h"

/*
 * request_given tells whether the caller gave the field a value.
 */
bool
request_given(const Request *request, int field)
{
	return request->params.nulls[FIELD_PARAM(field)] == ' ';
}

/*
 * request_string is a text field's value; NULL if it was not given.
 */
char *
request_string(const Request *request, int field)
{
	return request_given(request, field)
			   ? TextDatumGetCString(request->params.values[FIELD_PARAM(field)])
			   : NULL;
}

/*
 * request_integer is an integer field's value; 0 if it was not given.
 */
int32
request_integer(const Request *request, int field)
{
	return request_given(request, field) ? DatumGetInt32(request->params.values[FIELD_PARAM(field)])
										 : 0;
}

/*
 * request_bigint is a bigint field's value; 0 if it was not given.
 */
int64
request_bigint(const Request *request, int field)
{
	return request_given(request, field) ? DatumGetInt64(request->params.values[FIELD_PARAM(field)])
										 : 0;
}

/*
 * request_boolean is a boolean field's value; false if it was not given.
 */
bool
request_boolean(const Request *request, int field)
{
	return request_given(request, field) &&
		   DatumGetBool(request->params.values[FIELD_PARAM(field)]);
}

/*
 * request_array is an array field's value; NULL if it was not given.
 */
ArrayType *
request_array(const Request *request, int field)
{
	return request_given(request, field)
			   ? DatumGetArrayTypeP(request->params.values[FIELD_PARAM(field)])
			   : NULL;
}

/*
 * request_run runs a statement with the request's parameters.
 */
Rows
request_run(Request *request, Statement *statement)
{
	return statement_run(statement, &request->params, request->mode);
}

/*
 * request_secret writes a member whose value is a public prefix and a secret into the
 * response, and records where the secret stands.  A response has at most one secret that
 * is shown once.
 */
void
request_secret(Request *request, const char *key, const char *prefix, const char *value, bool once)
{
	SecretSpan *span;

	if (request->secret_count == request->secret_room)
	{
		request->secret_room = Max(8, request->secret_room * 2);
		if (request->secrets == NULL)
			request->secrets = palloc(sizeof(SecretSpan) * request->secret_room);
		else
			request->secrets =
				repalloc(request->secrets, sizeof(SecretSpan) * request->secret_room);
	}
	document_key(request->response, key);
	appendStringInfo(request->response, "\"%s", prefix);
	span = &request->secrets[request->secret_count++];
	span->start = request->response->len;
	span->length = strlen(value);
	span->once = once;
	appendBinaryStringInfo(request->response, value, span->length);
	appendStringInfoChar(request->response, '"');
}

/*
 * request_without_secrets is the response without its secrets: without all of
 * them, or without the one that is shown once.
 */
char *
request_without_secrets(const Request *request, bool once_only)
{
	StringInfoData text;
	int from = 0;

	initStringInfo(&text);
	for (int i = 0; i < request->secret_count; i++)
	{
		const SecretSpan *span = &request->secrets[i];

		if (once_only && !span->once)
			continue;
		appendBinaryStringInfo(&text, request->response->data + from, span->start - from);
		from = span->start + span->length;
	}
	appendBinaryStringInfo(&text, request->response->data + from, request->response->len - from);
	return text.data;
}

/*
 * request_before records the response written so far, which shows the resource as it is, as
 * the state before the change; the response starts anew.
 */
void
request_before(Request *request)
{
	request->before = request_without_secrets(request, false);
	request_reset_response(request);
}

/*
 * request_reset_response discards what has been written as the response.
 */
void
request_reset_response(Request *request)
{
	resetStringInfo(request->response);
	resetStringInfo(request->location);
	request->secret_count = 0;
}

/*
 * next_tag reads an entity tag of a list and steps past it; false at the end of the list.
 * What has not the form of one is read up to the next comma, and is no version's.
 */
static bool
next_tag(const char **list, const char **tag, int *length)
{
	const char *next = *list + strspn(*list, " \t,");
	const char *end;

	if (*next == '\0')
		return false;
	*tag = next;
	if (strncmp(next, "W/", 2) == 0)
		next += 2;
	end = *next == '"' ? strchr(next + 1, '"') : NULL;
	next = end ? end + 1 : next;
	next += strcspn(next, ",");
	*length = next - *tag;
	while (strchr(" \t", (*tag)[*length - 1]))
		(*length)--;
	*list = next;
	return true;
}

/*
 * request_require_version refuses a change of what has another version than the
 * caller saw: one of the entity tags in If-Match, or any for *.  Tags are compared
 * strongly, so that a weak one is never the same (RFC 9110, section 13.1.1).
 */
void
request_require_version(const Request *request, int version)
{
	const char *list = request->if_match;
	const char *tag;
	char *current;
	bool matches = false;
	int length;

	if (list == NULL)
		return;
	list += strspn(list, " \t");
	if (*list == '*' && list[1 + strspn(list + 1, " \t")] == '\0')
		return;
	current = psprintf("\"%d\"", version);
	while (next_tag(&list, &tag, &length))
		matches |= length == (int) strlen(current) && memcmp(tag, current, length) == 0;
	if (!matches)
		error_raise(ERR_STALE_VERSION, "the %s is at version %d, not at that of If-Match",
					request->operation->subject, version);
}

/*
 * request_location sets the Location of the created resource.
 */
void
request_location(Request *request, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append_formatted(request->location, format, args);
	va_end(args);
}

/*
 * request_target names the resource for the audit log, as a LaunchDarkly
 * resource specifier: proj/default:layer/checkout.
 */
void
request_target(Request *request, const char *format, ...)
{
	StringInfoData target;
	va_list args;

	initStringInfo(&target);
	va_start(args, format);
	append_formatted(&target, format, args);
	va_end(args);
	request->target = target.data;
}

/*
 * request_violation collects a broken rule of a field under the name that the
 * caller knows it by.
 */
void
request_violation(Request *request, int field, const char *reason, ...)
{
	const Field *which = &request->operation->fields[field];
	StringInfoData text;
	va_list args;

	initStringInfo(&text);
	va_start(args, reason);
	append_formatted(&text, reason, args);
	va_end(args);
	error_violation(&request->violations, request->rest ? which->json_name : which->name, "%s",
					text.data);
	request->broken[field] = true;
}
