/*
 * import.h
 *	  A document that SDKs are sent, {flags, segments}, on its way into an environment.
 *
 * It is read and checked before anything is locked: what it names must be in it, since SDKs
 * know nothing else.  Flags and segments are stored each by one statement for all of them.
 * Nothing here knows an operation or a table.
 */
#ifndef FLAGPLANE_IMPORT_H
#define FLAGPLANE_IMPORT_H

#include "util/compat.h"

#include "nodes/pg_list.h"
#include "util/error.h"
#include "util/jsonb.h"
#include "utils/array.h"
#include "utils/uuid.h"

/* A flag or segment that another one names, and where. */
typedef struct ImportNeed
{
	char *key;
	int variation; /* of a flag; -1 of a segment */
	char *path;
} ImportNeed;

/* Whether what an item needs is being looked at, or has been. */
typedef enum ImportMark
{
	IMPORT_NEW,
	IMPORT_OPEN,
	IMPORT_DONE
} ImportMark;

/* A flag or a segment. */
typedef struct ImportItem
{
	char *key;
	pg_uuid_t *id; /* of a flag, once it is known */
	int32 version;
	Jsonb *stored;			   /* its settings, as they are stored */
	Jsonb *variations;		   /* of a flag: the values */
	bool using_environment_id; /* of a flag */
	bool using_mobile_key;	   /* of a flag */
	List *needs;			   /* of ImportNeed: prerequisites, or segments in rules of a segment */
	List *segments;			   /* of ImportNeed: segments in rules of a flag */
	ImportMark mark;
	bool there;		/* the project, or the environment, has it */
	bool unchanged; /* and it says the same */
} ImportItem;

/* The flags or the segments, in the order of their keys. */
typedef struct ImportSet
{
	const char *name; /* in the document */
	int count;
	ImportItem *items;
} ImportSet;

typedef struct Import
{
	ImportSet flags;
	ImportSet segments;
} Import;

/* Reads an item's source into the item; what is wrong with it are violations below a path. */
typedef void (*ImportRead)(Violations *violations, const char *path, Jsonb *source,
						   ImportItem *item);

extern void import_read_set(Violations *violations, const Jsonb *document, const char *name,
							ImportRead read, ImportSet *set);
extern bool import_says_same(const ImportItem *item, ImportRead read, const char *served);
extern ImportItem *import_find(const ImportSet *set, const char *key);
extern void import_check_needs(Violations *violations, Import *import);
extern ArrayType *import_changed_keys(const ImportSet *set);
extern int import_count(const ImportSet *set, bool there, bool unchanged);
extern Jsonb *import_rows(const ImportSet *set);

#endif /* FLAGPLANE_IMPORT_H */
