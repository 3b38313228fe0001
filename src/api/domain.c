/*
 * domain.c
 *	  The checks of the schema's domains: the same rules that fields are held to.
 *
 * They are C because a domain is checked for every value that is stored: a
 * regular expression costs about 10,000 instructions each time, and nine of them
 * were a fifth of what creating an environment costs.
 */
#include "call/field.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

/*
 * check_text holds a domain's value, a text of at most so many characters, to a
 * rule.
 */
static Datum
check_text(FunctionCallInfo fcinfo, bool (*rule)(const char *text), int longest)
{
	text *value = PG_GETARG_TEXT_PP(0);
	int bytes = VARSIZE_ANY_EXHDR(value);

	PG_RETURN_BOOL(
		(bytes <= longest || pg_mbstrlen_with_len(VARDATA_ANY(value), bytes) <= longest) &&
		rule(text_to_cstring(value)));
}

#define DOMAIN_CHECK(name, rule, longest)          \
	PG_FUNCTION_INFO_V1(flagplane_check_##name);   \
	Datum flagplane_check_##name(PG_FUNCTION_ARGS) \
	{                                              \
		return check_text(fcinfo, rule, longest);  \
	}

DOMAIN_CHECK(key, is_key, 256)
DOMAIN_CHECK(project_key, is_key, 100)
DOMAIN_CHECK(link_key, is_key, 512)
DOMAIN_CHECK(object_id, is_object_id, OBJECT_ID_LENGTH)
DOMAIN_CHECK(color, is_color, 6)
DOMAIN_CHECK(tag, is_tag, 64)
DOMAIN_CHECK(app_identifier, is_app_id, 253)
DOMAIN_CHECK(web_domain, is_domain, 253)
DOMAIN_CHECK(url, is_url, 2048)
