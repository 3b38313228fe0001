/*
 * operationlist.h
 *	  THE TABLE: every operation, once.
 *
 * OPERATION(name, .member = value, ...) sets members of Operation.  The SQL function is
 * called like it, its fields are <name>_fields and its work is the C function do_<name>,
 * both in the resource's file; its SQL line is in schema/functions.sql.  Without .method
 * and .path it has no REST request; .check holds rules between fields; .precompute may
 * write the answer before the work.  .whole_account marks what reaches beyond single
 * projects, GENERATES_SECRET a kind whose answer may show a secret once.  No
 * include guard: the rows are read once for each use.
 */
#ifdef OPERATION
/* Accounts */
OPERATION(create_account, .scope = ROLE_ONLY, .whole_account = true, .status = 201,
		  .dialect = LAUNCHDARKLY, .kind = CHANGES, .subject = "account")
OPERATION(list_accounts, .scope = ROLE_ONLY, .whole_account = true, .status = 200,
		  .dialect = LAUNCHDARKLY, .kind = READS, .subject = "account")

/* The caller */
OPERATION(whoami, .method = "GET", .path = "/v1/whoami", .scope = SCOPE_NONE, .status = 200,
		  .dialect = LAYERS, .kind = READS, .subject = "caller")
OPERATION(get_caller_identity, .method = "GET", .path = "/api/v2/caller-identity",
		  .scope = SCOPE_NONE, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "caller identity")

/* Members and access tokens */
OPERATION(create_member, .scope = TOKENS_ADMIN, .whole_account = true, .status = 201,
		  .dialect = LAUNCHDARKLY, .kind = CHANGES, .subject = "member")
OPERATION(create_members, .method = "POST", .path = "/api/v2/members", .scope = TOKENS_ADMIN,
		  .whole_account = true, .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "member", .check = check_create_members)
OPERATION(get_member, .method = "GET", .path = "/api/v2/members/:id", .scope = TOKENS_ADMIN,
		  .whole_account = true, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "member")
OPERATION(list_members, .method = "GET", .path = "/api/v2/members", .scope = TOKENS_ADMIN,
		  .whole_account = true, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "member", .check = check_list_members)
OPERATION(create_access_token, .method = "POST", .path = "/api/v2/tokens", .scope = TOKENS_ADMIN,
		  .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES | GENERATES_SECRET,
		  .subject = "access token", .check = check_create_access_token)
OPERATION(get_access_token, .method = "GET", .path = "/api/v2/tokens/:id", .scope = TOKENS_ADMIN,
		  .status = 200, .dialect = LAUNCHDARKLY, .kind = READS, .subject = "access token")
OPERATION(list_access_tokens, .method = "GET", .path = "/api/v2/tokens", .scope = TOKENS_ADMIN,
		  .status = 200, .dialect = LAUNCHDARKLY, .kind = READS, .subject = "access token")
OPERATION(update_access_token, .method = "PATCH", .path = "/api/v2/tokens/:id",
		  .scope = TOKENS_ADMIN, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "access token")
OPERATION(delete_access_token, .method = "DELETE", .path = "/api/v2/tokens/:id",
		  .scope = TOKENS_ADMIN, .status = 204, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "access token")
OPERATION(reset_access_token, .method = "POST", .path = "/api/v2/tokens/:id/reset",
		  .scope = TOKENS_ADMIN, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = CHANGES | GENERATES_SECRET, .subject = "access token")
OPERATION(rotate_access_token, .scope = TOKENS_ADMIN, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = CHANGES | GENERATES_SECRET, .subject = "access token")
OPERATION(set_access_token_tier, .scope = TOKENS_ADMIN, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = CHANGES, .subject = "access token")
OPERATION(revoke_access_token, .scope = TOKENS_ADMIN, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = CHANGES, .subject = "access token")
OPERATION(kill_access_token, .scope = TOKENS_ADMIN, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = CHANGES, .subject = "access token")

/* Projects */
OPERATION(create_project, .method = "POST", .path = "/api/v2/projects", .scope = PROJECTS_WRITE,
		  .whole_account = true, .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "project", .check = check_create_project)
