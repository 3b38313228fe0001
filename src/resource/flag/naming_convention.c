/*
 * naming_convention.c
 *	  Naming conventions: the form of the keys of a project's new flags.
 */
#include "resource/flag/flag.h"

#include "call/field.h"
#include "util/jsonb.h"

/* The bytes that a case is made of. */
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* A case: what a name starts with, what its words consist of, and what joins them. */
typedef struct NamingCase
{
	const char *name;
	const char *first;
	const char *rest;
	char joint; /* 0: none */
} NamingCase;

static const NamingCase cases[] = {
	{"camelCase", LOWER, LOWER UPPER DIGITS, 0}, {"upperCamelCase", UPPER, LOWER UPPER DIGITS, 0},
	{"snakeCase", LOWER, LOWER DIGITS, '_'},	 {"kebabCase", LOWER, LOWER DIGITS, '-'},
	{"constantCase", UPPER, UPPER DIGITS, '_'},
};

static const NamingCase *
case_by_name(const char *name)
{
	for (int i = 0; i < (int) lengthof(cases); i++)
		if (strcmp(cases[i].name, name) == 0)
			return &cases[i];
	return NULL;
}

/*
 * fits tells whether a name, or what follows a prefix, is in a case.
 */
static bool
fits(const NamingCase *naming, const char *name)
{
	if (*name == '\0' || strchr(naming->first, *name) == NULL)
		return false;
	for (;;)
	{
		size_t length = strspn(name, naming->rest);

		if (length == 0)
			return false;
		name += length;
		if (*name == '\0')
			return true;
		if (naming->joint == 0 || *name++ != naming->joint)
			return false;
	}
}

/*
 * naming_convention_check checks a naming convention, {case, prefix}.
 */
void
naming_convention_check(Request *request, int field)
{
	static const char *const members[] = {"case", "prefix", NULL};
	Jsonb *convention;
	JsonbValue value;
	char *text;

	if (!request_given(request, field) || request->broken[field])
		return;
	convention = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
	text = jsonb_unknown_key(convention, members);
	if (text)
		request_violation(request, field, "has an unknown member %s", text);
	else if (jsonb_member(convention, "case", &value) &&
			 ((text = jsonb_string(&value)) == NULL || case_by_name(text) == NULL))
		request_violation(request, field,
						  "must have as case one of: camelCase, upperCamelCase, snakeCase, "
						  "kebabCase, constantCase");
	else if (jsonb_member(convention, "prefix", &value) &&
			 ((text = jsonb_string(&value)) == NULL || !is_key(text)))
		request_violation(request, field, "must have a prefix that a key can start with");
}

/*
 * naming_convention_enforce refuses a new flag's key that does not follow its project's
 * convention, which is given as JSON (NULL: none).
 */
void
naming_convention_enforce(Request *request, int field, const char *convention_text)
{
	char *key = request_string(request, field);
	const char *rest = key;
	Jsonb *convention;
	JsonbValue value;

	if (convention_text == NULL)
		return;
	convention = jsonb_of_text(convention_text);
	if (jsonb_member(convention, "prefix", &value))
	{
		char *prefix = jsonb_string(&value);

		if (strncmp(key, prefix, strlen(prefix)) != 0)
			request_violation(request, field, "must start with %s in this project", prefix);
		else
			rest += strlen(prefix);
	}
	if (!request->broken[field] && jsonb_member(convention, "case", &value))
	{
		char *name = jsonb_string(&value);

		if (!fits(case_by_name(name), rest))
			request_violation(request, field, "must be in %s in this project%s", name,
							  rest > key ? ", after its prefix" : "");
	}
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
}
