/*
 * audit_entry.c
 *	  An audit log entry in LaunchDarkly's words: who did what to which resource.
 */
#include "resource/audit/audit_entry.h"

#include "call/audit.h"
#include "util/document.h"

/* The path of a target of each kind; {part} is a part of its resource specifier. */
static const struct
{
	const char *subject;
	const char *path;
} paths[] = {
	{"project", "/api/v2/projects/{proj}"},
	{"environment", "/api/v2/projects/{proj}/environments/{env}"},
	{"environment import", "/api/v2/projects/{proj}/environments/{env}"},
	{"flag", "/api/v2/flags/{proj}/{flag}"},
	{"segment", "/api/v2/segments/{proj}/{env}/{segment}"},
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
 * append_part appends the id of a kind from a resource specifier, which is made of kind/id
 * joined by colons; the empty kind is that of a part without one.
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
 * target_path is the path of a target; NULL if its kind has none.
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
 * participle is the past participle of an operation's verb; of one that this library does
 * not know, the verb.
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
 * append_verb writes what an operation did, to which part of which kind of resource:
 * "created the layer", "reset the sdk key of the environment".  Where the subject is what an
 * operation answers with, the operation's name says to what: "imported into the environment".
 */
static void
append_verb(StringInfo out, const char *operation, const char *subject)
{
	int length = strcspn(operation, "_");
	const char *object = operation + length + (operation[length] == '_');
	const char *part = object;

	appendStringInfo(out, "%s the ", participle(pnstrdup(operation, length)));
	if (strlen(part) > strlen(subject) && part[strlen(subject)] == '_')
	{
		for (part += strlen(subject) + 1; *part; part++)
			appendStringInfoChar(out, *part == '_' ? ' ' : *part);
		appendStringInfoString(out, " of the ");
	}
	appendStringInfoString(out, strncmp(subject, object, strlen(object)) == 0 ? object : subject);
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
 * author_name names who made the change: the member, else the token, else the database
 * role.
 */
static char *
author_name(Row *row)
{
	char *first = row_get_string(row, "first_name");
	char *last = row_get_string(row, "last_name");

	if (first && last)
		return psprintf("%s %s", first, last);
	if (first || last)
		return first ? first : last;
	if (!row_is_null(row, "email"))
		return row_get_string(row, "email");
	if (!row_is_null(row, "token_name"))
		return row_get_string(row, "token_name");
	return strchr(row_get_string(row, "actor"), ':') + 1;
}

/*
 * author_document writes the member and the token that made the change, if any.
 */
static void
author_document(StringInfo out, Row *row)
{
	if (!row_is_null(row, "member_id"))
	{
		document_key(out, "member");
		document_open(out, '{');
		document_key(out, "_links");
		document_open(out, '{');
		document_link(out, "self", "/api/v2/members/%s", row_get_string(row, "member_id"));
		document_close(out, '}');
		document_string(out, "_id", row_get_string(row, "member_id"));
		document_string(out, "email", row_get_string(row, "email"));
		document_string(out, "firstName", row_get_string(row, "first_name"));
		document_string(out, "lastName", row_get_string(row, "last_name"));
		document_close(out, '}');
	}
	if (!row_is_null(row, "token_id"))
	{
		document_key(out, "token");
		document_open(out, '{');
		document_string(out, "_id", row_get_string(row, "token_id"));
		document_string(out, "name", row_get_string(row, "token_name"));
		document_string(out, "ending", row_get_string(row, "token_ending"));
		document_boolean(out, "serviceToken", row_get_boolean(row, "is_service_token"));
		document_close(out, '}');
	}
}

static void
target_document(StringInfo out, Row *row)
{
	const char *target = row_get_string(row, "target");
	char *path = target && row_get_boolean(row, "target_exists")
					 ? target_path(row_get_string(row, "subject"), target)
					 : NULL;

	document_key(out, "target");
	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	if (path)
		document_link(out, "canonical", "%s", path);
	document_close(out, '}');
	document_string(out, "name", row_get_string(row, "name"));
	document_key(out, "resources");
	document_open(out, '[');
	document_quoted(out, target);
	document_close(out, ']');
	document_close(out, '}');
}

/*
 * audit_entry_document writes a row of ENTRY_COLUMNS; the caller writes the closing brace.
 */
void
audit_entry_document(StringInfo out, const Caller *caller, Row *row)
{
	FeedPosition position = feed_position_of_row(row);
	char *id = feed_position_text(&position);
	char *operation = row_get_string(row, "operation");
	char *name = row_get_string(row, "name");
	char *changed = row_get_string(row, "changed_members");
	StringInfoData verb;
	char *brief;

	initStringInfo(&verb);
	append_verb(&verb, operation, row_get_string(row, "subject"));
	brief = psprintf("%s %s", verb.data, name ? name : "");
	brief[0] = pg_toupper((unsigned char) brief[0]);

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/auditlog/%s", id);
	document_close(out, '}');
	document_string(out, "_id", id);
	document_string(out, "_accountId", psprintf("%08x", (uint32) caller->account));
	document_milliseconds(out, "date", row_get_time(row, "at"));
	document_key(out, "accesses");
	document_open(out, '[');
	document_open(out, '{');
	document_string(out, "action", action_of(operation));
	document_string(out, "resource", row_get_string(row, "target"));
	document_close(out, '}');
	document_close(out, ']');
	document_string(out, "kind", kind_of(row_get_string(row, "subject")));
	document_string(out, "name", name);
	document_string(out, "description", changed ? psprintf("Changed %s", changed) : brief);
	document_string(out, "shortDescription", brief);
	if (row_get_string(row, "comment"))
		document_string(out, "comment", row_get_string(row, "comment"));
	author_document(out, row);
	document_string(out, "titleVerb", verb.data);
	document_string(out, "title",
					psprintf("%s %s %s", author_name(row), verb.data, name ? name : ""));
	target_document(out, row);
}
