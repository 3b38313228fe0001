/*
 * mutate.c
 *	  Good values made bad ones: texts, JSON, URIs, and values of SQL's types.
 */
#include "mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(array)		 ((array)[draw(LENGTH_OF(array))])

/* Values that a JSON text can have. */
#define VALUES_MAX 256

static uint64_t state;

/*
 * text_append appends bytes.
 */
void
text_append(Text *text, const char *bytes, size_t length)
{
	if (text->length + length + 1 > text->room)
	{
		text->room = (text->length + length + 1) * 2;
		text->data = realloc(text->data, text->room);
	}
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

/*
 * text_add appends a string.
 */
void
text_add(Text *text, const char *string)
{
	text_append(text, string, strlen(string));
}

/*
 * text_json appends a string as JSON.
 */
void
text_json(Text *text, const char *string)
{
	text_add(text, "\"");
	for (; *string; string++)
	{
		char escaped[8];

		if ((unsigned char) *string >= 0x20 && *string != '"' && *string != '\\')
			text_append(text, string, 1);
		else
		{
			snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned char) *string);
			text_add(text, escaped);
		}
	}
	text_add(text, "\"");
}

/*
 * draw is a random number below another one (splitmix64).
 */
uint32_t
draw(uint32_t below)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t) ((z ^ (z >> 31)) % below);
}

/*
 * mutate_seed begins the numbers of one case, which depend on no other.
 */
void
mutate_seed(uint32_t seed, uint32_t number)
{
	state = (uint64_t) seed << 32 | number;
	/* The state goes up by the same step with each number: those of two cases must not meet. */
	state = (uint64_t) draw(UINT32_MAX) << 32 | draw(UINT32_MAX);
}

/*
 * add_repeated appends a string again and again.
 */
static void
add_repeated(Text *text, const char *string, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++)
		text_add(text, string);
}

/*
 * some_length is mostly a short length, now and then one beyond all bounds.
 */
static uint32_t
some_length(void)
{
	static const uint32_t lengths[] = {2, 20, 64, 65, 256, 257, 300, 2048, 2049, 5000};

	return draw(200) == 0 ? 70000 + draw(1200000) : PICK(lengths);
}

/*
 * splice copies a text with some of its bytes replaced.
 */
static char *
splice(const char *good, size_t start, size_t length, const char *instead)
{
	Text text = {0};

	text_append(&text, good, start);
	text_add(&text, instead);
	text_add(&text, good + start + length);
	return text.data;
}

/*
 * mutate_text changes some of a text, or all of it.
 */
char *
mutate_text(const char *good)
{
	size_t length = strlen(good);
	size_t start = draw(length + 1);
	char byte[2] = {(char) (1 + draw(255)), '\0'};
	Text text = {0};

	switch (draw(8))
	{
		case 0: /* a byte for another */
			return splice(good, start, start < length, byte);
		case 1: /* a byte more */
			return splice(good, start, 0, byte);
		case 2: /* some left out */
			return splice(good, start, draw(length - start + 1), "");
		case 3: /* something in the middle */
			return splice(good, start, 0, hostile_strings[draw(hostile_string_count)]);
		case 4:
			text_append(&text, good, start);
			add_repeated(&text, draw(2) ? "x" : "\xf0\x9f\x98\x80", some_length());
			return text.data;
		case 5:
			add_repeated(&text, length > 0 && length < 100 ? good : "a", 2 + draw(70));
			return text.data;
		default:
			return strdup(hostile_strings[draw(hostile_string_count)]);
	}
}

/*
 * skip_value is the end of the value that starts somewhere in good JSON; on the way it
 * takes down where each value starts and ends.
 */
static size_t
skip_value(const char *json, size_t at, size_t (*values)[2], size_t *count)
{
	size_t start = at;
	size_t mine = (*count)++;

	if (json[at] == '"')
	{
		for (at++; json[at] && json[at] != '"'; at++)
			at += json[at] == '\\' && json[at + 1];
		at += json[at] == '"';
	}
	else if (json[at] == '{' || json[at] == '[')
	{
		at++;
		while (json[at] && json[at] != '}' && json[at] != ']')
		{
			if (!strchr(" ,:\n\t", json[at]) && *count < VALUES_MAX)
				at = skip_value(json, at, values, count);
			else
				at++;
		}
		at += json[at] != '\0';
	}
	else
	{
		at++;
		while (json[at] && !strchr(" ,:]}\n\t", json[at]))
			at++;
	}
	values[mine][0] = start;
	values[mine][1] = at;
	return at;
}

/*
 * some_json is a JSON value that nobody should send.
 */
static char *
some_json(void)
{
	Text text = {0};
	char *string;
	uint32_t times;

	switch (draw(8))
	{
		case 0:
			string = mutate_text(hostile_strings[draw(hostile_string_count)]);
			text_json(&text, string);
			free(string);
			break;
		case 1: /* deep */
			times = draw(20) == 0 ? 20000 : 1 + draw(200);
			add_repeated(&text, "[", times);
			add_repeated(&text, "]", times);
			break;
		case 2:
			times = draw(20) == 0 ? 20000 : 1 + draw(200);
			add_repeated(&text, "{\"a\":", times);
			text_add(&text, "1");
			add_repeated(&text, "}", times);
			break;
		case 3: /* long */
			text_add(&text, "[0");
			add_repeated(&text, draw(2) ? ",\"x\"" : ",{}", some_length());
			text_add(&text, "]");
			break;
		case 4: /* a patch that doubles what it patches */
			text_add(&text, "[{\"op\": \"add\", \"path\": \"/tags\", \"value\": [1]}");
			add_repeated(&text, ", {\"op\": \"copy\", \"from\": \"\", \"path\": \"/name\"}",
						 1 + draw(40));
			text_add(&text, "]");
			break;
		default:
			text_add(&text, hostile_jsons[draw(hostile_json_count)]);
	}
	return text.data;
}