OPERATION(get_project, .method = "GET", .path = "/api/v2/projects/:projectKey",
		  .scope = PROJECTS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "project")
OPERATION(list_projects, .method = "GET", .path = "/api/v2/projects", .scope = PROJECTS_READ,
		  .status = 200, .dialect = LAUNCHDARKLY, .kind = READS, .subject = "project",
		  .check = check_list_projects)
OPERATION(update_project, .method = "PATCH", .path = "/api/v2/projects/:projectKey",
		  .scope = PROJECTS_WRITE, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "project")
OPERATION(delete_project, .method = "DELETE", .path = "/api/v2/projects/:projectKey",
		  .scope = PROJECTS_WRITE, .status = 204, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "project")

/* Environments */
OPERATION(create_environment, .method = "POST", .path = "/api/v2/projects/:projectKey/environments",
		  .scope = PROJECTS_WRITE, .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "environment", .check = check_create_environment,
		  .precompute = precompute_create_environment)
OPERATION(get_environment, .method = "GET",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey",
		  .scope = PROJECTS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "environment")
OPERATION(list_environments, .method = "GET", .path = "/api/v2/projects/:projectKey/environments",
		  .scope = PROJECTS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "environment", .check = check_list_environments)
OPERATION(update_environment, .method = "PATCH",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey",
		  .scope = PROJECTS_WRITE, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "environment")
OPERATION(delete_environment, .method = "DELETE",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey",
		  .scope = PROJECTS_WRITE, .status = 204, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "environment")
OPERATION(reset_environment_sdk_key, .method = "POST",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey/apiKey",
		  .scope = PROJECTS_WRITE, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "environment")
OPERATION(reset_environment_mobile_key, .method = "POST",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey/mobileKey",
		  .scope = PROJECTS_WRITE, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "environment")
OPERATION(create_sdk_key, .method = "POST",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey/sdk-keys",
		  .scope = PROJECTS_WRITE, .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "SDK key")
OPERATION(list_sdk_keys, .method = "GET",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey/sdk-keys",
		  .scope = PROJECTS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "SDK key")
OPERATION(delete_sdk_key, .method = "DELETE",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey/sdk-keys/:name",
		  .scope = PROJECTS_WRITE, .status = 204, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "SDK key")
OPERATION(resolve_environment_key, .scope = PROJECTS_READ, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = READS, .subject = "environment")
OPERATION(touch_environment, .scope = FLAGS_WRITE, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = CHANGES, .subject = "environment")
OPERATION(import_environment, .method = "POST",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey/import",
		  .scope = FLAGS_WRITE, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "environment import", .check = check_import_environment)
OPERATION(payload, .scope = FLAGS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "environment")
OPERATION(all_flags_state, .scope = FLAGS_READ, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = READS, .subject = "environment")

/* Flags */
OPERATION(create_flag, .method = "POST", .path = "/api/v2/flags/:projectKey", .scope = FLAGS_WRITE,
		  .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES, .subject = "flag",
		  .check = check_create_flag)
OPERATION(get_flag, .method = "GET", .path = "/api/v2/flags/:projectKey/:featureFlagKey",
		  .scope = FLAGS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "flag")
OPERATION(list_flags, .method = "GET", .path = "/api/v2/flags/:projectKey", .scope = FLAGS_READ,
		  .status = 200, .dialect = LAUNCHDARKLY, .kind = READS, .subject = "flag",
		  .check = check_list_flags)
OPERATION(update_flag, .method = "PATCH", .path = "/api/v2/flags/:projectKey/:featureFlagKey",
		  .scope = FLAGS_WRITE, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "flag")
OPERATION(delete_flag, .method = "DELETE", .path = "/api/v2/flags/:projectKey/:featureFlagKey",
		  .scope = FLAGS_WRITE, .status = 204, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "flag")

/* Segments */
OPERATION(create_segment, .method = "POST", .path = "/api/v2/segments/:projectKey/:environmentKey",
		  .scope = FLAGS_WRITE, .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "segment", .check = check_create_segment)
