/*
 * sdk_form.c
 *	  From the form that SDKs are sent to the one that is stored: what flags and segments
 *	  have in common.
 *
 * Known members are copied, null is absent, and what an SDK would not know is left out.  What
 * has the wrong type is copied too, for the rules of what is stored to refuse it by its path.
 */
#include "resource/flag/sdk_form.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "util/id.h"
#include "util/jsonb.h"

/*
 * sdk_form_pick copies a member that is there and not null, under another name.
 */
void
sdk_form_pick(JsonbValue *into, JsonbValue *from, const char *name, const char *as)
{
	JsonbValue *value = tree_member(from, name);

	if (value && value->type != jbvNull)
		tree_set_member(into, as, strlen(as), *value);
}

/*
 * sdk_form_boolean copies a boolean, false if it is absent.
 */
void
sdk_form_boolean(JsonbValue *into, JsonbValue *from, const char *name)
{
	JsonbValue no = {.type = jbvBool, .val.boolean = false};

	tree_set_member(into, name, strlen(name), no);
	sdk_form_pick(into, from, name, name);
}

/*
 * sdk_form_list copies a list, an empty one if it is absent, and returns the copy; what is no
 * list is copied too.
 */
JsonbValue *
sdk_form_list(JsonbValue *into, JsonbValue *from, const char *name)
{
	JsonbValue none = {.type = jbvArray};

	tree_set_member(into, name, strlen(name), none);
	sdk_form_pick(into, from, name, name);
	return tree_member(into, name);
}

/*
 * is_empty tells whether a text is absent or empty, which SDKs take for the same.
 */
static bool
is_empty(const JsonbValue *value)
{
	return value == NULL || value->type == jbvNull ||
		   (value->type == jbvString && value->val.string.len == 0);
}

/*
 * sdk_form_text copies a text that is not empty, or what is no text.  It tells whether there is one.
 */
bool
sdk_form_text(JsonbValue *into, JsonbValue *from, const char *name)
{
	JsonbValue *value = tree_member(from, name);

	if (is_empty(value))
		return false;
	tree_set_member(into, name, strlen(name), *value);
	return true;
}

/*
 * refer_to makes a reference of a name that is meant as it is: before there were kinds of
 * contexts, there were no references, and a slash in a name was a slash.
 */
static void
refer_to(JsonbValue *object, const char *member)
{
	JsonbValue *name = tree_member(object, member);
	StringInfoData reference;

	if (name == NULL || name->type != jbvString || name->val.string.len == 0 ||
		name->val.string.val[0] != '/')
		return;
	initStringInfo(&reference);
	appendStringInfoChar(&reference, '/');
	for (int i = 0; i < name->val.string.len; i++)
	{
		char c = name->val.string.val[i];

		if (c == '/' || c == '~')
			appendStringInfoString(&reference, c == '/' ? "~1" : "~0");
		else
			appendStringInfoChar(&reference, c);
	}
	*name = tree_string(reference.data);
}

/*
 * derived_id is an id that is always the same for the same thing, so that a document which is
 * imported again says what is stored.
 */
static char *
derived_id(const char *owner)
{
	uint64 halves[2];

	for (int i = 0; i < 2; i++)
		halves[i] = hash_bytes_extended((const unsigned char *) owner, strlen(owner), i + 1);
	return uuid_text((const uint8 *) halves);
}

/*
 * sdk_form_contexts is a target, or an entry of a segment's contexts: a kind, a variation if it
 * has one, and keys.
 */
JsonbValue
sdk_form_contexts(JsonbValue *source)
{
	JsonbValue made = {.type = jbvObject};

	if (source->type != jbvObject)
		return *source;
	tree_set_member(&made, "contextKind", strlen("contextKind"), tree_string("user"));
	(void) sdk_form_text(&made, source, "contextKind");
	sdk_form_pick(&made, source, "variation", "variation");
	(void) sdk_form_list(&made, source, "values");
	return made;
}

/*
 * sdk_form_salt is the salt of a flag or segment; none is an empty one.
 */
JsonbValue
sdk_form_salt(Violations *violations, const char *path, const Jsonb *source)
{
	JsonbValue value;

	if (!jsonb_member(source, "salt", &value))
		return tree_string("");
	if (value.type == jbvString)
		return value;
	error_violation(violations, psprintf("%s.salt", path), "must be a string");
	return tree_string("");
}

/*
 * sdk_form_bucket_by copies the kind of contexts that are bucketed, and their attribute.
 */
void
sdk_form_bucket_by(JsonbValue *into, JsonbValue *from, const char *kind_name)
{
	bool has_kind = sdk_form_text(into, from, kind_name);

	if (sdk_form_text(into, from, "bucketBy") && !has_kind)
		refer_to(into, "bucketBy");
}

/*
 * clause_of is a clause.
 */
static JsonbValue
clause_of(JsonbValue *source, const char *id)
{
	static const char *const members[] = {"attribute", "op", "values", "negate"};
	JsonbValue made = {.type = jbvObject};

	if (source->type != jbvObject)
		return *source;
	for (int i = 0; i < (int) lengthof(members); i++)
		sdk_form_pick(&made, source, members[i], members[i]);
	if (!sdk_form_text(&made, source, "contextKind"))
		refer_to(&made, "attribute");
	tree_set_member(&made, "_id", strlen("_id"), tree_string(id));
	return made;
}

/*
 * sdk_form_rule copies the id and the clauses of a rule.  A rule without an id gets one, that
 * of its place.
 */
void
sdk_form_rule(JsonbValue *into, JsonbValue *from, const char *owner, int number)
{
	JsonbValue *id = tree_member(from, "id");
	JsonbValue *clauses;
	char *name;

	sdk_form_pick(into, from, "id", "_id");
	if (is_empty(id))
		tree_set_member(into, "_id", strlen("_id"),
						tree_string(derived_id(psprintf("%s/%d", owner, number))));
	id = tree_member(into, "_id");
	name = id->type == jbvString ? pnstrdup(id->val.string.val, id->val.string.len) : "";
	sdk_form_pick(into, from, "clauses", "clauses");
	clauses = tree_member(into, "clauses");
	for (int i = 0; clauses && clauses->type == jbvArray && i < clauses->val.array.nElems; i++)
		clauses->val.array.elems[i] = clause_of(&clauses->val.array.elems[i],
												derived_id(psprintf("%s/%s/%d", owner, name, i)));
}
