/*
 * flag_payload.c
 *	  Flags in the form that SDKs are sent them: the one form that they are evaluated from.
 *
 * One member that a decoder does not take makes an SDK refuse the whole payload. So what
 * is absent in the settings is absent here and never null, except for the off variation;
 * lists are always there; whole numbers have no point.
 */
#include "resource/flag/flag_payload.h"

#include <ctype.h>

#include "evaluation/member.h"
#include "resource/layer/treatment.h"
#include "util/document.h"
#include "util/jsonb.h"

/* A whole number of so many digits may not fit into 64 bits. */
#define LONG_NUMBER 19

/* Archived flags are not there for SDKs. The columns are read in this order. */
#define PAYLOAD_COLUMNS                                                      \
	"SELECT f.key, c.version, c.is_on, c.prerequisites, c.targets, c.rules," \
	" c.fallthrough, c.off_variation, f.variations, f.using_mobile_key,"     \
	" f.using_environment_id, c.salt, c.track_events,"                       \
	" c.track_events_fallthrough"

STATEMENT(list_flags, PAYLOAD_COLUMNS " FROM flagplane_data.flag_environment c"
									  " JOIN flagplane_data.flag f ON f.account_id = c.account_id"
									  " AND f.id = c.flag_id WHERE c.account_id = :account_id"
									  " AND c.environment_id = :environment_id AND NOT f.archived"
									  " ORDER BY f.key");

STATEMENT(find_flag, PAYLOAD_COLUMNS " FROM flagplane_data.flag f"
									 " JOIN flagplane_data.flag_environment c"
									 " ON c.account_id = f.account_id AND c.flag_id = f.id"
									 " WHERE f.account_id = :account_id"
									 " AND f.project_id = :project_id AND f.key = :flag_key"
									 " AND c.environment_id = :environment_id"
									 " AND NOT f.archived");

/*
 * flags_payload_read reads the flags of an environment, in the snapshot of the query if nothing
 * else is said.
 */
Rows
flags_payload_read(const PayloadScope *scope)
{
	Params params = {0};

	bind_bigint(&params, "account_id", scope->account);
	bind_text(&params, "environment_id", scope->environment_id);
	return statement_run(&list_flags, &params, scope->mode);
}

/*
 * flag_payload_read reads one flag, or none.
 */
Rows
flag_payload_read(const PayloadScope *scope, StringView flag_key)
{
	Params params = {0};

	bind_bigint(&params, "account_id", scope->account);
	bind_uuid(&params, "project_id", UUIDPGetDatum(scope->project_id));
	bind_text(&params, "flag_key", pnstrdup(flag_key.data, flag_key.length));
	bind_text(&params, "environment_id", scope->environment_id);
	return statement_run(&find_flag, &params, STATEMENT_READ);
}

/*
 * write_integer writes a whole number, if it is there.
 */
static void
write_integer(StringInfo out, const char *name, const Members *source)
{
	StringView digits;

	if (member_decimal(source, name, &digits))
		document_raw(out, name, digits.data);
}

/*
 * write_value writes a member as it is, if it is there and not null.
 */
static void
write_value(StringInfo out, const char *name, const Members *source)
{
	JsonbValue value;

	if (!member_value(source, name, &value))
		return;
	document_key(out, name);
	json_value_append(out, &value);
}

/*
 * write_boolean writes a boolean, false if it is absent.
 */
static void
write_boolean(StringInfo out, const char *name, const Members *source)
{
	bool value = false;

	member_boolean(source, name, &value);
	document_boolean(out, name, value);
}

/*
 * skip_string is where a string of JSON ends that begins at a place.
 */
static int
skip_string(const StringInfo text, int place)
{
	for (place++; text->data[place] != '"'; place++)
		if (text->data[place] == '\\')
			place++;
	return place + 1;
}

/*
 * insert_point makes the whole number that ends at a place one with a fraction.
 */
static void
insert_point(StringInfo text, int place)
{
	appendStringInfoString(text, ".0");
	memmove(text->data + place + 2, text->data + place, text->len - place - 2);
	memcpy(text->data + place, ".0", 2);
}

/*
 * write_free_value writes a value that may be any JSON. Whole numbers of many digits get a point: the
 * SDK for Go reads them into 64 bits without one, where they overflow.
 */
static void
write_free_value(StringInfo out, const JsonbValue *value)
{
	int place = out->len;

	json_value_append(out, value);
	while (place < out->len)
	{
		bool fraction = out->data[place - 1] == '.';
		int digits;

		if (out->data[place] == '"')
			place = skip_string(out, place);
		else if (!isdigit((unsigned char) out->data[place]))
			place++;
		else
		{
			digits = strspn(out->data + place, "0123456789");
			place += digits;
			if (digits >= LONG_NUMBER && !fraction && out->data[place] != '.')
				insert_point(out, place);
		}
	}
}

