/*
 * rule.c
 *	  The rules for the values of fields.
 *
 * The schema's domains enforce the same rules for every writer; these give the good
 * messages, and fold a value to the form that is stored where a rule says so.
 */
#include "call/field.h"

#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/visible.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#define LABEL_LENGTH_MAX 63

/*
 * is_word tells whether a byte may stand in a key or tag.
 */
static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		   c == '.' || c == '-';
}

static bool
is_alphanumeric(char c)
{
	return is_word(c) && c != '_' && c != '.' && c != '-';
}

/*
 * consists_of_words tells whether all bytes may stand in a key or tag.
 */
static bool
consists_of_words(const char *text)
{
	while (is_word(*text))
		text++;
	return *text == '\0';
}

/* The keys of flags and segments that the dependency tracker of the SDK for Node takes for its own. */
static const char *const inherited_names[] = {
	"constructor",	  "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable",
	"toLocaleString", "toString",		"valueOf",		 NULL};

/*
 * is_key tells whether a text is a key: letters, digits, '_', '.' and '-', the
 * first a letter or digit.
 */
bool
is_key(const char *text)
{
	return is_alphanumeric(text[0]) && consists_of_words(text);
}

bool
is_tag(const char *text)
{
	return text[0] != '\0' && strlen(text) <= TAG_LENGTH_MAX && consists_of_words(text);
}

bool
is_color(const char *text)
{
	return strlen(text) == 6 && strspn(text, "0123456789abcdefABCDEF") == 6;
}

/*
 * is_url tells whether a text is an absolute http or https URL: scheme, a host,
 * and no byte that a URL cannot have.
 */
bool
is_url(const char *text)
{
	const char *host;

	if (pg_strncasecmp(text, "http://", 7) == 0)
		host = text + 7;
	else if (pg_strncasecmp(text, "https://", 8) == 0)
		host = text + 8;
	else
		return false;
	if (*host == '\0' || strchr("/?#:@", *host) != NULL)
		return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char) *c <= ' ' || *c == 0x7f || strchr("\"<>\\^`{|}", *c) != NULL)
			return false;
	return true;
}

/*
 * is_email tells whether a text has the shape of an address: one @ between two
 * parts, a dot in the second, no white space.
 */
static bool
is_email(const char *text)
{
	const char *at = strchr(text, '@');

	return at != NULL && at != text && strchr(at + 1, '@') == NULL && strchr(at + 1, '.') != NULL &&
		   at[1] != '.' && text[strlen(text) - 1] != '.' && strpbrk(text, " \t\r\n") == NULL;
}

/*
 * is_domain tells whether a lower-case text is a bare domain name: two labels or
 * more of letters, digits and inner hyphens, the last not a number, no www.
 */
bool
is_domain(const char *text)
{
	int labels = 0;
	const char *label = text;

	if (strncmp(text, "www.", 4) == 0)
		return false;
	for (;;)
	{
		size_t length = strcspn(label, ".");

		if (length == 0 || length > LABEL_LENGTH_MAX || label[0] == '-' ||
			label[length - 1] == '-' ||
			strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
			return false;
		labels++;
		if (label[length] == '\0')
			return labels >= 2 && strspn(label, "0123456789") != length;
		label += length + 1;
	}
}

/*
 * is_app_id tells whether a text is an app's identifier: parts of letters,
 * digits, '-' and '_' joined by dots.
 */
bool
is_app_id(const char *text)
{
	bool part = false;

	for (; *text; text++)
	{
		if (!is_word(*text) || (*text == '.' && !part))
			return false;
		part = *text != '.';
	}
	return part;
}

/*
 * is_one_of tells whether a text is among the choices, which NULL ends.
 */
bool
is_one_of(const char *text, const char *const *choices)
{
	for (; *choices; choices++)
		if (strcmp(text, *choices) == 0)
			return true;
	return false;
}

/*
 * list_choices writes the choices for a message.
 */
char *
list_choices(const char *const *choices)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; choices[i]; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", choices[i]);
	return list.data;
}

/*
 * check_texts checks the elements of an array, and drops duplicates.
 */
static void
check_texts(Request *request, int index, const Field *field)
{
	ArrayType *array = request_array(request, index);
	Datum *elements;
	bool *nulls;
	int count;
	int distinct = 0;

	if (ARR_NDIM(array) == 0)
		return;
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (ARR_NDIM(array) > 1 || count > TAGS_MAX)
	{
		request_violation(request, index, "must be a list of at most %d", TAGS_MAX);
		return;
	}
	for (int i = 0; i < count; i++)
	{
		const char *word = nulls[i] ? "" : TextDatumGetCString(elements[i]);
		bool again = false;

		if (field->rule == RULE_NONE && nulls[i])
		{
			request_violation(request, index, "must not hold nulls");
			return;
		}
		if (field->rule == RULE_TAGS && !is_tag(word))
		{
			request_violation(request, index,
							  "must hold tags of 1 to %d letters, digits, '_', '.' or '-'",
							  TAG_LENGTH_MAX);
			return;
		}
		if (field->rule == RULE_SOME_OF && !is_one_of(word, field->choices))
		{
			request_violation(request, index, "must hold only: %s", list_choices(field->choices));
			return;
		}
		for (int j = 0; j < distinct && !again; j++)
			again = strcmp(TextDatumGetCString(elements[j]), word) == 0;
		if (!again)
			elements[distinct++] = elements[i];
	}
	if (distinct < count)
		field_set(
			request, index,
			PointerGetDatum(construct_array(elements, distinct, TEXTOID, -1, false, TYPALIGN_INT)));
}

