/*
 * payload.c
 *	  The flags and segments of a document {flags, segments}, compiled as they are asked for.
 */
#include "evaluation/payload.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

/* What has been compiled under a key. */
typedef struct CompiledEntry
{
	StringView key;
	void *compiled;
	char status; /* of the hash table */
} CompiledEntry;

/*
 * hash_of hashes a key.
 */
static inline uint32
hash_of(StringView key)
{
	return hash_bytes((const unsigned char *) key.data, key.length);
}

#define SH_PREFIX			 compiled
#define SH_ELEMENT_TYPE		 CompiledEntry
#define SH_KEY_TYPE			 StringView
#define SH_KEY				 key
#define SH_HASH_KEY(tb, key) hash_of(key)
#define SH_EQUAL(tb, a, b)	 view_equal(a, b)
#define SH_SCOPE			 static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The flags or the segments. */
typedef struct Part
{
	JsonbContainer *source; /* NULL: the document has none */
	compiled_hash *compiled;
} Part;

struct Payload
{
	FlagSet set;
	MemoryContext context;
	Part flags;
	Part segments;
};

/*
 * source_of finds a flag or segment in the document; null is none.
 */
static bool
source_of(const Part *part, StringView key, JsonbValue *source)
{
	return part->source != NULL &&
		   getKeyJsonValueFromContainer(part->source, key.data, key.length, source) != NULL &&
		   source->type != jbvNull;
}

/*
 * object_of is the object of a flag or segment; NULL if it is something else.
 */
static JsonbContainer *
object_of(const JsonbValue *source)
{
	return source->type == jbvBinary && JsonContainerIsObject(source->val.binary.data)
			   ? source->val.binary.data
			   : NULL;
}

/*
 * keep_key copies a key to where what is compiled lies.
 */
static StringView
keep_key(const Payload *payload, StringView key)
{
	char *copy = MemoryContextAlloc(payload->context, key.length + 1);

	memcpy(copy, key.data, key.length);
	return (StringView){.data = copy, .length = key.length};
}

/*
 * keep keeps what has been compiled.
 */
static void
keep(Part *part, StringView key, void *compiled)
{
	bool found;

	compiled_insert(part->compiled, key, &found)->compiled = compiled;
}

/*
 * find_flag finds a flag of the document, or compiles it.
 */
static CompiledFlag *
find_flag(FlagSet *set, StringView key)
{
	Payload *payload = (Payload *) set;
	CompiledEntry *entry = compiled_lookup(payload->flags.compiled, key);
	JsonbValue source;
	CompiledFlag *flag;

	if (entry != NULL)
		return entry->compiled;
	if (!source_of(&payload->flags, key, &source))
		return NULL;
	key = keep_key(payload, key);
	if (object_of(&source) != NULL)
		flag = flag_compile(object_of(&source), key, payload->context);
	else
	{
		flag = MemoryContextAllocZero(payload->context, sizeof(CompiledFlag));
		flag->key = key;
		flag->malformed = true;
	}
	keep(&payload->flags, key, flag);
	return flag;
}

/*
 * find_segment finds a segment of the document, or compiles it.
 */
static CompiledSegment *
find_segment(FlagSet *set, StringView key)
{
	Payload *payload = (Payload *) set;
	CompiledEntry *entry = compiled_lookup(payload->segments.compiled, key);
	JsonbValue source;
	CompiledSegment *segment;

	if (entry != NULL)
		return entry->compiled;
	if (!source_of(&payload->segments, key, &source))
		return NULL;
	key = keep_key(payload, key);
	if (object_of(&source) != NULL)
		segment = segment_compile(object_of(&source), key, payload->context);
	else
	{
		segment = MemoryContextAllocZero(payload->context, sizeof(CompiledSegment));
		segment->key = key;
		segment->malformed = true;
	}
	keep(&payload->segments, key, segment);
	return segment;
}

/*
 * open_part opens the flags or the segments of a document, if it has them.
 */
static void
open_part(Part *part, Jsonb *document, const char *name, MemoryContext context)
{
	JsonbValue value;

	part->compiled = compiled_create(context, 16, NULL);
	if (JB_ROOT_IS_OBJECT(document) &&
		getKeyJsonValueFromContainer(&document->root, name, strlen(name), &value) != NULL)
		part->source = object_of(&value);
}

/*
 * payload_open opens a document, which must live as long as the memory context does. What
 * is no such document has no flags.
 */
Payload *
payload_open(Jsonb *document, MemoryContext context)
{
	Payload *payload = MemoryContextAllocZero(context, sizeof(Payload));

	payload->set = (FlagSet){.find_flag = find_flag, .find_segment = find_segment};
	payload->context = context;
	open_part(&payload->flags, document, "flags", context);
	open_part(&payload->segments, document, "segments", context);
	return payload;
}

/*
 * payload_evaluate evaluates the flag of a key for a context.
 */
void
payload_evaluate(Payload *payload, StringView flag_key, const Context *context,
				 EvaluationTrace *trace, Detail *detail)
{
	evaluate_flag(&payload->set, find_flag(&payload->set, flag_key), context, trace, detail);
}