/*
 * write_array writes a list as it is, an empty one if it is absent.
 */
static void
write_array(StringInfo out, const char *name, const Members *source)
{
	JsonbValue value;

	document_key(out, name);
	if (member_value(source, name, &value))
		write_free_value(out, &value);
	else
		appendStringInfoString(out, "[]");
}

/*
 * write_kind writes the kind of contexts that is meant: that of users where none is told.
 */
static void
write_kind(StringInfo out, const Members *source)
{
	StringView kind = STRING_VIEW("");

	if (member_string(source, "contextKind", &kind) && kind.length > 0)
		write_value(out, "contextKind", source);
	else
		document_string(out, "contextKind", "user");
}

/*
 * write_text writes a text, an empty one if it is absent.
 */
static void
write_text(StringInfo out, const char *name, const Members *source)
{
	StringView text;

	if (member_string(source, name, &text))
		write_value(out, name, source);
	else
		document_string(out, name, "");
}

/*
 * payload_literal is the name of an attribute of users that begins with a slash; NULL for any other
 * attribute.  As a reference such a name is written /~1name, which LaunchDarkly's SDKs in JavaScript
 * do not find.  All SDKs know it as it is where no kind is told.
 */
char *
payload_literal(const Members *source, const char *kind_name, const char *name)
{
	StringView kind = STRING_VIEW("");
	StringView reference;
	StringInfoData literal;

	if (!member_string(source, name, &reference) || reference.length < 3 ||
		memcmp(reference.data, "/~1", 3) != 0 ||
		memchr(reference.data + 1, '/', reference.length - 1) != NULL)
		return NULL;
	if (member_string(source, kind_name, &kind) && kind.length > 0 &&
		!view_equal(kind, STRING_VIEW("user")))
		return NULL;
	initStringInfo(&literal);
	for (const char *c = reference.data + 1; c < reference.data + reference.length; c++)
		if (*c != '~')
			appendStringInfoChar(&literal, *c);
		else if (++c < reference.data + reference.length)
			appendStringInfoChar(&literal, *c == '1' ? '/' : '~');
	return literal.data;
}

/*
 * is_experiment tells whether a rollout is an experiment: by its kind, or by what REST calls an
 * allocation.
 */
static bool
is_experiment(const Members *rollout)
{
	StringView kind = STRING_VIEW("");
	JsonbValue allocation;

	(void) member_string(rollout, "kind", &kind);
	return view_equal(kind, STRING_VIEW("experiment")) ||
		   member_value(rollout, "experimentAllocation", &allocation);
}

/*
 * write_share writes an entry of a rollout. One without weight is left out: where there are
 * rounding errors or no context of the kind, some SDKs would serve it.
 */
static void
write_share(StringInfo out, const Members *share)
{
	bool untracked = false;
	bool told_untracked = false;
	int32 weight = 0;

	(void) member_integer(share, "weight", &weight);
	if (weight == 0)
		return;
	document_element(out);
	document_open(out, '{');
	write_integer(out, "variation", share);
	document_integer(out, "weight", weight);
	member_boolean(share, "untracked", &untracked);
	member_boolean(share, "_untracked", &told_untracked);
	if (untracked || told_untracked)
		document_boolean(out, "untracked", true);
	document_close(out, '}');
}

/*
 * write_rollout writes a rollout.
 */
static void
write_rollout(StringInfo out, const Members *rollout)
{
	Elements elements;
	Members share;
	StringView bucket_by = STRING_VIEW("");
	char *literal = payload_literal(rollout, "contextKind", "bucketBy");

	document_key(out, "rollout");
	document_open(out, '{');
	document_string(out, "kind", is_experiment(rollout) ? "experiment" : "rollout");
	if (literal)
		document_string(out, "bucketBy", literal);
	else
	{
		write_kind(out, rollout);
		if (member_string(rollout, "bucketBy", &bucket_by) && bucket_by.length > 0)
			write_value(out, "bucketBy", rollout);
	}
	write_integer(out, "seed", rollout);
	document_key(out, "variations");
	document_open(out, '[');
	member_elements(rollout, "variations", &elements);
	while (elements_next_object(&elements, rollout, &share))
		write_share(out, &share);
	document_close(out, ']');
	document_close(out, '}');
}

/*
 * write_serve writes what a rule or the fallthrough serves: the rollout of the experiment that runs on
 * it (NULL: none does), or else what is stored.
 */
static void
write_serve(StringInfo out, const Members *source, const char *running)
{
	Members rollout;

	if (running != NULL)
	{
		document_raw(out, "rollout", running);
		return;
	}
	write_integer(out, "variation", source);
	if (member_object(source, "rollout", &rollout))
		write_rollout(out, &rollout);
}

