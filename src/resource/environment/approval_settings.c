/*
 * approval_settings.c
 *	  The approval settings of environments.
 *
 * Only what differs from the documented defaults is stored; NULL is an environment
 * with all of the defaults.
 */
#include "resource/environment/environment.h"

#include "call/field.h"
#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

/*
 * All settings of an environment have at most so many bytes of JSON: a project's response has
 * those of all its environments.
 */
#define SETTINGS_BYTES_MAX (64 * 1024)

#define APPROVALS_MIN 1
#define APPROVALS_MAX 5

enum
{
	REQUIRED,
	BYPASS_FOR_PENDING,
	MIN_APPROVALS,
	REVIEW_OWN,
	APPLY_DECLINED,
	AUTO_APPLY,
	SERVICE_KIND,
	SERVICE_CONFIG,
	REQUIRED_TAGS,
	SETTINGS
};

/* What a setting can be. */
typedef enum SettingKind
{
	SETTING_BOOLEAN,
	SETTING_APPROVALS, /* how many approvals, 1 to 5 */
	SETTING_STRING,
	SETTING_OBJECT,
	SETTING_TAGS
} SettingKind;

/* The settings in the documented order, with their defaults as JSON. */
static const struct
{
	const char *name;
	SettingKind kind;
	const char *fallback;
	bool shown; /* in the response even if it is the default */
} settings[SETTINGS] = {
	[REQUIRED] = {"required", SETTING_BOOLEAN, "false", true},
	[BYPASS_FOR_PENDING] = {"bypassApprovalsForPendingChanges", SETTING_BOOLEAN, "false", true},
	[MIN_APPROVALS] = {"minNumApprovals", SETTING_APPROVALS, "1", true},
	[REVIEW_OWN] = {"canReviewOwnRequest", SETTING_BOOLEAN, "false", true},
	[APPLY_DECLINED] = {"canApplyDeclinedChanges", SETTING_BOOLEAN, "true", true},
	[AUTO_APPLY] = {"autoApplyApprovedChanges", SETTING_BOOLEAN, "false", false},
	[SERVICE_KIND] = {"serviceKind", SETTING_STRING, "\"launchdarkly\"", true},
	[SERVICE_CONFIG] = {"serviceConfig", SETTING_OBJECT, "{}", true},
	[REQUIRED_TAGS] = {"requiredApprovalTags", SETTING_TAGS, "[]", true},
};

/*
 * setting_of is a setting as JSON: the stored one, or the default.
 */
static const char *
setting_of(Jsonb *stored, int setting)
{
	Jsonb *found = stored ? jsonb_member_of(stored, settings[setting].name) : NULL;

	return found ? jsonb_text(found) : settings[setting].fallback;
}

/*
 * approval_settings_document writes the settings as a member of that name: all of them,
 * for a patch to work on, or without those that a response shows only if they are set.
 */
void
approval_settings_document(StringInfo out, const char *name, const char *stored_text, bool all)
{
	Jsonb *stored = stored_text ? jsonb_of_text(stored_text) : NULL;

	document_key(out, name);
	document_open(out, '{');
	for (int i = 0; i < SETTINGS; i++)
	{
		const char *value = setting_of(stored, i);

		if (all || settings[i].shown || strcmp(value, settings[i].fallback) != 0)
			document_raw(out, settings[i].name, value);
	}
	document_close(out, '}');
}

/*
 * setting_problem is what is wrong with a setting's value; NULL if nothing is.
 */
static const char *
setting_problem(SettingKind kind, const JsonbValue *value)
{
	Jsonb *whole = JsonbValueToJsonb(unconstify(JsonbValue *, value));
	int32 number;

	switch (kind)
	{
		case SETTING_BOOLEAN:
			return value->type == jbvBool ? NULL : "must be true or false";
		case SETTING_APPROVALS:
			return jsonb_integer(value, &number) && number >= APPROVALS_MIN &&
						   number <= APPROVALS_MAX
					   ? NULL
					   : "must be a whole number from 1 to 5";
		case SETTING_STRING:
			return value->type == jbvString ? NULL : "must be a string";
		case SETTING_OBJECT:
			return JB_ROOT_IS_OBJECT(whole) ? NULL : "must be an object";
		case SETTING_TAGS:
			if (!jsonb_is_array(whole))
				return "must be an array of tags";
			for (uint32 i = 0; i < JB_ROOT_COUNT(whole); i++)
			{
				char *tag = jsonb_string(getIthJsonbValueFromContainer(&whole->root, i));

				if (tag == NULL || !is_tag(tag))
					return "must be an array of tags";
			}
			return NULL;
	}
	pg_unreachable();
}

/*
 * approval_settings_read checks patched settings, and returns as JSON what is to be stored
 * of them: NULL if they are the defaults.  A removed one gets its default, and so does an
 * empty string, which Terraform's provider sends for one that is not configured.  They may
 * not grow beyond their limit; what was stored before (or NULL) may stay as large.
 */
char *
approval_settings_read(Violations *violations, Jsonb *document, const char *stored_before)
{
	const char *known[SETTINGS + 1] = {NULL};
	bool set[SETTINGS] = {false};
	StringInfoData stored;
	JsonbValue value;
	Jsonb *given;
	char *unknown;

	if (!jsonb_member(document, "approvalSettings", &value))
		return NULL;
	given = patching_plain(JsonbValueToJsonb(&value));
	if (!JB_ROOT_IS_OBJECT(given))
	{
		error_violation(violations, "approvalSettings", "must be an object");
		return NULL;
	}
	initStringInfo(&stored);
	document_open(&stored, '{');
	for (int i = 0; i < SETTINGS; i++)
	{
		const char *problem;
		const char *text;

		known[i] = settings[i].name;
		if (!jsonb_member(given, settings[i].name, &value))
			continue;
		problem = setting_problem(settings[i].kind, &value);
		if (problem)
			error_violation(violations, "approvalSettings", "%s %s", settings[i].name, problem);
		text = setting_of(given, i);
		set[i] = strcmp(text, settings[i].fallback) != 0 &&
				 (settings[i].kind != SETTING_STRING || strcmp(text, "\"\"") != 0);
		if (set[i])
			document_raw(&stored, settings[i].name, text);
	}
	document_close(&stored, '}');
	if (stored.len > SETTINGS_BYTES_MAX &&
		(stored_before == NULL || stored.len > (int) strlen(stored_before)))
		error_violation(violations, "approvalSettings", "would have more than %d bytes of JSON",
						SETTINGS_BYTES_MAX);

	unknown = jsonb_unknown_key(given, known);
	if (unknown)
		error_violation(violations, "approvalSettings", "has an unknown member %s", unknown);
	if (set[REQUIRED] && set[REQUIRED_TAGS])
		error_violation(violations, "approvalSettings",
						"cannot have both required and requiredApprovalTags");
	if (set[AUTO_APPLY] && !set[SERVICE_KIND])
		error_violation(violations, "approvalSettings",
						"autoApplyApprovedChanges is for other services than launchdarkly");
	return strcmp(stored.data, "{}") == 0 ? NULL : stored.data;
}
