/*
 * flag_configuration.c
 *	  Each flag's settings in each environment.
 */
#include "resource/flag/flag.h"
#include "resource/environment/payload_version.h"
#include "resource/segment/segment.h"

#include "access/xact.h"
#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

/* No flag has this id, nor an environment an empty one. */
#define NO_FLAG "'00000000-0000-0000-0000-000000000000'"

/*
 * Salts must differ from one configuration to the next: they are made of one random value and
 * the ids.  A join on NULL, where nothing is copied, would be planned as none at all, and Citus
 * refuses that.
 */
/* The columns of a configuration, as the statements that make some list them. */
static const char *const columns[] = {"account_id",
									  "flag_id",
									  "environment_id",
									  "is_on",
									  "fallthrough",
									  "off_variation",
									  "targets",
									  "rules",
									  "prerequisites",
									  "salt",
									  "sel",
									  "track_events",
									  "track_events_fallthrough",
									  "version",
									  "last_modified"};

#define INSERT_CONFIGURATIONS                                                   \
	"INSERT INTO flagplane_data.flag_environment"                               \
	" (account_id, flag_id, environment_id, is_on, fallthrough, off_variation," \
	" targets, rules, prerequisites, salt, sel, track_events,"                  \
	" track_events_fallthrough, version, last_modified)"

#define CONFIGURATIONS_OF_FLAG                                                       \
	"SELECT f.account_id, f.id, e.id, coalesce(:on, s.is_on, false),"                \
	" coalesce(s.fallthrough, jsonb_build_object('variation', f.on_variation)),"     \
	" CASE WHEN s.flag_id IS NULL THEN f.off_variation ELSE s.off_variation END,"    \
	" coalesce(s.targets, '[]'), coalesce(s.rules, '[]'),"                           \
	" coalesce(:prerequisites, s.prerequisites, '[]'),"                              \
	" md5(:random || 'salt' || f.id::text || e.id),"                                 \
	" md5(:random || 'sel' || f.id::text || e.id),"                                  \
	" coalesce(s.track_events, e.default_track_events),"                             \
	" coalesce(s.track_events_fallthrough, false), coalesce(t.version, 0) + 1, :now" \
	" FROM flagplane_data.flag f JOIN flagplane_data.environment e"                  \
	" ON e.account_id = f.account_id AND e.project_id = f.project_id"                \
	" LEFT JOIN flagplane_data.flag_environment s ON s.account_id = f.account_id"    \
	" AND s.flag_id = coalesce(:source_id, " NO_FLAG ") AND s.environment_id = e.id" \
	" LEFT JOIN flagplane_data.payload_tombstone t ON t.account_id = e.account_id"   \
	" AND t.environment_id = e.id AND t.kind = 'flag' AND t.key = f.key"             \
	" WHERE f.account_id = :account_id AND f.id = :flag_id"

#define CONFIGURATIONS_OF_ENVIRONMENT                                             \
	"SELECT f.account_id, f.id, e.id, coalesce(s.is_on, false),"                  \
	" coalesce(s.fallthrough, jsonb_build_object('variation', f.on_variation)),"  \
	" CASE WHEN s.flag_id IS NULL THEN f.off_variation ELSE s.off_variation END," \
	" '[]'::jsonb, coalesce(s.rules, '[]'), coalesce(s.prerequisites, '[]'),"     \
	" coalesce(s.salt, md5(:random || 'salt' || f.id::text || e.id)),"            \
	" md5(:random || 'sel' || f.id::text || e.id),"                               \
	" coalesce(s.track_events, e.default_track_events),"                          \
	" coalesce(s.track_events_fallthrough, false), 1, :now"                       \
	" FROM flagplane_data.environment e JOIN flagplane_data.flag f"               \
	" ON f.account_id = e.account_id AND f.project_id = e.project_id"             \
	" LEFT JOIN flagplane_data.flag_environment s ON s.account_id = f.account_id" \
	" AND s.flag_id = f.id AND s.environment_id = coalesce(:source_id, '')"       \
	" WHERE e.account_id = :account_id AND e.id = :environment_id"

