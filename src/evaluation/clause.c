/*
 * clause.c
 *	  Clauses of rules: compiled from a payload, and tried on a context.
 */
#include "evaluation/clause.h"

static const struct
{
	const char *name;
	Operator op;
} operators[] = {{"in", OPERATOR_IN},
				 {"startsWith", OPERATOR_STARTS_WITH},
				 {"endsWith", OPERATOR_ENDS_WITH},
				 {"contains", OPERATOR_CONTAINS},
				 {"matches", OPERATOR_MATCHES},
				 {"lessThan", OPERATOR_LESS},
				 {"lessThanOrEqual", OPERATOR_LESS_OR_EQUAL},
				 {"greaterThan", OPERATOR_GREATER},
				 {"greaterThanOrEqual", OPERATOR_GREATER_OR_EQUAL},
				 {"before", OPERATOR_BEFORE},
				 {"after", OPERATOR_AFTER},
				 {"semVerEqual", OPERATOR_VERSION_EQUAL},
				 {"semVerLessThan", OPERATOR_VERSION_LESS},
				 {"semVerGreaterThan", OPERATOR_VERSION_GREATER},
				 {"segmentMatch", OPERATOR_SEGMENT_MATCH}};

/*
 * read_operator reads the operator; one that nobody knows never matches.
 */
static Operator
read_operator(const Members *source)
{
	StringView name;

	if (member_string(source, "op", &name))
		for (int i = 0; i < lengthof(operators); i++)
			if (view_equal(name, (StringView){.data = operators[i].name,
											  .length = strlen(operators[i].name)}))
				return operators[i].op;
	return OPERATOR_UNKNOWN;
}

/*
 * compare_doubles orders two numbers for qsort and bsearch.
 */
static int
compare_doubles(const void *a, const void *b)
{
	double left = *(const double *) a;
	double right = *(const double *) b;

	return (left > right) - (left < right);
}

/*
 * add_text keeps a value that is a string, as the operator reads it.
 */
static void
add_text(CompiledClause *clause, StringView text)
{
	Pattern *pattern;

	switch (clause->op)
	{
		case OPERATOR_MATCHES:
			pattern = pattern_compile(text);
			if (pattern != NULL)
				clause->patterns[clause->pattern_count++] = pattern;
			break;
		case OPERATOR_BEFORE:
		case OPERATOR_AFTER:
			if (instant_read(&clause->instants[clause->instant_count], text))
				clause->instant_count++;
			break;
		case OPERATOR_VERSION_EQUAL:
		case OPERATOR_VERSION_LESS:
		case OPERATOR_VERSION_GREATER:
			if (semantic_version_read(&clause->versions[clause->version_count], text))
				clause->version_count++;
			break;
		default:
			clause->texts[clause->text_count++] = text;
	}
}

/*
 * add_number keeps a value that is a number, as the operator reads it.
 */
static void
add_number(CompiledClause *clause, double number)
{
	if (clause->op == OPERATOR_BEFORE || clause->op == OPERATOR_AFTER)
		clause->instants[clause->instant_count++] = instant_of_milliseconds(number);
	else
		clause->numbers[clause->number_count++] = number;
}

/*
 * make_room allocates what the values of a clause may be read as.
 */
static void
make_room(CompiledClause *clause, int count)
{
	if (count == 0)
		return;
	switch (clause->op)
	{
		case OPERATOR_MATCHES:
			clause->patterns = palloc0(count * sizeof(Pattern *));
			break;
		case OPERATOR_BEFORE:
		case OPERATOR_AFTER:
			clause->instants = palloc0(count * sizeof(Instant));
			break;
		case OPERATOR_VERSION_EQUAL:
		case OPERATOR_VERSION_LESS:
		case OPERATOR_VERSION_GREATER:
			clause->versions = palloc0(count * sizeof(SemanticVersion));
			break;
		default:
			clause->texts = MemoryContextAllocExtended(
				CurrentMemoryContext, (Size) count * sizeof(StringView), MCXT_ALLOC_HUGE);
	}
	clause->numbers = MemoryContextAllocExtended(CurrentMemoryContext,
												 (Size) count * sizeof(double), MCXT_ALLOC_HUGE);
}