/*
 * mutate_json changes some of a JSON text, which is JSON afterwards mostly.
 */
char *
mutate_json(const char *good)
{
	size_t values[VALUES_MAX][2];
	size_t count = 0;
	char *other = some_json();
	char *bad;
	size_t which;

	if (good[0])
		(void) skip_value(good, 0, values, &count);
	if (count == 0)
		return other;
	which = draw(count);
	switch (draw(10))
	{
		case 0: /* as a whole something else */
			return other;
		case 1: /* not JSON any more, perhaps */
			bad = mutate_text(good);
			break;
		case 2: /* a member more, maybe a second of its name */
		{
			Text text = {0};

			if (good[0] == '{' && good[1] == '"')
			{
				size_t name = skip_value(good, 1, values, &count);

				text_add(&text, "{");
				text_append(&text, good + 1, name - 1);
				text_add(&text, ": ");
				text_add(&text, other);
				text_add(&text, ", ");
				text_add(&text, good + 1);
				bad = text.data;
				break;
			}
			text_add(&text, "{\"patch\": ");
			text_add(&text, good);
			text_add(&text, ", \"comment\": ");
			text_add(&text, other);
			text_add(&text, "}");
			bad = text.data;
			break;
		}
		case 3: /* white space beyond all bounds, rarely */
		{
			Text text = {0};

			text_add(&text, good);
			add_repeated(&text, "\n", draw(50) == 0 ? 1100000 : draw(100));
			bad = text.data;
			break;
		}
		default: /* a value, or a name, for another one */
			bad = splice(good, values[which][0], values[which][1] - values[which][0], other);
	}
	free(other);
	return bad;
}

/*
 * mutate_uri changes some of a path with its query.
 */
char *
mutate_uri(const char *good)
{
	static const char *const queries[] = {"?limit=0",
										  "?limit=99999999999999999999",
										  "?limit=a&limit=1",
										  "?offset=-1",
										  "?filter=query:%00",
										  "?filter=tags:a+b,keys:a%7Cb",
										  "?filter=,,,:::",
										  "?filter=query%3a%27--",
										  "?sort=-createdOn,name",
										  "?cursor=!!!",
										  "?cursor=AAAAAAAAAAAAAAAAAAAA",
										  "?expand=%C3%28",
										  "?&&&===&%",
										  "?expiry=-1",
										  "?expiry=9e99",
										  "?before=1e3",
										  "?unknown=1",
										  "#fragment",
										  "?limit=1%0d%0aX",
										  "?platform[]=ios",
										  "//",
										  "/",
										  "/..",
										  "?limit=%31"};
	const char *slash = good;
	size_t length;

	switch (draw(4))
	{
		case 0:
			return mutate_text(good);
		case 1:
			return splice(good, strlen(good), 0, PICK(queries));
		default: /* a part for another */
			for (uint32_t skip = draw(8); skip > 0 && strchr(slash + 1, '/'); skip--)
				slash = strchr(slash + 1, '/');
			length = strcspn(slash + 1, "/?");
			return splice(good, slash + 1 - good, length,
						  hostile_strings[draw(hostile_string_count)]);
	}
}

/*
 * mutate_value is a value of an SQL type; NULL is NULL.
 */
char *
mutate_value(const char *type, const char *good)
{
	static const char *const numbers[] = {"0",
										  "-1",
										  "1",
										  "2147483647",
										  "-2147483648",
										  "2147483648",
										  "9223372036854775807",
										  "-9223372036854775808",
										  "1000",
										  "1001",
										  "253402300800000",
										  "x"};
	static const char *const arrays[] = {"{}",
										 "{NULL}",
										 "{NULL,a}",
										 "{{a},{b}}",
										 "[5:6]={a,b}",
										 "{a,a,a}",
										 "{\"\"}",
										 "{\"a b\",\"\\\\\"}",
										 "{*}",
										 "{hostile,nowhere}",
										 "{{{{{{{a}}}}}}}"};
	static const char *const times[] = {"infinity",
										"-infinity",
										"epoch",
										"294276-12-31 23:59:59",
										"4713-01-01 BC",
										"x",
										"2100-01-01",
										"-1 day",
										"0",
										"178000000 years",
										"-178000000 years",
										"0.000001 s",
										"2147483647 months 2147483647 days",
										"90 days"};

	if (draw(12) == 0)
		return NULL;
	if (strcmp(type, "jsonb") == 0)
		return mutate_json(good ? good : "{}");
	if (strcmp(type, "integer") == 0 || strcmp(type, "bigint") == 0)
		return strdup(PICK(numbers));
	if (strcmp(type, "boolean") == 0)
		return strdup(draw(2) ? "true" : "false");
	if (strcmp(type, "text[]") == 0 && draw(2))
		return strdup(PICK(arrays));
	if (strcmp(type, "text[]") == 0)
	{
		char *element = mutate_text("a");
		Text text = {0};

		/* As in JSON, a backslash and a double quote are escaped. */
		text_add(&text, "{");
		for (uint32_t i = draw(100); i > 0; i--)
			text_add(&text, "a,");
		text_json(&text, element);
		text_add(&text, "}");
		free(element);
		return text.data;
	}
	if (strncmp(type, "timestamp", 9) == 0 || strcmp(type, "interval") == 0)
		return strdup(PICK(times));
	return mutate_text(good ? good : "");
}
