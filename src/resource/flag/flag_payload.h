/*
 * flag_payload.h
 *	  Flags in the form that SDKs are sent them: the one form that they are evaluated from.
 */
#ifndef FLAGPLANE_FLAG_PAYLOAD_H
#define FLAGPLANE_FLAG_PAYLOAD_H

#include "evaluation/member.h"
#include "evaluation/payload_cache.h"
#include "resource/layer/experiment_rollout.h"
#include "util/statement.h"

/* What names an environment's flags; the texts belong to the caller. */
typedef struct PayloadScope
{
	int64 account;
	char *environment_id;
	pg_uuid_t *project_id;
	StatementMode mode; /* of what reads all: the snapshot of the query, or a later one */
} PayloadScope;

/* Parts that segments have too: a name with a slash, the clauses of a rule, and the elements of a list of a row. */
extern char *payload_literal(const Members *source, const char *kind_name, const char *name);
extern void payload_write_clauses(StringInfo out, const Members *rule);
extern bool payload_is_of_users(const Members *list);
extern void payload_elements(Row *row, const char *column, Elements *elements);

extern Rows flags_payload_read(const PayloadScope *scope);
extern Rows flag_payload_read(const PayloadScope *scope, StringView flag_key);
extern char *flag_payload_key(const Rows *rows, uint64 number);
extern void flag_payload_append(StringInfo out, const Rows *rows, uint64 number,
								const ExperimentRollouts *rollouts, bool as_member);
extern void flag_source_append(StringInfo out, const Rows *rows, uint64 number,
							   const ExperimentRollouts *rollouts);

#endif /* FLAGPLANE_FLAG_PAYLOAD_H */
