/*
 * flag.h
 *	  Flags: their row, their document, and their settings in the environments.
 *
 * A flag belongs to a project and has a configuration in each of the project's
 * environments.  Layers and experiments are not known here, but for the one function by
 * which they release a flag that is deleted.
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

/* Keys of the environments whose settings are shown, joined by commas. */
#define ENV_FIELD FIELD("env", "env", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, .max = 8192)

/* None of these is recorded; what is empty is left out. */
extern const char *const flag_expandable[];
#define FLAG_EXPAND_FIELD                                                       \
	FIELD("expand", "expand", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, \
		  .choices = flag_expandable)

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

/* The settings of a new flag, where they are not the defaults. */
typedef struct InitialSettings
{
	bool on_given;
	bool on;
	Datum source_id;	  /* the flag whose settings are copied; 0: none */
	Jsonb *prerequisites; /* NULL: the source's, or none */
} InitialSettings;

/* Settings of some flags in the environments, as they were read. */
typedef struct Configurations Configurations;

/* flag.c: the flag that the request's first two fields name. */
extern Flag flag_of_row(const Rows *rows, uint64 number);
extern void flag_require(Request *request);
extern void flag_lock_key_share(Request *request);
extern ArrayType *flag_environments(Request *request, int field);
extern void
flag_document(Request *request, const Flag *flag, const Configurations *configurations, int number);

/* variations.c */
extern int variations_read(Request *request, int field, StringInfo out);
extern void variations_write_boolean(StringInfo out);
extern const char *variation_values_problem(const Jsonb *list);
extern bool variations_are_boolean(const Request *request, int field);
extern int
default_variation(Request *request, int field, const char *name, int count, int otherwise);
extern Jsonb *variations_copy(Jsonb *variations);

/* flag_configuration.c: a flag's settings in the environments. */
extern void flag_raise_versions(Request *request, Datum flag_id);
extern void flag_leave_versions(Request *request, const Flag *flag);
extern void flag_configure(Request *request, Datum flag_id, const InitialSettings *settings);
extern void flags_configure_environment(Request *request, const char *environment_id,
										const char *source_environment_id);
extern Configurations *
configurations_read(Request *request, const Flag *flags, int count, ArrayType *keys, bool summary);
extern void flags_configure(Request *request, ArrayType *flag_ids, const char *but_environment_id);
extern void configurations_document(Request *request, const Flag *flag,
									const Configurations *configurations, int number);
extern void configurations_change(Request *request, const Flag *flag, Jsonb *before, Jsonb *after,
								  int variations, int variations_before);

/* prerequisites.c: the flags that a flag needs. */
extern void initial_prerequisites_check(Request *request, int field);
extern Jsonb *initial_prerequisites(Request *request, int field);
extern int prerequisite_variation(Request *request, const char *flag_key, const char *variation_id);
extern void prerequisites_check(Request *request, Violations *violations, const char *attribute,
								Datum flag_id, const char *environment_key, Jsonb *prerequisites);
extern void prerequisites_require_unused(Request *request, const Flag *flag, int count);

/* flag_instructions.c: semantic patches. */
extern const Field flag_semantic_patch_fields[];
extern const InstructionKind flag_instruction_kinds[];
extern Jsonb *flag_apply_instructions(Request *request, Jsonb *patch, Jsonb *document);

/* targeting.c: the rules of a flag's settings. */
extern char *targeting_check(Violations *violations, const char *attribute, Jsonb *before,
							 Jsonb *configuration, int variations);
extern bool is_context_kind(const char *text);
extern char *segment_targeting_check(Violations *violations, const char *attribute,
									 const Jsonb *before, const Jsonb *segment);

/* targets.c: contexts that are named one by one. */
extern bool target_is_of_users(const Jsonb *target);
extern void targets_write(StringInfo out, Jsonb *stored);
extern Jsonb *targets_join(const Jsonb *settings, int variations);

/* targeting_defaults.c */
extern Jsonb *targeting_complete(const char *name, Jsonb *member, bool stored);
extern Jsonb *segment_complete(const char *name, Jsonb *member);

/* naming_convention.c: the keys of a project's new flags. */
extern void naming_convention_check(Request *request, int field);
extern void naming_convention_enforce(Request *request, int field, const char *convention_text);

/* integration.c: the integration and the metadata of a flag link. */
extern void integration_require(Request *request, int key_field, int metadata_field);

/* flag_touched.c: what a patch changes of what SDKs are sent. */
extern List *flag_lock_touched(Request *request, Jsonb *patch, bool exclusively);
extern bool flag_is_seen_otherwise(const Jsonb *before, const Jsonb *after);

#endif /* FLAGPLANE_FLAG_H */
