/*
 * mutate.h
 *	  Good values made bad ones, at random but repeatably.
 */
#ifndef FLAGPLANE_MUTATE_H
#define FLAGPLANE_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text that grows; what is in it need not be UTF-8, but has no NUL. */
typedef struct Text
{
	char *data; /* never NULL once something was appended */
	size_t length;
	size_t room;
} Text;

/* words.c */
extern const char *const hostile_strings[];
extern const uint32_t hostile_string_count;
extern const char *const hostile_jsons[];
extern const uint32_t hostile_json_count;

extern void text_append(Text *text, const char *bytes, size_t length);
extern void text_add(Text *text, const char *string);
extern void text_json(Text *text, const char *string);

extern void mutate_seed(uint32_t seed, uint32_t number);
extern uint32_t draw(uint32_t below);

/* What is returned is the caller's to free. */
extern char *mutate_text(const char *good);
extern char *mutate_json(const char *good);
extern char *mutate_uri(const char *good);
extern char *mutate_value(const char *type, const char *good);

#endif /* FLAGPLANE_MUTATE_H */