STATEMENT(configure_flag, INSERT_CONFIGURATIONS " " CONFIGURATIONS_OF_FLAG);
STATEMENT(configure_environment, INSERT_CONFIGURATIONS " " CONFIGURATIONS_OF_ENVIRONMENT);

/*
 * Citus plans an INSERT from a query anew at each call, for each of its shards.  What so few rows cost
 * one by one is less.
 */
#define FEW_ROWS 16
/* One more tells that there are too many. */
#define NO_MORE " LIMIT " CppAsString2(FEW_ROWS) " + 1"

STATEMENT(list_few_of_flag, CONFIGURATIONS_OF_FLAG NO_MORE);
STATEMENT(list_few_of_environment, CONFIGURATIONS_OF_ENVIRONMENT NO_MORE);

STATEMENT(insert_configuration, INSERT_CONFIGURATIONS
		  " VALUES (:account_id, :flag_id, :environment_id, :is_on, :fallthrough, :off_variation,"
		  " :targets, :rules, :prerequisites, :salt, :sel, :track_events,"
		  " :track_events_fallthrough, :version, :last_modified)");

/* The defaults of new flags, in every environment but one. */
STATEMENT(configure_flags, INSERT_CONFIGURATIONS
		  " SELECT f.account_id, f.id, e.id, false,"
		  " jsonb_build_object('variation', f.on_variation), f.off_variation, '[]', '[]', '[]',"
		  " md5(:random || 'salt' || f.id::text || e.id),"
		  " md5(:random || 'sel' || f.id::text || e.id), e.default_track_events, false,"
		  " coalesce(t.version, 0) + 1, :now"
		  " FROM flagplane_data.flag f JOIN flagplane_data.environment e"
		  " ON e.account_id = f.account_id AND e.project_id = f.project_id"
		  " LEFT JOIN flagplane_data.payload_tombstone t ON t.account_id = e.account_id"
		  " AND t.environment_id = e.id AND t.kind = 'flag' AND t.key = f.key"
		  " WHERE f.account_id = :account_id AND f.id = ANY (:flag_ids)"
		  " AND e.id <> :but_environment_id");

/* The state of what the configurations of a new flag, or of a new environment, are made of. */
STATEMENT(list_environments_of_flag,
		  "SELECT md5(string_agg(e.id || ':' || e.version, ',' ORDER BY e.id)) AS state"
		  " FROM flagplane_data.flag f JOIN flagplane_data.environment e"
		  " ON e.account_id = f.account_id AND e.project_id = f.project_id"
		  " WHERE f.account_id = :account_id AND f.id = :flag_id");

STATEMENT(list_environments_of_project,
		  "SELECT md5(string_agg(e.id || ':' || e.version, ',' ORDER BY e.id)) AS state"
		  " FROM flagplane_data.environment e"
		  " WHERE e.account_id = :account_id AND e.project_id = :project_id");

STATEMENT(list_flags_of_environment,
		  "SELECT md5(string_agg(f.id || ':' || f.version, ',' ORDER BY f.id)) AS state"
		  " FROM flagplane_data.environment e JOIN flagplane_data.flag f"
		  " ON f.account_id = e.account_id AND f.project_id = e.project_id"
		  " WHERE e.account_id = :account_id AND e.id = :environment_id");

/* The environments of a project whose settings are shown, in their order. */
STATEMENT(list_shown_environments, "SELECT e.id, e.key, e.name FROM flagplane_data.project p"
								   " JOIN flagplane_data.environment e"
								   " ON e.account_id = p.account_id AND e.project_id = p.id"
								   " WHERE p.account_id = :account_id AND p.key = :project_key"
								   " AND (:keys IS NULL OR e.key = ANY (:keys))"
								   " ORDER BY e.created_at, e.key");

