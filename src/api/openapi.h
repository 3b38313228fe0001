/*
 * openapi.h
 *	  The table of operations as an OpenAPI document.
 */
#ifndef FLAGPLANE_OPENAPI_H
#define FLAGPLANE_OPENAPI_H

#include "call/request.h"

/* Where handle() serves the document, with or without a token. */
#define OPENAPI_PATH "/api/v2/openapi.json"

/* What a table says of a name. */
typedef struct NamedText
{
	const char *name;
	const char *text;
} NamedText;

/* openapi.c */
extern void openapi_document(StringInfo out);
extern char *openapi_camel_case(const char *words, const char *ending);
extern char *openapi_body_name(const Operation *operation);
extern bool openapi_has_body(const Operation *operation);
extern bool openapi_is_list(const Operation *operation);

/* openapi_component.c */
extern const char *const openapi_dialects[];
extern void openapi_reference(StringInfo out, const char *kind, const char *name);
extern void openapi_content(StringInfo out);
extern void openapi_content_end(StringInfo out);
extern void openapi_limit_headers(StringInfo out, Dialect dialect);
extern char *openapi_codes(const Operation *operation, Dialect dialect, int status);
extern void openapi_components(StringInfo out);

/* openapi_schema.c */
extern const char *openapi_lookup(const NamedText *table, const char *name);
extern void openapi_type(StringInfo out, const char *type, size_t length, bool request);
extern void openapi_response_schema(StringInfo out, const Operation *operation);
extern void openapi_shape_schemas(StringInfo out);

/* openapi_field.c */
extern void openapi_field_schema(StringInfo out, const char *operation, const Field *field);
extern void openapi_schemas(StringInfo out);

/* openapi_shape.c: tables that end with a NULL name. */
extern const NamedText openapi_shapes[];
extern const NamedText openapi_plain_types[];
extern const NamedText openapi_json_fields[];
extern const NamedText openapi_parameter_examples[];
extern const NamedText openapi_examples[];

#endif /* FLAGPLANE_OPENAPI_H */
