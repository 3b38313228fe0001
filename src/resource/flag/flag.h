/*
 * flag.h
 *	  A flag's row and document, for the files that are about flags.
 */
#ifndef FLAGPLANE_FLAG_H
#define FLAGPLANE_FLAG_H

#include "call/instruction.h"
#include "call/request.h"
#include "utils/jsonb.h"

#define VARIATIONS_MIN 2
#define VARIATIONS_MAX 256

#define FLAG_COLUMNS                                                                 \
	"f.id, f.key, f.name, f.description, f.kind, f.variations, f.temporary, f.tags," \
	" f.on_variation, f.off_variation, f.using_environment_id, f.using_mobile_key,"  \
	" f.custom_properties, f.archived, f.version, f.created_at, f.deprecated,"       \
	" f.maintainer_id"

typedef struct Flag
{
	Datum id;
	char *key;
	char *name;
	char *description;
	char *kind; /* boolean or multivariate */
	char *variations;
	bool temporary;
	ArrayType *tags;
	int32 on_variation;
	int32 off_variation;
	bool using_environment_id;
	bool using_mobile_key;
	char *custom_properties;
	bool archived;
	int32 version;
	TimestampTz created_at;
	bool deprecated;
	char *maintainer_id; /* NULL: nobody */
} Flag;

/* What a new flag's settings are to be, beside the defaults. */
typedef struct FlagBeginning
{
	bool switched; /* is_on was given */
	bool is_on;
	Datum source;		  /* the flag whose settings are copied; 0: none */
	Jsonb *variations;	  /* its variations, with ids of their own */
	Jsonb *prerequisites; /* NULL: the source's, or none */
} FlagBeginning;

/* Settings of some flags in the environments, as they were read. */
typedef struct Configurations Configurations;

/* flag.c */
extern Flag flag_of_row(const Rows *rows, uint64 number);
extern void flag_document(Request *request, const Flag *flag, ArrayType *environments);
extern void flag_target(Request *request, const Flag *flag);
pg_noreturn extern void flag_missing(Request *request);

/* flag_create.c */
extern size_t flag_size(const Flag *flag);
extern void flag_require_size(const Flag *flag, size_t before);

/* flag_configuration.c: a flag's settings in the environments. */
extern void flag_configure(Request *request, Datum flag_id, const FlagBeginning *beginning);
extern Configurations *
configurations_read(Request *request, const Flag *flags, int count, ArrayType *keys, bool summary);
extern void configurations_document(Request *request, const Flag *flag,
									const Configurations *configurations, int place);
extern void configurations_change(Request *request, const Flag *flag, Jsonb *before, Jsonb *after,
								  int variations, int variations_before);

/* initial_settings.c: what a new flag begins with. */
extern void
flag_source(Request *request, FlagBeginning *beginning, int clone, int variations, int defaults);
extern void initial_prerequisites_check(Request *request, int field);
extern Jsonb *initial_prerequisites(Request *request, int field);

/* flag_instructions.c: instructions about flags. */
extern const Field flag_semantic_patch_fields[];
extern const InstructionKind flag_instruction_kinds[];
extern Jsonb *flag_follow_instructions(Request *request, Jsonb *patch, Jsonb *document);

/* targeting.c: the rules that settings are held to. */
extern char *targeting_check(Violations *violations, const char *attribute, Jsonb *before,
							 Jsonb *configuration, int variations);
extern Jsonb *targeting_complete(const char *name, Jsonb *member, bool stored);

#endif /* FLAGPLANE_FLAG_H */