OPERATION(get_segment, .method = "GET",
		  .path = "/api/v2/segments/:projectKey/:environmentKey/:segmentKey", .scope = FLAGS_READ,
		  .status = 200, .dialect = LAUNCHDARKLY, .kind = READS, .subject = "segment")
OPERATION(list_segments, .method = "GET", .path = "/api/v2/segments/:projectKey/:environmentKey",
		  .scope = FLAGS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "segment", .check = check_list_segments)
OPERATION(update_segment, .method = "PATCH",
		  .path = "/api/v2/segments/:projectKey/:environmentKey/:segmentKey", .scope = FLAGS_WRITE,
		  .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES, .subject = "segment")
OPERATION(delete_segment, .method = "DELETE",
		  .path = "/api/v2/segments/:projectKey/:environmentKey/:segmentKey", .scope = FLAGS_WRITE,
		  .status = 204, .dialect = LAUNCHDARKLY, .kind = CHANGES, .subject = "segment")

/* Flag links */
OPERATION(create_flag_link, .method = "POST",
		  .path = "/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey",
		  .scope = FLAGS_WRITE, .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "flag link", .check = check_create_flag_link,
		  .precompute = precompute_create_flag_link)
OPERATION(get_flag_link, .method = "GET",
		  .path = "/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey/:id",
		  .scope = FLAGS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "flag link")
OPERATION(list_flag_links, .method = "GET",
		  .path = "/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey",
		  .scope = FLAGS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "flag link")
OPERATION(update_flag_link, .method = "PATCH",
		  .path = "/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey/:id",
		  .scope = FLAGS_WRITE, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "flag link")
OPERATION(delete_flag_link, .method = "DELETE",
		  .path = "/api/v2/flag-links/projects/:projectKey/flags/:featureFlagKey/:id",
		  .scope = FLAGS_WRITE, .status = 204, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "flag link")
OPERATION(register_integration, .scope = FLAGS_WRITE, .whole_account = true, .status = 201,
		  .dialect = LAUNCHDARKLY, .kind = CHANGES, .subject = "integration",
		  .check = check_register_integration)

/* Layers */
OPERATION(create_layer, .method = "POST", .path = "/api/v2/projects/:projectKey/layers",
		  .scope = LAYERS_WRITE, .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "layer", .precompute = precompute_create_layer)
OPERATION(get_layer, .method = "GET", .path = "/api/v2/projects/:projectKey/layers/:layerKey",
		  .scope = LAYERS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "layer")
OPERATION(list_layers, .method = "GET", .path = "/api/v2/projects/:projectKey/layers",
		  .scope = LAYERS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "layer", .check = check_list_layers)
OPERATION(update_layer, .method = "PATCH", .path = "/api/v2/projects/:projectKey/layers/:layerKey",
		  .scope = LAYERS_WRITE, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "layer", .check = check_update_layer)
OPERATION(delete_layer, .method = "DELETE", .path = "/api/v2/projects/:projectKey/layers/:layerKey",
		  .scope = LAYERS_WRITE, .status = 204, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "layer")

/* Experiments */
OPERATION(create_experiment, .method = "POST",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey/experiments",
		  .scope = LAYERS_WRITE, .status = 201, .dialect = LAUNCHDARKLY, .kind = CHANGES,
		  .subject = "experiment", .check = check_create_experiment)
OPERATION(
	get_experiment, .method = "GET",
	.path = "/api/v2/projects/:projectKey/environments/:environmentKey/experiments/:experimentKey",
	.scope = LAYERS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
	.subject = "experiment")
OPERATION(list_experiments, .method = "GET",
		  .path = "/api/v2/projects/:projectKey/environments/:environmentKey/experiments",
		  .scope = LAYERS_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "experiment", .check = check_list_experiments)
OPERATION(
	update_experiment, .method = "PATCH",
	.path = "/api/v2/projects/:projectKey/environments/:environmentKey/experiments/:experimentKey",
	.scope = LAYERS_WRITE, .status = 200, .dialect = LAUNCHDARKLY, .kind = CHANGES,
	.subject = "experiment", .check = check_update_experiment)
