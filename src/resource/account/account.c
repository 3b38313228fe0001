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

/* Ids are generated at random among 2^32, so one may be taken already: then another is tried. */
STATEMENT(insert_account, "INSERT INTO flagplane_data.account (id, key, name, created_at)"
						  " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");

STATEMENT(find_account, "SELECT 1 FROM flagplane_data.account a WHERE a.key = $1");

STATEMENT(list_accounts, "SELECT a.key, a.name, a.created_at FROM flagplane_data.account a"
						 " ORDER BY a.key LIMIT $2 OFFSET $3");

STATEMENT(count_accounts, "SELECT count(*) FROM flagplane_data.account a");

/*
 * account_document writes an account.
 */
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
	Params params;

	do
	{
		Params find = {0};

		params_text(&find, key);
		if (statement_run(&find_account, &find, STATEMENT_WRITE).count > 0)
			error_raise(ERR_EXISTS, "account \"%s\" already exists", key);
		memset(&params, 0, sizeof(params));
		params_bigint(&params, random_account());
		params_text(&params, key);
		params_text(&params, name);
		params_time(&params, request->now);
	} while (statement_run(&insert_account, &params, STATEMENT_WRITE).count == 0);

	account_document(request->response, key, name, request->now);
	request_target(request, "account/%s", key);
}

/*
 * do_list_accounts answers with a page of the accounts, by key.
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
		account_document(out, row_string(&row, 0), row_string(&row, 1), row_time(&row, 2));
	}
	document_close(out, ']');
	document_integer(out, "totalCount", total);
	document_close(out, '}');
}
