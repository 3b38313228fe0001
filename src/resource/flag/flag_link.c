/*
 * flag_link.c
 *	  Flag links: what a flag is connected to outside, a pull request or an issue.
 */
#include "resource/flag/flag_link.h"
#include "resource/resource.h"

#include "call/field.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

#define METADATA_VALUE_MAX 65536

enum
{
	PROJECT_KEY,
	FLAG_KEY,
	KEY,
	INTEGRATION_KEY,
	TIMESTAMP,
	DEEP_LINK,
	TITLE,
	DESCRIPTION,
	METADATA
};

const Field create_flag_link_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[FLAG_KEY] = FLAG_KEY_FIELD,
	[KEY] = FIELD("key", "key", FIELD_TEXT, .rule = RULE_KEY, .min = 1, .max = LINK_KEY_MAX),
	[INTEGRATION_KEY] = FIELD("integration_key", "integrationKey", FIELD_TEXT),
	[TIMESTAMP] =
		FIELD("timestamp", "timestamp", FIELD_BIGINT, .rule = RULE_RANGE, .max = MILLISECONDS_MAX),
	[DEEP_LINK] =
		FIELD("deep_link", "deepLink", FIELD_TEXT, .rule = RULE_URL, .min = 1, .max = URL_MAX),
	[TITLE] = FIELD("title", "title", FIELD_TEXT, .rule = RULE_LENGTH, .max = DESCRIPTION_MAX),
	[DESCRIPTION] = FIELD("description", "description", FIELD_TEXT, .rule = RULE_LENGTH,
						  .max = METADATA_VALUE_MAX),
	[METADATA] = FIELD("metadata", "metadata", FIELD_JSON, .rule = RULE_OBJECT),
	FIELDS_END};

const Field get_flag_link_fields[] = {
	PROJECT_KEY_FIELD, FLAG_KEY_FIELD,
	FIELD("id_or_key", "id", FIELD_TEXT, .place = IN_PATH, .required = true), FIELDS_END};

const Field list_flag_links_fields[] = {PROJECT_KEY_FIELD, FLAG_KEY_FIELD, FIELDS_END};

STATEMENT(insert_flag_link,
		  "INSERT INTO flagplane_data.flag_link"
		  " (account_id, id, flag_id, key, integration_key, timestamp, deep_link, title,"
		  " description, metadata, member_id, created_at)"
		  " VALUES ($1, $11, $15, $4, $5, $12, $7, $8, $9, $10, $13, $14)"
		  " ON CONFLICT (account_id, flag_id, key) DO NOTHING");

/* The parent is locked as its foreign key would, so that a flag that is being deleted is missed
 * in time: here and wherever something is made below something. */
STATEMENT(lock_flag_key_share,
		  "SELECT f.id, f.project_id" OF_FLAG
		  " WHERE p.account_id = $1 AND p.key = $2 AND f.key = $3 FOR KEY SHARE OF f");

STATEMENT(find_flag, "SELECT 1" OF_FLAG " WHERE p.account_id = $1 AND p.key = $2 AND f.key = $3");

/* A key may look like an id: the link whose id it is goes first. */
STATEMENT(find_flag_link,
		  "SELECT " FLAG_LINK_COLUMNS LINK_OF_FLAG
		  " WHERE p.account_id = $1 AND p.key = $2 AND f.key = $3 AND (k.id = $4 OR k.key = $4)"
		  " ORDER BY k.id = $4 DESC LIMIT 1");

STATEMENT(list_flag_links, "SELECT " FLAG_LINK_COLUMNS LINK_OF_FLAG
						   " WHERE p.account_id = $1 AND p.key = $2 AND f.key = $3"
						   " ORDER BY k.created_at, k.id");

/*
 * flag_link_of_row reads the columns of FLAG_LINK_COLUMNS.
 */
