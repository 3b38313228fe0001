/*
 * semantic_patch.c
 *	  Semantic patches of documents: reading them, applying their instructions in order, and
 *	  the instructions that several kinds of documents have.
 */
#include "call/semantic_patch.h"

#include "call/body.h"
#include "call/field.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "util/jsonb_tree.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/*
 * read_semantic_patch reads the fields of a semantic patch.
 */
static Request *
read_semantic_patch(Request *request, const Operation *operation, Jsonb *given)
{
	Request *semantic = palloc0(sizeof(Request));

	semantic->operation = operation;
	semantic->rest = true;
	semantic->caller = request->caller;
	fields_prepare(semantic);
	body_read_jsonb(semantic, given);
	fields_collect(semantic);
	return semantic;
}

/*
 * semantic_patch_apply is a document after all the instructions of a semantic patch.  It
 * refuses the patch for what is wrong with any of them.  The patch has its request and
 * settings; its fields are those of the operation, and each kind of instruction has its
 * applier.
 */
Jsonb *
semantic_patch_apply(SemanticPatch *patch, const Operation *operation, Jsonb *given,
					 Jsonb *document, const InstructionApplier *appliers)
{
	Request *semantic = read_semantic_patch(patch->request, operation, given);
	List *instructions = instructions_read(semantic, SEMANTIC_INSTRUCTIONS);
	ListCell *cell;

	patch->semantic = semantic;
	patch->document = tree_of_jsonb(document);
	if (semantic->violations.count == 0)
		foreach (cell, instructions)
		{
			const Instruction *instruction = lfirst(cell);

			appliers[instruction->kind](patch, instruction);
		}
	if (semantic->violations.count > 0)
		error_raise_violations(ERR_INVALID, &semantic->violations);
	patch->request->comment = request_string(semantic, SEMANTIC_COMMENT);
	return JsonbValueToJsonb(&patch->document);
}

/*
 * semantic_violation collects what is wrong with an instruction.
 */
void
semantic_violation(SemanticPatch *patch, const Instruction *instruction, const char *reason, ...)
{
	StringInfoData text;
	va_list args;

	initStringInfo(&text);
	va_start(args, reason);
	append_formatted(&text, reason, args);
	va_end(args);
	instruction_violation(patch->semantic, SEMANTIC_INSTRUCTIONS, instruction->number, "%s",
						  text.data);
}

void
semantic_set(JsonbValue *object, const char *name, JsonbValue value)
{
	tree_set_member(object, name, strlen(name), value);
}

JsonbValue
semantic_boolean(bool boolean)
{
	return (JsonbValue){.type = jbvBool, .val.boolean = boolean};
}

JsonbValue
semantic_integer(int32 integer)
{
	return (JsonbValue){
		.type = jbvNumeric,
		.val.numeric = DatumGetNumeric(DirectFunctionCall1(int4_numeric, Int32GetDatum(integer)))};
}

JsonbValue
semantic_array(void)
{
	return (JsonbValue){.type = jbvArray};
}

JsonbValue
semantic_object(void)
{
	return (JsonbValue){.type = jbvObject};
}

/* A value and its place in its list. */
typedef struct PlacedValue
{
	JsonbValue value;
	int place;
} PlacedValue;

static int
compare_values(const JsonbValue *a, const JsonbValue *b)
{
	int length;
	int order;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	switch (a->type)
	{
		case jbvNull:
			return 0;
		case jbvBool:
			return (int) a->val.boolean - (int) b->val.boolean;
		case jbvNumeric:
			return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a->val.numeric),
													 NumericGetDatum(b->val.numeric)));
		case jbvString:
			length = Min(a->val.string.len, b->val.string.len);
			order = memcmp(a->val.string.val, b->val.string.val, length);
			return order != 0 ? order : a->val.string.len - b->val.string.len;
		default:
			return compareJsonbContainers(&JsonbValueToJsonb(unconstify(JsonbValue *, a))->root,
										  &JsonbValueToJsonb(unconstify(JsonbValue *, b))->root);
	}
}

