/*
 * account_plan.h
 *	  Plans for single accounts, where Citus has distributed the tables.
 */
#ifndef FLAGPLANE_ACCOUNT_PLAN_H
#define FLAGPLANE_ACCOUNT_PLAN_H

#include "util/statement.h"

extern SPIPlanPtr account_plan(Statement *statement, const Datum *values, const char *nulls);

#endif /* FLAGPLANE_ACCOUNT_PLAN_H */
