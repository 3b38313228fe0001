/*
 * pattern.c
 *	  Regular expressions of clauses, run by PostgreSQL under collation C.
 *
 * What they look like is translated by re2.c. A compiled one is freed with the memory
 * context that was current when it was compiled: before 16 it lies outside of all contexts.
 */
#include "evaluation/pattern.h"

#include "catalog/pg_collation.h"
#include "evaluation/re2.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "regex/regex.h"
#include "utils/memutils.h"

/* Subjects up to so many bytes are converted on the stack. */
#define STACK_SUBJECT 256

struct Pattern
{
	regex_t regex;
	MemoryContextCallback callback;
};

/*
 * free_regex frees what a compiled expression has.
 */
static void
free_regex(void *pattern)
{
	pg_regfree(&((Pattern *) pattern)->regex);
}

/*
 * pattern_compile compiles an expression, in the current memory context; NULL if it is no
 * valid one, or one that is not supported.
 */
Pattern *
pattern_compile(StringView text)
{
	Pattern *pattern = palloc0(sizeof(Pattern));
	pg_wchar *translated;
	int length;
	int result;

	if (!re2_translate(text, &translated, &length))
		return NULL;
	result =
		pg_regcomp(&pattern->regex, translated, length, REG_ADVANCED | REG_NOSUB, C_COLLATION_OID);
	pfree(translated);
	if (result != REG_OKAY)
	{
		CHECK_FOR_INTERRUPTS();
		return NULL;
	}
	pattern->callback.func = free_regex;
	pattern->callback.arg = pattern;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &pattern->callback);
	return pattern;
}

/*
 * pattern_matches tells whether an expression matches somewhere in a text.
 */
bool
pattern_matches(Pattern *pattern, StringView text)
{
	pg_wchar on_stack[STACK_SUBJECT + 1];
	pg_wchar *subject = on_stack;
	int length;
	int result;

	if (text.length > STACK_SUBJECT)
		subject = MemoryContextAllocExtended(
			CurrentMemoryContext, ((Size) text.length + 1) * sizeof(pg_wchar), MCXT_ALLOC_HUGE);
	length = pg_mb2wchar_with_len(text.data, subject, text.length);
	result = pg_regexec(&pattern->regex, subject, length, 0, NULL, 0, NULL, 0);
	if (subject != on_stack)
		pfree(subject);
	/* Before 16 a cancelled query comes back as a result. */
	if (result != REG_OKAY && result != REG_NOMATCH)
		CHECK_FOR_INTERRUPTS();
	return result == REG_OKAY;
}