static int
compare_placed(const void *a, const void *b)
{
	const PlacedValue *one = a;
	const PlacedValue *other = b;
	int order = compare_values(&one->value, &other->value);

	return order != 0 ? order : one->place - other->place;
}

static int
compare_to_placed(const void *value, const void *placed)
{
	return compare_values(value, &((const PlacedValue *) placed)->value);
}

/*
 * sorted_values is the elements of an array in order.  Of two arrays the one that a request
 * adds or removes is sorted: the other one may be long, and comes again with each instruction.
 */
static PlacedValue *
sorted_values(const JsonbValue *array)
{
	int count = array->val.array.nElems;
	PlacedValue *sorted = palloc(sizeof(PlacedValue) * (count + 1));

	for (int i = 0; i < count; i++)
		sorted[i] = (PlacedValue){array->val.array.elems[i], i};
	qsort(sorted, count, sizeof(PlacedValue), compare_placed);
	return sorted;
}

static PlacedValue *
find_sorted(PlacedValue *sorted, int count, const JsonbValue *value)
{
	return bsearch(value, sorted, count, sizeof(PlacedValue), compare_to_placed);
}

/*
 * values_shared tells whether an array has one of the values of a list.
 */
bool
values_shared(const JsonbValue *array, Jsonb *list)
{
	JsonbValue values = tree_of_jsonb(list);
	PlacedValue *sorted = sorted_values(&values);
	bool shared = false;

	for (int i = 0; i < array->val.array.nElems && !shared; i++)
		shared = find_sorted(sorted, values.val.array.nElems, &array->val.array.elems[i]) != NULL;
	pfree(sorted);
	return shared;
}

/*
 * values_add adds the values of a list that an array does not have, each once.
 */
void
values_add(JsonbValue *array, Jsonb *added)
{
	JsonbValue list = tree_of_jsonb(added);
	int count = list.val.array.nElems;
	PlacedValue *sorted = sorted_values(&list);
	bool *there = palloc0(count + 1);
	int unique = 0;

	for (int i = 0; i < count; i++)
		if (unique > 0 && compare_values(&sorted[unique - 1].value, &sorted[i].value) == 0)
			there[sorted[i].place] = true;
		else
			sorted[unique++] = sorted[i];
	for (int i = 0; i < array->val.array.nElems; i++)
	{
		PlacedValue *found = find_sorted(sorted, unique, &array->val.array.elems[i]);

		if (found)
			there[found->place] = true;
	}
	for (int i = 0; i < count; i++)
		if (!there[i])
			tree_insert_element(array, array->val.array.nElems, list.val.array.elems[i]);
	pfree(there);
	pfree(sorted);
}

/*
 * values_remove removes the values of a list from an array.
 */
void
values_remove(JsonbValue *array, Jsonb *removed)
{
	JsonbValue list = tree_of_jsonb(removed);
	PlacedValue *sorted = sorted_values(&list);
	int kept = 0;

	for (int i = 0; i < array->val.array.nElems; i++)
		if (find_sorted(sorted, list.val.array.nElems, &array->val.array.elems[i]) == NULL)
			array->val.array.elems[kept++] = array->val.array.elems[i];
	array->val.array.nElems = kept;
	pfree(sorted);
}

void
apply_update_name(SemanticPatch *patch, const Instruction *instruction)
{
	semantic_set(&patch->document, "name", tree_string(instruction_text(instruction, "value")));
}

void
apply_update_description(SemanticPatch *patch, const Instruction *instruction)
{
	semantic_set(&patch->document, "description",
				 tree_string(instruction_text(instruction, "value")));
}

void
apply_add_tags(SemanticPatch *patch, const Instruction *instruction)
{
	values_add(tree_member(&patch->document, "tags"), instruction_json(instruction, "values"));
}

void
apply_remove_tags(SemanticPatch *patch, const Instruction *instruction)
{
	values_remove(tree_member(&patch->document, "tags"), instruction_json(instruction, "values"));
}
