/*
 * flag_link.h
 *	  A flag link's row and document, for the files that are about flag links.
 */
#ifndef FLAGPLANE_FLAG_LINK_H
#define FLAGPLANE_FLAG_LINK_H

#include "call/request.h"

#define LINK_MEMBER(column)                             \
	"(SELECT m." column " FROM flagplane_data.member m" \
	" WHERE m.account_id = k.account_id AND m.id = k.member_id)"

#define FLAG_LINK_COLUMNS                                                                  \
	"k.id, k.key, k.integration_key, k.timestamp, k.deep_link, k.title, k.description,"    \
	" k.metadata, k.created_at, k.member_id, " LINK_MEMBER("first_name") ", " LINK_MEMBER( \
		"last_name")

typedef struct FlagLink
{
	char *id;
	char *key; /* this and the next may be NULL */
	char *integration_key;
	TimestampTz timestamp;
	char *deep_link; /* these four may be NULL */
	char *title;
	char *description;
	char *metadata;
	TimestampTz created_at;
	char *member_id; /* NULL: made without a member's token */
	char *first_name;
	char *last_name;
} FlagLink;

#define OF_FLAG                                                 \
	" FROM flagplane_data.project p JOIN flagplane_data.flag f" \
	" ON f.account_id = p.account_id AND f.project_id = p.id"

#define LINK_OF_FLAG \
	OF_FLAG " JOIN flagplane_data.flag_link k ON k.account_id = f.account_id AND k.flag_id = f.id"

extern FlagLink flag_link_of_row(const Rows *rows, uint64 number);
extern void flag_link_document(Request *request, const FlagLink *link);
extern FlagLink flag_link_find(Request *request);
extern void flag_link_target(Request *request, const FlagLink *link);
extern void flag_link_require_flag(Request *request);
pg_noreturn extern void flag_link_missing(Request *request);

#endif /* FLAGPLANE_FLAG_LINK_H */