/* The settings of some flags in some environments, in no order; a summary has no rules or prerequisites. */
#define LIST_CONFIGURATIONS(rules, prerequisites)                                                  \
	"SELECT c.flag_id, c.environment_id, c.is_on, c.salt, c.sel, c.last_modified, c.version" rules \
	", c.fallthrough, c.off_variation" prerequisites                                               \
	", c.track_events, c.track_events_fallthrough"                                                 \
	" FROM flagplane_data.flag_environment c WHERE c.account_id = :account_id"                     \
	" AND c.flag_id = ANY (:flag_ids)"                                                             \
	" AND (:environment_ids IS NULL OR c.environment_id = ANY (:environment_ids))"

STATEMENT(list_configurations, LIST_CONFIGURATIONS(", c.targets, c.rules", ", c.prerequisites"));
STATEMENT(list_summaries, LIST_CONFIGURATIONS("", ""));

STATEMENT(update_configuration,
		  "UPDATE flagplane_data.flag_environment c SET is_on = (:settings->>'on')::boolean,"
		  " fallthrough = :settings->'fallthrough',"
		  " off_variation = (:settings->>'offVariation')::integer,"
		  " targets = :settings->'targets',"
		  " rules = :settings->'rules',"
		  " prerequisites = :settings->'prerequisites',"
		  " track_events = (:settings->>'trackEvents')::boolean,"
		  " track_events_fallthrough = (:settings->>'trackEventsFallthrough')::boolean, version = "
		  "c.version + 1,"
		  " last_modified = :now"
		  " FROM flagplane_data.flag f JOIN flagplane_data.environment e"
		  " ON e.account_id = f.account_id AND e.project_id = f.project_id"
		  " WHERE f.account_id = :account_id AND f.id = :flag_id AND e.key = :environment_key"
		  " AND c.account_id = f.account_id AND c.flag_id = f.id AND c.environment_id = e.id"
		  " RETURNING 1");

/* What SDKs see of the flag in every environment has changed. */
STATEMENT(raise_versions, "UPDATE flagplane_data.flag_environment c SET version = c.version + 1"
						  " WHERE c.account_id = :account_id AND c.flag_id = :flag_id");

/* A flag of the same key goes on from there. */
STATEMENT(leave_versions, "INSERT INTO flagplane_data.payload_tombstone AS t"
						  " (account_id, environment_id, kind, key, version)"
						  " SELECT c.account_id, c.environment_id, 'flag', :flag_key, c.version"
						  " FROM flagplane_data.flag_environment c"
						  " WHERE c.account_id = :account_id AND c.flag_id = :flag_id"
						  " ON CONFLICT (account_id, environment_id, kind, key)"
						  " DO UPDATE SET version = excluded.version");

/* An environment whose settings are shown. */
typedef struct ShownEnvironment
{
	char *id;
	char *key;
	char *name;
	int index; /* in the project's order */
} ShownEnvironment;

/* A flag whose settings are read, and its index among those. */
typedef struct IndexedFlag
{
	pg_uuid_t *id;
	int index;
} IndexedFlag;

/* The settings of some flags, by flag and environment. */
struct Configurations
{
	Rows rows;
	uint64 *numbers; /* of rows, from 1, by flag and environment; 0: none */
	ShownEnvironment *environments;
	int count;	  /* of environments */
	bool summary; /* they are written without targets, rules and prerequisites */
};

static int
compare_flags(const void *a, const void *b)
{
	return memcmp(((const IndexedFlag *) a)->id, ((const IndexedFlag *) b)->id, UUID_LEN);
}

static int
compare_environments(const void *a, const void *b)
{
	return strcmp(((const ShownEnvironment *) a)->id, ((const ShownEnvironment *) b)->id);
}

/*
 * read_shown_environments reads the environments of the request's project whose keys
 * are given, or all of them (NULL), and returns them sorted by their ids too.
 */
