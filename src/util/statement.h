/*
 * statement.h
 *	  Prepared statements kept per backend: the only door to the tables.
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

/* The most parameters that a statement takes, and columns that it answers. */
#define PARAMS_MAX	48
#define COLUMNS_MAX 32

/*
 * A statement: its text, and its plan once it has been prepared in this
 * backend.  Parameters are of plain types, so that the engine checks the domains.
 */
typedef struct Statement
{
	const char *text;
	SPIPlanPtr plan;
	int params; /* how many it was prepared with */
	uint64 uses;
	uint64 new_plans_at; /* so many uses; four times as many the next time */
} Statement;

#define STATEMENT(name, sql) static Statement name = {sql, NULL, 0, 0, NEW_PLANS_FIRST_AT}

/* The parameters of a statement, $1 first. */
typedef struct Params
{
	int count;
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

/* What a statement answered; good until the call ends. */
typedef struct Rows
{
	uint64 count;
	SPITupleTable *table;
} Rows;

/* One row, taken apart. */
typedef struct Row
{
	Datum values[COLUMNS_MAX];
	bool nulls[COLUMNS_MAX];
} Row;

extern int params_add(Params *params, Oid type, Datum value, bool isnull);
extern int params_text(Params *params, const char *value);
extern int params_bigint(Params *params, int64 value);
extern int params_integer(Params *params, int32 value);
extern int params_boolean(Params *params, bool value);
extern int params_time(Params *params, TimestampTz value);
extern int params_bytes(Params *params, const void *bytes, int length);

extern Rows statement_run(Statement *statement, const Params *params, StatementMode mode);
extern void row_read(const Rows *rows, uint64 number, Row *row);

extern char *row_string(const Row *row, int column);
extern int64 row_bigint(const Row *row, int column);
extern int32 row_integer(const Row *row, int column);
extern bool row_boolean(const Row *row, int column);
extern TimestampTz row_time(const Row *row, int column);
extern ArrayType *row_array(const Row *row, int column);
extern char *row_jsonb(const Row *row, int column);
extern char *row_uuid(const Row *row, int column);
extern bytea *row_bytes(const Row *row, int column);

extern void statement_begin(void);
extern void statement_end(void);

#endif /* FLAGPLANE_STATEMENT_H */
