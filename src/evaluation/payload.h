/*
 * payload.h
 *	  The flags and segments of a payload, compiled as they are asked for: of a document
 *	  {flags, segments}, or of wherever else they come from.
 */
#ifndef FLAGPLANE_PAYLOAD_H
#define FLAGPLANE_PAYLOAD_H

#include "evaluation/evaluation.h"
#include "port/atomics.h"

typedef struct Payload Payload;

/* Where the cache counts what it does with a payload; each may be NULL. They must always be there. */
typedef struct PayloadCounters
{
	pg_atomic_uint64 *hits;
	pg_atomic_uint64 *misses;
	pg_atomic_uint64 *evictions;
	pg_atomic_uint64 *bytes; /* that all backends have now */
} PayloadCounters;

typedef enum PayloadPart
{
	PAYLOAD_FLAG,
	PAYLOAD_SEGMENT
} PayloadPart;

/* Flags of a payload, by their keys. */
typedef struct AllFlags
{
	int count;
	CompiledFlag **flags;
} AllFlags;

/*
 * Where flags and segments come from: find is false if there is no such one. What it finds must
 * stay for as long as the payload does. What a costly source has not is not asked for again.
 */
typedef struct PayloadSource PayloadSource;
struct PayloadSource
{
	bool (*find)(PayloadSource *source, PayloadPart part, StringView key, JsonbValue *found);
	bool costly;
	PayloadCounters counters;
};

extern Payload *payload_make(PayloadSource *source, MemoryContext context);
extern Payload *payload_open(Jsonb *document, MemoryContext context);
extern const AllFlags *payload_all_of_document(Payload *payload);
extern CompiledFlag *payload_find_flag(Payload *payload, StringView key);
extern bool payload_has_flag(Payload *payload, StringView key);
extern CompiledFlag *payload_add_flag(Payload *payload, StringView key, JsonbContainer *source);
extern uint32 payload_compiled(const Payload *payload);
extern PayloadSource *payload_source(const Payload *payload);
extern FlagSet *payload_set(Payload *payload);
extern void payload_evaluate(Payload *payload, StringView flag_key, const Context *context,
							 EvaluationTrace *trace, Detail *detail);

#endif /* FLAGPLANE_PAYLOAD_H */
