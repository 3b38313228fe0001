/*
 * flagplane.c
 *	  Loading the library: the magic block, the settings and the shared memory.
 *
 * The library works without being preloaded; then it has no shared memory, and
 * calls are neither limited nor counted.
 */
#include "util/compat.h"

#include "api/sdk.h"
#include "call/audit.h"
#include "call/caller.h"
#include "call/environment_stats.h"
#include "call/rate_limit.h"
#include "call/stats.h"
#include "evaluation/payload_cache.h"
#include "miscadmin.h"
#include "operations.h"
#include "resource/event/event.h"
#include "resource/layer/settings.h"
#include "resource/sdk_app/settings.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/guc.h"

FLAGPLANE_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

char *ingest_endpoint_setting = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/*
 * request_memory asks for the shared memory.
 */
static void
request_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(limit_shared_size(rate_limit_tokens_setting));
	RequestAddinShmemSpace(stats_shared_size(OPERATION_COUNT + sdk_route_count()));
	RequestAddinShmemSpace(environment_stats_shared_size());
	RequestAddinShmemSpace(event_shared_size());
}

/*
 * attach_memory takes the shared memory into use: in the postmaster, which is
 * alone when it makes it, and so needs no lock for that, and in each backend where
 * those do not inherit it.
 */
static void
attach_memory(void)
{
	void *memory;
	bool found;

	if (previous_startup_hook)
		previous_startup_hook();
	memory = ShmemInitStruct("flagplane rate limits", limit_shared_size(rate_limit_tokens_setting),
							 &found);
	limit_attach(memory, rate_limit_tokens_setting, found);
	memory = ShmemInitStruct("flagplane counters",
							 stats_shared_size(OPERATION_COUNT + sdk_route_count()), &found);
	stats_attach(memory, OPERATION_COUNT + sdk_route_count(), found);
	memory = ShmemInitStruct("flagplane counters of environments", environment_stats_shared_size(),
							 &found);
	environment_stats_attach(memory, found);
	memory = ShmemInitStruct("flagplane batches of events", event_shared_size(), &found);
	event_attach(memory, found);
}

/*
 * define_settings defines the settings that count with and without preloading.
 */
static void
define_settings(void)
{
	DefineCustomStringVariable("flagplane.account",
							   "Key of the account that database roles act for.",
							   "It counts for callers without an access token only.",
							   &account_setting, "default", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
		ROLE_ACCOUNT, "Key of the account that a database role is bound to.",
		"It counts as ALTER ROLE has set it for a role, and then stands above "
		"flagplane.account.",
		&role_account_setting, "", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"flagplane.payload_cache", "Memory of a backend for the compiled flags of environments.",
		"Flags that are evaluated again need not be read again.", &payload_cache_setting, 16 * 1024,
		0, MAX_KILOBYTES, PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"flagplane.ingest_endpoint", "URL that SDK apps send their events to.",
		"Shown as ingestEndpoint of every SDK app.", &ingest_endpoint_setting,
		"https://in.layers.com/l/events", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("flagplane.rate_limits", "Limits the calls of access tokens.",
							 "It counts only if the library is preloaded.", &rate_limits_setting,
							 true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("flagplane.rate_limit_period",
							"Time in which an access token may make the calls of its tier.",
							"The budgets of a day are not touched by it.",
							&rate_limit_period_setting, 60 * 1000, 1, 24 * 60 * 60 * 1000,
							PGC_SUSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"flagplane.running_experiments",
		"Experiments that run in the layers of an environment at the same time.",
		"Each is a list of a thousand entries in what SDKs are sent.", &running_experiments_setting,
		100, 0, 10000, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("flagplane.notify",
							 "Wakes up those who LISTEN to flagplane at each change.",
							 "It makes the commits of changes wait for each other.",
							 &notify_setting, false, PGC_SUSET, 0, NULL, NULL, NULL);
}

/*
 * share_memory sets up the shared memory, while the server starts.
 */
static void
share_memory(void)
{
	DefineCustomIntVariable("flagplane.rate_limit_tokens",
							"Access tokens whose calls are counted at the same time.", NULL,
							&rate_limit_tokens_setting, 16384, 8, 4 * 1024 * 1024, PGC_POSTMASTER,
							0, NULL, NULL, NULL);
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_memory;
}

/*
 * _PG_init defines the settings and, if the library is preloaded, sets up its
 * shared memory.
 */
void
_PG_init(void)
{
	define_settings();
	if (process_shared_preload_libraries_in_progress)
		share_memory();
	MarkGUCPrefixReserved("flagplane");
}
