/*
 * payload.c
 *	  The flags and segments of a payload, compiled as they are asked for: of a document
 *	  {flags, segments}, or of wherever else they come from.
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
typedef compiled_hash *Part;

struct Payload
{
	FlagSet set;
	MemoryContext context;
	PayloadSource *source;
	Part flags;
	Part segments;
};

/* A document as a source. */
typedef struct DocumentSource
{
	PayloadSource source;
	JsonbContainer *flags; /* NULL: the document has none */
	JsonbContainer *segments;
} DocumentSource;

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
 * keep keeps what has been compiled; NULL: there is no such flag or segment.
 */
static void
keep(Part part, StringView key, void *compiled)
{
	bool found;

	compiled_insert(part, key, &found)->compiled = compiled;
}

/*
 * find_flag finds a flag that has been compiled, or compiles it.
 */
static CompiledFlag *
find_flag(FlagSet *set, StringView key)
{
	Payload *payload = (Payload *) set;
	CompiledEntry *entry = compiled_lookup(payload->flags, key);
	JsonbValue source;
	CompiledFlag *flag = NULL;

	if (entry != NULL)
		return entry->compiled;
	if (!payload->source->find(payload->source, PAYLOAD_FLAG, key, &source))
	{
		if (payload->source->costly)
			keep(payload->flags, keep_key(payload, key), NULL);
		return NULL;
	}
	key = keep_key(payload, key);
	if (object_of(&source) != NULL)
		flag = flag_compile(object_of(&source), key, payload->context);
	else
	{
		flag = MemoryContextAllocZero(payload->context, sizeof(CompiledFlag));
		flag->key = key;
		flag->malformed = true;
	}
	keep(payload->flags, key, flag);
	return flag;
}

/*
 * find_segment finds a segment that has been compiled, or compiles it.
 */
static CompiledSegment *
find_segment(FlagSet *set, StringView key)
{
	Payload *payload = (Payload *) set;
	CompiledEntry *entry = compiled_lookup(payload->segments, key);
	JsonbValue source;
	CompiledSegment *segment = NULL;

	if (entry != NULL)
		return entry->compiled;
	if (!payload->source->find(payload->source, PAYLOAD_SEGMENT, key, &source))
	{
		if (payload->source->costly)
			keep(payload->segments, keep_key(payload, key), NULL);
		return NULL;
	}
	key = keep_key(payload, key);
	if (object_of(&source) != NULL)
		segment = segment_compile(object_of(&source), key, payload->context);
	else
	{
		segment = MemoryContextAllocZero(payload->context, sizeof(CompiledSegment));
		segment->key = key;
		segment->malformed = true;
	}
	keep(payload->segments, key, segment);
	return segment;
}

/*
 * payload_make makes a payload whose flags and segments come from a source. Both live in
 * the memory context, or longer.
 */
Payload *
payload_make(PayloadSource *source, MemoryContext context)
{
	Payload *payload = MemoryContextAllocZero(context, sizeof(Payload));

	payload->set = (FlagSet){.find_flag = find_flag, .find_segment = find_segment};
	payload->context = context;
	payload->source = source;
	payload->flags = compiled_create(context, 16, NULL);
	payload->segments = compiled_create(context, 16, NULL);
	return payload;
}

/*
 * find_in_document finds a flag or segment in a document; null is none.
 */
static bool
find_in_document(PayloadSource *source, PayloadPart part, StringView key, JsonbValue *found)
{
	DocumentSource *document = (DocumentSource *) source;
	JsonbContainer *object = part == PAYLOAD_FLAG ? document->flags : document->segments;

	return object != NULL &&
		   getKeyJsonValueFromContainer(object, key.data, key.length, found) != NULL &&
		   found->type != jbvNull;
}

/*
 * member_of_document is the flags or the segments of a document; NULL if it has none.
 */
static JsonbContainer *
member_of_document(Jsonb *document, const char *name)
{
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(document) ||
		getKeyJsonValueFromContainer(&document->root, name, strlen(name), &value) == NULL)
		return NULL;
	return object_of(&value);
}

/*
 * payload_open opens a document, which must live as long as the memory context does. What
 * is no such document has no flags.
 */
Payload *
payload_open(Jsonb *document, MemoryContext context)
{
	DocumentSource *source = MemoryContextAlloc(context, sizeof(DocumentSource));

	*source = (DocumentSource){.source = {.find = find_in_document},
							   .flags = member_of_document(document, "flags"),
							   .segments = member_of_document(document, "segments")};
	return payload_make(&source->source, context);
}

/*
 * payload_all_of_document is all flags of a payload that payload_open has opened, by their keys.
 */
const AllFlags *
payload_all_of_document(Payload *payload)
{
	JsonbContainer *flags = ((DocumentSource *) payload->source)->flags;
	int count = flags != NULL ? JsonContainerSize(flags) : 0;
	AllFlags *all = MemoryContextAllocZero(payload->context, sizeof(AllFlags));
	JsonbIterator *iterator;
	JsonbValue value;

	all->flags = MemoryContextAllocHuge(payload->context, (count + 1) * sizeof(CompiledFlag *));
	if (count == 0)
		return all;
	iterator = JsonbIteratorInit(flags);
	while (JsonbIteratorNext(&iterator, &value, true) != WJB_DONE)
	{
		CompiledFlag *flag;

		if (value.type != jbvString)
			continue;
		flag = find_flag(&payload->set, (StringView){.data = value.val.string.val,
													 .length = value.val.string.len});
		if (flag != NULL)
			all->flags[all->count++] = flag;
	}
	return all;
}

/*
 * payload_find_flag is a flag by its key; NULL if there is none. It stays where it is for as
 * long as the payload is there.
 */
CompiledFlag *
payload_find_flag(Payload *payload, StringView key)
{
	return find_flag(&payload->set, key);
}

/*
 * payload_has_flag tells whether it is known already if there is a flag of this key.
 */
bool
payload_has_flag(Payload *payload, StringView key)
{
	return compiled_lookup(payload->flags, key) != NULL;
}

/*
 * payload_add_flag compiles a flag whose source has been read ahead.
 */
CompiledFlag *
payload_add_flag(Payload *payload, StringView key, JsonbContainer *source)
{
	CompiledFlag *flag;

	key = keep_key(payload, key);
	flag = flag_compile(source, key, payload->context);
	keep(payload->flags, key, flag);
	return flag;
}

/*
 * payload_compiled counts what has been compiled, or found missing.
 */
uint32
payload_compiled(const Payload *payload)
{
	return payload->flags->members + payload->segments->members;
}

/*
 * payload_source is where its flags and segments come from.
 */
PayloadSource *
payload_source(const Payload *payload)
{
	return payload->source;
}

/*
 * payload_set is what evaluations look flags and segments up in.
 */
FlagSet *
payload_set(Payload *payload)
{
	return &payload->set;
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
