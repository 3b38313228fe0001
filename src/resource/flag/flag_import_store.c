/*
 * flag_import_store.c
 *	  Flags of a document that is imported: what is there of them already, and how they are
 *	  stored.
 *
 * The project is locked with FOR NO KEY UPDATE, so that no flag comes, goes or gets other
 * variations, and the payload of the environment, so that no settings in it change.  What
 * others have committed until then counts, whatever the transaction's snapshot: what is read
 * here runs with STATEMENT_LATEST.
 */
#include "resource/flag/flag_import.h"

#include "catalog/pg_type.h"
#include "resource/flag/flag.h"
#include "util/document.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

/* All of them: a plan that looks for each of many keys is good for few or for many rows alone. */
STATEMENT(list_flags, "SELECT f.id, f.key, f.variations, f.archived, f.using_environment_id,"
					  " f.using_mobile_key FROM flagplane_data.flag f"
					  " WHERE f.account_id = :account_id AND f.project_id = :project_id");

STATEMENT(insert_flags,
		  "INSERT INTO flagplane_data.flag"
		  " (account_id, id, project_id, key, name, description, kind, variations, temporary,"
		  " tags, on_variation, off_variation, using_environment_id, using_mobile_key,"
		  " custom_properties, archived, deprecated, maintainer_id, version, created_at)"
		  " SELECT p.account_id, (q->>'id')::uuid, p.id, q->>'key', q->>'key', '', q->>'kind',"
		  " q->'variations', true, '{}', (q->>'onVariation')::integer,"
		  " (q->>'offVariation')::integer, (q->>'usingEnvironmentId')::boolean,"
		  " (q->>'usingMobileKey')::boolean, '{}', false, false, :member_id, 1, :now"
		  " FROM flagplane_data.project p CROSS JOIN jsonb_array_elements(:flags) q"
		  " WHERE p.account_id = :account_id AND p.id = :project_id");

/*
 * An environment that has the flag keeps what identifies its settings in event streams.  Nothing is
 * joined but one row, so that no plan can be a bad one.
 */
STATEMENT(
	store_settings,
	"INSERT INTO flagplane_data.flag_environment AS c"
	" (account_id, flag_id, environment_id, is_on, fallthrough, off_variation, targets,"
	" rules, prerequisites, salt, sel, track_events, track_events_fallthrough, version,"
	" last_modified)"
	" SELECT e.account_id, (q->>'id')::uuid, e.id, (q->'stored'->>'on')::boolean,"
	" q->'stored'->'fallthrough', (q->'stored'->>'offVariation')::integer,"
	" q->'stored'->'targets', q->'stored'->'rules', q->'stored'->'prerequisites',"
	" q->'stored'->>'salt', md5(:random || 'sel' || (q->>'id') || e.id),"
	" (q->'stored'->>'trackEvents')::boolean,"
	" (q->'stored'->>'trackEventsFallthrough')::boolean, (q->>'version')::integer, :now"
	" FROM flagplane_data.environment e CROSS JOIN jsonb_array_elements(:settings) q"
	" WHERE e.account_id = :account_id AND e.id = :environment_id"
	" ON CONFLICT (account_id, flag_id, environment_id) DO UPDATE SET is_on = excluded.is_on,"
	" fallthrough = excluded.fallthrough, off_variation = excluded.off_variation,"
	" targets = excluded.targets, rules = excluded.rules,"
	" prerequisites = excluded.prerequisites, salt = excluded.salt,"
	" track_events = excluded.track_events,"
	" track_events_fallthrough = excluded.track_events_fallthrough,"
	" version = greatest(c.version + 1, excluded.version), last_modified = excluded.last_modified");

/*
 * compare_variations refuses other variations than a flag has: the settings of other environments
 * name them by their index.
 */
static void
compare_variations(Violations *violations, const char *path, const ImportItem *item, Row *row)
{
	Jsonb *stored = DatumGetJsonbP(row_get_datum(row, "variations"));
	uint32 count = JB_ROOT_COUNT(stored);

	if (JB_ROOT_COUNT(item->variations) != count)
	{
		error_violation(
			violations, psprintf("%s.variations", path),
			"must be %u, as many as the project's flag has; add to those or remove some, "
			"or delete the flag, first",
			count);
		return;
	}
	for (uint32 i = 0; i < count; i++)
	{
		Jsonb *had = JsonbValueToJsonb(getIthJsonbValueFromContainer(&stored->root, i));
		JsonbValue *value =
			getKeyJsonValueFromContainer(&had->root, "value", strlen("value"), NULL);
		JsonbValue *given = getIthJsonbValueFromContainer(&item->variations->root, i);

		if (value == NULL || jsonb_equal(JsonbValueToJsonb(value), JsonbValueToJsonb(given)))
			continue;
		error_violation(violations, psprintf("%s.variations[%u]", path, i),
						"must be that of the project's flag; change it, or delete the flag, first");
		return;
	}
}

/*
 * compare_flag refuses what is the same in all environments and is not what the flag has.
 */
static void
compare_flag(Violations *violations, const ImportItem *item, Row *row)
{
	char *path = psprintf("flags.%s", item->key);

	if (row_get_boolean(row, "archived"))
		error_violation(violations, path, "names a flag that is archived; restore it first");
	compare_variations(violations, path, item, row);
	if (row_get_boolean(row, "using_environment_id") != item->using_environment_id ||
		row_get_boolean(row, "using_mobile_key") != item->using_mobile_key)
		error_violation(violations, psprintf("%s.clientSideAvailability", path),
						"must be that of the project's flag; change the flag first");
}

