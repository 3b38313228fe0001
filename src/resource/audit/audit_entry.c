/*
 * audit_entry.c
 *	  An audit log entry in LaunchDarkly's words: who did what to which resource.
 */
#include "resource/audit/audit_entry.h"

#include "call/audit.h"
#include "util/document.h"

/* Where a target of each kind is to be found; the parts are those of its specifier. */
static const struct
{
	const char *subject;
	const char *path;
} paths[] = {
	{"project", "/api/v2/projects/{proj}"},
	{"environment", "/api/v2/projects/{proj}/environments/{env}"},
	{"flag", "/api/v2/flags/{proj}/{flag}"},
	{"flag link", "/api/v2/flag-links/projects/{proj}/flags/{flag}/{link}"},
	{"layer", "/api/v2/projects/{proj}/layers/{layer}"},
	{"SDK app", "/v1/projects/{}/sdk-apps/{sdk-app}"},
	{"member", "/api/v2/members/{member}"},
	{"access token", "/api/v2/tokens/{service-token}"},
};

static const struct
{
	const char *verb;
	const char *participle;
} verbs[] = {
#define VERB(verb, participle) {verb, participle},
#include "operationlist.h"
#undef VERB
};

/*
 * append_part appends a part of a resource specifier, which is made of kind/id with
 * colons in between; of no kind is an id without one.
 */
static void
append_part(StringInfo out, const char *target, const char *kind, int length)
{
	for (const char *part = target;; part++)
	{
		int size = strcspn(part, ":");
		int head = strcspn(part, ":/");
		int skip = head < size ? head + 1 : 0;

		if (strncmp(part, kind, length) == 0 && (skip ? head : 0) == length)
		{
			appendBinaryStringInfo(out, part + skip, size - skip);
			return;
		}
		part += size;
		if (*part == '\0')
			return;
	}
}

/*
 * target_path is the path of what was changed; NULL if that has none.
 */
static char *
target_path(const char *subject, const char *target)
{
	StringInfoData out;

	for (int i = 0; i < (int) lengthof(paths); i++)
	{
		if (strcmp(paths[i].subject, subject) != 0)
			continue;
		initStringInfo(&out);
		for (const char *next = paths[i].path; *next; next++)
		{
			int length = strcspn(next, "}");

			if (*next != '{')
			{
				appendStringInfoChar(&out, *next);
				continue;
			}
			append_part(&out, target, next + 1, length - 1);
			next += length;
		}
		return out.data;
	}
	return NULL;
}

/*
 * participle is what the audit log says of a verb; of one that this library does not know,
 * the verb.
 */
static const char *
participle(const char *verb)
{
	for (int i = 0; i < (int) lengthof(verbs); i++)
		if (strcmp(verbs[i].verb, verb) == 0)
			return verbs[i].participle;
	return verb;
}

/*
 * append_verb writes what an operation did, and to what part of which kind of
 * thing: "created the layer", "reset the sdk key of the environment".
 */
static void
append_verb(StringInfo out, const char *operation, const char *subject)
{
	int length = strcspn(operation, "_");
	const char *part = operation + length + (operation[length] == '_');

	appendStringInfo(out, "%s the ", participle(pnstrdup(operation, length)));
	if (strlen(part) > strlen(subject) && part[strlen(subject)] == '_')
	{
		for (part += strlen(subject) + 1; *part; part++)
			appendStringInfoChar(out, *part == '_' ? ' ' : *part);
		appendStringInfoString(out, " of the ");
	}
	appendStringInfoString(out, subject);
}

/*
 * action_of is an operation's name as an action: createLayer.
 */
static char *
action_of(const char *operation)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const char *next = operation; *next; next++)
	{
		if (*next == '_' && next[1])
			appendStringInfoChar(&out, pg_toupper((unsigned char) *++next));
		else
			appendStringInfoChar(&out, *next);
	}
	return out.data;
}

/*
 * kind_of is a subject as one word: sdk-app.
 */
static char *
kind_of(const char *subject)
{
	char *kind = pstrdup(subject);

	for (char *next = kind; *next; next++)
		*next = *next == ' ' ? '-' : pg_tolower((unsigned char) *next);
	return kind;
}

/*
 * who is the name of the one who made the change: the member, else the token, else
 * the database role.
 */
