/*
 * flag_link.c
 *	  Flag links: pull requests, issues and messages outside that a flag is linked to.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/page.h"
#include "call/patch_request.h"
#include "util/document.h"
#include "util/json_patch.h"
#include "util/jsonb.h"

#define METADATA_VALUE_MAX 65536

/* The columns of a flag link, and where they are read. */
#define FLAG_LINK_COLUMNS                                                               \
	"k.id, k.key, k.integration_key, k.timestamp, k.deep_link, k.title, k.description," \
	" k.metadata, k.created_at, k.member_id, m.first_name, m.last_name"

#define FROM_LINK_OF_FLAG                                       \
	" FROM flagplane_data.project p JOIN flagplane_data.flag f" \
	" ON f.account_id = p.account_id AND f.project_id = p.id"   \
	" JOIN flagplane_data.flag_link k"                          \
	" ON k.account_id = f.account_id AND k.flag_id = f.id"      \
	" LEFT JOIN flagplane_data.member m"                        \
	" ON m.account_id = k.account_id AND m.id = k.member_id"    \
	" WHERE p.account_id = :account_id AND p.key = :project_key AND f.key = :flag_key"

typedef struct FlagLink
{
	char *id;
	char *key; /* this and the next may be NULL */
	char *integration_key;
	TimestampTz timestamp;
	char *deep_link; /* these four may be NULL */
	char *title;
	char *description;
	char *metadata;
	TimestampTz created_at;
	char *member_id; /* NULL: made without a member's token */
	char *first_name;
	char *last_name;
} FlagLink;

/* All metadata of a link has at most so many bytes of JSON: a list of links has no pages. */
#define METADATA_BYTES_MAX (64 * 1024)

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
	[TITLE] = FIELD("title", "title", FIELD_TEXT, .rule = RULE_NAME, .max = DESCRIPTION_MAX),
	[DESCRIPTION] = FIELD("description", "description", FIELD_TEXT, .rule = RULE_LENGTH,
						  .max = METADATA_VALUE_MAX),
	[METADATA] = FIELD("metadata", "metadata", FIELD_JSON, .rule = RULE_OBJECT),
	FIELDS_END};

#define ID_OR_KEY_FIELD FIELD("id_or_key", "id", FIELD_TEXT, .place = IN_PATH, .required = true)

const Field get_flag_link_fields[] = {PROJECT_KEY_FIELD, FLAG_KEY_FIELD, ID_OR_KEY_FIELD,
									  FIELDS_END};

const Field list_flag_links_fields[] = {PROJECT_KEY_FIELD, FLAG_KEY_FIELD, FIELDS_END};

enum
{
	UPDATE_ID = 2,
	UPDATE_PATCH
};

const Field update_flag_link_fields[] = {
	PROJECT_KEY_FIELD,
	FLAG_KEY_FIELD, [UPDATE_ID] = FIELD("id", "id", FIELD_TEXT, .place = IN_PATH, .required = true),
	[UPDATE_PATCH] = PATCH_FIELD, FIELDS_END};

const Field delete_flag_link_fields[] = {PROJECT_KEY_FIELD, FLAG_KEY_FIELD, ID_OR_KEY_FIELD,
										 FIELDS_END};

STATEMENT(insert_flag_link,
		  "INSERT INTO flagplane_data.flag_link"
		  " (account_id, id, flag_id, key, integration_key, timestamp, deep_link, title,"
		  " description, metadata, member_id, created_at)"
		  " VALUES (:account_id, :link_id, :flag_id, :key, :integration_key, :link_time,"
		  " :deep_link, :title, :description, :metadata, :member_id, :created_at)"
		  " ON CONFLICT (account_id, flag_id, key) DO NOTHING");

/* A key may look like an id: the link whose id it is goes first. */
#define BY_ID_OR_KEY                                 \
	" AND (k.id = :id_or_key OR k.key = :id_or_key)" \
	" ORDER BY k.id = :id_or_key DESC LIMIT 1"

STATEMENT(find_flag_link, "SELECT " FLAG_LINK_COLUMNS FROM_LINK_OF_FLAG BY_ID_OR_KEY);

