/*
 * json_patch.c
 *	  JSON Patch as a SQL function over plain documents.
 */
#include "api/response.h"

#include "util/error.h"
#include "util/jsonb.h"
#include "util/json_patch.h"

PG_FUNCTION_INFO_V1(flagplane_json_patch);

/*
 * require_limits refuses a document beyond the limits of JSON.  It is not stored, so
 * that its size is its owner's.
 */
static void
require_limits(const char *name, Jsonb *document)
{
	char *problem = jsonb_limit_problem(document, 0, 0);

	if (problem)
		error_raise(ERR_INVALID, "%s %s", name, problem);
}

/*
 * flagplane_json_patch is json_patch(document jsonb, patch jsonb) -> jsonb: the
 * document after the operations of RFC 6902 in patch, all of them or, with an
 * error, none.  Errors: the invalid value and invalid patch rows, also for a NULL.
 */
Datum
flagplane_json_patch(PG_FUNCTION_ARGS)
{
	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	if (PG_ARGISNULL(0))
		error_raise(ERR_INVALID, "document is required");
	if (PG_ARGISNULL(1))
		error_raise(ERR_INVALID, "patch is required");
	require_limits("document", PG_GETARG_JSONB_P(0));
	require_limits("patch", PG_GETARG_JSONB_P(1));
	PG_RETURN_JSONB_P(json_patch(PG_GETARG_JSONB_P(0), PG_GETARG_JSONB_P(1)));
}
