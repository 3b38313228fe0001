/*
 * flag_link_change.c
 *	  Flag links: changed by a patch, and removed.
 */
#include "resource/flag/flag_link.h"
#include "resource/resource.h"

#include "call/patch_request.h"
#include "util/jsonb.h"
#include "util/json_patch.h"

enum
{
	PROJECT_KEY,
	FLAG_KEY,
	ID,
	PATCH
};

const Field update_flag_link_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[FLAG_KEY] = FLAG_KEY_FIELD,
	[ID] = FIELD("id", "id", FIELD_TEXT, .place = IN_PATH, .required = true),
	[PATCH] = PATCH_FIELD,
	FIELDS_END};

const Field delete_flag_link_fields[] = {
	PROJECT_KEY_FIELD, FLAG_KEY_FIELD,
	FIELD("id_or_key", "id", FIELD_TEXT, .place = IN_PATH, .required = true), FIELDS_END};

STATEMENT(
	lock_flag_link,
	"SELECT " FLAG_LINK_COLUMNS LINK_OF_FLAG
	" WHERE p.account_id = $1 AND p.key = $2 AND f.key = $3 AND k.id = $4 FOR NO KEY UPDATE OF k");

/* $8 and $9 are title and description, as create_flag_link takes them. */
STATEMENT(update_flag_link, "UPDATE flagplane_data.flag_link k SET title = $8, description = $9"
							" WHERE k.account_id = $1 AND k.id = $11 RETURNING " FLAG_LINK_COLUMNS);

STATEMENT(delete_flag_link,
		  "DELETE FROM flagplane_data.flag_link k WHERE k.account_id = $1 AND k.id = $2"
		  " RETURNING " FLAG_LINK_COLUMNS);

/* A patched flag link goes through the fields and rules of a creation. */
static const Operation creation = {
	.name = "update_flag_link",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "flag link",
	.fields = create_flag_link_fields,
	.check = check_create_flag_link,
};

/*
 * do_update_flag_link changes a flag link by a JSON Patch of its document.
 */
void
do_update_flag_link(Request *request)
{
	static const char *const editable[] = {"title", "description", NULL};
	Jsonb *operations = patching_operations(request, PATCH);
	Rows rows = request_run_first(request, &lock_flag_link, 4);
	FlagLink link;
	Jsonb *before;
	Jsonb *after;
	Request *fields;

	if (rows.count == 0)
		flag_link_missing(request);
	link = flag_link_of_row(&rows, 0);
	flag_link_document(request, &link);
	request_before(request);

	before = jsonb_of_text(request->before);
	after = json_patch(before, operations);
	fields = patching_fields(request, &creation, before, after, editable);
	request->unchanged = jsonb_equal(before, after);
	if (!request->unchanged)
	{
		params_text(&fields->params, link.id);
		rows = request_run(fields, &update_flag_link);
		link = flag_link_of_row(&rows, 0);
	}
	flag_link_document(request, &link);
	flag_link_target(request, &link);
}

/*
 * do_delete_flag_link removes a flag link, named by its id or key.  What it was is
 * what was removed, which may be something later than what was found.
 */
void
do_delete_flag_link(Request *request)
{
	FlagLink link = flag_link_find(request);
	Params params = {0};
	Rows rows;

	params_bigint(&params, request->caller.account);
	params_text(&params, link.id);
	rows = statement_run(&delete_flag_link, &params, STATEMENT_WRITE);
	if (rows.count == 0)
		flag_link_missing(request);
	link = flag_link_of_row(&rows, 0);
	flag_link_document(request, &link);
	request_before(request);
	flag_link_target(request, &link);
}
