/*
 * compat.h
 *	  Differences between server versions 15 to 19.
 *
 * This is the only file that asks for the version; what differs gets one name
 * here, and the rest of the code is written as if there were one server.
 *
 * This folder has what other folders build on: statements, JSON, documents, errors, ids.
 * It must not know the domain: no account, caller, request or flag, and no table.
 */
#ifndef FLAGPLANE_COMPAT_H
#define FLAGPLANE_COMPAT_H

#include "postgres.h"

#include "catalog/pg_namespace.h"
#include "common/jsonapi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "storage/proc.h"
#include "utils/acl.h"

/* postgres.h has what reads varlena values itself before 16, and not any more from 19 on. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 200000
#error "flagplane is written for PostgreSQL 15 to 19"
#endif

/* 18 spells the attribute as a keyword before the declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* 18 lets a library name itself and its version. */
#ifdef PG_MODULE_MAGIC_EXT
#define FLAGPLANE_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "flagplane", .version = FLAGPLANE_VERSION)
#else
#define FLAGPLANE_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/*
 * may_use_schema tells whether a role has USAGE on a schema.
 */
static inline bool
may_use_schema(Oid schema, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK;
#endif
}

/*
 * local_transaction_id tells the transactions of this backend apart; unlike an id of the
 * server's it costs nothing to have.
 */
static inline LocalTransactionId
local_transaction_id(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/*
 * json_lexer makes a lexer over len bytes of JSON in the database encoding,
 * which reads escapes in strings.
 */
static inline JsonLexContext *
json_lexer(const char *json, int len)
{
#if PG_VERSION_NUM >= 170000
	return makeJsonLexContextCstringLen(NULL, json, len, GetDatabaseEncoding(), true);
#else
	return makeJsonLexContextCstringLen(unconstify(char *, json), len, GetDatabaseEncoding(), true);
#endif
}

#endif /* FLAGPLANE_COMPAT_H */
