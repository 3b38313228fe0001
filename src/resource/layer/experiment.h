/*
 * experiment.h
 *	  An experiment, its columns and its state.
 */
#ifndef FLAGPLANE_EXPERIMENT_H
#define FLAGPLANE_EXPERIMENT_H

#include "call/request.h"
#include "resource/layer/treatment.h"
#include "utils/jsonb.h"

#define DEFAULT_UNIT "user"

/* What lists and single experiments can be expanded by. */
#define DRAFT_ITERATION	  "draftIteration"
#define SECONDARY_METRICS "secondaryMetrics"
#define ROLLOUT			  "rollout"

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
	int32 seed; /* of one that runs outside of layers; 0: none */
	char *environment_id;
	const char *rollout; /* what SDKs are sent, if that is to be shown; NULL: it is not */
} Experiment;

/*
 * The columns of an experiment, with an expression for its flag's key.  A list looks that
 * up row by row, whatever the planner knows of the tables; what locks rows joins the flag,
 * since distributed tables allow no subquery there.
 */
#define EXPERIMENT_COLUMNS_AND(flag_key)                              \
	"e.id, e.key, e.name, e.description, " flag_key                   \
	" AS flag_key, e.randomization_unit, e.status, e.layer_snapshot," \
	" e.maintainer_id, e.version, e.created_at, e.started_at,"        \
	" e.stopped_at, e.archived_at, e.hypothesis, e.iteration,"        \
	" e.winning_treatment_id, e.winning_reason, e.seed,"              \
	" e.environment_id"

#define EXPERIMENT_COLUMNS EXPERIMENT_COLUMNS_AND("f.key")
#define EXPERIMENT_JOIN_FLAG \
	" LEFT JOIN flagplane_data.flag f ON f.account_id = e.account_id AND f.id = e.flag_id"

/* The fields of create_experiment; the first two are those of every operation on experiments. */
enum
{
	EXPERIMENT_PROJECT,
	EXPERIMENT_ENVIRONMENT,
	EXPERIMENT_KEY,
	EXPERIMENT_NAME,
	EXPERIMENT_DESCRIPTION,
	EXPERIMENT_FLAG,
	EXPERIMENT_UNIT,
	EXPERIMENT_ITERATION,
	EXPERIMENT_MAINTAINER
};

#define EXPERIMENT_KEY_FIELD \
	FIELD("experiment_key", "experimentKey", FIELD_TEXT, .place = IN_PATH, .required = true)

extern Experiment experiment_of_row(const Rows *rows, uint64 number);
extern char *experiment_environment_lock(Request *request);

/* experiment_flag.c: the flag that an experiment runs on. */
extern bool experiment_lock_payload(Request *request, char *environment_key);
extern void experiment_lock_flag(Request *request);
extern void experiment_check_flag(Request *request, const Experiment *experiment,
								  const char *environment_id, Datum flag_id);
extern Treatments experiment_require_flag(Request *request, const Experiment *experiment);
extern void experiment_require_room(const Request *request, const Experiment *experiment);
extern void
experiment_raise_flag(Request *request, const char *experiment_id, const char *environment_key);

/* experiment_iteration.c */
extern void iteration_document(StringInfo out, const char *project_key,
							   const Experiment *experiment, const char *expand);

static inline bool
experiment_is(const Experiment *experiment, const char *status)
{
	return strcmp(experiment->status, status) == 0;
}

static inline bool
experiment_is_archived(const Experiment *experiment)
{
	return !TIMESTAMP_IS_NOBEGIN(experiment->archived_at);
}

#endif /* FLAGPLANE_EXPERIMENT_H */
