/*
 * field.h
 *	  Fields: filled from SQL arguments or from a REST request, then checked
 *	  by their rules.
 */
#ifndef FLAGPLANE_FIELD_H
#define FLAGPLANE_FIELD_H

#include "call/request.h"
#include "util/json.h"

/* The last millisecond of the year 9999. */
#define MILLISECONDS_MAX INT64CONST(253402300799999)

/* A list has at most so many texts, and a tag so many characters. */
#define TAGS_MAX	   64
#define TAG_LENGTH_MAX 64

/* No key or id that a path can name has more bytes: those of a flag link's key. */
#define PATH_TEXT_MAX 512

extern int field_count(const Operation *operation);
extern int field_by_json_name(const Operation *operation, const char *json_name, FieldPlace place);
extern const char *nearest_name(const char *name, const char *const *names);
extern const char *field_nearest(const Operation *operation, const char *name, FieldPlace place);
extern Oid field_type_oid(FieldType type);
extern void fields_prepare(Request *request);
extern void field_set(Request *request, int field, Datum value);
extern void field_from_sql(Request *request, int field, Datum value);
extern void field_from_text(Request *request, int field, const char *text);
extern void field_append_text(Request *request, int field, const char *text);
extern void field_from_json(Request *request, int field, const JsonValue *value);
extern void field_from_jsonb(Request *request, int field, JsonbValue *value);
extern void fields_collect(Request *request);
extern void fields_check(Request *request);

/* rule.c */
extern void rule_check(Request *request, int field);
extern bool is_one_of(const char *text, const char *const *choices);
extern char *list_choices(const char *const *choices);
extern bool is_key(const char *text);
extern const char *flag_key_problem(const char *text);
extern bool is_tag(const char *text);
extern bool is_color(const char *text);
extern bool is_url(const char *text);
extern bool is_domain(const char *text);
extern bool is_app_id(const char *text);

#endif /* FLAGPLANE_FIELD_H */
