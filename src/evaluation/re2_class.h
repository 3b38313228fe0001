/*
 * re2_class.h
 *	  Characters and classes of characters in RE2's syntax.
 */
#ifndef FLAGPLANE_RE2_CLASS_H
#define FLAGPLANE_RE2_CLASS_H

#include "util/compat.h"

#include "mb/pg_wchar.h"

/* An expression that is read from its beginning. */
typedef struct Re2Input
{
	pg_wchar *chars;
	int length;
	int at;
} Re2Input;

/* Characters that are written. */
typedef struct WideString
{
	pg_wchar *chars;
	int length;
	int room;
} WideString;

typedef struct CharRange
{
	pg_wchar first;
	pg_wchar last;
} CharRange;

typedef struct CharClass
{
	bool negated;
	int count;
	int room;
	CharRange *ranges;
} CharClass;

extern bool re2_more(const Re2Input *in);
extern pg_wchar re2_peek(const Re2Input *in);
extern pg_wchar re2_next(Re2Input *in);
extern bool re2_skip(Re2Input *in, const char *text);
extern bool re2_letter(pg_wchar c);
extern bool re2_word(pg_wchar c);
extern bool re2_escaped(Re2Input *in, pg_wchar *c);
extern bool re2_perl_class(CharClass *class, pg_wchar name);
extern bool re2_bracket(Re2Input *in, bool fold, CharClass *class);

extern void wide_put(WideString *out, pg_wchar c);
extern void wide_put_escaped(WideString *out, pg_wchar c);
extern void char_class_put(const CharClass *class, WideString *out);

#endif /* FLAGPLANE_RE2_CLASS_H */