/*
 * read_values reads the values of a clause.
 */
static void
read_values(CompiledClause *clause, const Members *source)
{
	Elements values;

	member_elements(source, "values", &values);
	make_room(clause, values.count);
	while (elements_next(&values))
	{
		const JsonbValue *value = &values.value;

		if (value->type == jbvString)
			add_text(clause,
					 (StringView){.data = value->val.string.val, .length = value->val.string.len});
		else if (value->type == jbvNumeric)
			add_number(clause, json_double(value));
		else if (value->type == jbvBool && value->val.boolean)
			clause->has_true = true;
		else if (value->type == jbvBool)
			clause->has_false = true;
	}
	if (clause->op == OPERATOR_IN)
	{
		key_set_make(&clause->strings, clause->texts, clause->text_count);
		if (clause->number_count > 1)
			qsort(clause->numbers, clause->number_count, sizeof(double), compare_doubles);
	}
}

/*
 * clause_compile compiles a clause, in the current memory context.
 */
void
clause_compile(CompiledClause *clause, const Members *source)
{
	StringView attribute = STRING_VIEW("");
	StringView kind = STRING_VIEW("");

	*clause = (CompiledClause){.op = read_operator(source)};
	member_boolean(source, "negate", &clause->negate);
	(void) member_string(source, "contextKind", &kind);
	(void) member_string(source, "attribute", &attribute);
	/* Without a kind the clause is older than references: a name is a name. */
	attribute_reference_read(&clause->attribute, attribute, kind.length == 0);
	clause->kind = kind.length == 0 ? STRING_VIEW("user") : kind;
	read_values(clause, source);
}

/*
 * clauses_compile compiles the clauses of a rule.
 */
CompiledClause *
clauses_compile(const Members *source, int *count)
{
	Elements elements;
	Members element;
	CompiledClause *clauses;

	member_elements(source, "clauses", &elements);
	clauses = palloc0(elements.count * sizeof(CompiledClause) + 1);
	*count = 0;
	while (elements_next_object(&elements, source, &element))
		clause_compile(&clauses[(*count)++], &element);
	return clauses;
}

/*
 * text_matches tries an operator for strings on one of the clause's values.
 */
static bool
text_matches(Operator op, StringView text, StringView value)
{
	if (value.length > text.length)
		return false;
	switch (op)
	{
		case OPERATOR_STARTS_WITH:
			return memcmp(text.data, value.data, value.length) == 0;
		case OPERATOR_ENDS_WITH:
			return memcmp(text.data + text.length - value.length, value.data, value.length) == 0;
		default:
			return value.length == 0 ||
				   memmem(text.data, text.length, value.data, value.length) != NULL;
	}
}

/*
 * number_matches tries an operator for numbers on one of the clause's values.
 */
static bool
number_matches(Operator op, double number, double value)
{
	switch (op)
	{
		case OPERATOR_LESS:
			return number < value;
		case OPERATOR_LESS_OR_EQUAL:
			return number <= value;
		case OPERATOR_GREATER:
			return number > value;
		case OPERATOR_GREATER_OR_EQUAL:
			return number >= value;
		default:
			return false;
	}
}

/*
 * instant_matches tries before or after on all values.
 */
static bool
instant_matches(const CompiledClause *clause, const Instant *instant)
{
	int wanted = clause->op == OPERATOR_BEFORE ? -1 : 1;

	for (int i = 0; i < clause->instant_count; i++)
		if (instant_compare(instant, &clause->instants[i]) == wanted)
			return true;
	return false;
}

/*
 * version_matches tries an operator for versions on all values.
 */
static bool
version_matches(const CompiledClause *clause, StringView text)
{
	SemanticVersion version;
	int wanted = clause->op == OPERATOR_VERSION_EQUAL  ? 0
				 : clause->op == OPERATOR_VERSION_LESS ? -1
													   : 1;

	if (clause->version_count == 0 || !semantic_version_read(&version, text))
		return false;
	for (int i = 0; i < clause->version_count; i++)
	{
		int order = semantic_version_compare(&version, &clause->versions[i]);

		if ((order > 0) - (order < 0) == wanted)
			return true;
	}
	return false;
}

