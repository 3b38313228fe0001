/*
 * context.h
 *	  For whom a flag is evaluated: a context, read where its jsonb lies.
 *
 * Three forms of JSON are known: {"kind": K, "key": ...} for one kind; {"kind": "multi", K: {...}, ...}
 * for several; and without a kind the user of older SDKs. Nothing is copied or allocated.
 */
#ifndef FLAGPLANE_CONTEXT_H
#define FLAGPLANE_CONTEXT_H

#include "evaluation/string_view.h"
#include "utils/jsonb.h"

/* One kind of a context. */
typedef struct ContextPart
{
	JsonbContainer *attributes;
	JsonbContainer *custom; /* of a user of the old form, or NULL */
	bool old_user;
	StringView kind;
	StringView key;
} ContextPart;

typedef struct Context
{
	bool valid;
	JsonbContainer *kinds; /* the object with a member for each kind; NULL if there is one kind */
	ContextPart part;	   /* the one kind */
} Context;

/* A name of an attribute, or a path into one that is an object. */
typedef struct AttributeReference
{
	int depth; /* 0: it is none, or not valid */
	bool given;
	StringView *parts;
} AttributeReference;

extern void context_read(Context *context, JsonbContainer *root);
extern bool context_next_kind(const JsonbContainer *kinds, int *place, StringView *kind);
extern bool context_part(const Context *context, StringView kind, ContextPart *part);

extern void attribute_reference_read(AttributeReference *reference, StringView text, bool literal);
extern bool attribute_reference_is(const AttributeReference *reference, StringView name);
extern bool
attribute_value(const AttributeReference *reference, const ContextPart *part, JsonbValue *value);

#endif /* FLAGPLANE_CONTEXT_H */
