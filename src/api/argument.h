/*
 * argument.h
 *	  Arguments of functions that are called for each row of a query.
 */
#ifndef FLAGPLANE_ARGUMENT_H
#define FLAGPLANE_ARGUMENT_H

#include "util/compat.h"

#include "fmgr.h"
#include "utils/jsonb.h"

/* A document of this size or less may lie unaligned in a row, behind a header of one byte. */
#define SHORT_MAX (VARATT_SHORT_MAX + VARHDRSZ)

/* A jsonb argument that is only read. */
typedef struct AlignedJsonb
{
	union
	{
		Jsonb jsonb;
		char bytes[SHORT_MAX];
	} copy;
} AlignedJsonb;

/*
 * argument_jsonb is an argument as a document, which is copied only if it is small or stored
 * out of line.
 */
static inline Jsonb *
argument_jsonb(Datum argument, AlignedJsonb *aligned)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(argument);

	if (!VARATT_IS_SHORT(value) || VARATT_IS_EXTERNAL(value))
		return DatumGetJsonbP(argument);
	SET_VARSIZE(&aligned->copy, VARSIZE_SHORT(value) - VARHDRSZ_SHORT + VARHDRSZ);
	memcpy(VARDATA(&aligned->copy), VARDATA_SHORT(value), VARSIZE_SHORT(value) - VARHDRSZ_SHORT);
	return &aligned->copy.jsonb;
}

/*
 * argument_is_text tells whether a text argument is one that has been cached.
 */
static inline bool
argument_is_text(const text *cached, Datum argument)
{
	text *value = DatumGetTextPP(argument);
	int length = VARSIZE_ANY_EXHDR(value);

	return VARSIZE_ANY_EXHDR(cached) == length &&
		   memcmp(VARDATA_ANY(cached), VARDATA_ANY(value), length) == 0;
}

#endif /* FLAGPLANE_ARGUMENT_H */