/*
 * string_matches tries the clause on a string.
 */
static bool
string_matches(const CompiledClause *clause, StringView text)
{
	Instant instant;

	switch (clause->op)
	{
		case OPERATOR_IN:
			return key_set_has(&clause->strings, text);
		case OPERATOR_STARTS_WITH:
		case OPERATOR_ENDS_WITH:
		case OPERATOR_CONTAINS:
			for (int i = 0; i < clause->text_count; i++)
				if (text_matches(clause->op, text, clause->texts[i]))
					return true;
			return false;
		case OPERATOR_MATCHES:
			for (int i = 0; i < clause->pattern_count; i++)
				if (pattern_matches(clause->patterns[i], text))
					return true;
			return false;
		case OPERATOR_BEFORE:
		case OPERATOR_AFTER:
			return instant_read(&instant, text) && instant_matches(clause, &instant);
		case OPERATOR_VERSION_EQUAL:
		case OPERATOR_VERSION_LESS:
		case OPERATOR_VERSION_GREATER:
			return version_matches(clause, text);
		default:
			return false;
	}
}

/*
 * numeric_matches tries the clause on a number.
 */
static bool
numeric_matches(const CompiledClause *clause, const JsonbValue *value)
{
	double number;

	if (clause->op == OPERATOR_BEFORE || clause->op == OPERATOR_AFTER)
	{
		Instant instant = instant_of_milliseconds(json_double(value));

		return instant_matches(clause, &instant);
	}
	if (clause->number_count == 0)
		return false;
	number = json_double(value);
	if (clause->op == OPERATOR_IN)
		return bsearch(&number, clause->numbers, clause->number_count, sizeof(double),
					   compare_doubles) != NULL;
	for (int i = 0; i < clause->number_count; i++)
		if (number_matches(clause->op, number, clause->numbers[i]))
			return true;
	return false;
}

/*
 * scalar_matches tries the clause on one value; an array or an object in it never matches.
 */
static bool
scalar_matches(const CompiledClause *clause, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return string_matches(clause, (StringView){.data = value->val.string.val,
													   .length = value->val.string.len});
		case jbvNumeric:
			return numeric_matches(clause, value);
		case jbvBool:
			return clause->op == OPERATOR_IN &&
				   (value->val.boolean ? clause->has_true : clause->has_false);
		default:
			return false;
	}
}

/*
 * value_matches tries the clause on a value, or on each element of an array.
 */
static bool
value_matches(const CompiledClause *clause, const JsonbValue *value)
{
	JsonbIterator *iterator;
	JsonbValue element;
	bool matched = false;

	if (value->type != jbvBinary)
		return scalar_matches(clause, value);
	if (!JsonContainerIsArray(value->val.binary.data))
		return false;
	iterator = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&iterator, &element, true);
	while (!matched && JsonbIteratorNext(&iterator, &element, true) == WJB_ELEM)
		matched = scalar_matches(clause, &element);
	if (iterator != NULL)
		pfree(iterator);
	return matched;
}

/*
 * kind_matches tries the clause on each kind of the context.
 */
static bool
kind_matches(const CompiledClause *clause, const Context *context)
{
	StringView kind;

	if (context->kinds == NULL)
		return string_matches(clause, context->part.kind);
	for (int place = 0; context_next_kind(context->kinds, &place, &kind);)
		if (string_matches(clause, kind))
			return true;
	return false;
}

/*
 * clause_match tries a clause that asks for no segment. A kind that the context does not
 * have, or an attribute that is absent or null, is no match, negated or not.
 */
Match
clause_match(const CompiledClause *clause, const Context *context)
{
	ContextPart part;
	JsonbValue value;
	bool matched;

	if (clause->attribute.depth == 0)
		return MATCH_MALFORMED;
	if (attribute_reference_is(&clause->attribute, STRING_VIEW("kind")))
		matched = kind_matches(clause, context);
	else if (!context_part(context, clause->kind, &part) ||
			 !attribute_value(&clause->attribute, &part, &value))
		return MATCH_NO;
	else
		matched = value_matches(clause, &value);
	return matched != clause->negate ? MATCH_YES : MATCH_NO;
}
