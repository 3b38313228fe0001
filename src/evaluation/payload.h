/*
 * payload.h
 *	  The flags and segments of a document {flags, segments}, compiled as they are asked for.
 */
#ifndef FLAGPLANE_PAYLOAD_H
#define FLAGPLANE_PAYLOAD_H

#include "evaluation/evaluation.h"

typedef struct Payload Payload;

extern Payload *payload_open(Jsonb *document, MemoryContext context);
extern void payload_evaluate(Payload *payload, StringView flag_key, const Context *context,
							 EvaluationTrace *trace, Detail *detail);

#endif /* FLAGPLANE_PAYLOAD_H */
