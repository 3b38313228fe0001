/*
 * project_environment.c
 *	  The environments that a new project is made with.
 *
 * Each is a creation of its own, run within that of the project: it goes through
 * the same fields and rules, and its answer is a part of the project's.
 */
#include "resource/resource.h"

#include "call/body.h"
#include "call/field.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

/* What a project gets whose creator names no environments. */
#define DEFAULT_ENVIRONMENTS                                                                    \
	"[{\"key\":\"production\",\"name\":\"Production\",\"color\":\"417505\",\"critical\":true}," \
	"{\"key\":\"test\",\"name\":\"Test\",\"color\":\"F5A623\"}]"

/* An environment of a new project goes through the fields and rules of its own creation. */
static const Operation nested_creation = {
	.name = "create_environment",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "environment",
	.fields = create_environment_fields,
	.check = check_create_environment,
	.run = do_create_environment,
};

/*
 * environments_read reads the environments that a new project is to have, out of
 * one of its fields or the default ones, as requests to run once the project is
 * there.  What is wrong with them is collected with the project's violations.
 */
List *
environments_read(Request *project, int field)
{
	List *environments = NIL;
	Jsonb *list = request_given(project, field)
					  ? DatumGetJsonbP(project->params.values[FIELD_PARAM(field)])
					  : jsonb_of_text(DEFAULT_ENVIRONMENTS);
	uint32 count = JB_ROOT_COUNT(list);

	if (!jsonb_is_array(list) || count == 0)
	{
		request_violation(project, field, "must be a list of at least one environment");
		return NIL;
	}
	for (uint32 i = 0; i < count; i++)
	{
		Jsonb *element = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		char *text = jsonb_text(element);
		Request *environment = palloc0(sizeof(Request));

		environment->operation = &nested_creation;
		environment->rest = true;
		environment->caller = project->caller;
		environment->mode = STATEMENT_WRITE;
		environment->now = project->now;
		environment->response = project->response;
		environment->location = makeStringInfo();
		fields_prepare(environment);
		field_set(environment, 0, CStringGetTextDatum(""));
		if (body_read(environment, text, strlen(text)) != NULL)
			request_violation(project, field, "must hold objects");
		else
		{
			fields_collect(environment);
			if (environment->violations.count > 0)
				request_violation(project, field, "[%u]: %s", i,
								  environment->violations.message.data);
		}
		environments = lappend(environments, environment);
	}
	return environments;
}

/*
 * environments_create makes the environments that were read for a new project,
 * and writes them into its answer as the member environments.
 */
void
environments_create(Request *project, List *environments, const char *project_key)
{
	ListCell *cell;

	document_key(project->response, "environments");
	document_open(project->response, '[');
	foreach (cell, environments)
	{
		Request *environment = lfirst(cell);

		field_set(environment, 0, CStringGetTextDatum(project_key));
		environment->secrets = project->secrets;
		environment->secret_count = project->secret_count;
		environment->secret_room = project->secret_room;
		document_element(project->response);
		precompute_create_environment(environment);
		do_create_environment(environment);
		project->secrets = environment->secrets;
		project->secret_count = environment->secret_count;
		project->secret_room = environment->secret_room;
	}
	document_close(project->response, ']');
}