static ShownEnvironment *
read_shown_environments(Request *request, ArrayType *keys, Configurations *configurations)
{
	Params params = {0};
	ShownEnvironment *sorted;
	Rows rows;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "project_key", request_string(request, 0));
	bind_texts(&params, "keys", keys);
	rows = statement_run(&list_shown_environments, &params, request->mode);
	configurations->count = (int) rows.count;
	configurations->environments = palloc(sizeof(ShownEnvironment) * (rows.count + 1));
	sorted = palloc(sizeof(ShownEnvironment) * (rows.count + 1));
	for (int i = 0; i < configurations->count; i++)
	{
		ShownEnvironment *environment = &configurations->environments[i];
		Row row;

		row_read(&rows, i, &row);
		environment->id = row_get_string(&row, "id");
		environment->key = row_get_string(&row, "key");
		environment->name = row_get_string(&row, "name");
		environment->index = i;
		sorted[i] = *environment;
	}
	qsort(sorted, configurations->count, sizeof(ShownEnvironment), compare_environments);
	return sorted;
}

/*
 * run_list_configurations reads the settings of some flags in some environments, or in
 * all of them.
 */
static Rows
run_list_configurations(Request *request, const Flag *flags, int count,
						const ShownEnvironment *environments, int environment_count, bool all,
						bool summary)
{
	Datum *ids = palloc(sizeof(Datum) * (Max(count, environment_count) + 1));
	ArrayType *array;
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	for (int i = 0; i < count; i++)
		ids[i] = flags[i].id;
	array = construct_array(ids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
	bind_value(&params, "flag_ids", UUIDARRAYOID, PointerGetDatum(array), false);
	for (int i = 0; i < environment_count; i++)
		ids[i] = CStringGetTextDatum(environments[i].id);
	array = construct_array(ids, environment_count, TEXTOID, -1, false, TYPALIGN_INT);
	bind_texts(&params, "environment_ids", all ? NULL : array);
	return statement_run(summary ? &list_summaries : &list_configurations, &params, request->mode);
}

/*
 * configurations_read reads the settings of some flags of the request's project in the
 * environments whose keys are given, or in all of them (NULL), by two statements
 * however many the flags are.
 */
Configurations *
configurations_read(Request *request, const Flag *flags, int count, ArrayType *keys, bool summary)
{
	Configurations *configurations = palloc0(sizeof(Configurations));
	ShownEnvironment *environments = read_shown_environments(request, keys, configurations);
	int width = configurations->count;
	IndexedFlag *sought = palloc(sizeof(IndexedFlag) * (count + 1));

	for (int i = 0; i < count; i++)
		sought[i] = (IndexedFlag){DatumGetUUIDP(flags[i].id), i};
	configurations->summary = summary;
	qsort(sought, count, sizeof(IndexedFlag), compare_flags);
	configurations->rows =
		run_list_configurations(request, flags, count, environments, width, keys == NULL, summary);
	configurations->numbers = palloc_extended(sizeof(uint64) * ((Size) count * width + 1),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < configurations->rows.count; i++)
	{
		Row row;
		IndexedFlag wanted_flag;
		IndexedFlag *flag;
		ShownEnvironment wanted;
		ShownEnvironment *environment;

		row_read_start(&configurations->rows, i, 2, &row);
		wanted_flag.id = DatumGetUUIDP(row_get_datum(&row, "flag_id"));
		wanted.id = row_get_string(&row, "environment_id");
		flag = bsearch(&wanted_flag, sought, count, sizeof(IndexedFlag), compare_flags);
		environment =
			bsearch(&wanted, environments, width, sizeof(ShownEnvironment), compare_environments);
		if (flag && environment)
			configurations->numbers[(Size) flag->index * width + environment->index] = i + 1;
	}
	return configurations;
}

/*
 * stored_member writes a member of a configuration without a copy of its text: a list has
 * thousands of them.
 */
static void
stored_member(StringInfo out, Row *row, const char *name)
{
	document_key(out, name);
	jsonb_append(out, DatumGetJsonbP(row_get_datum(row, name)));
}

/*
 * completed_member is stored_member with what was left out when it was stored.
 */
static void
completed_member(StringInfo out, Row *row, const char *name)
{
	document_key(out, name);
	jsonb_append(out, targeting_complete(name, DatumGetJsonbP(row_get_datum(row, name)), true));
}

/*
 * configuration_document writes a row of list_configurations as a member of environments.
 */
static void
configuration_document(StringInfo out, const char *project_key, const Flag *flag,
					   const ShownEnvironment *environment, bool summary, Row *row)
{
	document_key(out, environment->key);
	document_open(out, '{');
	document_boolean(out, "on", row_get_boolean(row, "is_on"));
	document_boolean(out, "archived", flag->archived);
	document_string(out, "salt", row_get_string(row, "salt"));
	document_string(out, "sel", row_get_string(row, "sel"));
	document_milliseconds(out, "lastModified", row_get_time(row, "last_modified"));
	document_integer(out, "version", row_get_integer(row, "version"));
	if (!summary)
	{
		targets_write(out, DatumGetJsonbP(row_get_datum(row, "targets")));
		completed_member(out, row, "rules");
	}
	completed_member(out, row, "fallthrough");
	if (!row_is_null(row, "off_variation"))
		document_integer(out, "offVariation", row_get_integer(row, "off_variation"));
	if (!summary)
		stored_member(out, row, "prerequisites");
	document_key(out, "_site");
	appendStringInfoString(out, "{\"href\":\"/");
	appendStringInfoString(out, project_key);
	appendStringInfoChar(out, '/');
	appendStringInfoString(out, environment->key);
	appendStringInfoString(out, "/features/");
	appendStringInfoString(out, flag->key);
	appendStringInfoString(out, "\",\"type\":\"text/html\"}");
	document_string(out, "_environmentName", environment->name);
	document_boolean(out, "trackEvents", row_get_boolean(row, "track_events"));
	document_boolean(out, "trackEventsFallthrough",
					 row_get_boolean(row, "track_events_fallthrough"));
	document_close(out, '}');
}

/*
 * configurations_document writes the member environments of a flag: its configurations by
 * the environments' keys.  It is flag number so many of those that were read.
 */
void
configurations_document(Request *request, const Flag *flag, const Configurations *configurations,
						int number)
{
	StringInfo out = request->response;
	char *project_key = request_string(request, 0);

	document_key(out, "environments");
	document_open(out, '{');
	for (int i = 0; i < configurations->count; i++)
	{
		uint64 found = configurations->numbers[(Size) number * configurations->count + i];
		Row row;

		if (found == 0)
			continue;
		row_read(&configurations->rows, found - 1, &row);
		configuration_document(out, project_key, flag, &configurations->environments[i],
							   configurations->summary, &row);
	}
	document_close(out, '}');
}

/*
 * state_of is the state of what configurations are made of, as a snapshot shows it.
 */
static char *
state_of(Statement *list, const Params *params, StatementMode mode)
{
	Rows rows = statement_run(list, params, mode);
	Row row;

	row_read(&rows, 0, &row);
	return row_is_null(&row, "state") ? "" : row_get_string(&row, "state");
}

/*
 * insert_few creates the configurations that a statement lists, one by one; false if they are too
 * many for that.
 */
static bool
insert_few(Statement *list, const Params *params)
{
	Rows rows = statement_run(list, params, STATEMENT_WRITE);

	if (rows.count > FEW_ROWS)
		return false;
	for (uint64 i = 0; i < rows.count; i++)
	{
		Params configuration = {0};
		Row row;

		row_read(&rows, i, &row);
		for (int column = 0; column < (int) lengthof(columns); column++)
			bind_value(&configuration, columns[column],
					   getBaseType(TupleDescAttr(row.columns, column)->atttypid),
					   row.values[column], row.nulls[column]);
		statement_run(&insert_configuration, &configuration, STATEMENT_WRITE);
	}
	return true;
}

/*
 * configure creates configurations, by a statement for all of them, or by one that lists them if
 * that costs less where the tables are; NULL where they are known to be many.  A transaction whose
 * snapshot is older than the last change of what they are made of would miss some of them, or copy
 * what is out of date: it gets a serialization failure.
 */
static void
configure(Statement *create, Statement *list_few, Statement *state, const Params *params)
{
	if (IsolationUsesXactSnapshot() && strcmp(state_of(state, params, STATEMENT_WRITE),
											  state_of(state, params, STATEMENT_LATEST)) != 0)
		error_raise_serialization();
	if (list_few == NULL || !tables_are_distributed() || !insert_few(list_few, params))
		statement_run(create, params, STATEMENT_WRITE);
}

/*
 * flags_configure_environment gives a new environment a configuration of every flag of
 * the request's project: that of the source environment, without targets of single
 * contexts, or the flag's defaults if there is no source (NULL).
 */
void
flags_configure_environment(Request *request, const char *environment_id,
							const char *source_environment_id)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment_id);
	bind_text(&params, "source_id", source_environment_id);
	bind_text(&params, "random", uuid_text(random_uuid()->data));
	bind_time(&params, "now", request->now);
	configure(&configure_environment, &list_few_of_environment, &list_flags_of_environment,
			  &params);
}