static char *
who(const Row *row)
{
	char *first = row_string(row, ENTRY_MEMBER_FIRST_NAME);
	char *last = row_string(row, ENTRY_MEMBER_LAST_NAME);

	if (first && last)
		return psprintf("%s %s", first, last);
	if (first || last)
		return first ? first : last;
	if (!row->nulls[ENTRY_MEMBER_EMAIL])
		return row_string(row, ENTRY_MEMBER_EMAIL);
	if (!row->nulls[ENTRY_TOKEN_NAME])
		return row_string(row, ENTRY_TOKEN_NAME);
	return strchr(row_string(row, ENTRY_ACTOR), ':') + 1;
}

/*
 * caller_document writes the member and the token that made the change, if any.
 */
static void
caller_document(StringInfo out, const Row *row)
{
	if (!row->nulls[ENTRY_MEMBER_ID])
	{
		document_key(out, "member");
		document_open(out, '{');
		document_key(out, "_links");
		document_open(out, '{');
		document_link(out, "self", "/api/v2/members/%s", row_string(row, ENTRY_MEMBER_ID));
		document_close(out, '}');
		document_string(out, "_id", row_string(row, ENTRY_MEMBER_ID));
		document_string(out, "email", row_string(row, ENTRY_MEMBER_EMAIL));
		document_string(out, "firstName", row_string(row, ENTRY_MEMBER_FIRST_NAME));
		document_string(out, "lastName", row_string(row, ENTRY_MEMBER_LAST_NAME));
		document_close(out, '}');
	}
	if (!row->nulls[ENTRY_TOKEN_ID])
	{
		document_key(out, "token");
		document_open(out, '{');
		document_string(out, "_id", row_string(row, ENTRY_TOKEN_ID));
		document_string(out, "name", row_string(row, ENTRY_TOKEN_NAME));
		document_string(out, "ending", row_string(row, ENTRY_TOKEN_ENDING));
		document_boolean(out, "serviceToken", row_boolean(row, ENTRY_TOKEN_IS_SERVICE));
		document_close(out, '}');
	}
}

/*
 * target_document writes what was changed.
 */
static void
target_document(StringInfo out, const Row *row)
{
	const char *target = row_string(row, ENTRY_TARGET);
	char *path = target && row_boolean(row, ENTRY_THERE)
					 ? target_path(row_string(row, ENTRY_SUBJECT), target)
					 : NULL;

	document_key(out, "target");
	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	if (path)
		document_link(out, "canonical", "%s", path);
	document_close(out, '}');
	document_string(out, "name", row_string(row, ENTRY_CALLED));
	document_key(out, "resources");
	document_open(out, '[');
	document_quoted(out, target);
	document_close(out, ']');
	document_close(out, '}');
}

/*
 * audit_entry_document writes the row of ENTRY_COLUMNS, the closing brace left to the
 * caller.
 */
void
audit_entry_document(StringInfo out, const Caller *caller, const Row *row)
{
	AuditPlace place = audit_place_of_row(row, ENTRY_PLACE);
	char *id = audit_place_text(&place);
	char *operation = row_string(row, ENTRY_OPERATION);
	char *name = row_string(row, ENTRY_CALLED);
	char *changed = row_string(row, ENTRY_MEMBERS);
	StringInfoData verb;
	char *brief;

	initStringInfo(&verb);
	append_verb(&verb, operation, row_string(row, ENTRY_SUBJECT));
	brief = psprintf("%s %s", verb.data, name ? name : "");
	brief[0] = pg_toupper((unsigned char) brief[0]);

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/auditlog/%s", id);
	document_close(out, '}');
	document_string(out, "_id", id);
	document_string(out, "_accountId", psprintf("%08x", (uint32) caller->account));
	document_milliseconds(out, "date", row_time(row, ENTRY_AT));
	document_key(out, "accesses");
	document_open(out, '[');
	document_open(out, '{');
	document_string(out, "action", action_of(operation));
	document_string(out, "resource", row_string(row, ENTRY_TARGET));
	document_close(out, '}');
	document_close(out, ']');
	document_string(out, "kind", kind_of(row_string(row, ENTRY_SUBJECT)));
	document_string(out, "name", name);
	document_string(out, "description", changed ? psprintf("Changed %s", changed) : brief);
	document_string(out, "shortDescription", brief);
	if (row_string(row, ENTRY_COMMENT))
		document_string(out, "comment", row_string(row, ENTRY_COMMENT));
	caller_document(out, row);
	document_string(out, "titleVerb", verb.data);
	document_string(out, "title", psprintf("%s %s %s", who(row), verb.data, name ? name : ""));
	target_document(out, row);
}
