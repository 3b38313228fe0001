/*
 * flagplane.c
 *	  Loading the library: the magic block and the settings.
 */
#include "ground/compat.h"

#include "call/audit.h"
#include "call/caller.h"
#include "resource/settings.h"
#include "utils/guc.h"

FLAGPLANE_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

char *ingest_endpoint_setting = NULL;

/*
 * _PG_init defines the settings.
 */
void
_PG_init(void)
{
	DefineCustomStringVariable("flagplane.account",
							   "Key of the account that database roles act for.",
							   "It counts for callers without an access token only.",
							   &account_setting, "default", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"flagplane.ingest_endpoint", "URL that SDK apps send their events to.",
		"Shown as ingestEndpoint of every SDK app.", &ingest_endpoint_setting,
		"https://in.layers.com/l/events", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("flagplane.notify",
							 "Wakes up those who LISTEN to flagplane at each change.",
							 "It makes the commits of changes wait for each other.",
							 &notify_setting, false, PGC_SUSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("flagplane");
}
