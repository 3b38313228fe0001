/*
 * semantic_version.h
 *	  Versions of SemVer 2.0 and their precedence.
 */
#ifndef FLAGPLANE_SEMANTIC_VERSION_H
#define FLAGPLANE_SEMANTIC_VERSION_H

#include "evaluation/string_view.h"

/* The numbers are digits without leading zeros, of any length. */
typedef struct SemanticVersion
{
	StringView numbers[3]; /* major, minor, patch */
	StringView prerelease; /* empty: a release */
} SemanticVersion;

extern bool semantic_version_read(SemanticVersion *version, StringView text);
extern int semantic_version_compare(const SemanticVersion *a, const SemanticVersion *b);

#endif /* FLAGPLANE_SEMANTIC_VERSION_H */
