/*
 * instant.c
 *	  Moments in the forms that clauses compare: RFC 3339, and milliseconds since 1970.
 */
#include "evaluation/instant.h"

#include "utils/datetime.h"

#define NANOSECONDS_DIGITS 9
/* No double beyond this is exact, and no date is. */
#define MILLISECONDS_MAX 8.64e15

/*
 * read_digits reads a number of so many digits between two bounds, and the byte that must
 * follow it; no byte if that is 0.
 */
static bool
read_digits(StringView *rest, int digits, int least, int most, char follows, int *number)
{
	int length = digits + (follows != '\0');

	if (rest->length < length)
		return false;
	*number = 0;
	for (int i = 0; i < digits; i++)
	{
		if (rest->data[i] < '0' || rest->data[i] > '9')
			return false;
		*number = *number * 10 + (rest->data[i] - '0');
	}
	if (follows != '\0' && pg_ascii_toupper((unsigned char) rest->data[digits]) != follows)
		return false;
	rest->data += length;
	rest->length -= length;
	return *number >= least && *number <= most;
}

/*
 * read_fraction reads the part of a second, if there is one: up to nine digits.
 */
static bool
read_fraction(StringView *rest, int32 *nanoseconds)
{
	int digits = 0;

	*nanoseconds = 0;
	if (rest->length == 0 || rest->data[0] != '.')
		return true;
	for (rest->data++, rest->length--;
		 rest->length > 0 && rest->data[0] >= '0' && rest->data[0] <= '9';
		 rest->data++, rest->length--, digits++)
	{
		if (digits == NANOSECONDS_DIGITS)
			return false;
		*nanoseconds = *nanoseconds * 10 + (rest->data[0] - '0');
	}
	for (int i = digits; i < NANOSECONDS_DIGITS; i++)
		*nanoseconds *= 10;
	return digits > 0;
}

/*
 * read_zone reads Z or a distance from it, in seconds; nothing may follow.
 */
static bool
read_zone(StringView rest, int *seconds)
{
	char sign;
	int hours;
	int minutes;

	*seconds = 0;
	if (rest.length == 1)
		return rest.data[0] == 'Z' || rest.data[0] == 'z';
	if (rest.length != 6)
		return false;
	sign = rest.data[0];
	rest.data++;
	rest.length--;
	if ((sign != '+' && sign != '-') || !read_digits(&rest, 2, 0, 99, ':', &hours) ||
		!read_digits(&rest, 2, 0, 59, '\0', &minutes))
		return false;
	*seconds = (hours * 60 + minutes) * 60 * (sign == '+' ? 1 : -1);
	return true;
}

/*
 * instant_read reads a date and time of RFC 3339; false if the text is none. A day that
 * its month does not have is one of the next month.
 */
bool
instant_read(Instant *instant, StringView text)
{
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second;
	int zone;

	if (!read_digits(&text, 4, 0, 9999, '-', &year) || !read_digits(&text, 2, 1, 12, '-', &month) ||
		!read_digits(&text, 2, 1, 31, 'T', &day) || !read_digits(&text, 2, 0, 23, ':', &hour) ||
		!read_digits(&text, 2, 0, 59, ':', &minute) ||
		!read_digits(&text, 2, 0, 60, '\0', &second) ||
		!read_fraction(&text, &instant->nanoseconds) || !read_zone(text, &zone))
		return false;
	instant->seconds =
		(int64) (date2j(year, month, 1) - UNIX_EPOCH_JDATE + day - 1) * SECS_PER_DAY + hour * 3600 +
		minute * 60 + second - zone;
	return true;
}

/*
 * instant_of_milliseconds is so many milliseconds after 1970, without their fraction.
 */
Instant
instant_of_milliseconds(double milliseconds)
{
	int64 whole = (int64) Max(Min(milliseconds, MILLISECONDS_MAX), -MILLISECONDS_MAX);
	int64 seconds = whole / 1000 - (whole % 1000 < 0 ? 1 : 0);

	return (Instant){.seconds = seconds, .nanoseconds = (int32) (whole - seconds * 1000) * 1000000};
}

/*
 * instant_compare orders two moments: below, at or above 0.
 */
int
instant_compare(const Instant *a, const Instant *b)
{
	if (a->seconds != b->seconds)
		return a->seconds < b->seconds ? -1 : 1;
	return (a->nanoseconds > b->nanoseconds) - (a->nanoseconds < b->nanoseconds);
}
