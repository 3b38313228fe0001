/*
 * experiment_rollout.h
 *	  What SDKs are sent of running experiments: the rollouts that stand in place of what the
 *	  rules of their flags serve.
 */
#ifndef FLAGPLANE_EXPERIMENT_ROLLOUT_H
#define FLAGPLANE_EXPERIMENT_ROLLOUT_H

#include "util/statement.h"

/* The rollouts of an environment, or of one of its flags, by flag and rule. */
typedef struct ExperimentRollouts ExperimentRollouts;

/* flag_key: of one flag; NULL: of all. */
extern ExperimentRollouts *experiment_rollouts_read(int64 account, const char *environment_id,
													const char *flag_key, StatementMode mode);

/*
 * What a rule serves, as a rollout in JSON: by its id, or FALLTHROUGH_RULE.  NULL: no experiment runs
 * on it, and it serves what is stored.
 */
extern const char *experiment_rollout_find(const ExperimentRollouts *rollouts, const char *flag_key,
										   const char *rule_id);

#endif /* FLAGPLANE_EXPERIMENT_ROLLOUT_H */
