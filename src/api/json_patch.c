/*
 * json_patch.c
 *	  JSON Patch as a SQL function over plain documents.
 */
#include "api/response.h"

#include "util/error.h"
#include "util/json_patch.h"

PG_FUNCTION_INFO_V1(flagplane_json_patch);

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
	PG_RETURN_JSONB_P(json_patch(PG_GETARG_JSONB_P(0), PG_GETARG_JSONB_P(1)));
}
