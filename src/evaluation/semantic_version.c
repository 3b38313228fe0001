/*
 * semantic_version.c
 *	  Versions of SemVer 2.0 and their precedence; minor and patch may be missing.
 */
#include "evaluation/semantic_version.h"

/*
 * is_digit tells whether a byte is a decimal digit.
 */
static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * is_number tells whether a text is all digits.
 */
static bool
is_number(StringView text)
{
	for (int i = 0; i < text.length; i++)
		if (!is_digit(text.data[i]))
			return false;
	return text.length > 0;
}

/*
 * read_until is what comes before one of some bytes, or before the end; REST is what
 * follows, that byte included.
 */
static StringView
read_until(StringView *rest, const char *stops)
{
	StringView read = {.data = rest->data, .length = 0};

	while (read.length < rest->length &&
		   (rest->data[read.length] == '\0' || strchr(stops, rest->data[read.length]) == NULL))
		read.length++;
	rest->data += read.length;
	rest->length -= read.length;
	return read;
}

/*
 * skip goes past a byte, if the text goes on with it.
 */
static bool
skip(StringView *rest, char byte)
{
	if (rest->length == 0 || rest->data[0] != byte)
		return false;
	rest->data++;
	rest->length--;
	return true;
}

/*
 * read_identifiers reads identifiers between dots; numbers among them may be refused
 * their leading zeros.
 */
static bool
read_identifiers(StringView text, bool leading_zeros)
{
	do
	{
		StringView identifier = read_until(&text, ".");

		if (identifier.length == 0)
			return false;
		for (int i = 0; i < identifier.length; i++)
		{
			char c = identifier.data[i];

			if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-')
				return false;
		}
		if (!leading_zeros && identifier.length > 1 && identifier.data[0] == '0' &&
			is_number(identifier))
			return false;
	} while (skip(&text, '.'));
	return true;
}

/*
 * semantic_version_read reads a version; false if the text is none. It shows bytes of the
 * text. What is said of the build is checked and passed over.
 */
bool
semantic_version_read(SemanticVersion *version, StringView text)
{
	*version = (SemanticVersion){.numbers = {STRING_VIEW("0"), STRING_VIEW("0"), STRING_VIEW("0")}};
	for (int i = 0; i < 3; i++)
	{
		StringView number = read_until(&text, i < 2 ? ".-+" : "-+");

		if (!is_number(number) || (number.length > 1 && number.data[0] == '0'))
			return false;
		version->numbers[i] = number;
		if (!skip(&text, '.'))
			break;
	}
	if (skip(&text, '-'))
	{
		version->prerelease = read_until(&text, "+");
		if (!read_identifiers(version->prerelease, false))
			return false;
	}
	return text.length == 0 || (skip(&text, '+') && read_identifiers(text, true));
}

/*
 * compare_bytes orders two texts by their bytes, the shorter one first.
 */
static int
compare_bytes(StringView a, StringView b)
{
	int order = memcmp(a.data, b.data, Min(a.length, b.length));

	return order != 0 ? order : a.length - b.length;
}

/*
 * compare_numbers orders two numbers without leading zeros.
 */
static int
compare_numbers(StringView a, StringView b)
{
	return a.length != b.length ? a.length - b.length : memcmp(a.data, b.data, a.length);
}

/*
 * compare_identifiers orders two identifiers of a pre-release: numbers come first.
 */
static int
compare_identifiers(StringView a, StringView b)
{
	bool a_number = is_number(a);
	bool b_number = is_number(b);

	if (a_number && b_number)
		return compare_numbers(a, b);
	return a_number != b_number ? (a_number ? -1 : 1) : compare_bytes(a, b);
}

/*
 * compare_prereleases orders two pre-releases; a release comes after all of its own.
 */
static int
compare_prereleases(StringView a, StringView b)
{
	if (a.length == 0 || b.length == 0)
		return (a.length == 0) - (b.length == 0);
	for (;;)
	{
		int order = compare_identifiers(read_until(&a, "."), read_until(&b, "."));
		bool a_goes_on = skip(&a, '.');
		bool b_goes_on = skip(&b, '.');

		if (order != 0)
			return order;
		if (!a_goes_on || !b_goes_on)
			return a_goes_on - b_goes_on;
	}
}

/*
 * semantic_version_compare orders two versions by their precedence: below, at or above 0.
 */
int
semantic_version_compare(const SemanticVersion *a, const SemanticVersion *b)
{
	for (int i = 0; i < 3; i++)
	{
		int order = compare_numbers(a->numbers[i], b->numbers[i]);

		if (order != 0)
			return order;
	}
	return compare_prereleases(a->prerelease, b->prerelease);
}
