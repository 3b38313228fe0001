/*
 * experiment.h
 *	  An experiment's row and document, for the files that are about experiments.
 */
#ifndef FLAGPLANE_EXPERIMENT_H
#define FLAGPLANE_EXPERIMENT_H

#include "call/instruction.h"
#include "call/request.h"
#include "utils/jsonb.h"

#define DEFAULT_UNIT "user"

/* What lists and single experiments can be expanded by. */
#define DRAFT_ITERATION	  "draftIteration"
#define SECONDARY_METRICS "secondaryMetrics"

#define NOT_STARTED "not_started"
#define RUNNING		"running"
#define STOPPED		"stopped"

typedef struct Experiment
{
	char *id;
	char *key;
	char *name;
	char *description;
	char *flag_key; /* NULL: none */
	char *randomization_unit;
	char *status;
	char *layer_snapshot; /* NULL: was in no layer when it stopped, or has not stopped */
	char *maintainer_id;  /* NULL: not known */
	int32 version;
	TimestampTz created_at;
	TimestampTz started_at; /* these three may be DT_NOBEGIN */
	TimestampTz stopped_at;
	TimestampTz archived_at;
	char *hypothesis; /* NULL: none was given; so are these three */
	Jsonb *iteration;
	char *winning_treatment_id;
	char *winning_reason;
} Experiment;

#define EXPERIMENT_COLUMNS                                          \
	"e.id, e.key, e.name, e.description, (SELECT f.key"             \
	" FROM flagplane_data.flag f WHERE f.account_id = e.account_id" \
	" AND f.id = e.flag_id), e.randomization_unit, e.status,"       \
	" e.layer_snapshot, e.maintainer_id, e.version, e.created_at,"  \
	" e.started_at, e.stopped_at, e.archived_at, e.hypothesis,"     \
	" e.iteration, e.winning_treatment_id, e.winning_reason"

#define EXPERIMENT_KEY_FIELD \
	FIELD("experiment_key", "experimentKey", FIELD_TEXT, .place = IN_PATH, .required = true)

extern const InstructionKind experiment_instruction_kinds[];

extern Experiment experiment_of_row(const Rows *rows, uint64 number);
extern void experiment_document(Request *request, const Experiment *experiment, const char *expand);

/* experiment_iteration.c */
extern void iteration_document(StringInfo out, const char *project_key,
							   const Experiment *experiment, const char *expand);

extern void experiment_target(Request *request, const char *key);
pg_noreturn extern void experiment_missing(Request *request);

/*
 * experiment_is tells whether an experiment is in a state.
 */
static inline bool
experiment_is(const Experiment *experiment, const char *status)
{
	return strcmp(experiment->status, status) == 0;
}

/*
 * experiment_is_archived tells whether an experiment is archived.
 */
static inline bool
experiment_is_archived(const Experiment *experiment)
{
	return !TIMESTAMP_IS_NOBEGIN(experiment->archived_at);
}

#endif /* FLAGPLANE_EXPERIMENT_H */
