/*
 * view.h
 *	  The rows of the views, read for one account.
 */
#ifndef FLAGPLANE_VIEW_H
#define FLAGPLANE_VIEW_H

#include "util/statement.h"

/* A view, the scope that it asks for, and the statement that reads its rows. */
typedef struct View
{
	const char *name;
	const char *scope;
	Statement *rows;
} View;

extern const View *view_by_name(const char *name);
extern Rows view_read(const View *view, int64 account, const char *limited_to);

#endif /* FLAGPLANE_VIEW_H */
