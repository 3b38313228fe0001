/*
 * member.h
 *	  Reading the objects of a payload while it is compiled.
 *
 * A member that is absent or null keeps what the reader had before; one of another type
 * makes the whole flag or segment malformed.
 */
#ifndef FLAGPLANE_EVALUATION_MEMBER_H
#define FLAGPLANE_EVALUATION_MEMBER_H

#include "evaluation/string_view.h"
#include "utils/jsonb.h"

/* An object, and where it is noted that something in it has the wrong type. */
typedef struct Members
{
	JsonbContainer *object;
	bool *malformed;
} Members;

/* The elements of an array, one after the other. */
typedef struct Elements
{
	int count;
	JsonbIterator *iterator;
	JsonbValue value;
} Elements;

extern double json_double(const JsonbValue *number);
extern bool member_value(const Members *members, const char *name, JsonbValue *value);
extern void member_boolean(const Members *members, const char *name, bool *value);
extern bool member_string(const Members *members, const char *name, StringView *value);
extern bool member_integer(const Members *members, const char *name, int32 *value);
extern bool member_decimal(const Members *members, const char *name, StringView *digits);
extern bool member_object(const Members *members, const char *name, Members *object);
extern void member_elements(const Members *members, const char *name, Elements *elements);
extern bool elements_next(Elements *elements);
extern bool elements_next_object(Elements *elements, const Members *members, Members *object);
extern int member_strings(const Members *members, const char *name, StringView **strings);

#endif /* FLAGPLANE_EVALUATION_MEMBER_H */
