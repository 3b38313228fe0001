/*
 * all_flags_state.c
 *	  All flags of an environment, evaluated for a context: what client-side SDKs bootstrap from.
 */
#include "resource/environment/environment_payload.h"
#include "resource/resource.h"

#include "util/document.h"

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY,
	CONTEXT,
	CLIENT_SIDE_ONLY,
	WITH_REASONS,
	DETAILS_ONLY_FOR_TRACKED_FLAGS
};

const Field all_flags_state_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
	[CONTEXT] = FIELD("context", "context", FIELD_JSON),
	[CLIENT_SIDE_ONLY] =
		FIELD("client_side_only", "clientSideOnly", FIELD_BOOLEAN, .fallback = "false"),
	[WITH_REASONS] = FIELD("with_reasons", "withReasons", FIELD_BOOLEAN, .fallback = "false"),
	[DETAILS_ONLY_FOR_TRACKED_FLAGS] =
		FIELD("details_only_for_tracked_flags", "detailsOnlyForTrackedFlags", FIELD_BOOLEAN,
			  .fallback = "false"),
	FIELDS_END};

/*
 * do_all_flags_state evaluates all flags of an environment for a context. One that is NULL or
 * not valid has no flags.
 */
void
do_all_flags_state(Request *request)
{
	FlagsStateOptions options = {.client_side_only = request_boolean(request, CLIENT_SIDE_ONLY),
								 .with_reasons = request_boolean(request, WITH_REASONS),
								 .details_only_for_tracked_flags =
									 request_boolean(request, DETAILS_ONLY_FOR_TRACKED_FLAGS),
								 .now = milliseconds_of_time(request->now)};
	Context context = {0};
	CachedPayload *cached;

	if (request_given(request, CONTEXT))
		context_read(&context, &DatumGetJsonbP(request->params.values[FIELD_PARAM(CONTEXT)])->root);
	cached = environment_payload_pin(request);
	PG_TRY();
	{
		flags_state_append(request->response, cached_payload(cached),
						   environment_payload_all(cached), &context, &options);
		payload_cache_settle(cached);
	}
	PG_FINALLY();
	{
		payload_cache_unpin(cached);
	}
	PG_END_TRY();
}
