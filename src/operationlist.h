/*
 * operationlist.h
 *	  THE TABLE: every operation, once.
 *
 * A row names the SQL function, the REST method and path (none: NULL), the
 * scope, the success status, the dialect of answers and errors, whether it
 * changes anything, what it is about, and the rules between its fields (none:
 * NULL).  WHOLE_ACCOUNT marks what reaches beyond single projects, GENERATES_SECRET
 * what may answer with a secret that is shown once.  Its fields are <name>_fields and its work is the C function
 * do_<name>, both in the resource's file; its SQL line is in schema/functions.sql.
 * A PRECOMPUTED operation has precompute_<name> as well, which may write its answer before
 * the work.  A row needs no include guard: it is read once for each use.
 */
#if defined(OPERATION) && !defined(PRECOMPUTED)
#define PRECOMPUTED OPERATION
#endif

#ifdef OPERATION
/* Accounts */
OPERATION(create_account, NULL, NULL, ROLE_ONLY | WHOLE_ACCOUNT, 201, LAUNCHDARKLY, CHANGES,
		  "account", NULL)
OPERATION(list_accounts, NULL, NULL, ROLE_ONLY | WHOLE_ACCOUNT, 200, LAUNCHDARKLY, READS, "account",
		  NULL)

/* The caller */
OPERATION(whoami, "GET", "/v1/whoami", SCOPE_NONE, 200, LAYERS, READS, "caller", NULL)
OPERATION(get_caller_identity, "GET", "/api/v2/caller-identity", SCOPE_NONE, 200, LAUNCHDARKLY,
		  READS, "caller identity", NULL)

/* Members and access tokens */
OPERATION(create_member, NULL, NULL, TOKENS_ADMIN | WHOLE_ACCOUNT, 201, LAUNCHDARKLY, CHANGES,
		  "member", NULL)
OPERATION(create_members, "POST", "/api/v2/members", TOKENS_ADMIN | WHOLE_ACCOUNT, 201,
		  LAUNCHDARKLY, CHANGES, "member", check_create_members)
OPERATION(get_member, "GET", "/api/v2/members/:id", TOKENS_ADMIN | WHOLE_ACCOUNT, 200, LAUNCHDARKLY,
		  READS, "member", NULL)
OPERATION(list_members, "GET", "/api/v2/members", TOKENS_ADMIN | WHOLE_ACCOUNT, 200, LAUNCHDARKLY,
		  READS, "member", check_list_members)
OPERATION(create_access_token, "POST", "/api/v2/tokens", TOKENS_ADMIN, 201, LAUNCHDARKLY,
		  CHANGES | GENERATES_SECRET, "access token", check_create_access_token)
OPERATION(get_access_token, "GET", "/api/v2/tokens/:id", TOKENS_ADMIN, 200, LAUNCHDARKLY, READS,
		  "access token", NULL)
OPERATION(list_access_tokens, "GET", "/api/v2/tokens", TOKENS_ADMIN, 200, LAUNCHDARKLY, READS,
		  "access token", NULL)
OPERATION(update_access_token, "PATCH", "/api/v2/tokens/:id", TOKENS_ADMIN, 200, LAUNCHDARKLY,
		  CHANGES, "access token", NULL)
OPERATION(delete_access_token, "DELETE", "/api/v2/tokens/:id", TOKENS_ADMIN, 204, LAUNCHDARKLY,
		  CHANGES, "access token", NULL)
OPERATION(reset_access_token, "POST", "/api/v2/tokens/:id/reset", TOKENS_ADMIN, 200, LAUNCHDARKLY,
		  CHANGES | GENERATES_SECRET, "access token", NULL)
OPERATION(rotate_access_token, NULL, NULL, TOKENS_ADMIN, 200, LAUNCHDARKLY,
		  CHANGES | GENERATES_SECRET, "access token", NULL)
OPERATION(set_access_token_tier, NULL, NULL, TOKENS_ADMIN, 200, LAUNCHDARKLY, CHANGES,
		  "access token", NULL)
OPERATION(revoke_access_token, NULL, NULL, TOKENS_ADMIN, 200, LAUNCHDARKLY, CHANGES, "access token",
		  NULL)
OPERATION(kill_access_token, NULL, NULL, TOKENS_ADMIN, 200, LAUNCHDARKLY, CHANGES, "access token",
		  NULL)

/* Projects */
OPERATION(create_project, "POST", "/api/v2/projects", PROJECTS_WRITE | WHOLE_ACCOUNT, 201,
		  LAUNCHDARKLY, CHANGES, "project", check_create_project)
OPERATION(get_project, "GET", "/api/v2/projects/:projectKey", PROJECTS_READ, 200, LAUNCHDARKLY,
		  READS, "project", NULL)
OPERATION(list_projects, "GET", "/api/v2/projects", PROJECTS_READ, 200, LAUNCHDARKLY, READS,
		  "project", check_list_projects)
