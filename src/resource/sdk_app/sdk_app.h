/*
 * sdk_app.h
 *	  An SDK app's row and document, for the files that are about SDK apps.
 */
#ifndef FLAGPLANE_SDK_APP_H
#define FLAGPLANE_SDK_APP_H

#include "call/request.h"

#define APP_ID_PREFIX  "app_"
#define APP_KEY_PREFIX "sk_app_"
#define APP_NAME_MAX   128
#define IDENTIFIER_MAX 253

#define SDK_APP_COLUMNS                                                               \
	"a.id, a.name, a.platform, a.bundle_id, a.android_package, a.web_domain, a.capi," \
	" a.created_at, a.rotated_at, a.last_event_at"

typedef struct SdkApp
{
	char *id;
	char *name;
	char *platform;
	char *bundle_id;
	char *android_package;
	char *web_domain;
	char *capi;
	TimestampTz created_at;
	TimestampTz rotated_at;
	TimestampTz last_event_at;
} SdkApp;

/* The identifiers that an app can have, in the order of its fields. */
typedef enum SdkAppIdentifier
{
	BUNDLE_IDENTIFIER,
	ANDROID_IDENTIFIER,
	WEB_IDENTIFIER,
	SDK_APP_IDENTIFIERS
} SdkAppIdentifier;

extern const char *const sdk_app_platforms[];

extern SdkApp sdk_app_of_row(const Rows *rows, uint64 number);
extern void sdk_app_document(StringInfo out, const SdkApp *app);
extern char *sdk_app_id(const Request *request);
extern void sdk_app_check_identifier(Request *request, const char *platform,
									 SdkAppIdentifier identifier, int field, bool whole);

#endif /* FLAGPLANE_SDK_APP_H */
