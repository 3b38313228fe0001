/*
 * response_headers.h
 *	  Headers that every response to the current request has, refused or not.
 */
#ifndef FLAGPLANE_RESPONSE_HEADERS_H
#define FLAGPLANE_RESPONSE_HEADERS_H

#include "util/compat.h"

/* The most headers that every response to a request has. */
#define COMMON_HEADERS_MAX 8

extern void response_headers_begin(void);
extern void response_header_text(const char *name, const char *text);
extern void response_header_number(const char *name, int64 number);
extern int response_header_count(void);
extern const char *response_header_name(int which);
extern const char *response_header_value(int which);

#endif /* FLAGPLANE_RESPONSE_HEADERS_H */
