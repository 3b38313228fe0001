/*
 * nested.c
 *	  Creations within another request.
 *
 * Each element of a list is a request of its own, with the fields and rules of a
 * creation.  It writes into the response of the outer request.
 */
#include "resource/nested.h"

#include "call/body.h"
#include "call/field.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

/*
 * nested_request starts the request of one element.  The outer request sets the fields of
 * the path once it knows them.
 */
static Request *
nested_request(Request *outer, const Operation *creation)
{
	Request *nested = palloc0(sizeof(Request));

	nested->operation = creation;
	nested->rest = true;
	nested->caller = outer->caller;
	nested->mode = STATEMENT_WRITE;
	nested->now = outer->now;
	nested->response = outer->response;
	nested->location = makeStringInfo();
	fields_prepare(nested);
	for (int i = 0; creation->fields[i].name; i++)
		if (creation->fields[i].place == IN_PATH)
			field_set(nested, i, CStringGetTextDatum(""));
	return nested;
}

/*
 * nested_read reads the elements of a list as requests to run later.  What is wrong with
 * one is a violation of the outer request's field.
 */
List *
nested_read(Request *request, int field, const Operation *creation, Jsonb *list)
{
	List *result = NIL;

	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		char *text = jsonb_text(JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i)));
		Request *nested = nested_request(request, creation);

		if (body_read(nested, text, strlen(text)) != NULL)
			request_violation(request, field, "must hold objects");
		else
		{
			fields_collect(nested);
			if (nested->violations.count > 0)
				request_violation(request, field, "[%u]: %s", i, nested->violations.message.data);
		}
		result = lappend(result, nested);
	}
	return result;
}
