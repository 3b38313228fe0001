/*
 * member.c
 *	  Reading the objects of a payload while it is compiled.
 */
#include "evaluation/member.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/*
 * json_double is a JSON number as SDKs know it: a double. Too large a number is infinite.
 */
double
json_double(const JsonbValue *number)
{
	return DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(number->val.numeric)));
}

/*
 * member_value finds a member that is not null.
 */
bool
member_value(const Members *members, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(members->object, name, strlen(name), value) != NULL &&
		   value->type != jbvNull;
}

/*
 * typed finds a member of a type; another type is noted.
 */
static bool
typed(const Members *members, const char *name, enum jbvType type, JsonbValue *value)
{
	if (!member_value(members, name, value))
		return false;
	if (value->type == type)
		return true;
	*members->malformed = true;
	return false;
}

/*
 * member_boolean reads true or false.
 */
void
member_boolean(const Members *members, const char *name, bool *value)
{
	JsonbValue found;

	if (typed(members, name, jbvBool, &found))
		*value = found.val.boolean;
}

/*
 * member_string reads a string, which stays where it is.
 */
bool
member_string(const Members *members, const char *name, StringView *value)
{
	JsonbValue found;

	if (!typed(members, name, jbvString, &found))
		return false;
	*value = (StringView){.data = found.val.string.val, .length = found.val.string.len};
	return true;
}

/*
 * member_decimal reads a whole number as its digits, without a fraction even where the
 * document has one of zeros.
 */
bool
member_decimal(const Members *members, const char *name, StringView *digits)
{
	JsonbValue found;
	char *text;

	if (!typed(members, name, jbvNumeric, &found))
		return false;
	text = numeric_normalize(found.val.numeric);
	if (strchr(text, '.') != NULL)
	{
		*members->malformed = true;
		return false;
	}
	*digits = (StringView){.data = text, .length = strlen(text)};
	return true;
}

/*
 * member_integer reads a whole number; what has more than 32 bits is the largest or
 * smallest that has not.
 */
bool
member_integer(const Members *members, const char *name, int32 *value)
{
	StringView digits;
	long number;

	if (!member_decimal(members, name, &digits))
		return false;
	number = strtol(digits.data, NULL, 10);
	*value = (int32) Max(Min(number, (long) PG_INT32_MAX), (long) PG_INT32_MIN);
	return true;
}

/*
 * member_object reads an object.
 */
bool
member_object(const Members *members, const char *name, Members *object)
{
	JsonbValue found;

	if (!typed(members, name, jbvBinary, &found))
		return false;
	if (!JsonContainerIsObject(found.val.binary.data))
	{
		*members->malformed = true;
		return false;
	}
	*object = (Members){.object = found.val.binary.data, .malformed = members->malformed};
	return true;
}

/*
 * member_elements starts with the elements of an array; one that is absent has none.
 */
void
member_elements(const Members *members, const char *name, Elements *elements)
{
	JsonbValue found;

	*elements = (Elements){0};
	if (!typed(members, name, jbvBinary, &found))
		return;
	if (!JsonContainerIsArray(found.val.binary.data))
	{
		*members->malformed = true;
		return;
	}
	elements->count = JsonContainerSize(found.val.binary.data);
	elements->iterator = JsonbIteratorInit(found.val.binary.data);
	(void) JsonbIteratorNext(&elements->iterator, &elements->value, true);
}

/*
 * elements_next goes to the next element; false behind the last one.
 */
bool
elements_next(Elements *elements)
{
	return elements->iterator != NULL &&
		   JsonbIteratorNext(&elements->iterator, &elements->value, true) == WJB_ELEM;
}

/*
 * elements_next_object goes to the next element, which must be an object: one that is not
 * ends the array, and is noted.
 */
bool
elements_next_object(Elements *elements, const Members *members, Members *object)
{
	if (!elements_next(elements))
		return false;
	if (elements->value.type != jbvBinary ||
		!JsonContainerIsObject(elements->value.val.binary.data))
	{
		*members->malformed = true;
		return false;
	}
	*object = (Members){.object = elements->value.val.binary.data, .malformed = members->malformed};
	return true;
}

/*
 * member_strings reads an array of strings into one that is allocated; returns how many.
 */
int
member_strings(const Members *members, const char *name, StringView **strings)
{
	Elements elements;
	int count = 0;

	member_elements(members, name, &elements);
	*strings = MemoryContextAllocExtended(
		CurrentMemoryContext, (Size) elements.count * sizeof(StringView) + 1, MCXT_ALLOC_HUGE);
	while (elements_next(&elements))
	{
		if (elements.value.type != jbvString)
		{
			*members->malformed = true;
			return 0;
		}
		(*strings)[count++] = (StringView){.data = elements.value.val.string.val,
										   .length = elements.value.val.string.len};
	}
	return count;
}
