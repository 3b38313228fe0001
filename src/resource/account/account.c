/*
 * account.c
 *	  Accounts: the tenants.
 */
#include "resource/resource.h"

#include "call/page.h"
#include "call/token.h"
#include "util/document.h"

enum
{
	KEY,
	NAME
};

const Field create_account_fields[] = {[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true,
													 .rule = RULE_KEY, .min = 1, .max = KEY_MAX),
									   [NAME] = FIELD("name", "name", FIELD_TEXT, .required = true,
													  .rule = RULE_NAME, .min = 1,
													  .max = NAME_MAX_CHARS),
									   FIELDS_END};

const Field list_accounts_fields[] = {PAGE_LIMIT_FIELD, PAGE_OFFSET_FIELD, FIELDS_END};

/* An id is one of 2^32 at random: if it exists already, another one is tried. */
STATEMENT(insert_account, "INSERT INTO flagplane_data.account (id, key, name, created_at)"
						  " VALUES (:id, :key, :name, :now) ON CONFLICT DO NOTHING");

STATEMENT(find_account, "SELECT 1 FROM flagplane_data.account a WHERE a.key = :key");

STATEMENT(list_accounts, "SELECT a.key, a.name, a.created_at FROM flagplane_data.account a"
						 " ORDER BY a.key LIMIT :limit OFFSET :offset");

STATEMENT(count_accounts, "SELECT count(*) FROM flagplane_data.account a");

static void
account_document(StringInfo out, const char *key, const char *name, TimestampTz created_at)
{
	document_open(out, '{');
	document_string(out, "key", key);
	document_string(out, "name", name);
	document_milliseconds(out, "creationDate", created_at);
	document_close(out, '}');
}

/*
 * do_create_account makes an account.
 */
void
do_create_account(Request *request)
{
	char *key = request_string(request, KEY);
	char *name = request_string(request, NAME);

	bind_time(&request->params, "now", request->now);
	do
	{
		if (request_run(request, &find_account).count > 0)
			error_raise(ERR_EXISTS, "account \"%s\" already exists", key);
		bind_bigint(&request->params, "id", random_account());
	} while (request_run(request, &insert_account).count == 0);

	account_document(request->response, key, name, request->now);
	request_target(request, "account/%s", key);
}

/*
 * do_list_accounts returns a page of the accounts, by key.
 */
void
do_list_accounts(Request *request)
{
	StringInfo out = request->response;
	int64 total = page_total(request, &count_accounts);
	Rows rows = request_run(request, &list_accounts);

	document_open_items(out);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		document_element(out);
		account_document(out, row_get_string(&row, "key"), row_get_string(&row, "name"),
						 row_get_time(&row, "created_at"));
	}
	document_close(out, ']');
	document_integer(out, "totalCount", total);
	document_close(out, '}');
}