OPERATION(update_project, "PATCH", "/api/v2/projects/:projectKey", PROJECTS_WRITE, 200,
		  LAUNCHDARKLY, CHANGES, "project", NULL)
OPERATION(delete_project, "DELETE", "/api/v2/projects/:projectKey", PROJECTS_WRITE, 204,
		  LAUNCHDARKLY, CHANGES, "project", NULL)

/* Environments */
PRECOMPUTED(create_environment, "POST", "/api/v2/projects/:projectKey/environments", PROJECTS_WRITE,
			201, LAUNCHDARKLY, CHANGES, "environment", check_create_environment)
OPERATION(get_environment, "GET", "/api/v2/projects/:projectKey/environments/:environmentKey",
		  PROJECTS_READ, 200, LAUNCHDARKLY, READS, "environment", NULL)
OPERATION(list_environments, "GET", "/api/v2/projects/:projectKey/environments", PROJECTS_READ, 200,
		  LAUNCHDARKLY, READS, "environment", check_list_environments)
OPERATION(update_environment, "PATCH", "/api/v2/projects/:projectKey/environments/:environmentKey",
		  PROJECTS_WRITE, 200, LAUNCHDARKLY, CHANGES, "environment", NULL)
OPERATION(delete_environment, "DELETE", "/api/v2/projects/:projectKey/environments/:environmentKey",
		  PROJECTS_WRITE, 204, LAUNCHDARKLY, CHANGES, "environment", NULL)
OPERATION(reset_environment_sdk_key, "POST",
		  "/api/v2/projects/:projectKey/environments/:environmentKey/apiKey", PROJECTS_WRITE, 200,
		  LAUNCHDARKLY, CHANGES, "environment", NULL)
OPERATION(reset_environment_mobile_key, "POST",
		  "/api/v2/projects/:projectKey/environments/:environmentKey/mobileKey", PROJECTS_WRITE,
		  200, LAUNCHDARKLY, CHANGES, "environment", NULL)
OPERATION(resolve_environment_key, NULL, NULL, PROJECTS_READ, 200, LAUNCHDARKLY, READS,
		  "environment", NULL)

/* Flags */
OPERATION(create_flag, "POST", "/api/v2/flags/:projectKey", FLAGS_WRITE, 201, LAUNCHDARKLY, CHANGES,
		  "flag", check_create_flag)
OPERATION(get_flag, "GET", "/api/v2/flags/:projectKey/:featureFlagKey", FLAGS_READ, 200,
		  LAUNCHDARKLY, READS, "flag", NULL)
OPERATION(list_flags, "GET", "/api/v2/flags/:projectKey", FLAGS_READ, 200, LAUNCHDARKLY, READS,
		  "flag", check_list_flags)
OPERATION(update_flag, "PATCH", "/api/v2/flags/:projectKey/:featureFlagKey", FLAGS_WRITE, 200,
		  LAUNCHDARKLY, CHANGES, "flag", NULL)
OPERATION(delete_flag, "DELETE", "/api/v2/flags/:projectKey/:featureFlagKey", FLAGS_WRITE, 204,
		  LAUNCHDARKLY, CHANGES, "flag", NULL)

/* Flag links */
PRECOMPUTED(create_flag_link, "POST",
			"/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey", FLAGS_WRITE, 201,
			LAUNCHDARKLY, CHANGES, "flag link", check_create_flag_link)
OPERATION(get_flag_link, "GET", "/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey/:id",
		  FLAGS_READ, 200, LAUNCHDARKLY, READS, "flag link", NULL)
OPERATION(list_flag_links, "GET", "/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey",
		  FLAGS_READ, 200, LAUNCHDARKLY, READS, "flag link", NULL)
OPERATION(update_flag_link, "PATCH",
		  "/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey/:id", FLAGS_WRITE, 200,
		  LAUNCHDARKLY, CHANGES, "flag link", NULL)
OPERATION(delete_flag_link, "DELETE",
		  "/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey/:id", FLAGS_WRITE, 204,
		  LAUNCHDARKLY, CHANGES, "flag link", NULL)
OPERATION(register_integration, NULL, NULL, FLAGS_WRITE | WHOLE_ACCOUNT, 201, LAUNCHDARKLY, CHANGES,
		  "integration", check_register_integration)

/* Layers */
PRECOMPUTED(create_layer, "POST", "/api/v2/projects/:projectKey/layers", LAYERS_WRITE, 201,
			LAUNCHDARKLY, CHANGES, "layer", NULL)
OPERATION(get_layer, "GET", "/api/v2/projects/:projectKey/layers/:layerKey", LAYERS_READ, 200,
		  LAUNCHDARKLY, READS, "layer", NULL)
OPERATION(check_layer, NULL, NULL, LAYERS_READ, 200, LAUNCHDARKLY, READS, "layer", NULL)
OPERATION(list_layers, "GET", "/api/v2/projects/:projectKey/layers", LAYERS_READ, 200, LAUNCHDARKLY,
		  READS, "layer", check_list_layers)
