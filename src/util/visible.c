/*
 * visible.c
 *	  Texts that people read in one line: names.
 *
 * A name must not pretend to be another one, nor break a list or a terminal.  So it
 * has none of Unicode's control characters (Cc), line and paragraph separators (Zl, Zp)
 * and format characters (Cf) that nothing shows, those of bidirectional text among them;
 * and it has at least one character that can be seen.  The other format characters
 * stay: joiners and tags make emoji, and Persian and Indic words, and the Arabic,
 * Syriac and Kaithi ones are printed.  The tables are of Unicode 16.
 */
#include "util/visible.h"

#include "mb/pg_wchar.h"

/* A range of code points, both ends included. */
typedef struct Range
{
	pg_wchar first;
	pg_wchar last;
} Range;

static const Range refused[] = {
	{0x0000, 0x001F},	/* controls */
	{0x007F, 0x009F},	/* controls */
	{0x00AD, 0x00AD},	/* soft hyphen */
	{0x061C, 0x061C},	/* Arabic letter mark */
	{0x180E, 0x180E},	/* Mongolian vowel separator */
	{0x200B, 0x200B},	/* zero width space */
	{0x200E, 0x200F},	/* left-to-right and right-to-left mark */
	{0x2028, 0x202E},	/* line and paragraph separator, embeddings and overrides */
	{0x2060, 0x206F},	/* word joiner, invisible operators, isolates, deprecated ones */
	{0xFEFF, 0xFEFF},	/* byte order mark */
	{0xFFF9, 0xFFFB},	/* interlinear annotation */
	{0x1BCA0, 0x1BCA3}, /* shorthand format controls */
	{0x1D173, 0x1D17A}, /* musical beams and slurs */
	{0xE0001, 0xE0001}, /* language tag */
};

/* What may stand beside something that is seen, but is not seen itself. */
static const Range unseen[] = {
	{0x0020, 0x0020},	/* space */
	{0x00A0, 0x00A0},	/* no-break space */
	{0x034F, 0x034F},	/* combining grapheme joiner */
	{0x115F, 0x1160},	/* Hangul fillers */
	{0x1680, 0x1680},	/* ogham space mark */
	{0x17B4, 0x17B5},	/* Khmer inherent vowels */
	{0x180B, 0x180F},	/* Mongolian variation selectors */
	{0x2000, 0x200D},	/* spaces and joiners */
	{0x202F, 0x202F},	/* narrow no-break space */
	{0x205F, 0x205F},	/* medium mathematical space */
	{0x2800, 0x2800},	/* Braille pattern blank */
	{0x3000, 0x3000},	/* ideographic space */
	{0x3164, 0x3164},	/* Hangul filler */
	{0xFE00, 0xFE0F},	/* variation selectors */
	{0xFFA0, 0xFFA0},	/* halfwidth Hangul filler */
	{0xE0020, 0xE007F}, /* tags */
	{0xE0100, 0xE01EF}, /* variation selectors */
};

/*
 * is_among tells whether a code point is in one of the ranges.
 */
static bool
is_among(pg_wchar c, const Range *ranges, int count)
{
	for (int i = 0; i < count; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/*
 * visible_problem tells why a text cannot be a name; NULL if it can.  Where the
 * database's encoding is not known, bytes beyond ASCII count as seen.
 */
const char *
visible_problem(const char *text)
{
	bool ascii_alone = GetDatabaseEncoding() == PG_SQL_ASCII;
	const unsigned char *next;
	bool seen = false;

	if (!ascii_alone)
		text = pg_server_to_any(text, strlen(text), PG_UTF8);
	for (next = (const unsigned char *) text; *next;)
	{
		pg_wchar c = ascii_alone ? *next : utf8_to_unicode(next);

		if ((c > ' ' && c < 0x7F) || (ascii_alone && IS_HIGHBIT_SET(*next)))
			seen = true;
		else if (is_among(c, refused, lengthof(refused)))
			return psprintf("must not hold control characters or invisible ones (U+%04X)", c);
		else if (!is_among(c, unseen, lengthof(unseen)))
			seen = true;
		next += ascii_alone ? 1 : pg_utf_mblen(next);
	}
	return seen || text[0] == '\0' ? NULL : "must not be blank";
}
