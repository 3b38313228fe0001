/*
 * assign.c
 *	  Buckets and assignments as SQL functions.
 */
#include "ground/bucket.h"

#include "fmgr.h"

PG_FUNCTION_INFO_V1(flagplane_bucket);

/*
 * flagplane_bucket is bucket(seed text, unit_key text), STRICT: the unit's
 * bucket, 0 to 99,999.
 */
Datum
flagplane_bucket(PG_FUNCTION_ARGS)
{
	text *seed = PG_GETARG_TEXT_PP(0);
	text *unit_key = PG_GETARG_TEXT_PP(1);

	PG_RETURN_INT32(bucket_of(VARDATA_ANY(seed), VARSIZE_ANY_EXHDR(seed), unit_key));
}
