/*
 * jsonb.h
 *	  Documents as jsonb: typed functions over PostgreSQL's own.
 */
#ifndef FLAGPLANE_JSONB_H
#define FLAGPLANE_JSONB_H

#include "util/compat.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

extern Jsonb *jsonb_of_text(const char *text);
extern char *jsonb_text(const Jsonb *document);
extern void jsonb_append(StringInfo out, const Jsonb *document);
extern bool jsonb_is_array(const Jsonb *document);
extern bool jsonb_equal(const Jsonb *a, const Jsonb *b);
extern bool jsonb_member(const Jsonb *object, const char *name, JsonbValue *value);
extern Jsonb *jsonb_member_of(const Jsonb *object, const char *name);
extern char *jsonb_unknown_key(const Jsonb *object, const char *const *known);
extern bool jsonb_integer(const JsonbValue *value, int32 *integer);
extern char *jsonb_limit_problem(Jsonb *document, int depth, int64 bytes_max);
extern char *jsonb_string(const JsonbValue *value);

#endif /* FLAGPLANE_JSONB_H */
