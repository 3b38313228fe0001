/*
 * body.c
 *	  A JSON object as the source of an operation's fields: the body of a REST
 *	  request, or an element of a list that an argument holds.
 */
#include "call/body.h"

#include "call/field.h"
#include "utils/varlena.h"

/* An unknown name is near a known one if at most one letter in so many differs. */
#define HINT_LETTERS 3

/* The state of reading a body. */
typedef struct BodyReader
{
	Request *request;
	bool seen[FIELDS_MAX];
	bool minted_id;
} BodyReader;

/*
 * nearest_field finds the body field whose name an unknown one was perhaps meant
 * to be; NULL if none is near.
 */
static const char *
nearest_field(const Operation *operation, const char *name)
{
	const char *nearest = NULL;
	int length = strlen(name);
	int farthest = (length + 1) / HINT_LETTERS;
	int best = farthest + 1;

	if (length > NAMEDATALEN)
		return NULL;
	for (int i = 0; operation->fields[i].name; i++)
	{
		const Field *field = &operation->fields[i];
		int distance;

		if (field->place != IN_BODY)
			continue;
		distance = varstr_levenshtein_less_equal(name, length, field->wire, strlen(field->wire), 1,
												 1, 1, farthest, true);
		if (distance < best)
		{
			best = distance;
			nearest = field->wire;
		}
	}
	return nearest;
}

/*
 * read_member takes one member of the body.
 */
static void
read_member(void *state, char *name, const JsonValue *value)
{
	BodyReader *reader = state;
	Request *request = reader->request;
	int field = field_by_wire(request->operation, name, IN_BODY);

	if (field >= 0 && reader->seen[field])
		request_violation(request, field, "is given twice");
	else if (field >= 0)
	{
		reader->seen[field] = true;
		field_from_json(request, field, value);
	}
	else if (request->operation->dialect == LAYERS && strcmp(name, "appId") == 0)
		reader->minted_id = true;
	else
	{
		const char *nearest = nearest_field(request->operation, name);

		if (nearest)
			error_violation(&request->violations, name, "is not a known field; perhaps %s is meant",
							nearest);
		else
			error_violation(&request->violations, name, "is not a known field");
	}
}

/*
 * body_read fills the fields from a JSON object.  Returns NULL, or what is wrong
 * with the text; what is wrong with a field is collected as its violation.
 */
char *
body_read(Request *request, const char *json, int length)
{
	BodyReader reader = {0};
	char *problem;

	reader.request = request;
	problem = json_read_object(json, length, read_member, &reader);
	if (problem == NULL && reader.minted_id)
		error_raise(ERR_MINTED_ID, "appId is minted by the server and cannot be given");
	return problem;
}
