/*
 * caller.h
 *	  The caller, what they may do, and the owner context for the work.
 */
#ifndef FLAGPLANE_CALLER_H
#define FLAGPLANE_CALLER_H

#include "call/request.h"

/* The user and settings to return to when the work is done. */
typedef struct OwnerContext
{
	Oid user;
	int security_context;
	int guc_level;
	bool trusted; /* the caller's role has rights on the data */
} OwnerContext;

/* The setting flagplane.account. */
extern char *account_setting;

/* The setting flagplane.role_account, which counts for a role by ALTER ROLE alone. */
#define ROLE_ACCOUNT "flagplane.role_account"
extern char *role_account_setting;

/* The schema of the tables. */
#define DATA_SCHEMA "flagplane_data"

extern void owner_enter(OwnerContext *owner);
extern void owner_leave(const OwnerContext *owner);
extern void owner_require_rights(const OwnerContext *owner, const char *function);
extern void owner_require_monitoring(const OwnerContext *owner, const char *function);

extern void caller_identify(Request *request, const OwnerContext *owner);
extern const char *caller_account_of_role(Oid role);
extern const char *caller_bound_account(Oid role);
extern void caller_require_scope(const Request *request);
extern int caller_project_field(const Operation *operation);
extern void caller_resolve_project(Request *request);
extern void caller_require_project_access(Request *request);

extern bool scope_by_name(const char *name, int *scope);
extern const char *scope_name(Scope scope);

#endif /* FLAGPLANE_CALLER_H */
