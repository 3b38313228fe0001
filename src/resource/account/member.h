/*
 * member.h
 *	  What other resources ask of the members of an account.
 */
#ifndef FLAGPLANE_MEMBER_H
#define FLAGPLANE_MEMBER_H

#include "call/request.h"

extern bool member_exists(Request *request, const char *id);
extern void member_require(Request *request, int field);
extern void member_names(Request *request, const char *id, char **first_name, char **last_name);

#endif /* FLAGPLANE_MEMBER_H */
