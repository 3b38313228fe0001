/*
 * segment_payload.c
 *	  Segments in the form that SDKs are sent them: lists are always there, and what is absent
 *	  is never null.
 */
#include "resource/segment/segment_payload.h"

#include "evaluation/member.h"
#include "util/document.h"
#include "util/jsonb.h"

#define PAYLOAD_SEGMENTS                                                    \
	"SELECT s.key, s.version, s.included, s.included_contexts, s.excluded," \
	" s.excluded_contexts, s.rules, s.salt FROM flagplane_data.segment s"   \
	" WHERE s.account_id = :account_id AND s.environment_id = :environment_id"

STATEMENT(list_segments, PAYLOAD_SEGMENTS " ORDER BY s.key");
STATEMENT(find_segment, PAYLOAD_SEGMENTS " AND s.key = :segment_key");

/*
 * segments_payload_read reads the segments of an environment, in the snapshot of the query if
 * nothing else is said.
 */
Rows
segments_payload_read(const PayloadScope *scope)
{
	Params params = {0};

	bind_bigint(&params, "account_id", scope->account);
	bind_text(&params, "environment_id", scope->environment_id);
	return statement_run(&list_segments, &params, scope->mode);
}

/*
 * segment_payload_read reads one segment, or none.
 */
Rows
segment_payload_read(const PayloadScope *scope, StringView segment_key)
{
	Params params = {0};

	bind_bigint(&params, "account_id", scope->account);
	bind_text(&params, "environment_id", scope->environment_id);
	bind_text(&params, "segment_key", pnstrdup(segment_key.data, segment_key.length));
	return statement_run(&find_segment, &params, STATEMENT_READ);
}

/*
 * write_elements writes the elements of a list.
 */
static void
write_elements(StringInfo out, Elements *elements)
{
	while (elements_next(elements))
	{
		document_element(out);
		json_value_append(out, &elements->value);
	}
}

/*
 * write_users writes the keys of users that a segment includes or excludes. Lists of users among those of
 * contexts are read by some SDKs and not by others, so their keys are here. It returns the other lists.
 */
static char *
write_users(StringInfo out, Row *row, const char *name, const char *column,
			const char *lists_column)
{
	bool malformed = false;
	Members place = {.malformed = &malformed};
	StringInfoData others;
	Elements elements;
	Members list;

	initStringInfo(&others);
	document_open(&others, '[');
	document_key(out, name);
	document_open(out, '[');
	payload_elements(row, column, &elements);
	write_elements(out, &elements);
	payload_elements(row, lists_column, &elements);
	while (elements_next_object(&elements, &place, &list))
	{
		Elements keys;

		member_elements(&list, "values", &keys);
		if (payload_is_of_users(&list))
			write_elements(out, &keys);
		else
		{
			document_element(&others);
			json_value_append(&others, &elements.value);
		}
	}
	document_close(out, ']');
	document_close(&others, ']');
	return others.data;
}

/*
 * write_text writes a text, if it is there and not empty.
 */
static void
write_text(StringInfo out, const char *name, const Members *source)
{
	StringView text;

	if (member_string(source, name, &text) && text.length > 0)
		document_string(out, name, pnstrdup(text.data, text.length));
}

static void
write_rule(StringInfo out, const Members *rule)
{
	StringView id;
	StringView weight;
	char *literal = payload_literal(rule, "rolloutContextKind", "bucketBy");

	document_element(out);
	document_open(out, '{');
	if (member_string(rule, "_id", &id))
		document_string(out, "id", pnstrdup(id.data, id.length));
	payload_write_clauses(out, rule);
	if (member_decimal(rule, "weight", &weight))
		document_raw(out, "weight", weight.data);
	if (literal)
		document_string(out, "bucketBy", literal);
	else
	{
		write_text(out, "bucketBy", rule);
		write_text(out, "rolloutContextKind", rule);
	}
	document_close(out, '}');
}

static void
write_rules(StringInfo out, Row *row)
{
	bool malformed = false;
	Members place = {.malformed = &malformed};
	Elements elements;
	Members rule;

	document_key(out, "rules");
	document_open(out, '[');
	payload_elements(row, "rules", &elements);
	while (elements_next_object(&elements, &place, &rule))
		write_rule(out, &rule);
	document_close(out, ']');
}

/*
 * segment_payload_append writes a segment that has been read, alone or as the member that its
 * key names.
 */
void
segment_payload_append(StringInfo out, const Rows *rows, uint64 number, bool as_member)
{
	char *included;
	char *excluded;
	Row row;
	char *key;

	row_read(rows, number, &row);
	key = row_get_string(&row, "key");
	if (as_member)
		document_key(out, key);
	document_open(out, '{');
	document_string(out, "key", key);
	document_integer(out, "version", row_get_integer(&row, "version"));
	included = write_users(out, &row, "included", "included", "included_contexts");
	excluded = write_users(out, &row, "excluded", "excluded", "excluded_contexts");
	document_raw(out, "includedContexts", included);
	document_raw(out, "excludedContexts", excluded);
	write_rules(out, &row);
	document_string(out, "salt", row_get_string(&row, "salt"));
	document_boolean(out, "deleted", false);
	document_close(out, '}');
}