/*
 * payload_write_clauses writes the clauses of a rule.
 */
void
payload_write_clauses(StringInfo out, const Members *rule)
{
	Elements elements;
	Members clause;

	document_key(out, "clauses");
	document_open(out, '[');
	member_elements(rule, "clauses", &elements);
	while (elements_next_object(&elements, rule, &clause))
	{
		char *literal = payload_literal(&clause, "contextKind", "attribute");

		document_element(out);
		document_open(out, '{');
		if (literal)
			document_string(out, "attribute", literal);
		else
		{
			write_kind(out, &clause);
			write_text(out, "attribute", &clause);
		}
		write_text(out, "op", &clause);
		write_array(out, "values", &clause);
		write_boolean(out, "negate", &clause);
		document_close(out, '}');
	}
	document_close(out, ']');
}

/*
 * members_of reads the next document of a row.
 */
static Members
members_of(Row *row, const char *column, bool *malformed)
{
	return (Members){.object = &DatumGetJsonbP(row_get_datum(row, column))->root,
					 .malformed = malformed};
}

/*
 * payload_elements starts with the elements of the next document of a row, which is a list.
 */
void
payload_elements(Row *row, const char *column, Elements *elements)
{
	Jsonb *list = DatumGetJsonbP(row_get_datum(row, column));

	*elements = (Elements){.count = JsonContainerSize(&list->root),
						   .iterator = JsonbIteratorInit(&list->root)};
	(void) JsonbIteratorNext(&elements->iterator, &elements->value, true);
}

/*
 * write_prerequisites writes what other flags must serve.
 */
static void
write_prerequisites(StringInfo out, Row *row, Members *place)
{
	Elements elements;
	Members prerequisite;

	document_key(out, "prerequisites");
	document_open(out, '[');
	payload_elements(row, "prerequisites", &elements);
	while (elements_next_object(&elements, place, &prerequisite))
	{
		document_element(out);
		document_open(out, '{');
		write_text(out, "key", &prerequisite);
		write_integer(out, "variation", &prerequisite);
		document_close(out, '}');
	}
	document_close(out, ']');
}

/*
 * write_target writes a target, for users or for another kind of contexts. One for users
 * stands in contextTargets for that of targets, without keys.
 */
static void
write_target(StringInfo out, const Members *target, bool with_kind, bool with_values)
{
	document_element(out);
	document_open(out, '{');
	if (with_kind)
		write_kind(out, target);
	write_integer(out, "variation", target);
	if (with_values)
		write_array(out, "values", target);
	else
		document_raw(out, "values", "[]");
	document_close(out, '}');
}

/*
 * payload_is_of_users tells whether a list of keys is of users.
 */
bool
payload_is_of_users(const Members *target)
{
	StringView kind = STRING_VIEW("");

	(void) member_string(target, "contextKind", &kind);
	return kind.length == 0 || view_equal(kind, STRING_VIEW("user"));
}

/*
 * write_targets writes the targets, which are stored in one list. The order among those of
 * several kinds is that of contextTargets, which are left out where all are for users.
 */
static void
write_targets(StringInfo out, Row *row, Members *place)
{
	Elements elements;
	Members target;
	bool others = false;

	document_key(out, "targets");
	document_open(out, '[');
	payload_elements(row, "targets", &elements);
	while (elements_next_object(&elements, place, &target))
	{
		if (payload_is_of_users(&target))
			write_target(out, &target, false, true);
		else
			others = true;
	}
	document_close(out, ']');
	document_key(out, "contextTargets");
	document_open(out, '[');
	payload_elements(row, "targets", &elements);
	while (others && elements_next_object(&elements, place, &target))
		write_target(out, &target, true, !payload_is_of_users(&target));
	document_close(out, ']');
}

/*
 * write_rules writes the rules that are not disabled.
 */
static void
write_rules(StringInfo out, Row *row, Members *place, const ExperimentRollouts *rollouts,
			const char *key)
{
	Elements elements;
	Members rule;

	document_key(out, "rules");
	document_open(out, '[');
	payload_elements(row, "rules", &elements);
	while (elements_next_object(&elements, place, &rule))
	{
		bool disabled = false;
		const char *running = NULL;
		JsonbValue id;

		member_boolean(&rule, "disabled", &disabled);
		if (disabled)
			continue;
		document_element(out);
		document_open(out, '{');
		if (member_value(&rule, "_id", &id))
		{
			document_key(out, "id");
			json_value_append(out, &id);
			if (id.type == jbvString)
				running = experiment_rollout_find(rollouts, key,
												  pnstrdup(id.val.string.val, id.val.string.len));
		}
		payload_write_clauses(out, &rule);
		write_serve(out, &rule, running);
		write_boolean(out, "trackEvents", &rule);
		document_close(out, '}');
	}
	document_close(out, ']');
}

