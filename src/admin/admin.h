/*
 * admin.h
 *	  What operators call: health, statistics, removal of what expired, distribution.
 *
 * This folder looks at the whole installation, over all accounts, and is called from SQL
 * alone.  It must not know the resources' functions: it reads the catalog, the settings
 * and the tables by statements of its own.
 */
#ifndef FLAGPLANE_ADMIN_H
#define FLAGPLANE_ADMIN_H

#include "api/response.h"
#include "call/caller.h"
#include "fmgr.h"

#endif /* FLAGPLANE_ADMIN_H */
