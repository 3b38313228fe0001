/*
 * resource.h
 *	  The resources: what each offers to the table of operations, and the few
 *	  functions that one asks of another.
 */
#ifndef FLAGPLANE_RESOURCE_H
#define FLAGPLANE_RESOURCE_H

#include "call/request.h"
#include "resource/account/member.h"
#include "resource/project/project.h"
#include "utils/jsonb.h"

#define OPERATION(name, ...)            \
	extern const Field name##_fields[]; \
	extern void do_##name(Request *request);
#include "operationlist.h"
#undef OPERATION

/* The fields that most operations begin with. */
#define PROJECT_KEY_FIELD \
	FIELD("project_key", "projectKey", FIELD_TEXT, .place = IN_PATH, .required = true)
#define ENVIRONMENT_KEY_FIELD \
	FIELD("environment_key", "environmentKey", FIELD_TEXT, .place = IN_PATH, .required = true)
#define FLAG_KEY_FIELD \
	FIELD("flag_key", "featureFlagKey", FIELD_TEXT, .place = IN_PATH, .required = true)
#define PROJECT_ID_FIELD \
	FIELD("project_id", "projectId", FIELD_PROJECT_ID, .place = IN_PATH, .required = true)

/* Lengths that several resources share. */
#define KEY_MAX			256
#define PROJECT_KEY_MAX 100
#define LINK_KEY_MAX	512
#define NAME_MAX_CHARS	256
#define DESCRIPTION_MAX 4096
#define URL_MAX			2048

/* Answers before the work. */
extern void precompute_create_environment(Request *request);
extern void precompute_create_flag_link(Request *request);
extern void precompute_create_layer(Request *request);
extern void precompute_create_sdk_app(Request *request);

/* Rules between the fields of one operation. */
extern void check_create_access_token(Request *request);
extern void check_create_members(Request *request);
extern void check_list_members(Request *request);
extern void check_create_project(Request *request);
extern void check_create_environment(Request *request);
extern void check_create_flag(Request *request);
extern void check_create_segment(Request *request);
extern void check_list_segments(Request *request);
extern void check_create_flag_link(Request *request);
extern void check_register_integration(Request *request);
extern void check_create_sdk_app(Request *request);
extern void check_update_sdk_app(Request *request);
extern void check_list_projects(Request *request);
extern void check_list_environments(Request *request);
extern void check_import_environment(Request *request);
extern void check_list_flags(Request *request);
extern void check_list_experiments(Request *request);
extern void check_create_experiment(Request *request);
extern void check_update_experiment(Request *request);
extern void check_list_layers(Request *request);
extern void check_update_layer(Request *request);

/* experiment.c: what the deletion of a flag asks for; experiment_flag.c: what a change of it does. */
extern void experiments_leave_flag(Request *request, Datum flag_id, const char *flag_key);
extern void experiments_require_flag(Request *request, Datum flag_id, const char *flag_key,
									 const Jsonb *before, const Jsonb *after);
extern void
experiments_require_none(const Request *request, const char *environment_id, ArrayType *flag_keys);

/* member.c: a member whom a field names, and one whose token it is. */
extern void member_require(Request *request, int field);
extern void member_names(Request *request, const char *id, char **first_name, char **last_name);

#endif /* FLAGPLANE_RESOURCE_H */