OPERATION(start_experiment, .scope = LAYERS_WRITE, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = CHANGES, .subject = "experiment")
OPERATION(stop_experiment, .scope = LAYERS_WRITE, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = CHANGES, .subject = "experiment")
OPERATION(archive_experiment, .scope = LAYERS_WRITE, .status = 200, .dialect = LAUNCHDARKLY,
		  .kind = CHANGES, .subject = "experiment")
OPERATION(
	delete_experiment, .method = "DELETE",
	.path = "/api/v2/projects/:projectKey/environments/:environmentKey/experiments/:experimentKey",
	.scope = LAYERS_WRITE, .status = 204, .dialect = LAUNCHDARKLY, .kind = CHANGES,
	.subject = "experiment")

/* Projects as Layers' Partner API shows them */
OPERATION(get_partner_project, .method = "GET", .path = "/v1/projects/:projectId",
		  .scope = PROJECTS_READ, .status = 200, .dialect = LAYERS, .kind = READS,
		  .subject = "partner project")
OPERATION(list_partner_projects, .method = "GET", .path = "/v1/projects", .scope = PROJECTS_READ,
		  .status = 200, .dialect = LAYERS, .kind = READS, .subject = "partner project")

/* SDK apps */
OPERATION(create_sdk_app, .method = "POST", .path = "/v1/projects/:projectId/sdk-apps",
		  .scope = PROJECTS_WRITE, .status = 201, .dialect = LAYERS,
		  .kind = CHANGES | KEY_REQUIRED | GENERATES_SECRET, .subject = "SDK app",
		  .check = check_create_sdk_app, .precompute = precompute_create_sdk_app)
OPERATION(get_sdk_app, .method = "GET", .path = "/v1/projects/:projectId/sdk-apps/:appId",
		  .scope = PROJECTS_READ, .status = 200, .dialect = LAYERS, .kind = READS,
		  .subject = "SDK app")
OPERATION(list_sdk_apps, .method = "GET", .path = "/v1/projects/:projectId/sdk-apps",
		  .scope = PROJECTS_READ, .status = 200, .dialect = LAYERS, .kind = READS,
		  .subject = "SDK app")
OPERATION(update_sdk_app, .method = "PATCH", .path = "/v1/projects/:projectId/sdk-apps/:appId",
		  .scope = PROJECTS_WRITE, .status = 200, .dialect = LAYERS,
		  .kind = CHANGES | GENERATES_SECRET, .subject = "SDK app", .check = check_update_sdk_app)
OPERATION(delete_sdk_app, .method = "DELETE", .path = "/v1/projects/:projectId/sdk-apps/:appId",
		  .scope = PROJECTS_WRITE, .status = 204, .dialect = LAYERS, .kind = CHANGES,
		  .subject = "SDK app")
OPERATION(authenticate_sdk_app, .scope = PROJECTS_READ, .status = 200, .dialect = LAYERS,
		  .kind = READS, .subject = "SDK app")

/* The audit log */
OPERATION(list_audit_log, .method = "GET", .path = "/api/v2/auditlog", .scope = AUDIT_READ,
		  .status = 200, .dialect = LAUNCHDARKLY, .kind = READS, .subject = "audit log entry")
OPERATION(get_audit_log_entry, .method = "GET", .path = "/api/v2/auditlog/:id", .scope = AUDIT_READ,
		  .status = 200, .dialect = LAUNCHDARKLY, .kind = READS, .subject = "audit log entry")
OPERATION(changes, .scope = AUDIT_READ, .status = 200, .dialect = LAUNCHDARKLY, .kind = READS,
		  .subject = "change")

#endif /* OPERATION */

/* The verbs that the names of changes begin with, and what the audit log says of a change. */
#ifdef VERB
VERB("archive", "archived")
VERB("create", "created")
VERB("delete", "deleted")
VERB("import", "imported into")
VERB("kill", "killed")
VERB("register", "registered")
VERB("reset", "reset")
VERB("revoke", "revoked")
VERB("rotate", "rotated")
VERB("set", "set")
VERB("start", "started")
VERB("stop", "stopped")
VERB("touch", "touched")
VERB("update", "updated")
#endif
