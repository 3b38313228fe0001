/*
 * detail.c
 *	  What came of an evaluation, as JSON.
 */
#include "evaluation/evaluation.h"

#include "util/document.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/* As JSON. */
static const char *const reason_kinds[] = {[REASON_ERROR] = "\"ERROR\"",
										   [REASON_OFF] = "\"OFF\"",
										   [REASON_FALLTHROUGH] = "\"FALLTHROUGH\"",
										   [REASON_TARGET_MATCH] = "\"TARGET_MATCH\"",
										   [REASON_RULE_MATCH] = "\"RULE_MATCH\"",
										   [REASON_PREREQUISITE_FAILED] =
											   "\"PREREQUISITE_FAILED\""};

static const char *const evaluation_errors[] = {[EVALUATION_FLAG_NOT_FOUND] = "\"FLAG_NOT_FOUND\"",
												[EVALUATION_USER_NOT_SPECIFIED] =
													"\"USER_NOT_SPECIFIED\"",
												[EVALUATION_MALFORMED_FLAG] = "\"MALFORMED_FLAG\""};

/*
 * append_view writes a member with a string.
 */
static void
append_view(StringInfo out, const char *key, StringView view)
{
	char *copy = pnstrdup(view.data, view.length);

	document_string(out, key, copy);
	pfree(copy);
}

/*
 * json_value_append writes a value that is part of a document.
 */
void
json_value_append(StringInfo out, const JsonbValue *value)
{
	char *copy;

	switch (value->type)
	{
		case jbvNull:
			appendBinaryStringInfo(out, "null", 4);
			break;
		case jbvBool:
			appendStringInfoString(out, value->val.boolean ? "true" : "false");
			break;
		case jbvString:
			copy = pnstrdup(value->val.string.val, value->val.string.len);
			document_quoted(out, copy);
			pfree(copy);
			break;
		case jbvNumeric:
			appendStringInfoString(out, DatumGetCString(DirectFunctionCall1(
											numeric_out, NumericGetDatum(value->val.numeric))));
			break;
		default:
			(void) JsonbToCString(out, value->val.binary.data, value->val.binary.len);
	}
}

/*
 * reason_append writes a reason.
 */
void
reason_append(StringInfo out, const Reason *reason)
{
	document_open(out, '{');
	document_raw(out, "kind", reason_kinds[reason->kind]);
	if (reason->kind == REASON_RULE_MATCH)
		document_integer(out, "ruleIndex", reason->rule_index);
	if (reason->kind == REASON_RULE_MATCH && reason->rule_id.length > 0)
		append_view(out, "ruleId", reason->rule_id);
	if (reason->kind == REASON_PREREQUISITE_FAILED)
		append_view(out, "prerequisiteKey", reason->prerequisite_key);
	if (reason->in_experiment)
		document_boolean(out, "inExperiment", true);
	if (reason->kind == REASON_ERROR)
		document_raw(out, "errorKind", evaluation_errors[reason->error]);
	if (reason->no_big_segments)
		document_string(out, "bigSegmentsStatus", "NOT_CONFIGURED");
	document_close(out, '}');
}

/*
 * detail_append writes what came of an evaluation; without a variation the value is the
 * default, or null if there is none.
 */
void
detail_append(StringInfo out, const Detail *detail, Jsonb *default_value)
{
	document_open(out, '{');
	document_key(out, "value");
	if (detail->value != NULL)
		json_value_append(out, detail->value);
	else if (default_value != NULL)
		(void) JsonbToCString(out, &default_value->root, VARSIZE(default_value));
	else
		appendBinaryStringInfo(out, "null", 4);
	if (detail->variation >= 0)
		document_integer(out, "variationIndex", detail->variation);
	else
		document_raw(out, "variationIndex", "null");
	document_key(out, "reason");
	reason_append(out, &detail->reason);
	document_close(out, '}');
}
