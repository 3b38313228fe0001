/*
 * re2_class.c
 *	  Characters and classes of characters in RE2's syntax.
 */
#include "evaluation/re2_class.h"

#define CHARACTER_MAX  0x7ffffffe /* of PostgreSQL's regular expressions */
#define UNICODE_MAX	   0x10ffff
#define NAME_MAX_BYTES 8

/* Classes as pairs of first and last characters. */
static const char digits[] = "09";
static const char spaces[] = "\t\n\f\r  ";
static const char words[] = "09AZaz__";

static const struct
{
	const char *name;
	const char *pairs;
	int length;
} named_classes[] = {{"alnum", "09AZaz", 6},
					 {"alpha", "AZaz", 4},
					 {"ascii", "\0\177", 2},
					 {"blank", "\t\t  ", 4},
					 {"cntrl", "\0\037\177\177", 4},
					 {"digit", "09", 2},
					 {"graph", "!~", 2},
					 {"lower", "az", 2},
					 {"print", " ~", 2},
					 {"punct", "!/:@[`{~", 8},
					 {"space", "\t\r  ", 4},
					 {"upper", "AZ", 2},
					 {"word", "09AZaz__", 8},
					 {"xdigit", "09AFaf", 6}};

/*
 * re2_more tells whether there is more to read.
 */
bool
re2_more(const Re2Input *in)
{
	return in->at < in->length;
}

/*
 * re2_peek is the next character, which there must be.
 */
pg_wchar
re2_peek(const Re2Input *in)
{
	return in->chars[in->at];
}

/*
 * re2_next reads the next character, which there must be.
 */
pg_wchar
re2_next(Re2Input *in)
{
	return in->chars[in->at++];
}

/*
 * re2_skip goes past an ASCII text, if it comes next.
 */
bool
re2_skip(Re2Input *in, const char *text)
{
	int length = strlen(text);

	if (in->length - in->at < length)
		return false;
	for (int i = 0; i < length; i++)
		if (in->chars[in->at + i] != (unsigned char) text[i])
			return false;
	in->at += length;
	return true;
}

/*
 * re2_letter tells whether a character is a letter of ASCII.
 */