/*
 * flag_configure gives a new flag a configuration in every environment of its project.
 */
void
flag_configure(Request *request, Datum flag_id, const InitialSettings *settings)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "flag_id", flag_id);
	bind_value(&params, "on", BOOLOID, BoolGetDatum(settings->on), !settings->on_given);
	bind_text(&params, "random", uuid_text(random_uuid()->data));
	bind_time(&params, "now", request->now);
	bind_uuid(&params, "source_id", settings->source_id);
	bind_jsonb(&params, "prerequisites", JsonbPGetDatum(settings->prerequisites));
	configure(&configure_flag, &list_few_of_flag, &list_environments_of_flag, &params);
}

/*
 * flags_configure gives new flags a configuration in every environment of the request's project
 * but one, which gives them its own.
 */
void
flags_configure(Request *request, ArrayType *flag_ids, const char *but_environment_id)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "project_id", UUIDPGetDatum(request->project_id));
	bind_value(&params, "flag_ids", UUIDARRAYOID, PointerGetDatum(flag_ids), false);
	bind_text(&params, "but_environment_id", but_environment_id);
	bind_text(&params, "random", uuid_text(random_uuid()->data));
	bind_time(&params, "now", request->now);
	configure(&configure_flags, NULL, &list_environments_of_project, &params);
}