FlagLink
flag_link_of_row(const Rows *rows, uint64 number)
{
	Row row;
	FlagLink link;

	row_read(rows, number, &row);
	link.id = row_string(&row, 0);
	link.key = row_string(&row, 1);
	link.integration_key = row_string(&row, 2);
	link.timestamp = row_time(&row, 3);
	link.deep_link = row_string(&row, 4);
	link.title = row_string(&row, 5);
	link.description = row_string(&row, 6);
	link.metadata = row_jsonb(&row, 7);
	link.created_at = row_time(&row, 8);
	link.member_id = row_string(&row, 9);
	link.first_name = row_string(&row, 10);
	link.last_name = row_string(&row, 11);
	return link;
}

/*
 * flag_link_document writes the FlagLinkRep.
 */
void
flag_link_document(Request *request, const FlagLink *link)
{
	StringInfo out = request->response;
	char *project_key = request_string(request, PROJECT_KEY);
	char *flag_key = request_string(request, FLAG_KEY);
	int64 milliseconds = milliseconds_of_time(link->timestamp);

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "parent", "/api/v2/flag-links/projects/%s/flags/%s", project_key, flag_key);
	document_link(out, "self", "/api/v2/flag-links/projects/%s/flags/%s/%s", project_key, flag_key,
				  link->id);
	document_close(out, '}');
	document_string(out, "_id", link->id);
	document_string(out, "_deepLink", link->deep_link ? link->deep_link : "");
	document_key(out, "_timestamp");
	document_open(out, '{');
	document_integer(out, "milliseconds", milliseconds);
	document_integer(out, "seconds", milliseconds / 1000);
	document_string(out, "rfc3339", iso_of_time(link->timestamp, 'T', true));
	document_string(out, "simple", iso_of_time(link->timestamp, ' ', false));
	document_close(out, '}');
	document_milliseconds(out, "_createdAt", link->created_at);
	document_string(out, "_key", link->key);
	document_string(out, "_integrationKey", link->integration_key);
	document_string(out, "title", link->title);
	document_string(out, "description", link->description);
	document_raw(out, "_metadata", link->metadata);
	document_key(out, "_member");
	if (link->member_id)
	{
		document_open(out, '{');
		document_key(out, "_links");
		document_open(out, '{');
		document_link(out, "self", "/api/v2/members/%s", link->member_id);
		document_close(out, '}');
		document_string(out, "_id", link->member_id);
		document_string(out, "firstName", link->first_name);
		document_string(out, "lastName", link->last_name);
		document_close(out, '}');
	}
	else
		document_quoted(out, NULL);
	document_close(out, '}');
}

/*
 * check_create_flag_link holds metadata to strings, and to an integration that
 * it is for.
 */
void
check_create_flag_link(Request *request)
{
	Jsonb *metadata;
	JsonbIterator *iterator;
	JsonbValue value;

	if (!request_given(request, METADATA) || request->broken[METADATA])
		return;
	if (!request_given(request, INTEGRATION_KEY) && !request->broken[INTEGRATION_KEY])
	{
		request_violation(request, METADATA, "is for flag links of an integration only");
		return;
	}
	metadata = DatumGetJsonbP(request->params.values[FIELD_PARAM(METADATA)]);
	iterator = JsonbIteratorInit(&metadata->root);
	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type != jbvString)
		{
			request_violation(request, METADATA, "must hold strings only");
			return;
		}
	}
}

/*
 * flag_missing refuses a request about a flag that is not there.
 */
pg_noreturn static void
flag_missing(Request *request)
{
	if (!project_exists(request))
		project_missing(request);
	error_raise(ERR_NOT_FOUND, "flag \"%s\" does not exist", request_string(request, FLAG_KEY));
}

/*
 * flag_link_require_flag refuses a flag that is not there.
 */
void
flag_link_require_flag(Request *request)
{
	if (request_run_first(request, &find_flag, 3).count == 0)
		flag_missing(request);
}

/*
 * lock_flag locks the flag that gets a link and adds its id to the parameters.
 */