static Params
project_params(const Request *request)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "project_id", UUIDPGetDatum(request->project_id));
	return params;
}

/*
 * flags_import_find finds which flags the project has, and refuses those that differ in what all
 * of its environments have in common.
 */
void
flags_import_find(Request *request, ImportSet *flags)
{
	Params params = project_params(request);
	Violations violations = {0};
	Rows rows;

	rows = statement_run(&list_flags, &params, STATEMENT_LATEST);
	for (uint64 i = 0; i < rows.count; i++)
	{
		ImportItem *item;
		Row row;

		row_read(&rows, i, &row);
		item = import_find(flags, row_get_string(&row, "key"));
		if (item == NULL)
			continue;
		item->there = true;
		item->id = DatumGetUUIDP(row_get_datum(&row, "id"));
		compare_flag(&violations, item, &row);
	}
	if (violations.count > 0)
		error_raise_violations(ERR_INVALID, &violations);
}

/*
 * flags_import_compare finds which flags say already what is to be stored, as far as SDKs see
 * it: those are left alone.
 */
void
flags_import_compare(Request *request, const PayloadScope *scope, ImportSet *flags)
{
	Rows rows = flags_payload_read(scope);
	ExperimentRollouts *rollouts =
		experiment_rollouts_read(scope->account, scope->environment_id, NULL, scope->mode);

	for (uint64 i = 0; i < rows.count; i++)
	{
		ImportItem *item = import_find(flags, flag_payload_key(&rows, i));
		StringInfoData text;

		if (item == NULL)
			continue;
		initStringInfo(&text);
		flag_payload_append(&text, &rows, i, rollouts, false);
		item->unchanged = import_says_same(item, flag_import_read, text.data);
	}
}

/*
 * write_variations writes values as the variations of a flag.
 */
static void
write_variations(StringInfo out, Jsonb *values)
{
	document_key(out, "variations");
	document_open(out, '[');
	for (uint32 i = 0; i < JB_ROOT_COUNT(values); i++)
	{
		Jsonb *value = JsonbValueToJsonb(getIthJsonbValueFromContainer(&values->root, i));

		document_element(out);
		document_open(out, '{');
		document_string(out, "_id", uuid_text(random_uuid()->data));
		document_key(out, "value");
		jsonb_append(out, value);
		document_close(out, '}');
	}
	document_close(out, ']');
}

/*
 * are_booleans tells whether different values are true and false.
 */
static bool
are_booleans(Jsonb *values)
{
	return JB_ROOT_COUNT(values) == 2 &&
		   getIthJsonbValueFromContainer(&values->root, 0)->type == jbvBool &&
		   getIthJsonbValueFromContainer(&values->root, 1)->type == jbvBool;
}

/*
 * write_flag writes a new flag.  The defaults of its settings in environments are what it serves
 * where it is imported, if that is one variation.
 */
static void
write_flag(StringInfo out, const ImportItem *item)
{
	Jsonb *fallthrough = jsonb_member_of(item->stored, "fallthrough");
	int32 on = 0;
	int32 off = JB_ROOT_COUNT(item->variations) - 1;
	JsonbValue value;

	if (jsonb_member(fallthrough, "variation", &value))
		(void) jsonb_integer(&value, &on);
	if (jsonb_member(item->stored, "offVariation", &value))
		(void) jsonb_integer(&value, &off);
	document_element(out);
	document_open(out, '{');
	document_string(out, "id", uuid_text(item->id->data));
	document_string(out, "key", item->key);
	document_string(out, "kind", are_booleans(item->variations) ? "boolean" : "multivariate");
	write_variations(out, item->variations);
	document_integer(out, "onVariation", on);
	document_integer(out, "offVariation", off);
	document_boolean(out, "usingEnvironmentId", item->using_environment_id);
	document_boolean(out, "usingMobileKey", item->using_mobile_key);
	document_close(out, '}');
}

/*
 * create_flags creates the flags that the project has not, with their defaults in all other
 * environments.
 */
static void
create_flags(Request *request, const char *environment_id, ImportSet *flags)
{
	Params params = project_params(request);
	Datum *ids = palloc(sizeof(Datum) * (flags->count + 1));
	int count = 0;
	StringInfoData rows;

	initStringInfo(&rows);
	document_open(&rows, '[');
	for (int i = 0; i < flags->count; i++)
	{
		ImportItem *item = &flags->items[i];

		if (item->there)
			continue;
		item->id = random_uuid();
		ids[count++] = UUIDPGetDatum(item->id);
		write_flag(&rows, item);
	}
	document_close(&rows, ']');
	if (count == 0)
		return;
	bind_jsonb(&params, "flags", JsonbPGetDatum(jsonb_of_text(rows.data)));
	bind_text(&params, "member_id", request->caller.member_id);
	bind_time(&params, "now", request->now);
	statement_run(&insert_flags, &params, STATEMENT_WRITE);
	flags_configure(request, construct_array(ids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR),
					environment_id);
}

/*
 * flags_import_store stores the flags that say something new, by three statements however many they
 * are.
 */
void
flags_import_store(Request *request, const char *environment_id, ImportSet *flags)
{
	Params params = {0};

	create_flags(request, environment_id, flags);
	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment_id);
	bind_jsonb(&params, "settings", JsonbPGetDatum(import_rows(flags)));
	bind_text(&params, "random", uuid_text(random_uuid()->data));
	bind_time(&params, "now", request->now);
	statement_run(&store_settings, &params, STATEMENT_WRITE);
}