/*
 * flag_raise_versions raises the version of a flag in every environment.
 */
void
flag_raise_versions(Request *request, Datum flag_id)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "flag_id", flag_id);
	statement_run(&raise_versions, &params, STATEMENT_WRITE);
}

/*
 * flag_leave_versions keeps the versions of a flag that is deleted.
 */
void
flag_leave_versions(Request *request, const Flag *flag)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "flag_id", flag->id);
	bind_text(&params, "flag_key", flag->key);
	statement_run(&leave_versions, &params, STATEMENT_WRITE);
}

/*
 * same_member tells whether a member is the same in two objects, or absent in both.
 */
static bool
same_member(const Jsonb *a, const Jsonb *b, const char *name)
{
	Jsonb *one = jsonb_member_of(a, name);
	Jsonb *other = jsonb_member_of(b, name);

	return one && other ? jsonb_equal(one, other) : one == other;
}

/*
 * change_configuration checks a patched configuration and stores it.  If the flag has
 * fewer variations than before, what has not changed is checked too.
 */
static void
change_configuration(Request *request, Violations *violations, const Flag *flag,
					 const char *environment_key, Jsonb *before, Jsonb *after, int variations,
					 bool fewer)
{
	/* Terraform's provider writes "fallthough" where it resets fallthrough: it is ignored, as
	 * the service does. */
	static const char *const editable[] = {"on",
										   "fallthrough",
										   "offVariation",
										   "targets",
										   "contextTargets",
										   "rules",
										   "prerequisites",
										   "trackEvents",
										   "trackEventsFallthrough",
										   "fallthough",
										   NULL};
	char *attribute = psprintf("environments.%s", environment_key);
	int broken = violations->count;
	Params params = {0};
	char *written;

	after = patching_plain(after);
	patching_compare(violations, attribute, before, after, editable);
	written = targeting_check(violations, attribute, fewer ? NULL : before, after, variations);
	if (violations->count > broken)
		return;

	if (!same_member(before, after, "rules"))
		segment_uses_check(request, violations, psprintf("%s.rules", attribute), environment_key,
						   NULL, jsonb_member_of(after, "rules"));
	if (!same_member(before, after, "prerequisites"))
		prerequisites_check(request, violations, attribute, flag->id, environment_key,
							jsonb_member_of(after, "prerequisites"));
	if (violations->count > broken)
		return;
	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "flag_id", flag->id);
	bind_text(&params, "environment_key", environment_key);
	bind_jsonb(&params, "settings", JsonbPGetDatum(jsonb_of_text(written)));
	bind_time(&params, "now", request->now);
	payload_raise(request, request_string(request, 0), environment_key);
	if (statement_run(&update_configuration, &params, STATEMENT_WRITE).count == 0)
		error_raise(ERR_NOT_FOUND, "environment \"%s\" does not exist", environment_key);
}

