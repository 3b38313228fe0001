/*
 * patch_request.c
 *	  Resources changed by a patch of their documents.
 *
 * A patch changes the document that the caller sees.  The patched document is checked by
 * the fields and rules of a creation, and then written as a whole; a member that cannot
 * be edited must come out as it went in.
 */
#include "call/patch_request.h"

#include "access/xact.h"
#include "call/field.h"
#include "util/json_patch.h"
#include "util/jsonb.h"
#include "util/jsonb_tree.h"
#include "utils/builtins.h"
#include "utils/resowner.h"

/*
 * patching_operations is the JSON Patch in a field: an array of operations
 * as it is, or an object of them as patch with a comment for the audit log.
 */
Jsonb *
patching_operations(Request *request, int field)
{
	static const char *const members[] = {"comment", "patch", NULL};
	Jsonb *patch = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
	JsonbValue value;
	Jsonb *operations;

	if (jsonb_is_array(patch))
		return patch;
	if (!JB_ROOT_IS_OBJECT(patch) || jsonb_unknown_key(patch, members) != NULL ||
		!jsonb_member(patch, "patch", &value))
		error_raise(
			ERR_INVALID,
			"a patch is an array of operations, or an object of them as patch with a comment");
	operations = JsonbValueToJsonb(&value);
	if (jsonb_member(patch, "comment", &value))
	{
		request->comment = jsonb_string(&value);
		if (request->comment == NULL)
			error_raise(ERR_INVALID, "comment must be a string");
	}
	return operations;
}

/*
 * patching_plain is a document with its numbers in their plain form: what is stored as JSON
 * is read by code that knows one form of a whole number alone.
 */
Jsonb *
patching_plain(Jsonb *document)
{
	JsonbValue tree = tree_of_jsonb(document);

	tree_plain_numbers(&tree);
	return JsonbValueToJsonb(&tree);
}

/*
 * refuse_unknown collects a member that a patch adds and that is none, with the name of an
 * editable one that was perhaps meant.
 */
static void
refuse_unknown(Violations *violations, const char *name, const char *nearest)
{
	if (nearest)
		error_violation(violations, name, "is not a known member; perhaps %s is meant", nearest);
	else
		error_violation(violations, name, "is not a known member");
}

/*
 * compare_members collects the members of one document that are not editable and
 * not the same in the other: absent there or, unless absence alone counts, different.
 */
static void
compare_members(Violations *violations, const char *path, Jsonb *document, Jsonb *other,
				const char *const *editable, bool absence_alone)
{
	JsonbIterator *iterator = JsonbIteratorInit(&document->root);
	JsonbValue name;
	JsonbValue value;

	(void) JsonbIteratorNext(&iterator, &name, true);
	while (JsonbIteratorNext(&iterator, &name, true) == WJB_KEY)
	{
		JsonbValue *same = getKeyJsonValueFromContainer(&other->root, name.val.string.val,
														name.val.string.len, NULL);
		char *text = jsonb_string(&name);
		char *shown = text;

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (is_one_of(text, editable) || (same && absence_alone) ||
			(same && jsonb_equal(JsonbValueToJsonb(&value), JsonbValueToJsonb(same))))
			continue;
		shown = error_word(text);
		if (path)
			shown = psprintf("%s.%s", path, shown);
		if (same == NULL && !absence_alone)
			refuse_unknown(violations, shown, nearest_name(text, editable));
		else
			error_violation(violations, shown, "cannot be changed");
	}
}

/*
 * patching_compare collects as violations the members that differ between two
 * objects and are not editable.  path is where the objects stand; NULL for a whole
 * document.
 */
void
patching_compare(Violations *violations, const char *path, Jsonb *before, Jsonb *after,
				 const char *const *editable)
{
	compare_members(violations, path, after, before, editable, false);
	compare_members(violations, path, before, after, editable, true);
}

/*
 * is_visible_rule tells whether a rule concerns characters that cannot be seen.
 */
static bool
is_visible_rule(FieldRule rule)
{
	return rule == RULE_NAME || rule == RULE_URL || rule == RULE_OBJECT;
}

/*
 * pass_unchanged accepts names, URLs and objects with names that the patch has not changed:
 * one that was stored under older rules must not prevent other changes.
 */
static void
pass_unchanged(Request *fields, Jsonb *before, Jsonb *after)
{
	for (int i = 0; fields->operation->fields[i].name; i++)
	{
		const Field *field = &fields->operation->fields[i];
		Jsonb *had;
		Jsonb *has;

		if (!is_visible_rule(field->rule) || field->place != IN_BODY)
			continue;
		had = jsonb_member_of(before, field->json_name);
		has = jsonb_member_of(after, field->json_name);
		if (had && has && jsonb_equal(had, has))
			fields->passed[i] = true;
	}
}

/*
 * patching_fields checks a patched document by the fields of a creation and the rules
 * between them, and returns them as a request of that creation, with the parameters of
 * its statements.  Fields in the path are left to the caller.  Violations are raised.
 */
Request *
patching_fields(Request *request, const Operation *creation, Jsonb *before, Jsonb *after,
				const char *const *editable)
{
	Request *fields = palloc0(sizeof(Request));

	if (!JB_ROOT_IS_OBJECT(after))
		error_raise(ERR_INVALID, "the patched document is not an object");

	fields->operation = creation;
	fields->rest = true;
	fields->caller = request->caller;
	fields->mode = request->mode;
	fields->now = request->now;
	fields->response = request->response;
	fields->location = request->location;
	fields->state = request->state;
	patching_compare(&fields->violations, NULL, before, after, editable);
	if (fields->violations.count > 0)
		error_raise_violations(ERR_INVALID, &fields->violations);

	fields_prepare(fields);
	for (int i = 0; creation->fields[i].name; i++)
	{
		JsonbValue value;

		if (creation->fields[i].place != IN_BODY)
			field_set(fields, i, CStringGetTextDatum(""));
		else if (jsonb_member(after, creation->fields[i].json_name, &value))
			field_from_jsonb(fields, i, &value);
	}
	pass_unchanged(fields, before, after);
	fields_check(fields);
	return fields;
}

/*
 * patching_apply is a document after the patch in a field: the operations of a JSON Patch,
 * instructions, or a merge patch, each of them with or without a comment.
 */
Jsonb *
patching_apply(Request *request, int field, Jsonb *document, PatchInstructions instructions)
{
	static const char *const members[] = {"comment", "merge", NULL};
	Jsonb *patch = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
	JsonbValue value;
	JsonbValue comment;

	if (!JB_ROOT_IS_OBJECT(patch) || jsonb_member(patch, "patch", &value))
		return json_patch_leniently(document, patching_operations(request, field));
	if (jsonb_member(patch, "instructions", &value))
		return instructions(request, patch, document);
	if (!jsonb_member(patch, "merge", &value))
		return json_merge_patch(document, patch);
	if (jsonb_unknown_key(patch, members) != NULL)
		error_raise(ERR_INVALID, "beside merge there can be a comment alone");
	if (jsonb_member(patch, "comment", &comment) &&
		(request->comment = jsonb_string(&comment)) == NULL)
		error_raise(ERR_INVALID, "comment must be a string");
	return json_merge_patch(document, JsonbValueToJsonb(&value));
}

/*
 * patching_preview writes the response of a change, and rolls back what that has changed.
 */
void
patching_preview(Request *request, void (*change)(Request *request))
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		change(request);
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		ReThrowError(error);
	}
	PG_END_TRY();
	request->unchanged = true;
}
