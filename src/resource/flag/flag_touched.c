/*
 * flag_touched.c
 *	  Which environments' payloads a patch of a flag can change, told by the patch alone.
 *
 * They are locked before the flag is, so before anybody knows what the patch will make of it. What
 * is not understood counts as all of them.
 */
#include "resource/flag/flag.h"

#include "resource/environment/payload_version.h"
#include "resource/project/project.h"

#include "catalog/pg_type.h"
#include "util/jsonb.h"

/* What a patch touches. */
typedef struct Touched
{
	bool all;
	List *keys; /* of environments */
} Touched;

/* Members of a flag that SDKs see in every environment. */
static const char *const shared_members[] = {"variations", "archived", "clientSideAvailability",
											 NULL};

/* Instructions that SDKs see in every environment, and those that they do not see at all. */
static const char *const shared_kinds[] = {"archiveFlag",
										   "restoreFlag",
										   "deleteFlag",
										   "addVariation",
										   "removeVariation",
										   "updateVariation",
										   "turnOnClientSideAvailability",
										   "turnOffClientSideAvailability",
										   NULL};
static const char *const unseen_kinds[] = {"updateName",
										   "updateDescription",
										   "addTags",
										   "removeTags",
										   "makeFlagPermanent",
										   "makeFlagTemporary",
										   "updateMaintainerMember",
										   "updateMaintainerTeam",
										   "removeMaintainer",
										   "addCustomProperties",
										   "removeCustomProperties",
										   "replaceCustomProperties",
										   "deprecateFlag",
										   "restoreDeprecatedFlag",
										   "updateDefaultVariation",
										   NULL};

/*
 * is_listed tells whether a name is among some.
 */
static bool
is_listed(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/*
 * touch notes a member of a flag, and the environment if it is one's.
 */
static void
touch(Touched *touched, const char *member, const char *key)
{
	if (strcmp(member, "environments") == 0 && key != NULL && key[0] != '\0')
		touched->keys = lappend(touched->keys, pstrdup(key));
	else if (strcmp(member, "environments") == 0 || member[0] == '\0' ||
			 is_listed(shared_members, member))
		touched->all = true;
}

/*
 * touch_path notes what a path of a JSON Patch begins with. Keys of environments have no
 * characters that are escaped in paths.
 */
static void
touch_path(Touched *touched, const Jsonb *operation, const char *name)
{
	JsonbValue value;
	char *path;
	char *member;
	char *rest = NULL;

	if (!jsonb_member(operation, name, &value) || (path = jsonb_string(&value)) == NULL)
		return;
	member = strtok_r(path, "/", &rest);
	touch(touched, member == NULL ? "" : member, strtok_r(NULL, "/", &rest));
}

/*
 * touch_operations notes what the operations of a JSON Patch touch.
 */
static void
touch_operations(Touched *touched, Jsonb *operations)
{
	for (uint32 i = 0; JB_ROOT_IS_ARRAY(operations) && i < JB_ROOT_COUNT(operations); i++)
	{
		Jsonb *operation = JsonbValueToJsonb(getIthJsonbValueFromContainer(&operations->root, i));

		if (!JB_ROOT_IS_OBJECT(operation))
			continue;
		touch_path(touched, operation, "path");
		touch_path(touched, operation, "from");
	}
}

/*
 * touch_instructions notes what instructions touch.
 */
static void
touch_instructions(Touched *touched, const Jsonb *patch)
{
	Jsonb *list = jsonb_member_of(patch, "instructions");
	JsonbValue value;
	char *environment = NULL;

	if (jsonb_member(patch, "environmentKey", &value))
		environment = jsonb_string(&value);
	for (uint32 i = 0; JB_ROOT_IS_ARRAY(list) && i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *instruction = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		char *kind = NULL;

		if (JB_ROOT_IS_OBJECT(instruction) && jsonb_member(instruction, "kind", &value))
			kind = jsonb_string(&value);
		if (kind == NULL || is_listed(unseen_kinds, kind))
			continue;
		touch(touched, "environments", is_listed(shared_kinds, kind) ? NULL : environment);
	}
}

/*
 * touch_members notes what a merge patch touches.
 */
static void
touch_members(Touched *touched, Jsonb *patch)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	const char *member = NULL;
	char *key = NULL;

	if (!JB_ROOT_IS_OBJECT(patch))
		return;
	iterator = JsonbIteratorInit(&patch->root);
	(void) JsonbIteratorNext(&iterator, &value, true);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) == WJB_KEY)
	{
		Jsonb *inner;

		member = jsonb_string(&value);
		(void) JsonbIteratorNext(&iterator, &value, true);
		inner = JsonbValueToJsonb(&value);
		if (strcmp(member, "environments") == 0 && JB_ROOT_IS_OBJECT(inner))
		{
			JsonbIterator *keys = JsonbIteratorInit(&inner->root);

			(void) JsonbIteratorNext(&keys, &value, true);
			while (JsonbIteratorNext(&keys, &value, true) == WJB_KEY)
			{
				key = jsonb_string(&value);
				(void) JsonbIteratorNext(&keys, &value, true);
				touch(touched, member, key);
			}
		}
		else
			touch(touched, member, NULL);
	}
}

/*
 * read_touched reads what a patch touches, of whichever form it is.
 */
static void
read_touched(Touched *touched, Jsonb *patch)
{
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(patch))
		touch_operations(touched, patch);
	else if (jsonb_member(patch, "patch", &value))
		touch_operations(touched, jsonb_member_of(patch, "patch"));
	else if (jsonb_member(patch, "instructions", &value))
		touch_instructions(touched, patch);
	else if (jsonb_member(patch, "merge", &value))
		touch_members(touched, jsonb_member_of(patch, "merge"));
	else
		touch_members(touched, patch);
}

/*
 * flag_lock_touched locks the project and the payloads that a patch of a flag touches, before the
 * flag is locked. What every environment shows needs the project against new environments;
 * exclusively says that it is needed for other reasons.  Returns keys (char *) in the patch that
 * name no environment: the flag is to be looked at without them, in case they do by then.
 */
List *
flag_lock_touched(Request *request, Jsonb *patch, bool exclusively)
{
	Touched touched = {0};
	char *project_key = request_string(request, 0);

	read_touched(&touched, patch);
	if (exclusively || touched.all)
		project_lock(request, PROJECT_NO_KEY_UPDATE);
	else if (touched.keys != NIL)
		project_lock(request, PROJECT_KEY_SHARE);
	if (!touched.all)
		return payload_lock(request, project_key, touched.keys);
	payload_lock_all(request, project_key);
	return NIL;
}

/*
 * flag_is_seen_otherwise tells whether what SDKs see of a flag in every environment differs
 * between two of its documents.
 */
bool
flag_is_seen_otherwise(const Jsonb *before, const Jsonb *after)
{
	for (const char *const *name = shared_members; *name; name++)
	{
		Jsonb *had = jsonb_member_of(before, *name);
		Jsonb *has = jsonb_member_of(after, *name);

		if (had == NULL || has == NULL ? had != has : !jsonb_equal(had, has))
			return true;
	}
	return false;
}