bool
re2_letter(pg_wchar c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * re2_word tells whether a character is a letter or digit of ASCII, or an underscore.
 */
bool
re2_word(pg_wchar c)
{
	return re2_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

/*
 * wide_put appends a character.
 */
void
wide_put(WideString *out, pg_wchar c)
{
	if (out->length == out->room)
	{
		out->room = Max(32, out->room * 2);
		out->chars = out->chars ? repalloc(out->chars, (Size) out->room * sizeof(pg_wchar))
								: palloc((Size) out->room * sizeof(pg_wchar));
	}
	out->chars[out->length++] = c;
}

/*
 * wide_put_escaped appends a character that means nothing but itself.
 */
void
wide_put_escaped(WideString *out, pg_wchar c)
{
	if (c > ' ' && c < 0x7f && !re2_word(c))
		wide_put(out, '\\');
	wide_put(out, c);
}

/*
 * digit_value is the value of a digit, or -1.
 */
static int
digit_value(pg_wchar c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (int) (c - 'a' + 10) : -1;
}

/*
 * read_number reads digits of a base, from LEAST to MOST of them.
 */
static bool
read_number(Re2Input *in, int base, int least, int most, pg_wchar *number)
{
	int read;

	*number = 0;
	for (read = 0; read < most && re2_more(in); read++, in->at++)
	{
		int value = digit_value(re2_peek(in));

		if (value < 0 || value >= base)
			break;
		*number = Min(*number * base + value, UNICODE_MAX + 1);
	}
	/* Other encodings number the characters beyond ASCII their own way. */
	return read >= least && *number <= UNICODE_MAX &&
		   (*number < 0x80 || GetDatabaseEncoding() == PG_UTF8);
}

/*
 * re2_escaped reads the character behind a backslash; false if it means none.
 */
bool
re2_escaped(Re2Input *in, pg_wchar *c)
{
	static const char letters[] = "afnrtv";
	static const char meanings[] = "\a\f\n\r\t\v";
	const char *letter;

	if (!re2_more(in))
		return false;
	*c = re2_peek(in);
	if (*c >= '0' && *c <= '7')
		return read_number(in, 8, *c == '0' ? 1 : 2, 3, c);
	in->at++;
	if (*c == 'x')
		return re2_skip(in, "{") ? read_number(in, 16, 1, in->length, c) && re2_skip(in, "}")
								 : read_number(in, 16, 2, 2, c);
	if (*c >= 0x80 || *c == 0)
		return false;
	letter = strchr(letters, (int) *c);
	if (letter != NULL)
		*c = (unsigned char) meanings[letter - letters];
	return letter != NULL || !re2_word(*c) || *c == '_';
}

/*
 * add_range adds characters to a class.
 */
static void
add_range(CharClass *class, pg_wchar first, pg_wchar last)
{
	if (class->count == class->room)
	{
		class->room = Max(8, class->room * 2);
		class->ranges = class->ranges ? repalloc(class->ranges, class->room * sizeof(CharRange))
									  : palloc(class->room * sizeof(CharRange));
	}
	class->ranges[class->count++] = (CharRange){.first = first, .last = last};
}

/*
 * add_pairs adds the ranges of a known class, or all characters that are in none of
 * them; the ranges stand in their order.
 */
static void
add_pairs(CharClass *class, const char *pairs, int length, bool negated)
{
	pg_wchar after = 0;

	for (int i = 0; i < length; i += 2)
	{
		pg_wchar first = (unsigned char) pairs[i];
		pg_wchar last = (unsigned char) pairs[i + 1];

		if (!negated)
			add_range(class, first, last);
		else if (first > after)
			add_range(class, after, first - 1);
		after = last + 1;
	}
	if (negated)
		add_range(class, after, CHARACTER_MAX);
}

/*
 * re2_perl_class adds \d, \s or \w, or what they leave; false if it is none of them.
 */
bool
re2_perl_class(CharClass *class, pg_wchar name)
{
	bool negated = name == 'D' || name == 'S' || name == 'W';

	switch (negated ? name | 0x20 : name)
	{
		case 'd':
			add_pairs(class, digits, sizeof(digits) - 1, negated);
			return true;
		case 's':
			add_pairs(class, spaces, sizeof(spaces) - 1, negated);
			return true;
		case 'w':
			add_pairs(class, words, sizeof(words) - 1, negated);
			return true;
		default:
			return false;
	}
}

/*
 * read_named reads a class like [:alpha:]. What is never closed is no name but a bracket,
 * and found is false; what is closed must be known.
 */
static bool
read_named(Re2Input *in, CharClass *class, bool *found)
{
	char name[NAME_MAX_BYTES] = "";
	int end = in->at;
	bool negated;

	while (end + 1 < in->length && !(in->chars[end] == ':' && in->chars[end + 1] == ']'))
		end++;
	*found = end + 1 < in->length;
	if (!*found)
		return true;
	negated = re2_skip(in, "^");
	if (end - in->at >= NAME_MAX_BYTES)
		return false;
	for (int i = 0; in->at < end; i++)
	{
		pg_wchar c = re2_next(in);

		name[i] = (char) Min(c, 0x7f);
	}
	in->at += 2;
	for (int i = 0; i < lengthof(named_classes); i++)
		if (strcmp(name, named_classes[i].name) == 0)
		{
			add_pairs(class, named_classes[i].pairs, named_classes[i].length, negated);
			return true;
		}
	return false;
}

/*
 * read_member reads a character of a class.
 */
static bool
read_member(Re2Input *in, pg_wchar *c)
{
	if (!re2_more(in))
		return false;
	*c = re2_next(in);
	return *c != '\\' || re2_escaped(in, c);
}

/*
 * read_range reads a character or a range of them.
 */
static bool
read_range(Re2Input *in, CharClass *class)
{
	pg_wchar first;
	pg_wchar last;

	if (!read_member(in, &first))
		return false;
	last = first;
	if (in->at + 1 < in->length && in->chars[in->at] == '-' && in->chars[in->at + 1] != ']')
	{
		in->at++;
		if (!read_member(in, &last) || last < first)
			return false;
	}
	add_range(class, first, last);
	return true;
}

/*
 * read_item reads one item of a class.
 */
static bool
read_item(Re2Input *in, CharClass *class)
{
	bool found = false;

	if (re2_skip(in, "[:"))
	{
		if (!read_named(in, class, &found))
			return false;
		if (found)
			return true;
		in->at -= 2;
	}
	if (in->at + 1 < in->length && re2_peek(in) == '\\' &&
		re2_perl_class(class, in->chars[in->at + 1]))
	{
		in->at += 2;
		return true;
	}
	return read_range(in, class);
}

/*
 * fold_class adds the other case of each letter.
 */
static void
fold_class(CharClass *class)
{
	int count = class->count;

	for (int i = 0; i < count; i++)
		for (pg_wchar c = 'A'; c <= 'Z'; c++)
		{
			CharRange range = class->ranges[i];

			if (range.first <= c && c <= range.last)
				add_range(class, c | 0x20, c | 0x20);
			if (range.first <= (c | 0x20) && (c | 0x20) <= range.last)
				add_range(class, c, c);
		}
}

/*
 * re2_bracket reads a class behind its opening bracket; false if it is not valid.
 */
bool
re2_bracket(Re2Input *in, bool fold, CharClass *class)
{
	bool first = true;

	class->negated = re2_skip(in, "^");
	for (; first || !re2_skip(in, "]"); first = false)
		if (!re2_more(in) || !read_item(in, class))
			return false;
	if (fold)
		fold_class(class);
	return true;
}

/*
 * char_class_put writes a class.
 */
void
char_class_put(const CharClass *class, WideString *out)
{
	wide_put(out, '[');
	if (class->negated)
		wide_put(out, '^');
	for (int i = 0; i < class->count; i++)
	{
		wide_put_escaped(out, class->ranges[i].first);
		if (class->ranges[i].first == class->ranges[i].last)
			continue;
		wide_put(out, '-');
		wide_put_escaped(out, class->ranges[i].last);
	}
	wide_put(out, ']');
}
