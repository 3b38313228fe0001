/*
 * request.h
 *	  One call: the operation, the caller, the values, and the response.
 *
 * SQL arguments and JSON bodies fill the same parameters, which the operation's
 * statements name: :account_id, the operation's fields, and what the operation binds.
 */
#ifndef FLAGPLANE_REQUEST_H
#define FLAGPLANE_REQUEST_H

#include "util/compat.h"

#include "util/error.h"
#include "util/id.h"
#include "util/statement.h"

struct InstructionKind;
struct Request;

/* What a caller may do; a scope is a bit. */
typedef enum Scope
{
	SCOPE_NONE = 0, /* any authenticated caller */
	PROJECTS_READ = 1 << 0,
	PROJECTS_WRITE = 1 << 1,
	FLAGS_READ = 1 << 2,
	FLAGS_WRITE = 1 << 3,
	LAYERS_READ = 1 << 4,
	LAYERS_WRITE = 1 << 5,
	TOKENS_ADMIN = 1 << 6,
	AUDIT_READ = 1 << 7,
	SCOPE_ALL = (1 << 8) - 1,
	ROLE_ONLY = 1 << 8 /* no token has it: database roles with rights on the data only */
} Scope;

typedef enum FieldType
{
	FIELD_TEXT,
	FIELD_INTEGER,
	FIELD_BIGINT,
	FIELD_BOOLEAN,
	FIELD_TEXTS,
	FIELD_JSON,
	FIELD_TIME,		 /* in SQL a timestamptz, in JSON Unix milliseconds */
	FIELD_INTERVAL,	 /* outside of REST only */
	FIELD_PROJECT_ID /* prj_<uuid> or the UUID; outside of REST the project's key too */
} FieldType;

typedef enum FieldPlace
{
	IN_BODY,
	IN_PATH,
	IN_QUERY,
	AS_BODY /* the whole body is its value */
} FieldPlace;

/* The rules for a value; min and max are a length or a range. */
typedef enum FieldRule
{
	RULE_NONE,
	RULE_LENGTH,   /* min to max characters */
	RULE_NAME,	   /* the same, in one line that can be seen: see util/visible.c */
	RULE_RANGE,	   /* min to max */
	RULE_KEY,	   /* letters, digits, '_', '.', '-'; starts with a letter or digit */
	RULE_FLAG_KEY, /* RULE_KEY, for what SDKs keep by its key: flags and segments */
	RULE_COLOR,	   /* six hexadecimal digits */
	RULE_TAGS,	   /* each 1 to 64 of the key's characters; double ones are dropped */
	RULE_URL,	   /* absolute http or https URL */
	RULE_ONE_OF,   /* one of choices */
	RULE_SOME_OF,  /* each element one of choices */
	RULE_EMAIL,
	RULE_DOMAIN, /* a bare host name; folded to lower case */
	RULE_APP_ID, /* letters, digits, '-', '_', in parts joined by dots */
	RULE_OBJECT, /* a JSON object */
	RULE_LIST	 /* values joined by commas, each one of choices if there are any */
} FieldRule;

/* A field: its two names, its type and its rule. */
typedef struct Field
{
	const char *name;	   /* in SQL and over /rpc: default_ttl */
	const char *json_name; /* in the documented requests: defaultTtl */
	FieldType type;
	FieldPlace place;
	bool required;
	FieldRule rule;
	int64 min;
	int64 max; /* of a field that contains JSON: bytes, if it may be larger than others */
	const char *const *choices;
	const char *fallback;				 /* the default, as SQL writes it; absent means NULL */
	const struct InstructionKind *kinds; /* of a list of instructions; NULL for all other fields */
} Field;

/* A field by its two names and its type; what else it has is named: .required = true. */
#define FIELD(sql_name, rest_name, field_type, ...)                               \
	{                                                                             \
		.name = sql_name, .json_name = rest_name, .type = field_type, __VA_ARGS__ \
	}

#define FIELDS_END   \
	{                \
		.name = NULL \
	}
#define FIELDS_MAX 24

/* What an operation does; marks that go together are bits. */
typedef enum OperationKind
{
	READS = 0,				   /* changes nothing; STABLE in SQL */
	CHANGES = 1 << 0,		   /* accepts an idempotency key */
	KEY_REQUIRED = 1 << 1,	   /* and must be given one by a REST request */
	GENERATES_SECRET = 1 << 2, /* and may return a secret that is shown once */
} OperationKind;

/* The number of an operation that is no row of the table: also of one that says nothing of it. */
#define NOT_IN_THE_TABLE 0