static void
check_list(Request *request, int index, const Field *field, char *list)
{
	char *rest = NULL;

	for (char *value = strtok_r(list, ",", &rest); field->choices && value;
		 value = strtok_r(NULL, ",", &rest))
		if (!is_one_of(value, field->choices))
		{
			request_violation(request, index, "must hold only: %s", list_choices(field->choices));
			return;
		}
}

/*
 * key_problem tells why a text is no key; NULL if it is one.
 */
static const char *
key_problem(const char *text, FieldRule rule)
{
	if (rule == RULE_FLAG_KEY && is_one_of(text, inherited_names))
		return "must not be a name that every object of JavaScript has: LaunchDarkly's SDK for "
			   "Node ends with it";
	return is_key(text) ? NULL
						: "must start with a letter or digit and hold only letters, digits, '_', "
						  "'.' and '-'";
}

/*
 * flag_key_problem tells why a text is no key of a flag or segment; NULL if it is one.
 */
const char *
flag_key_problem(const char *text)
{
	return key_problem(text, RULE_FLAG_KEY);
}

/*
 * check_length checks the number of characters of a text; true if it is right.
 */
static bool
check_length(Request *request, int index, const Field *field, const char *string)
{
	int characters = pg_mbstrlen(string);

	if (field->max == 0 || (characters >= field->min && characters <= field->max))
		return true;
	if (field->min > 0)
		request_violation(request, index, "must have %d to %d characters", (int) field->min,
						  (int) field->max);
	else
		request_violation(request, index, "must have at most %d characters", (int) field->max);
	return false;
}

static void
check_text(Request *request, int index, const Field *field)
{
	Datum value = request->params.values[FIELD_PARAM(index)];
	char *string = TextDatumGetCString(value);
	const char *problem = NULL;

	if (field->rule == RULE_ONE_OF)
	{
		if (!is_one_of(string, field->choices))
			request_violation(request, index, "must be one of: %s", list_choices(field->choices));
		return;
	}
	if (field->rule == RULE_COLOR)
	{
		if (!is_color(string))
			request_violation(request, index, "must be six hexadecimal digits, without #");
		return;
	}
	if (!check_length(request, index, field, string))
		return;
	switch (field->rule)
	{
		case RULE_FLAG_KEY:
		case RULE_KEY:
			problem = key_problem(string, field->rule);
			break;
		case RULE_NAME:
			problem = visible_problem(string);
			break;
		case RULE_URL:
			problem =
				is_url(string) ? visible_problem(string) : "must be an absolute http or https URL";
			break;
		case RULE_EMAIL:
		case RULE_DOMAIN:
			for (char *c = string; *c; c++)
				*c = pg_ascii_tolower((unsigned char) *c);
			field_set(request, index, CStringGetTextDatum(string));
			if (field->rule == RULE_EMAIL && !is_email(string))
				problem = "must be an e-mail address";
			if (field->rule == RULE_DOMAIN && !is_domain(string))
				problem =
					"must be a bare domain such as example.com, without scheme, port, path or "
					"leading www";
			break;
		case RULE_LIST:
			check_list(request, index, field, string);
			break;
		case RULE_APP_ID:
			if (!is_app_id(string))
				problem = "must be letters, digits, '-' and '_' in parts joined by dots";
			break;
		default:
			break;
	}
	if (problem)
		request_violation(request, index, "%s", problem);
}

/*
 * rule_check checks the value of a field by its rule; it must have one.
 */
void
rule_check(Request *request, int index)
{
	const Field *field = &request->operation->fields[index];

	switch (field->type)
	{
		case FIELD_TEXT:
			check_text(request, index, field);
			break;
		case FIELD_TEXTS:
			check_texts(request, index, field);
			break;
		case FIELD_INTEGER:
		case FIELD_BIGINT:
			if (field->rule == RULE_RANGE)
			{
				int64 value = field->type == FIELD_INTEGER ? request_integer(request, index)
														   : request_bigint(request, index);

				if (value < field->min || value > field->max)
					request_violation(request, index,
									  "must be between " INT64_FORMAT " and " INT64_FORMAT,
									  field->min, field->max);
			}
			break;
		case FIELD_JSON:
			if (field->rule == RULE_OBJECT &&
				!JB_ROOT_IS_OBJECT(DatumGetJsonbP(request->params.values[FIELD_PARAM(index)])))
				request_violation(request, index, "must be an object");
			break;
		case FIELD_TIME:
		{
			TimestampTz time = request_bigint(request, index);

			/* In SQL it may be infinite, or beyond what the response can show. */
			if (time < time_of_milliseconds(0) || time > time_of_milliseconds(MILLISECONDS_MAX))
				request_violation(request, index, "must be in the years 1970 to 9999");
			break;
		}
		case FIELD_BOOLEAN:
		case FIELD_INTERVAL:
		case FIELD_PROJECT_ID:
			break;
	}
}