/*
 * write_variations writes the values alone.
 */
static void
write_variations(StringInfo out, Row *row, Members *place)
{
	Elements elements;
	Members variation;

	document_key(out, "variations");
	document_open(out, '[');
	payload_elements(row, "variations", &elements);
	while (elements_next_object(&elements, place, &variation))
	{
		JsonbValue value;

		document_element(out);
		if (member_value(&variation, "value", &value))
			write_free_value(out, &value);
		else
			appendStringInfoString(out, "null");
	}
	document_close(out, ']');
}

/*
 * write_availability writes for which client-side SDKs the flag is there, in the new form and in the
 * old one: some SDKs read the one and some the other.
 */
static void
write_availability(StringInfo out, Row *row)
{
	bool environment_id;

	document_key(out, "clientSideAvailability");
	document_open(out, '{');
	document_boolean(out, "usingMobileKey", row_get_boolean(row, "using_mobile_key"));
	environment_id = row_get_boolean(row, "using_environment_id");
	document_boolean(out, "usingEnvironmentId", environment_id);
	document_close(out, '}');
	document_boolean(out, "clientSide", environment_id);
}

/*
 * flag_payload_key is the key of a flag that has been read.
 */
char *
flag_payload_key(const Rows *rows, uint64 number)
{
	Row row;

	row_read(rows, number, &row);
	return row_get_string(&row, "key");
}

/*
 * write_flag writes a flag that has been read, up to its end.
 */
static void
write_flag(StringInfo out, const Rows *rows, uint64 number, const ExperimentRollouts *rollouts)
{
	bool malformed = false;
	Members members = {.malformed = &malformed};
	Row row;
	char *key;

	row_read(rows, number, &row);
	key = row_get_string(&row, "key");
	document_open(out, '{');
	document_string(out, "key", key);
	document_integer(out, "version", row_get_integer(&row, "version"));
	document_boolean(out, "on", row_get_boolean(&row, "is_on"));
	write_prerequisites(out, &row, &members);
	write_targets(out, &row, &members);
	write_rules(out, &row, &members, rollouts, key);
	members = members_of(&row, "fallthrough", &malformed);
	document_key(out, "fallthrough");
	document_open(out, '{');
	write_serve(out, &members, experiment_rollout_find(rollouts, key, FALLTHROUGH_RULE));
	document_close(out, '}');
	if (row_is_null(&row, "off_variation"))
		document_raw(out, "offVariation", "null");
	else
		document_integer(out, "offVariation", row_get_integer(&row, "off_variation"));
	write_variations(out, &row, &members);
	write_availability(out, &row);
	document_string(out, "salt", row_get_string(&row, "salt"));
	document_boolean(out, "trackEvents", row_get_boolean(&row, "track_events"));
	document_boolean(out, "trackEventsFallthrough",
					 row_get_boolean(&row, "track_events_fallthrough"));
	document_boolean(out, "deleted", false);
}

/*
 * write_names writes the names of the variations, null for one without, if any has a name.
 */
static void
write_names(StringInfo out, const Rows *rows, uint64 number)
{
	bool malformed = false;
	bool named = false;
	Members place = {.malformed = &malformed};
	Elements elements;
	Members variation;
	StringInfoData names;
	Row row;

	row_read(rows, number, &row);
	initStringInfo(&names);
	document_open(&names, '[');
	payload_elements(&row, "variations", &elements);
	while (elements_next_object(&elements, &place, &variation))
	{
		JsonbValue name;

		document_element(&names);
		if (member_value(&variation, "name", &name))
		{
			json_value_append(&names, &name);
			named = true;
		}
		else
			appendStringInfoString(&names, "null");
	}
	document_close(&names, ']');
	if (named)
		document_raw(out, "variationNames", names.data);
}

/*
 * flag_payload_append writes a flag that has been read, alone or as the member that its key names.
 */
void
flag_payload_append(StringInfo out, const Rows *rows, uint64 number,
					const ExperimentRollouts *rollouts, bool as_member)
{
	if (as_member)
		document_key(out, flag_payload_key(rows, number));
	write_flag(out, rows, number, rollouts);
	document_close(out, '}');
}

/*
 * flag_source_append writes a flag as it is compiled here: with what SDKs are not sent.
 */
void
flag_source_append(StringInfo out, const Rows *rows, uint64 number,
				   const ExperimentRollouts *rollouts)
{
	write_flag(out, rows, number, rollouts);
	write_names(out, rows, number);
	document_close(out, '}');
}