OPERATION(update_layer, "PATCH", "/api/v2/projects/:projectKey/layers/:layerKey", LAYERS_WRITE, 200,
		  LAUNCHDARKLY, CHANGES, "layer", check_update_layer)
OPERATION(delete_layer, "DELETE", "/api/v2/projects/:projectKey/layers/:layerKey", LAYERS_WRITE,
		  204, LAUNCHDARKLY, CHANGES, "layer", NULL)

/* Experiments */
OPERATION(create_experiment, "POST",
		  "/api/v2/projects/:projectKey/environments/:environmentKey/experiments", LAYERS_WRITE,
		  201, LAUNCHDARKLY, CHANGES, "experiment", check_create_experiment)
OPERATION(get_experiment, "GET",
		  "/api/v2/projects/:projectKey/environments/:environmentKey/experiments/:experimentKey",
		  LAYERS_READ, 200, LAUNCHDARKLY, READS, "experiment", NULL)
OPERATION(list_experiments, "GET",
		  "/api/v2/projects/:projectKey/environments/:environmentKey/experiments", LAYERS_READ, 200,
		  LAUNCHDARKLY, READS, "experiment", check_list_experiments)
OPERATION(update_experiment, "PATCH",
		  "/api/v2/projects/:projectKey/environments/:environmentKey/experiments/:experimentKey",
		  LAYERS_WRITE, 200, LAUNCHDARKLY, CHANGES, "experiment", check_update_experiment)
OPERATION(start_experiment, NULL, NULL, LAYERS_WRITE, 200, LAUNCHDARKLY, CHANGES, "experiment",
		  NULL)
OPERATION(stop_experiment, NULL, NULL, LAYERS_WRITE, 200, LAUNCHDARKLY, CHANGES, "experiment", NULL)
OPERATION(archive_experiment, NULL, NULL, LAYERS_WRITE, 200, LAUNCHDARKLY, CHANGES, "experiment",
		  NULL)
OPERATION(delete_experiment, "DELETE",
		  "/api/v2/projects/:projectKey/environments/:environmentKey/experiments/:experimentKey",
		  LAYERS_WRITE, 204, LAUNCHDARKLY, CHANGES, "experiment", NULL)

/* Projects as Layers' Partner API shows them */
OPERATION(get_partner_project, "GET", "/v1/projects/:projectId", PROJECTS_READ, 200, LAYERS, READS,
		  "partner project", NULL)
OPERATION(list_partner_projects, "GET", "/v1/projects", PROJECTS_READ, 200, LAYERS, READS,
		  "partner project", NULL)

/* SDK apps */
PRECOMPUTED(create_sdk_app, "POST", "/v1/projects/:projectId/sdk-apps", PROJECTS_WRITE, 201, LAYERS,
			CHANGES | KEY_REQUIRED | GENERATES_SECRET, "SDK app", check_create_sdk_app)
OPERATION(get_sdk_app, "GET", "/v1/projects/:projectId/sdk-apps/:appId", PROJECTS_READ, 200, LAYERS,
		  READS, "SDK app", NULL)
OPERATION(list_sdk_apps, "GET", "/v1/projects/:projectId/sdk-apps", PROJECTS_READ, 200, LAYERS,
		  READS, "SDK app", NULL)
OPERATION(update_sdk_app, "PATCH", "/v1/projects/:projectId/sdk-apps/:appId", PROJECTS_WRITE, 200,
		  LAYERS, CHANGES | GENERATES_SECRET, "SDK app", check_update_sdk_app)
OPERATION(delete_sdk_app, "DELETE", "/v1/projects/:projectId/sdk-apps/:appId", PROJECTS_WRITE, 204,
		  LAYERS, CHANGES, "SDK app", NULL)
OPERATION(authenticate_sdk_app, NULL, NULL, PROJECTS_READ, 200, LAYERS, READS, "SDK app", NULL)

/* The audit log */
OPERATION(list_audit_log, "GET", "/api/v2/auditlog", AUDIT_READ, 200, LAUNCHDARKLY, READS,
		  "audit log entry", NULL)
OPERATION(get_audit_log_entry, "GET", "/api/v2/auditlog/:id", AUDIT_READ, 200, LAUNCHDARKLY, READS,
		  "audit log entry", NULL)
OPERATION(changes, NULL, NULL, AUDIT_READ, 200, LAUNCHDARKLY, READS, "change", NULL)

#undef PRECOMPUTED
#endif /* OPERATION */

/* The verbs that the names of changes begin with, and what the audit log says of a change. */
#ifdef VERB
VERB("archive", "archived")
VERB("create", "created")
VERB("delete", "deleted")
VERB("kill", "killed")
VERB("register", "registered")
VERB("reset", "reset")
VERB("revoke", "revoked")
VERB("rotate", "rotated")
VERB("set", "set")
VERB("start", "started")
VERB("stop", "stopped")
VERB("update", "updated")
#endif
