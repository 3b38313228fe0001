/*
 * ofrep.c
 *	  What OpenFeature's providers ask for, by the protocol OFREP: a flag, or all flags that are for
 *	  the credential that is shown, evaluated for a context.
 *
 * Secure mode wants a hash of the context, which the protocol has no place for: there a
 * client-side id, which everybody can read, opens nothing.
 */
#include "api/ofrep.h"

#include "common/hashfn.h"
#include "resource/environment/ofrep_flags.h"
#include "util/document.h"

#define REQUEST_BYTES_MAX (1024 * 1024)

/* How much of a message and of a flag's key a header has room for, in bytes. */
#define MESSAGE_BYTES_MAX 300
#define KEY_BYTES_MAX	  256

/*
 * read_request reads the context of the request, and refuses to evaluate for a browser in
 * secure mode.
 */
static Jsonb *
read_request(SdkCall *call, Context *context)
{
	int length;
	const char *body;

	if (call->credential == CLIENT_SIDE_ID &&
		sdk_environment_settings(&call->environment)->secure_mode)
		error_raise(ERR_FORBIDDEN,
					"the environment is in secure mode, where a client-side id cannot "
					"be used by this protocol; use an SDK key on a server, a mobile "
					"key, or an SDK of LaunchDarkly with a hash");
	sdk_header(call, "Cache-Control", "no-cache");
	body = exchange_body(call->exchange, REQUEST_BYTES_MAX, &length);
	return ofrep_context_read(body, length, context);
}

/*
 * flag_key is the key of the flag in the path of a request; NULL if there is none, or if
 * no flag can have it.
 */
static char *
flag_key(const Route *route)
{
	return route->parameter_count > 0 ? route_text(&route->parameters[0]) : NULL;
}

/*
 * ofrep_respond_flag responds with a flag. One that is not for the credential is not there.
 */
void
ofrep_respond_flag(SdkCall *call)
{
	char *key = flag_key(&call->exchange->route);
	Context context;

	(void) read_request(call, &context);
	if (key == NULL)
		error_raise(ERR_NOT_FOUND, "there is no such flag");
	ofrep_flag_append(call->exchange->response, &call->environment, call->credential, key,
					  &context);
}

/*
 * etag_of is the entity tag of all flags: of the state of the environment, of the
 * credential and of the whole context, since a provider shows the tag of one context for another
 * one with the same targeting key.
 */
static char *
etag_of(const SdkCall *call, const Jsonb *context)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) &context->root,
									  VARSIZE(context) - VARHDRSZ, call->credential);

	return psprintf("%.*s-%016llx\"", (int) strlen(call->environment.etag) - 1,
					call->environment.etag, (unsigned long long) hash);
}

/*
 * ofrep_respond_flags responds with all flags, or 304 to a provider that has them.
 */
void
ofrep_respond_flags(SdkCall *call)
{
	const char *known = call->headers->if_none_match;
	Context context;
	Jsonb *document = read_request(call, &context);
	char *etag = etag_of(call, document);

	sdk_header(call, "ETag", etag);
	if (known != NULL && names_etag(known, etag))
	{
		call->exchange->status = STATUS_NOT_MODIFIED;
		call->repeated = true;
		return;
	}
	ofrep_flags_append(call->exchange->response, &call->environment, call->credential, &context);
}

/*
 * clipped is a text cut to so many bytes of whole characters.
 */
static char *
clipped(const char *text, int bytes)
{
	int length = strlen(text);

	return pnstrdup(text, length > bytes ? pg_mbcliplen(text, length, bytes) : length);
}

/*
 * ofrep_respond_error writes a refusal. It is short enough for a header too, from which nginx
 * takes it.
 */
void
ofrep_respond_error(Exchange *exchange, ErrorKind kind, const char *message)
{
	StringInfo out = exchange->response;
	const char *code = error_code(kind, OFREP);
	char *key = code ? flag_key(&exchange->route) : NULL;

	document_open(out, '{');
	if (key)
		document_string(out, "key", clipped(key, KEY_BYTES_MAX));
	if (code)
		document_string(out, "errorCode", code);
	document_string(out, "errorDetails", clipped(message, MESSAGE_BYTES_MAX));
	document_close(out, '}');
}
