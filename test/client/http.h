/*
 * http.h
 *	  As much of HTTP/1.1 as a server behind nginx needs.
 */
#ifndef FLAGPLANE_TEST_HTTP_H
#define FLAGPLANE_TEST_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEADERS_MAX 64

typedef struct HttpRequest
{
	char *text; /* what the rest points into */
	char *method;
	char *path;
	char *query; /* "" if there is none */
	int header_count;
	char *names[HTTP_HEADERS_MAX]; /* in lower case */
	char *values[HTTP_HEADERS_MAX];
	char *body;
	size_t length;
} HttpRequest;

/* A growing text. */
typedef struct Text
{
	char *data;
	size_t length;
	size_t room;
} Text;

extern void text_add(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
extern void text_add_json(Text *text, const char *value);
extern void text_free(Text *text);

extern int http_listen(int port);
extern int http_port(int listener);
extern bool http_read(int connection, HttpRequest *request);
extern const char *http_header(const HttpRequest *request, const char *name);
extern void http_headers_json(const HttpRequest *request, Text *out);
extern char *http_decode(const char *from, size_t length);
extern void http_free(HttpRequest *request);
extern bool http_answer(int connection, const HttpRequest *request, int status, const char *headers,
						const char *body);

#endif /* FLAGPLANE_TEST_HTTP_H */