/*
 * compare_environments_of collects the members of one object that another one has not got, or
 * not as an object.
 */
static void
compare_environments_of(Violations *violations, Jsonb *object, Jsonb *other, const char *reason)
{
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbValue key;

	(void) JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		char *name = jsonb_string(&key);
		Jsonb *member = jsonb_member_of(other, name);
		JsonbValue value;

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (member == NULL)
			error_violation(violations, psprintf("environments.%s", name), "%s", reason);
		else if (!JB_ROOT_IS_OBJECT(member))
			error_violation(violations, psprintf("environments.%s", name), "must be an object");
	}
}

/*
 * require_environments refuses a patched flag that has other environments than before.
 */
static void
require_environments(Jsonb *before, Jsonb *after)
{
	Violations violations = {0};

	if (after == NULL || !JB_ROOT_IS_OBJECT(after))
		error_violation(&violations, "environments", "must be an object");
	else
	{
		compare_environments_of(&violations, before, after, "cannot be removed");
		compare_environments_of(&violations, after, before, "is not an environment of the project");
	}
	if (violations.count > 0)
		error_raise_violations(ERR_INVALID, &violations);
}

/*
 * configurations_change stores the configurations of a patched flag: the member
 * environments of its document.  If the flag has fewer variations than before, those that
 * have not changed are checked too.
 */
void
configurations_change(Request *request, const Flag *flag, Jsonb *before, Jsonb *after,
					  int variations, int variations_before)
{
	Violations violations = {0};
	Jsonb *old_environments = jsonb_member_of(before, "environments");
	Jsonb *new_environments = jsonb_member_of(after, "environments");
	JsonbIterator *iterator;
	JsonbValue key;
	JsonbValue value;

	require_environments(old_environments, new_environments);
	iterator = JsonbIteratorInit(&old_environments->root);
	(void) JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		char *name = jsonb_string(&key);
		Jsonb *old;
		Jsonb *changed = jsonb_member_of(new_environments, name);

		(void) JsonbIteratorNext(&iterator, &value, true);
		old = JsonbValueToJsonb(&value);
		if (!jsonb_equal(old, changed))
			change_configuration(request, &violations, flag, name, old, changed, variations,
								 variations < variations_before);
		else if (variations < variations_before)
			(void) targeting_check(&violations, psprintf("environments.%s", name), NULL, changed,
								   variations);
	}
	if (violations.count > 0)
		error_raise_violations(ERR_INVALID, &violations);
}
