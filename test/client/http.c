/*
 * http.c
 *	  As much of HTTP/1.1 as a server behind nginx needs: whole requests with a
 *	  Content-Length, connections that stay open, no pipelining.
 */
#define _GNU_SOURCE
#include "http.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_BYTES_MAX 65536

/*
 * text_room makes room for so many bytes and the NUL.
 */
static void
text_room(Text *text, size_t bytes)
{
	if (text->length + bytes + 1 <= text->room)
		return;
	text->room = (text->length + bytes + 1) * 2;
	text->data = realloc(text->data, text->room);
	if (text->data == NULL)
		abort();
}

/*
 * text_add appends formatted text.
 */
void
text_add(Text *text, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text_room(text, length);
	va_start(args, format);
	vsnprintf(text->data + text->length, length + 1, format, args);
	va_end(args);
	text->length += length;
}

/*
 * text_add_json appends a JSON string.
 */
void
text_add_json(Text *text, const char *value)
{
	text_add(text, "\"");
	for (const char *c = value; *c; c++)
	{
		if (*c == '"' || *c == '\\')
			text_add(text, "\\%c", *c);
		else if ((unsigned char) *c < 0x20)
			text_add(text, "\\u%04x", *c);
		else
			text_add(text, "%c", *c);
	}
	text_add(text, "\"");
}

/*
 * text_free lets go of a text.
 */
void
text_free(Text *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}

/*
 * http_listen opens a port of this machine for itself; 0 lets the kernel choose.
 */
int
http_listen(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int yes = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *) &address, sizeof(address)) != 0 ||
		listen(listener, 64) != 0)
	{
		perror("bridge: listen");
		exit(1);
	}
	return listener;
}

/*
 * http_port is the port that was opened.
 */
int
http_port(int listener)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	getsockname(listener, (struct sockaddr *) &address, &length);
	return ntohs(address.sin_port);
}

/*
 * read_more appends what arrives to the request's text.
 */
static bool
read_more(int connection, Text *text)
{
	ssize_t got;

	text_room(text, 16384);
	got = read(connection, text->data + text->length, 16384);
	if (got <= 0)
		return false;
	text->length += got;
	text->data[text->length] = '\0';
	return true;
}

/*
 * http_read reads a request; false if the connection was closed or sends none.
 */
bool
http_read(int connection, HttpRequest *request)
{
	Text text = {0};
	size_t head;
	char *end = NULL;
	char *rest = NULL;
	char *line;
	const char *length;

	memset(request, 0, sizeof(*request));
	while (end == NULL)
	{
		if (text.length > HEAD_BYTES_MAX || !read_more(connection, &text))
		{
			text_free(&text);
			return false;
		}
		end = memmem(text.data, text.length, "\r\n\r\n", 4);
	}
	head = end - text.data + 4;
	length = strcasestr(text.data, "\r\ncontent-length:");
	if (length && length < end)
		request->length = strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
	while (text.length < head + request->length)
		if (!read_more(connection, &text))
		{
			text_free(&text);
			return false;
		}

	request->text = text.data;
	request->body = text.data + head;
	text.data[head - 2] = '\0';
	line = strtok_r(text.data, "\r\n", &rest);
	request->method = strtok(line, " ");
	request->path = strtok(NULL, " ");
	if (request->path == NULL)
		return false;
	request->query = strchr(request->path, '?');
	if (request->query)
		*request->query++ = '\0';
	else
		request->query = "";
	while ((line = strtok_r(NULL, "\r\n", &rest)) && request->header_count < HTTP_HEADERS_MAX)
	{
		char *colon = strchr(line, ':');

		if (colon == NULL)
			continue;
		*colon = '\0';
		for (char *c = line; *c; c++)
			*c = tolower((unsigned char) *c);
		request->names[request->header_count] = line;
		request->values[request->header_count++] = colon + 1 + strspn(colon + 1, " ");
	}
	return true;
}

/*
 * http_header is a header's value; NULL if it is not there.
 */
const char *
http_header(const HttpRequest *request, const char *name)
{
	for (int i = 0; i < request->header_count; i++)
		if (strcmp(request->names[i], name) == 0)
			return request->values[i];
	return NULL;
}

/*
 * http_headers_json writes the headers as the JSON object that PostgREST makes.
 */
void
http_headers_json(const HttpRequest *request, Text *out)
{
	text_add(out, "{");
	for (int i = 0; i < request->header_count; i++)
	{
		text_add(out, i > 0 ? "," : "");
		text_add_json(out, request->names[i]);
		text_add(out, ":");
		text_add_json(out, request->values[i]);
	}
	text_add(out, "}");
}

/*
 * http_decode decodes a part of a query string.
 */
char *
http_decode(const char *from, size_t length)
{
	char *text = malloc(length + 1);
	char *next = text;

	for (size_t i = 0; i < length; i++)
	{
		unsigned int byte;

		if (from[i] == '%' && i + 2 < length && sscanf(from + i + 1, "%2x", &byte) == 1)
		{
			*next++ = (char) byte;
			i += 2;
		}
		else
			*next++ = from[i] == '+' ? ' ' : from[i];
	}
	*next = '\0';
	return text;
}

/*
 * http_free lets go of a request.
 */
void
http_free(HttpRequest *request)
{
	free(request->text);
	memset(request, 0, sizeof(*request));
}

/*
 * http_answer writes an answer; headers are whole lines.  A 204 has no body, nor
 * has the answer to a HEAD.
 */
bool
http_answer(int connection, const HttpRequest *request, int status, const char *headers,
			const char *body)
{
	Text out = {0};
	bool bodiless = status == 204;
	size_t sent = 0;
	bool whole;

	text_add(&out, "HTTP/1.1 %d Status\r\n%s", status, headers);
	if (!bodiless)
		text_add(&out, "Content-Length: %zu\r\n", strlen(body));
	text_add(&out, "\r\n%s", bodiless || strcmp(request->method, "HEAD") == 0 ? "" : body);
	while (sent < out.length)
	{
		ssize_t written = write(connection, out.data + sent, out.length - sent);

		if (written <= 0)
			break;
		sent += written;
	}
	whole = sent == out.length;
	text_free(&out);
	return whole;
}
