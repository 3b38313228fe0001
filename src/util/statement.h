/*
 * statement.h
 *	  Statements that are prepared once per backend: the only access to the tables.
 */
#ifndef FLAGPLANE_STATEMENT_H
#define FLAGPLANE_STATEMENT_H

#include "util/compat.h"

#include "access/htup.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/timestamp.h"

/* After how many uses of a statement plans are made anew for the first time. */
#define NEW_PLANS_FIRST_AT 64

/* The most parameters of a statement, and the most columns of its result. */
#define PARAMS_MAX	48
#define COLUMNS_MAX 32

/* A parameter that a statement names, as :project_id. */
typedef struct StatementParam
{
	const char *name;
	Oid type;
	int found_at;		  /* its place in Params the last time, where it is looked for first, */
	const char *found_as; /* and the very text that named it there */
} StatementParam;

/* How many accounts a statement may have plans of their own for. */
#define ACCOUNT_PLANS 4

/* Where Citus has distributed the tables: a plan for one account, once it is worth it. */
typedef struct AccountPlan
{
	int64 account; /* 0: none yet */
	int uses;
	SPIPlanPtr plan;
} AccountPlan;

/*
 * A statement: its text, and its plan once it has been prepared in this
 * backend.  Parameters are of plain types, so that the engine checks the domains.
 * They stand in the text by name, as :project_id, and are looked up in what the
 * caller has bound; a name that is not bound is an error.
 */
typedef struct Statement
{
	const char *text;
	SPIPlanPtr plan;
	const char *resolved; /* the text with numbers for names; NULL until it was prepared */
	int param_count;
	StatementParam *params; /* in the order of their numbers */
	uint64 uses;
	uint64 new_plans_at; /* so many uses; four times as many the next time */
	bool in_order;		 /* reads the first rows of an index, and must never sort all */
	AccountPlan account_plans[ACCOUNT_PLANS];
} Statement;

#define STATEMENT(name, sql) \
	static Statement name = {.text = sql, .new_plans_at = NEW_PLANS_FIRST_AT}
#define STATEMENT_IN_ORDER(name, sql) \
	static Statement name = {.text = sql, .new_plans_at = NEW_PLANS_FIRST_AT, .in_order = true}

/* What has been bound for statements, by name. */
typedef struct Params
{
	int count;
	const char *names[PARAMS_MAX];
	Oid types[PARAMS_MAX];
	Datum values[PARAMS_MAX];
	char nulls[PARAMS_MAX]; /* 'n' or ' ', as SPI wants it */
} Params;

/* Which snapshot a statement sees. */
typedef enum StatementMode
{
	STATEMENT_READ,	 /* that of the calling query; no writes */
	STATEMENT_WRITE, /* a new one, as READ COMMITTED gives it */
	STATEMENT_LATEST /* all that is committed now, whatever the isolation level */
} StatementMode;

/* What a statement returned; valid until the call ends. */
typedef struct Rows
{
	uint64 count;
	SPITupleTable *table;
} Rows;

/* One row, unpacked. */
typedef struct Row
{
	TupleDesc columns;
	int next; /* the column after the one that was read last */
	Datum values[COLUMNS_MAX];
	bool nulls[COLUMNS_MAX];
} Row;

extern void bind_value(Params *params, const char *name, Oid type, Datum value, bool isnull);
extern void bind_text(Params *params, const char *name, const char *value);
extern void bind_bigint(Params *params, const char *name, int64 value);
extern void bind_integer(Params *params, const char *name, int32 value);
extern void bind_boolean(Params *params, const char *name, bool value);
extern void bind_time(Params *params, const char *name, TimestampTz value);
extern void bind_uuid(Params *params, const char *name, Datum value);
extern void bind_jsonb(Params *params, const char *name, Datum value);
extern void bind_texts(Params *params, const char *name, ArrayType *value);
extern void bind_bytes(Params *params, const char *name, const void *bytes, int length);

extern char *bound_text(const Params *params, const char *name);

extern Rows statement_run(Statement *statement, const Params *params, StatementMode mode);
extern void row_read_start(const Rows *rows, uint64 number, int columns, Row *row);
extern void row_read(const Rows *rows, uint64 number, Row *row);

extern bool row_is_null(Row *row, const char *column);
extern Datum row_get_datum(Row *row, const char *column);
extern char *row_get_string(Row *row, const char *column);
extern int64 row_get_bigint(Row *row, const char *column);
extern int32 row_get_integer(Row *row, const char *column);
extern bool row_get_boolean(Row *row, const char *column);
extern TimestampTz row_get_time(Row *row, const char *column);
extern ArrayType *row_get_array(Row *row, const char *column);
extern char *row_get_jsonb(Row *row, const char *column);
extern char *row_get_uuid(Row *row, const char *column);
extern bytea *row_get_bytes(Row *row, const char *column);

extern SPIPlanPtr statement_prepare(const Statement *statement, const char *text);
extern const char *statement_skip_quoted(const char *at);

extern bool tables_are_distributed(void);
extern uint64 tables_arrangement(void);

extern void statement_begin(void);
extern void statement_end(void);

#endif /* FLAGPLANE_STATEMENT_H */
