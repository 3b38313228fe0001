/*
 * segment_use.c
 *	  The rules that name segments, by clauses with the operator segmentMatch.
 *
 * What others have committed until then counts, whatever the transaction's snapshot: these
 * statements run with STATEMENT_LATEST.
 */
#include "resource/segment/segment.h"

#include "catalog/pg_type.h"
#include "util/jsonb.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* The environment first: its deletion waits there, and is waited for. */
STATEMENT(lock_named, "SELECT s.key FROM flagplane_data.project p"
					  " JOIN flagplane_data.environment n"
					  " ON n.account_id = p.account_id AND n.project_id = p.id"
					  " JOIN flagplane_data.segment s"
					  " ON s.account_id = n.account_id AND s.environment_id = n.id"
					  " WHERE p.account_id = :account_id AND p.key = :project_key"
					  " AND n.key = :environment_key AND s.key = ANY (:segment_keys)"
					  " ORDER BY s.key FOR KEY SHARE OF n, s");

#define NAMED_BY(rules)                                                         \
	"jsonb_path_query(" rules ", '$[*].clauses[*] ? (@.op == \"segmentMatch\")" \
	".values[*]') v"

/* Whether segments that a segment names name that one in the end. */
STATEMENT(find_cycle, "WITH RECURSIVE named(key) AS (SELECT k FROM unnest(:segment_keys) k"
					  " UNION SELECT v #>> '{}' FROM named m JOIN flagplane_data.segment s"
					  " ON s.account_id = :account_id AND s.environment_id = :environment_id"
					  " AND s.key = m.key CROSS JOIN LATERAL " NAMED_BY(
						  "s.rules") ")"
									 " SELECT 1 FROM named m WHERE m.key = :segment_key LIMIT 1");

#define NAMES_IT(rules) \
	"EXISTS (SELECT 1 FROM " NAMED_BY(rules) " WHERE v = to_jsonb(:segment_key))"

STATEMENT(find_flag_with,
		  "SELECT f.key FROM flagplane_data.flag_environment c JOIN flagplane_data.flag f"
		  " ON f.account_id = c.account_id AND f.id = c.flag_id"
		  " WHERE c.account_id = :account_id AND c.environment_id = :environment_id"
		  " AND c.rules <> '[]' AND " NAMES_IT("c.rules") " ORDER BY f.key LIMIT 1");

STATEMENT(find_segment_with,
		  "SELECT s.key FROM flagplane_data.segment s WHERE s.account_id = :account_id"
		  " AND s.environment_id = :environment_id AND s.key <> :segment_key"
		  " AND s.rules <> '[]' AND " NAMES_IT("s.rules") " ORDER BY s.key LIMIT 1");

static Jsonb *
element_at(Jsonb *list, uint32 index)
{
	return JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, index));
}

/*
 * clause_uses adds the segments that a clause names.
 */
static List *
clause_uses(List *uses, Jsonb *clause, uint32 rule, uint32 place)
{
	JsonbValue value;
	char *operator= jsonb_member(clause, "op", &value) ? jsonb_string(&value) : NULL;
	Jsonb *values = jsonb_member_of(clause, "values");

	if (operator== NULL || strcmp(operator, "segmentMatch") != 0)
		return uses;
	for (uint32 i = 0; i < JB_ROOT_COUNT(values); i++)
	{
		SegmentUse *use = palloc(sizeof(SegmentUse));

		*use = (SegmentUse){jsonb_string(getIthJsonbValueFromContainer(&values->root, i)), rule,
							place, i};
		uses = lappend(uses, use);
	}
	return uses;
}

/*
 * segment_uses is all segments that rules name, which have been checked, as a list of SegmentUse.
 */
List *
segment_uses(Jsonb *rules)
{
	List *uses = NIL;

	for (uint32 i = 0; i < JB_ROOT_COUNT(rules); i++)
	{
		Jsonb *clauses = jsonb_member_of(element_at(rules, i), "clauses");

		for (uint32 j = 0; j < JB_ROOT_COUNT(clauses); j++)
			uses = clause_uses(uses, element_at(clauses, j), i, j);
	}
	return uses;
}

static void
bind_keys(Params *params, List *uses)
{
	ArrayBuildState *keys = NULL;
	ListCell *cell;

	foreach (cell, uses)
		keys = accumArrayResult(keys, CStringGetTextDatum(((SegmentUse *) lfirst(cell))->key),
								false, TEXTOID, CurrentMemoryContext);
	bind_texts(params, "segment_keys",
			   DatumGetArrayTypeP(makeArrayResult(keys, CurrentMemoryContext)));
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * keys_of_rows is the sorted keys of the segments that were locked.
 */
static char **
keys_of_rows(const Rows *rows)
{
	char **keys = palloc(sizeof(char *) * (rows->count + 1));

	for (uint64 i = 0; i < rows->count; i++)
	{
		Row row;

		row_read(rows, i, &row);
		keys[i] = row_get_string(&row, "key");
	}
	qsort(keys, rows->count, sizeof(char *), compare_keys);
	return keys;
}

/*
 * segment_uses_check requires that rules that are to be stored name segments that exist in
 * the environment, and locks them.  Those of a segment (own_key, otherwise NULL) must not
 * name that one in the end; its environment's id is bound in the request.
 */
void
segment_uses_check(Request *request, Violations *violations, const char *attribute,
				   const char *environment_key, const char *own_key, Jsonb *rules)
{
	List *uses = segment_uses(rules);
	Params params = {0};
	char **keys;
	ListCell *cell;
	Rows rows;

	if (uses == NIL)
		return;
	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "project_key", request_string(request, 0));
	bind_text(&params, "environment_key", environment_key);
	bind_keys(&params, uses);
	rows = statement_run(&lock_named, &params, STATEMENT_LATEST);
	keys = keys_of_rows(&rows);
	foreach (cell, uses)
	{
		SegmentUse *use = lfirst(cell);

		if (bsearch(&use->key, keys, rows.count, sizeof(char *), compare_keys))
			continue;
		error_violation(violations,
						psprintf("%s[%u].clauses[%u].values[%u]", attribute, use->rule, use->clause,
								 use->value),
						"names segment %s, which is not there", error_word(use->key));
		return;
	}
	if (own_key == NULL)
		return;
	bind_text(&params, "environment_id", request->state);
	bind_text(&params, "segment_key", own_key);
	if (statement_run(&find_cycle, &params, STATEMENT_LATEST).count > 0)
		error_violation(violations, attribute, "name the segment itself");
}

/*
 * segment_require_unused refuses to delete a segment of :environment_id while a rule names it.
 */
void
segment_require_unused(Request *request, const char *segment_key)
{
	Params params = {0};
	Rows rows;
	bool flag;
	Row row;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", request->state);
	bind_text(&params, "segment_key", segment_key);
	rows = statement_run(&find_flag_with, &params, STATEMENT_LATEST);
	flag = rows.count > 0;
	if (!flag)
		rows = statement_run(&find_segment_with, &params, STATEMENT_LATEST);
	if (rows.count == 0)
		return;
	row_read(&rows, 0, &row);
	error_raise(ERR_IN_USE, "segment \"%s\" is named by a rule of %s \"%s\"", segment_key,
				flag ? "flag" : "segment", row_get_string(&row, "key"));
}