STATEMENT(list_flag_links,
		  "SELECT " FLAG_LINK_COLUMNS FROM_LINK_OF_FLAG " ORDER BY k.created_at, k.id");

STATEMENT(lock_for_update,
		  "SELECT " FLAG_LINK_COLUMNS FROM_LINK_OF_FLAG " AND k.id = :id FOR NO KEY UPDATE OF k");

STATEMENT(lock_for_deletion,
		  "SELECT " FLAG_LINK_COLUMNS FROM_LINK_OF_FLAG BY_ID_OR_KEY " FOR UPDATE OF k");

STATEMENT(update_flag_link,
		  "UPDATE flagplane_data.flag_link k SET title = :title, description = :description"
		  " WHERE k.account_id = :account_id AND k.id = :link_id");

STATEMENT(delete_flag_link, "DELETE FROM flagplane_data.flag_link k"
							" WHERE k.account_id = :account_id AND k.id = :link_id");

/* A patched flag link has the fields and rules of a new one. */
static const Operation creation = {
	.name = "update_flag_link",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "flag link",
	.fields = create_flag_link_fields,
	.check = check_create_flag_link,
};

static FlagLink
flag_link_of_row(const Rows *rows, uint64 number)
{
	Row row;
	FlagLink link;

	row_read(rows, number, &row);
	link.id = row_get_string(&row, "id");
	link.key = row_get_string(&row, "key");
	link.integration_key = row_get_string(&row, "integration_key");
	link.timestamp = row_get_time(&row, "timestamp");
	link.deep_link = row_get_string(&row, "deep_link");
	link.title = row_get_string(&row, "title");
	link.description = row_get_string(&row, "description");
	link.metadata = row_get_jsonb(&row, "metadata");
	link.created_at = row_get_time(&row, "created_at");
	link.member_id = row_get_string(&row, "member_id");
	link.first_name = row_get_string(&row, "first_name");
	link.last_name = row_get_string(&row, "last_name");
	return link;
}

static void
timestamp_document(StringInfo out, TimestampTz time)
{
	int64 milliseconds = milliseconds_of_time(time);

	document_key(out, "_timestamp");
	document_open(out, '{');
	document_integer(out, "milliseconds", milliseconds);
	document_integer(out, "seconds", milliseconds / 1000);
	document_string(out, "rfc3339", iso_of_time(time, 'T', true));
	document_string(out, "simple", iso_of_time(time, ' ', false));
	document_close(out, '}');
}

/*
 * member_document writes the member who made the link; null if its token had none.
 */
static void
member_document(StringInfo out, const FlagLink *link)
{
	document_key(out, "_member");
	if (link->member_id == NULL)
	{
		document_quoted(out, NULL);
		return;
	}
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

/*
 * flag_link_document writes the FlagLinkRep.
 */
static void
flag_link_document(Request *request, const FlagLink *link)
{
	StringInfo out = request->response;
	char *project_key = request_string(request, PROJECT_KEY);
	char *flag_key = request_string(request, FLAG_KEY);

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "parent", "/api/v2/flag-links/projects/%s/flags/%s", project_key, flag_key);
	document_link(out, "self", "/api/v2/flag-links/projects/%s/flags/%s/%s", project_key, flag_key,
				  link->id);
	document_close(out, '}');
	document_string(out, "_id", link->id);
	document_string(out, "_deepLink", link->deep_link ? link->deep_link : "");
	timestamp_document(out, link->timestamp);
	document_milliseconds(out, "_createdAt", link->created_at);
	document_string(out, "_key", link->key);
	document_string(out, "_integrationKey", link->integration_key);
	document_string(out, "title", link->title);
	document_string(out, "description", link->description);
	document_raw(out, "_metadata", link->metadata);
	member_document(out, link);
	document_close(out, '}');
}

/*
 * check_create_flag_link requires that metadata has strings only, is not too large, and
 * comes with the integration that declares it.
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
	if (strlen(jsonb_text(metadata)) > METADATA_BYTES_MAX)
		request_violation(request, METADATA, "must have at most %d bytes of JSON",
						  METADATA_BYTES_MAX);
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
 * flag_link_target names the link for the audit log.
 */