static void
lock_flag(Request *request)
{
	Rows rows = request_run_first(request, &lock_flag_key_share, 3);
	Row row;

	if (rows.count == 0)
		flag_missing(request);
	row_read(&rows, 0, &row);
	params_add(&request->params, UUIDOID, row.values[0], false);
	request->project_id = DatumGetUUIDP(row.values[1]);
}

/*
 * precompute_create_flag_link answers with the flag link that will be made, and with its
 * member's names as they are when the call begins.
 */
void
precompute_create_flag_link(Request *request)
{
	FlagLink link = {0};

	link.id = object_id();
	link.key = request_string(request, KEY);
	link.integration_key = request_string(request, INTEGRATION_KEY);
	link.timestamp = request_given(request, TIMESTAMP)
						 ? time_of_milliseconds(request_bigint(request, TIMESTAMP))
						 : request->now;
	link.deep_link = request_string(request, DEEP_LINK);
	link.title = request_string(request, TITLE);
	link.description = request_string(request, DESCRIPTION);
	if (request_given(request, METADATA))
		link.metadata = jsonb_text(DatumGetJsonbP(request->params.values[FIELD_PARAM(METADATA)]));
	link.created_at = request->now;
	link.member_id = request->caller.member_id;
	if (link.member_id)
		member_names(request, link.member_id, &link.first_name, &link.last_name);

	params_text(&request->params, link.id);
	params_time(&request->params, link.timestamp);
	params_text(&request->params, link.member_id);
	params_time(&request->params, link.created_at);
	flag_link_document(request, &link);
	request_location(request, "/api/v2/flag-links/projects/%s/flags/%s/%s",
					 request_string(request, PROJECT_KEY), request_string(request, FLAG_KEY),
					 link.id);
	flag_link_target(request, &link);
	request->precomputed = true;
}

/*
 * do_create_flag_link makes a flag link.
 */
void
do_create_flag_link(Request *request)
{
	if (request_given(request, INTEGRATION_KEY))
	{
		flag_link_require_flag(request);
		integration_require(request, INTEGRATION_KEY, METADATA);
	}
	lock_flag(request);
	if (request_run(request, &insert_flag_link).count == 0)
		error_raise(ERR_EXISTS, "flag link \"%s\" already exists", request_string(request, KEY));
}

/*
 * flag_link_missing refuses a request about a link that is not there, named by
 * the third field.
 */
void
flag_link_missing(Request *request)
{
	flag_link_require_flag(request);
	error_raise(ERR_NOT_FOUND, "flag link \"%s\" does not exist", request_string(request, KEY));
}

/*
 * flag_link_find finds a flag link by its id or key.
 */
FlagLink
flag_link_find(Request *request)
{
	Rows rows = request_run(request, &find_flag_link);

	if (rows.count == 0)
		flag_link_missing(request);
	return flag_link_of_row(&rows, 0);
}

/*
 * flag_link_target names the link for the audit log.
 */
void
flag_link_target(Request *request, const FlagLink *link)
{
	request_target(request, "proj/%s:env/*:flag/%s:link/%s", request_string(request, PROJECT_KEY),
				   request_string(request, FLAG_KEY), link->id);
}

/*
 * do_get_flag_link answers with one flag link, by its id or key.
 */
void
do_get_flag_link(Request *request)
{
	FlagLink link = flag_link_find(request);

	flag_link_document(request, &link);
}

/*
 * do_list_flag_links answers with all links of a flag, oldest first.
 */
void
do_list_flag_links(Request *request)
{
	StringInfo out = request->response;
	Rows rows = request_run(request, &list_flag_links);

	if (rows.count == 0)
		flag_link_require_flag(request);
	document_open_items(out);
	for (uint64 i = 0; i < rows.count; i++)
	{
		FlagLink link = flag_link_of_row(&rows, i);

		document_element(out);
		flag_link_document(request, &link);
	}
	document_close(out, ']');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/flag-links/projects/%s/flags/%s",
				  request_string(request, PROJECT_KEY), request_string(request, FLAG_KEY));
	document_close(out, '}');
	document_close(out, '}');
}
