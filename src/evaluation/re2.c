/*
 * re2.c
 *	  RE2's syntax of regular expressions in the words of PostgreSQL's.
 *
 * Both describe regular languages, and only match or no match counts; so each construct is
 * written anew in words that PostgreSQL reads the same way, and what RE2 refuses is
 * refused. Not supported: \p, \P and \C. Cases are folded for ASCII letters only.
 */
#include "evaluation/re2.h"

#include "evaluation/re2_class.h"

#define REPEAT_MAX 1000

/* What a repetition may follow. */
typedef enum Before
{
	NOTHING,
	ATOM,
	REPETITION
} Before;

/* The flags i, m and s; U only says which of several matches is found. */
typedef struct Flags
{
	bool fold;
	bool multiline;
	bool dot_all;
} Flags;

typedef struct Translation
{
	Re2Input in;
	Flags flags;
	Flags *outer; /* the flags around each open group */
	int depth;
	Before before;
	WideString out;
} Translation;

/*
 * put appends ASCII text.
 */
static void
put(Translation *t, const char *text)
{
	for (; *text; text++)
		wide_put(&t->out, (unsigned char) *text);
}

/*
 * put_literal appends a character that stands for itself.
 */
static void
put_literal(Translation *t, pg_wchar c)
{
	if (t->flags.fold && re2_letter(c))
	{
		wide_put(&t->out, '[');
		wide_put(&t->out, c);
		wide_put(&t->out, c ^ 0x20);
		wide_put(&t->out, ']');
	}
	else
		wide_put_escaped(&t->out, c);
	t->before = ATOM;
}

/*
 * put_atom appends a construct that can be repeated.
 */
static void
put_atom(Translation *t, const char *text)
{
	put(t, text);
	t->before = ATOM;
}

/*
 * read_flags reads the flags behind "(?", for the rest of the group or for one that
 * begins here; false if they are none.
 */
static bool
read_flags(Translation *t)
{
	Flags flags = t->flags;
	bool on = true;
	bool any = false;

	while (re2_more(&t->in))
	{
		pg_wchar c = re2_next(&t->in);

		if (c == 'i')
			flags.fold = on;
		else if (c == 'm')
			flags.multiline = on;
		else if (c == 's')
			flags.dot_all = on;
		else if (c == '-' && on)
		{
			on = false;
			any = false;
			continue;
		}
		else if ((c == ':' || c == ')') && (on || any))
		{
			if (c == ':')
			{
				t->outer[t->depth++] = t->flags;
				put(t, "(?:");
				t->before = NOTHING;
			}
			t->flags = flags;
			return true;
		}
		else if (c != 'U')
			return false;
		any = true;
	}
	return false;
}

/*
 * read_group reads what begins with a bracket; its name does not matter.
 */
static bool
read_group(Translation *t)
{
	if (re2_skip(&t->in, "?P<") || re2_skip(&t->in, "?<"))
	{
		int start = t->in.at;

		while (re2_more(&t->in) && re2_word(re2_peek(&t->in)))
			t->in.at++;
		if (t->in.at == start || !re2_skip(&t->in, ">"))
			return false;
	}
	else if (re2_skip(&t->in, "?"))
		return read_flags(t);
	t->outer[t->depth++] = t->flags;
	put(t, "(?:");
	t->before = NOTHING;
	return true;
}

/*
 * read_count reads a number of repetitions; false if there is none.
 */
static bool
read_count(Re2Input *in, int *count)
{
	int start = in->at;

	for (*count = 0; re2_more(in) && re2_peek(in) >= '0' && re2_peek(in) <= '9'; in->at++)
		*count = Min(*count * 10 + (int) (re2_peek(in) - '0'), REPEAT_MAX + 1);
	/* A number with a leading zero makes no repetition. */
	return in->at > start && (in->at == start + 1 || in->chars[start] != '0');
}

/*
 * read_bounds reads the repetition behind an opening brace. What is no repetition is left
 * where it was, and the brace stands for itself.
 */
