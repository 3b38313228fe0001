/*
 * rate_limit.h
 *	  Rate limits: how many calls an access token may make.
 */
#ifndef FLAGPLANE_RATE_LIMIT_H
#define FLAGPLANE_RATE_LIMIT_H

#include "call/request.h"

/* The classes of calls, each with a budget of its own. */
typedef enum LimitClass
{
	LIMIT_READ,
	LIMIT_WRITE
} LimitClass;

/* The result of try_acquire. */
typedef struct Allowance
{
	bool acquired;
	int limit;		 /* calls of the class in a period */
	int64 remaining; /* calls that could follow at once */
	uint64 delay; /* microseconds: if acquired until the budget is full, else until a call can be */
} Allowance;

/* The state of the limiter, for those who watch it. */
typedef struct LimitUsage
{
	int64 slots;
	int64 used;
	int64 evicted; /* tokens that lost their slot while their budget was not full */
} LimitUsage;

/* The settings flagplane.rate_limits, .rate_limit_period and .rate_limit_tokens. */
extern bool rate_limits_setting;
extern int rate_limit_period_setting;
extern int rate_limit_tokens_setting;

/* The names of the tiers, by RateTier; NULL ends them. */
extern const char *const rate_tier_names[];
extern RateTier rate_tier_by_name(const char *name);

extern Size limit_shared_size(int tokens);
extern void limit_attach(void *memory, int tokens, bool found);
extern bool limit_is_on(void);
extern void limit_usage(LimitUsage *usage);

extern uint64 limit_key(int64 account, const char *selector);
extern void
rate_limit_try_acquire(uint64 key, RateTier tier, LimitClass class, Allowance *allowance);
extern void limit_announce(const Operation *operation);
extern void rate_limit_acquire(const Request *request);
pg_noreturn extern void rate_limit_unknown_token(const Request *request, int64 account);
pg_noreturn extern void rate_limit_unknown_credential(const Request *request, int64 account,
													  ErrorKind kind, const char *what);

#endif /* FLAGPLANE_RATE_LIMIT_H */