/* An operation, described once; the rows are in operationlist.h. */
typedef struct Operation
{
	const char *name;
	const char *method; /* NULL: not reachable by REST */
	const char *path;
	int scope;
	bool
		whole_account; /* it concerns more than single projects: refused to tokens limited to some */
	int status;
	Dialect dialect;
	int kind;			 /* bits of OperationKind */
	const char *subject; /* what it is about: "layer" */
	const Field *fields;
	void (*check)(struct Request *request);		 /* rules between fields; may be NULL */
	void (*precompute)(struct Request *request); /* the response before the work; may be NULL */
	void (*run)(struct Request *request);
	int number; /* its place in the table, counted from 1, or NOT_IN_THE_TABLE */
} Operation;

/* How many calls a token may make; the numbers are in rate_limit.c. */
typedef enum RateTier
{
	TIER_STANDARD,
	TIER_PILOT,
	TIER_PARTNER
} RateTier;

/* The caller. */
typedef struct Caller
{
	int64 account;	 /* 0: an account that has no rows yet */
	char actor[96];	 /* "token:<id>" or "role:<name>"; who an idempotency key belongs to */
	char *token_id;	 /* NULL for a database role */
	char *member_id; /* NULL if the token belongs to none */
	int scopes;
	bool all_projects;		/* false: only those named for the token */
	TimestampTz good_until; /* when the token, or the secret it came with, expires */
	RateTier tier;			/* of the token */
	uint64 limit_key;		/* what its rate limits are found by */
} Caller;

/* A part of the response that must not be stored everywhere. */
typedef struct SecretSpan
{
	int start;
	int length;
	bool once; /* shown once: not stored with the idempotency key either */
} SecretSpan;

/* The server that has the account's rows, where Citus has the tables, and its transaction. */
typedef struct RowServer
{
	bool known;
	FullTransactionId xid;
	int64 system;
	int64 timeline;
} RowServer;

typedef struct Request
{
	const Operation *operation;
	bool rest; /* a REST request: fields go by their JSON name */

	/* filled by the API */
	const char *token;				   /* NULL: the database role decides */
	const char *idempotency_key;	   /* as given; NULL if absent */
	const pg_uuid_t *idempotency_uuid; /* as an argument, which counts first; NULL if absent */
	const char *if_match;			   /* the versions it is for, as given; NULL if absent */
	void (*read_fields)(struct Request *request);
	void *source;

	/* filled on the way */
	Caller caller;
	StatementMode mode;
	Params params;
	Violations violations;
	bool broken[FIELDS_MAX]; /* by field: it has a violation already */
	bool passed[FIELDS_MAX]; /* by field: its rule is not checked */
	char *project_key;		 /* a project given by its key where an id is usual */
	TimestampTz now;		 /* start of the transaction */
	char id[REQUEST_ID_LENGTH + 1];
	bool keyed; /* an idempotency key was given: */
	pg_uuid_t key;
	uint8 key_hash[32];		/* what the key is stored as */
	uint8 request_hash[32]; /* of the request's canonical form */
	uint8 salt[16];			/* what once-shown secrets are derived with */
	bool precomputed;		/* the response is there before the work */
	bool replayed;

	void *state; /* what was found for the operation's run before it */

	/* the response */
	StringInfo response; /* in the memory of the API's caller; empty for 204 */
	StringInfo location; /* likewise; empty if nothing was created */
	int version;		 /* for the ETag; 0 if none */
	bool composed;		 /* it shows more than what the version is of, as a list does */
	int secret_count;
	int secret_room;
	SecretSpan *secrets;

	int page_ended_at; /* a page of a list was full after so many items; 0 if it was not */

	/* for the audit log */
	RowServer server;	   /* if a statement of the request has told it */
	pg_uuid_t *project_id; /* if known; must be where no field names the project that is there */
	char *target;		   /* the resource: proj/default:layer/checkout */
	char *before;
	char *comment;	/* the caller's; NULL if there is none */
	bool unchanged; /* a change that changes nothing leaves no row */
} Request;

/* The parameters of the fields follow :account_id. */
#define FIELD_PARAM(index) ((index) + 1)

extern bool request_given(const Request *request, int field);
extern char *request_string(const Request *request, int field);
extern int32 request_integer(const Request *request, int field);
extern int64 request_bigint(const Request *request, int field);
extern bool request_boolean(const Request *request, int field);
extern ArrayType *request_array(const Request *request, int field);
extern Rows request_run(Request *request, Statement *statement);
extern void
request_secret(Request *request, const char *key, const char *prefix, const char *value, bool once);
extern char *request_without_secrets(const Request *request, bool once_only);
extern void request_before(Request *request);
extern void request_reset_response(Request *request);
extern void request_require_version(const Request *request, int version);
extern void request_location(Request *request, const char *format, ...) pg_attribute_printf(2, 3);
extern void request_target(Request *request, const char *format, ...) pg_attribute_printf(2, 3);
extern void
request_violation(Request *request, int field, const char *reason, ...) pg_attribute_printf(3, 4);

#endif /* FLAGPLANE_REQUEST_H */