static bool
read_bounds(Translation *t, bool *valid)
{
	Re2Input in = t->in;
	int least;
	int most;
	char bounds[32];

	if (!read_count(&in, &least))
		return false;
	most = least;
	if (re2_skip(&in, ","))
	{
		most = -1;
		if (re2_more(&in) && re2_peek(&in) != '}' && !read_count(&in, &most))
			return false;
		snprintf(bounds, sizeof(bounds), most < 0 ? "{%d,}" : "{%d,%d}", least, most);
	}
	else
		snprintf(bounds, sizeof(bounds), "{%d}", least);
	if (!re2_skip(&in, "}"))
		return false;
	*valid = least <= REPEAT_MAX && most <= REPEAT_MAX && (most < 0 || least <= most) &&
			 t->before == ATOM;
	t->in = in;
	put(t, bounds);
	return true;
}

/*
 * end_repetition passes over the mark of a lazy one.
 */
static void
end_repetition(Translation *t)
{
	(void) re2_skip(&t->in, "?");
	t->before = REPETITION;
}

/*
 * read_quoted reads what stands between \Q and \E, as it is.
 */
static void
read_quoted(Translation *t)
{
	while (re2_more(&t->in) && !re2_skip(&t->in, "\\E"))
		put_literal(t, re2_next(&t->in));
}

/*
 * read_escape reads what begins with a backslash.
 */
static bool
read_escape(Translation *t)
{
	CharClass class = {0};
	pg_wchar c;

	if (!re2_more(&t->in))
		return false;
	switch (re2_peek(&t->in))
	{
		case 'A':
			put_atom(t, "(?:^)");
			break;
		case 'z':
			put_atom(t, "(?:$)");
			break;
		case 'b':
			put_atom(t, "(?:\\y)");
			break;
		case 'B':
			put_atom(t, "(?:\\Y)");
			break;
		case 'Q':
			t->in.at++;
			read_quoted(t);
			return true;
		default:
			if (re2_perl_class(&class, re2_peek(&t->in)))
			{
				char_class_put(&class, &t->out);
				t->before = ATOM;
				break;
			}
			if (!re2_escaped(&t->in, &c))
				return false;
			put_literal(t, c);
			return true;
	}
	t->in.at++;
	return true;
}

/*
 * read_bracket reads a class of characters.
 */
static bool
read_bracket(Translation *t)
{
	CharClass class = {0};

	if (!re2_bracket(&t->in, t->flags.fold, &class))
		return false;
	char_class_put(&class, &t->out);
	t->before = ATOM;
	return true;
}

/*
 * read_one reads one piece of the expression; false if it is not valid.
 */
static bool
read_one(Translation *t)
{
	pg_wchar c = re2_next(&t->in);
	bool valid = true;

	switch (c)
	{
		case '(':
			return read_group(t);
		case ')':
			if (t->depth == 0)
				return false;
			t->flags = t->outer[--t->depth];
			put_atom(t, ")");
			break;
		case '|':
			put(t, "|");
			t->before = NOTHING;
			break;
		case '*':
		case '+':
		case '?':
			valid = t->before == ATOM;
			wide_put(&t->out, c);
			end_repetition(t);
			break;
		case '{':
			if (read_bounds(t, &valid))
				end_repetition(t);
			else
				put_literal(t, c);
			break;
		case '[':
			return read_bracket(t);
		case '\\':
			return read_escape(t);
		case '.':
			put_atom(t, t->flags.dot_all ? "." : "[^\n]");
			break;
		case '^':
			put_atom(t, t->flags.multiline ? "(?:^|(?<=\n))" : "(?:^)");
			break;
		case '$':
			put_atom(t, t->flags.multiline ? "(?:$|(?=\n))" : "(?:$)");
			break;
		default:
			put_literal(t, c);
	}
	return valid;
}

/*
 * re2_translate translates an expression of RE2's syntax; false if RE2 would refuse it, or
 * it is not supported.
 */
bool
re2_translate(StringView text, pg_wchar **translated, int *length)
{
	Translation t = {0};
	bool valid = true;

	t.in.chars = palloc(((Size) text.length + 1) * sizeof(pg_wchar));
	t.in.length = pg_mb2wchar_with_len(text.data, t.in.chars, text.length);
	t.outer = palloc(((Size) text.length + 1) * sizeof(Flags));
	while (valid && re2_more(&t.in))
		valid = read_one(&t);
	valid = valid && t.depth == 0;
	pfree(t.in.chars);
	pfree(t.outer);
	*translated = t.out.chars;
	*length = t.out.length;
	if (t.out.chars == NULL)
		*translated = palloc(sizeof(pg_wchar));
	return valid;
}
