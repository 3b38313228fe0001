/*
 * json.h
 *	  Reading request bodies: typed functions over PostgreSQL's JSON lexer.
 */
#ifndef FLAGPLANE_JSON_H
#define FLAGPLANE_JSON_H

#include "util/compat.h"

#include "utils/array.h"
#include "utils/jsonb.h"

/*
 * The limits of JSON at every way in, so that what is stored can be read, returned and
 * sent back: how deep a body is nested, with what a SQL argument would be inside it; how
 * many characters a number has when it is written without an exponent, which must
 * be a finite double; and how many bytes a value has as it is returned.
 */
#define JSON_DEPTH_MAX	  64
#define JSON_NUMBER_MAX	  400
#define JSON_BYTES_MAX	  (1024 * 1024)
#define JSON_BYTES_MAX_IS "1 MiB"

typedef enum JsonKind
{
	JSON_STRING,
	JSON_NUMBER,
	JSON_BOOLEAN,
	JSON_NULL,
	JSON_OBJECT,
	JSON_ARRAY
} JsonKind;

/* A value inside a body: its source text, and a scalar's text without quotes and escapes. */
typedef struct JsonValue
{
	JsonKind kind;
	const char *source;
	int length;
	char *text;
	int keys; /* how many members it and all inside it have */
} JsonValue;

/* What json_read_object calls for each member, in the order of the source. */
typedef void (*JsonMember)(void *state, char *name, const JsonValue *value);

extern bool json_number_is_finite(const char *number);
extern char *json_read_value(const char *json, int length, JsonValue *value);
extern char *json_read_object(const char *json, int length, JsonMember member, void *state);
extern char *
json_read_elements(const char *json, int length, JsonKind *kind, JsonMember element, void *state);
extern bool json_read_strings(const JsonValue *value, ArrayType **strings);
extern bool json_read_integer(const JsonValue *value, int64 *integer, bool *in_range);
extern bool json_read_jsonb(const JsonValue *value, Datum *jsonb);

#endif /* FLAGPLANE_JSON_H */
