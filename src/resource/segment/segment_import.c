/*
 * segment_import.c
 *	  Segments in the form that SDKs are sent them, read as what is to be stored, and stored.
 *
 * The environment is locked with FOR NO KEY UPDATE, and its payload, so that no segment
 * comes, goes or changes.
 */
#include "resource/segment/segment_import.h"

#include "resource/flag/flag.h"
#include "resource/flag/sdk_form.h"
#include "resource/segment/segment.h"
#include "resource/segment/segment_payload.h"
#include "util/json.h"
#include "util/jsonb_tree.h"

STATEMENT(
	store_segments,
	"INSERT INTO flagplane_data.segment AS s"
	" (account_id, environment_id, key, name, description, tags, included, excluded,"
	" included_contexts, excluded_contexts, rules, salt, version, created_at, last_modified)"
	" SELECT e.account_id, e.id, q->>'key', q->>'key', '', '{}', q->'stored'->'included',"
	" q->'stored'->'excluded', q->'stored'->'includedContexts',"
	" q->'stored'->'excludedContexts', q->'stored'->'rules', q->'stored'->>'salt',"
	" (q->>'version')::integer, :now, :now"
	" FROM flagplane_data.environment e CROSS JOIN jsonb_array_elements(:segments) q"
	" WHERE e.account_id = :account_id AND e.id = :environment_id"
	" ON CONFLICT (account_id, environment_id, key) DO UPDATE SET included = excluded.included,"
	" excluded = excluded.excluded, included_contexts = excluded.included_contexts,"
	" excluded_contexts = excluded.excluded_contexts, rules = excluded.rules,"
	" salt = excluded.salt, version = greatest(s.version + 1, excluded.version),"
	" last_modified = excluded.last_modified");

/*
 * rule_of is a rule of a segment.
 */
static JsonbValue
rule_of(JsonbValue *source, const char *owner, int number)
{
	JsonbValue made = {.type = jbvObject};

	if (source->type != jbvObject)
		return *source;
	sdk_form_rule(&made, source, owner, number);
	sdk_form_pick(&made, source, "weight", "weight");
	sdk_form_bucket_by(&made, source, "rolloutContextKind");
	return made;
}

/*
 * targeting_of is who is in a segment, as a document shows it.
 */
static Jsonb *
targeting_of(JsonbValue *segment, const char *key)
{
	static const char *const lists[] = {"includedContexts", "excludedContexts", "rules"};
	const char *owner = psprintf("segment/%s", key);
	JsonbValue made = {.type = jbvObject};

	(void) sdk_form_list(&made, segment, "included");
	(void) sdk_form_list(&made, segment, "excluded");
	for (int i = 0; i < (int) lengthof(lists); i++)
	{
		JsonbValue *list = sdk_form_list(&made, segment, lists[i]);
		bool rules = i == lengthof(lists) - 1;

		for (int j = 0; list->type == jbvArray && j < list->val.array.nElems; j++)
		{
			JsonbValue *element = &list->val.array.elems[j];

			*element = rules ? rule_of(element, owner, j) : sdk_form_contexts(element);
		}
	}
	tree_plain_numbers(&made);
	return JsonbValueToJsonb(&made);
}

/*
 * segment_needs is the segments that checked rules name, as a list of ImportNeed.
 */
List *
segment_needs(const char *path, Jsonb *rules)
{
	List *needs = NIL;
	ListCell *cell;

	foreach (cell, segment_uses(rules))
	{
		SegmentUse *use = lfirst(cell);
		ImportNeed *need = palloc(sizeof(ImportNeed));

		*need = (ImportNeed){use->key, -1,
							 psprintf("%s.rules[%u].clauses[%u].values[%u]", path, use->rule,
									  use->clause, use->value)};
		needs = lappend(needs, need);
	}
	return needs;
}

/*
 * check_bounded refuses segments that another store holds, and what would say so in a wrong way.
 */
static void
check_bounded(Violations *violations, const char *path, const Jsonb *source)
{
	JsonbValue value;
	int32 number;

	if (jsonb_member(source, "unbounded", &value) && (value.type != jbvBool || value.val.boolean))
		error_violation(violations, psprintf("%s.unbounded", path),
						"must be false: there are no big segments here; one with its keys in "
						"included can be imported");
	if (jsonb_member(source, "generation", &value) && !jsonb_integer(&value, &number))
		error_violation(violations, psprintf("%s.generation", path), "must be a whole number");
	if (jsonb_member(source, "unboundedContextKind", &value) && value.type != jbvString)
		error_violation(violations, psprintf("%s.unboundedContextKind", path), "must be a string");
}

/*
 * join_users moves the keys of users in a list of contexts to the list of users, as SDKs are sent
 * them: not all of them look for users in the other one.
 */
static void
join_users(JsonbValue *stored, const char *users_name, const char *contexts_name)
{
	JsonbValue *users = tree_member(stored, users_name);
	JsonbValue *contexts = tree_member(stored, contexts_name);

	for (int i = 0; i < contexts->val.array.nElems;)
	{
		JsonbValue *entry = &contexts->val.array.elems[i];
		JsonbValue *keys = tree_member(entry, "values");

		if (!target_is_of_users(JsonbValueToJsonb(entry)))
		{
			i++;
			continue;
		}
		for (int j = 0; j < keys->val.array.nElems; j++)
			tree_insert_element(users, users->val.array.nElems, keys->val.array.elems[j]);
		tree_remove_element(contexts, i);
	}
}

/*
 * segment_import_read reads a segment.
 */
void
segment_import_read(Violations *violations, const char *path, Jsonb *source, ImportItem *item)
{
	JsonbValue segment = tree_of_jsonb(source);
	JsonbValue salt = sdk_form_salt(violations, path, source);
	Jsonb *targeting = targeting_of(&segment, item->key);
	char *written;
	JsonbValue stored;

	check_bounded(violations, path, source);
	written = segment_targeting_check(violations, path, NULL, targeting);
	if (written == NULL)
		return;
	if (strlen(written) > JSON_BYTES_MAX)
		error_violation(violations, path, "would be larger than " JSON_BYTES_MAX_IS " in JSON");
	stored = tree_of_jsonb(jsonb_of_text(written));
	join_users(&stored, "included", "includedContexts");
	join_users(&stored, "excluded", "excludedContexts");
	tree_set_member(&stored, "salt", strlen("salt"), salt);
	item->stored = JsonbValueToJsonb(&stored);
	item->needs = segment_needs(path, jsonb_member_of(targeting, "rules"));
}

/*
 * segments_import_compare finds which segments the environment has, and which of those say
 * already what is to be stored, as far as SDKs see it.
 */
void
segments_import_compare(const PayloadScope *scope, ImportSet *segments)
{
	Rows rows = segments_payload_read(scope);

	for (uint64 i = 0; i < rows.count; i++)
	{
		StringInfoData text;
		ImportItem *item;
		Row row;

		row_read(&rows, i, &row);
		item = import_find(segments, row_get_string(&row, "key"));
		if (item == NULL)
			continue;
		item->there = true;
		initStringInfo(&text);
		segment_payload_append(&text, &rows, i, false);
		item->unchanged = import_says_same(item, segment_import_read, text.data);
	}
}

/*
 * segments_import_store stores the segments that say something new, by one statement.
 */
void
segments_import_store(Request *request, const char *environment_id, ImportSet *segments)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment_id);
	bind_jsonb(&params, "segments", JsonbPGetDatum(import_rows(segments)));
	bind_time(&params, "now", request->now);
	statement_run(&store_segments, &params, STATEMENT_WRITE);
}