static void
flag_link_target(Request *request, const FlagLink *link)
{
	request_target(request, "proj/%s:env/*:flag/%s:link/%s", request_string(request, PROJECT_KEY),
				   request_string(request, FLAG_KEY), link->id);
}

/*
 * precompute_create_flag_link writes the response before the work: the flag link that
 * will be created, with its member's names as they are when the call starts.
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

	bind_text(&request->params, "link_id", link.id);
	bind_time(&request->params, "link_time", link.timestamp);
	bind_text(&request->params, "member_id", link.member_id);
	bind_time(&request->params, "created_at", link.created_at);
	flag_link_document(request, &link);
	request_location(request, "/api/v2/flag-links/projects/%s/flags/%s/%s",
					 request_string(request, PROJECT_KEY), request_string(request, FLAG_KEY),
					 link.id);
	flag_link_target(request, &link);
	request->precomputed = true;
}

void
do_create_flag_link(Request *request)
{
	flag_lock_key_share(request);
	if (request_given(request, INTEGRATION_KEY))
		integration_require(request, INTEGRATION_KEY, METADATA);
	if (request_run(request, &insert_flag_link).count == 0)
		error_raise(ERR_EXISTS, "flag link \"%s\" already exists", request_string(request, KEY));
}

/*
 * flag_link_find reads the one flag link that a statement finds or locks, and refuses a
 * request whose link, named by its third field, does not exist.
 */
static FlagLink
flag_link_find(Request *request, Statement *statement)
{
	Rows rows = request_run(request, statement);

	if (rows.count == 0)
	{
		flag_require(request);
		error_raise(ERR_NOT_FOUND, "flag link \"%s\" does not exist", request_string(request, KEY));
	}
	return flag_link_of_row(&rows, 0);
}

/*
 * do_get_flag_link returns one flag link, by its id or key.
 */
void
do_get_flag_link(Request *request)
{
	FlagLink link = flag_link_find(request, &find_flag_link);

	flag_link_document(request, &link);
}

/*
 * do_list_flag_links returns all links of a flag, oldest first.
 */
void
do_list_flag_links(Request *request)
{
	StringInfo out = request->response;
	Rows rows = request_run(request, &list_flag_links);

	if (rows.count == 0)
		flag_require(request);
	document_open_items(out);
	for (uint64 i = 0; i < rows.count; i++)
	{
		FlagLink link = flag_link_of_row(&rows, i);

		document_element(out);
		flag_link_document(request, &link);
		list_require_room(request);
	}
	document_close(out, ']');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/flag-links/projects/%s/flags/%s",
				  request_string(request, PROJECT_KEY), request_string(request, FLAG_KEY));
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * do_update_flag_link changes the title and the description of a flag link by a JSON
 * Patch of its document.
 */
void
do_update_flag_link(Request *request)
{
	static const char *const editable[] = {"title", "description", NULL};
	Jsonb *operations = patching_operations(request, UPDATE_PATCH);
	FlagLink link = flag_link_find(request, &lock_for_update);
	Jsonb *before;
	Jsonb *after;
	Request *fields;

	flag_link_document(request, &link);
	request_before(request);

	before = jsonb_of_text(request->before);
	after = json_patch(before, operations);
	fields = patching_fields(request, &creation, before, after, editable);
	request->unchanged = jsonb_equal(before, after);
	if (!request->unchanged)
	{
		bind_text(&fields->params, "link_id", link.id);
		request_run(fields, &update_flag_link);
		link.title = request_string(fields, TITLE);
		link.description = request_string(fields, DESCRIPTION);
	}
	flag_link_document(request, &link);
	flag_link_target(request, &link);
}

/*
 * do_delete_flag_link removes a flag link, named by its id or key.  It is locked before
 * it is read, so that the audit log shows what was removed.
 */
void
do_delete_flag_link(Request *request)
{
	FlagLink link = flag_link_find(request, &lock_for_deletion);

	bind_text(&request->params, "link_id", link.id);
	request_run(request, &delete_flag_link);
	flag_link_document(request, &link);
	request_before(request);
	flag_link_target(request, &link);
}
