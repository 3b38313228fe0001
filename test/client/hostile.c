/*
 * hostile.c
 *	  Good calls of every operation, made bad at random: documented requests through
 *	  handle(), and arguments of the functions. Each is answered as documented, no
 *	  backend is lost, and none grows.
 *
 * HOSTILE_SEED and HOSTILE_COUNT say which cases and how many; a case that fails is
 * told by its number, and HOSTILE_ONLY runs that one alone: each case is a transaction
 * that is rolled back, so that none depends on those before.
 */
#include "hostile.h"
#include "mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_TOLD 10
#define SHOWN_BYTES	  2000

/* A backend may grow so much over the second half of the cases; the first fills its caches. */
#define CONTEXTS_GROWTH_MAX (256 * 1024)
#define RSS_GROWTH_KB_MAX	(16 * 1024)

/* Where the tokens stand that the callers have. */
static char *tokens[4];

static Target *targets;
static int target_count;
static PGconn *victim;
static uint32_t succeeded = 0;

#define HANDLE                                                               \
	"SELECT h.status, h.headers, h.body, h.body::jsonb IS NULL AND h.status" \
	" <> 204 FROM flagplane.handle($1, $2, $3::jsonb, $4) h"

/*
 * headers_of makes a request's headers.
 */
static char *
headers_of(bool hostile)
{
	static const char *const names[] = {"Authorization",
										"X-Original-Authorization",
										"x-api-key",
										"Idempotency-Key",
										"If-Match",
										"X-HTTP-Method-Override",
										"LD-API-Version",
										"Content-Type",
										""};
	Text headers = {0};
	char uuid[40];

	snprintf(uuid, sizeof(uuid), "00000000-0000-4000-8000-%012x", draw(UINT32_MAX));
	text_add(&headers, "{\"idempotency-key\": ");
	text_json(&headers, uuid);
	if (draw(2))
	{
		text_add(&headers, ", \"authorization\": ");
		text_json(&headers, tokens[draw(4)]);
	}
	for (uint32_t i = hostile ? 1 + draw(2) : 0; i > 0; i--)
	{
		char *value = draw(3) ? mutate_text(uuid) : mutate_text(tokens[draw(4)]);

		text_add(&headers, ", ");
		text_json(&headers, names[draw(9)]);
		text_add(&headers, ": ");
		text_json(&headers, value);
		free(value);
	}
	text_add(&headers, "}");
	if (hostile && draw(3) == 0)
	{
		char *bad = mutate_json(headers.data);

		free(headers.data);
		return bad;
	}
	return headers.data;
}

/*
 * make_request makes a case of an operation's documented request.
 */
static void
make_request(Case *this)
{
	static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE", "PUT", "get", ""};
	const Target *target = this->target;
	uint32_t parts = 1 + draw(15); /* of which at least one is bad */
	char **values = this->call.values;

	this->is_request = true;
	this->call.statement = HANDLE;
	this->call.count = 4;
	values[0] = strdup(target->method);
	values[1] = strdup(target->uri);
	values[2] = headers_of(parts & 1);
	values[3] = target->body ? strdup(target->body) : NULL;
	if (parts & 2)
	{
		free(values[1]);
		values[1] = mutate_uri(target->uri);
		this->rerouted = true;
	}
	for (uint32_t i = parts & 12 ? 1 + draw(3) : 0; i > 0; i--)
	{
		char *bad = mutate_json(values[3] ? values[3] : "{}");

		free(values[3]);
		values[3] = bad;
	}
	if (draw(20) == 0)
	{
		free(values[0]);
		values[0] = draw(2) ? strdup(methods[draw(7)]) : mutate_text(target->method);
		this->rerouted = true;
	}
	/* A POST can ask to be taken for another method. */
	this->rerouted |= parts & 1;
}

/*
 * make_function_call makes a case of an operation's function.
 */
static void
make_function_call(Case *this)
{
	const Target *target = this->target;
	int bad = target->argument_count ? (int) draw(target->argument_count) : 0;

	this->call.statement = target->statement;
	this->call.count = target->argument_count;
	for (int i = 0; i < target->argument_count; i++)
	{
		const Argument *argument = &target->arguments[i];

		if (i == bad || draw(6) == 0)
			this->call.values[i] = mutate_value(argument->type, argument->value);
		else
			this->call.values[i] = argument->value ? strdup(argument->value) : NULL;
	}
	if (draw(4) > 0)
		return;
	this->settings.statement = "SELECT set_config('request.method', 'POST', true),"
							   " set_config('request.headers', $1, true)";
	this->settings.count = 1;
	this->settings.values[0] = headers_of(draw(2));
}

/*
 * send_call sends a statement with its parameters.
 */
static void
send_call(const Call *call)
{
	PQsendQueryParams(victim, call->statement, call->count, NULL,
					  (const char *const *) call->values, NULL, NULL, 0);
}

/*
 * run runs a case, and returns the result of its call.
 */
static PGresult *
run(const Case *this)
{
	PGresult *answer = NULL;
	int syncs = 0;

	PQsendQueryParams(victim, "BEGIN", 0, NULL, NULL, NULL, NULL, 0);
	if (this->settings.statement)
		send_call(&this->settings);
	send_call(&this->call);
	PQpipelineSync(victim);
	PQsendQueryParams(victim, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 0);
	PQpipelineSync(victim);
	while (syncs < 2)
	{
		PGresult *result = PQgetResult(victim);

		if (result == NULL)
		{
			if (PQstatus(victim) != CONNECTION_OK)
				return answer;
			continue;
		}
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
			syncs++;
		/* The call's is the last one with rows, or the first error. */
		if (syncs == 0 && (PQresultStatus(result) == PGRES_TUPLES_OK ||
						   PQresultStatus(result) == PGRES_FATAL_ERROR))
		{
			PQclear(answer);
			answer = result;
		}
		else
			PQclear(result);
	}
	return answer;
}

/*
 * show_call shows a statement and its parameters.
 */
static void
show_call(const Call *call)
{
	printf("# %s\n", call->statement);
	for (int i = 0; i < call->count; i++)
		printf("#   $%d = %.*s\n", i + 1, SHOWN_BYTES, call->values[i] ? call->values[i] : "NULL");
}

/*
 * run_case makes and runs a case and tells whether its answer is right.
 */
static bool
run_case(uint32_t seed, uint32_t number, bool show)
{
	Case this = {0};
	PGresult *result;
	const char *wrong;

	mutate_seed(seed, number);
	this.target = &targets[draw(target_count)];
	if (this.target->method && draw(3) > 0)
		make_request(&this);
	else
		make_function_call(&this);
	result = run(&this);

	if (PQstatus(victim) != CONNECTION_OK)
		wrong = "the backend is lost";
	else if (PQresultStatus(result) == PGRES_TUPLES_OK)
	{
		wrong = wrong_answer(&this, result);
		succeeded += !this.is_request || PQgetvalue(result, 0, 0)[0] == '2';
	}
	else
		wrong = wrong_error(&this, result);
	if (wrong || show)
	{
		printf("# HOSTILE_SEED=%u HOSTILE_ONLY=%u: %s\n", seed, number, wrong ? wrong : "good");
		if (this.settings.statement)
			show_call(&this.settings);
		show_call(&this.call);
		if (PQresultStatus(result) == PGRES_TUPLES_OK)
			for (int i = 0; i < PQnfields(result); i++)
				printf("#   %.*s\n", SHOWN_BYTES, PQgetvalue(result, 0, i));
		else
			printf("#   %s %s", field_of(result, PG_DIAG_SQLSTATE), PQresultErrorMessage(result));
	}
	PQclear(result);
	for (int i = 0; i < ARGUMENTS_MAX; i++)
		free(this.call.values[i]);
	free(this.settings.values[0]);
	return wrong == NULL;
}

/*
 * check_good checks that the calls are good ones before they are made bad.
 */
static void
check_good(const Target *target)
{
	Case this = {.target = target};
	PGresult *result;

	this.call = (Call){.statement = target->statement, .count = target->argument_count};
	for (int i = 0; i < target->argument_count; i++)
		this.call.values[i] = target->arguments[i].value;
	result = run(&this);
	check(PQresultStatus(result) == PGRES_TUPLES_OK, "%s: a good call is answered %s", target->name,
		  PQresultErrorMessage(result));
	PQclear(result);
	if (target->method == NULL)
		return;
	this.is_request = true;
	this.call = (Call){.statement = HANDLE,
					   .count = 4,
					   .values = {target->method, target->uri,
								  "{\"Idempotency-Key\": \"00000000-0000-4000-8000-000000000000\"}",
								  target->body}};
	result = run(&this);
	check(strcmp(PQgetvalue(result, 0, 0), target->succeeds) == 0 &&
			  wrong_answer(&this, result) == NULL,
		  "%s: a good request is answered", target->name);
	if (strcmp(PQgetvalue(result, 0, 0), target->succeeds) != 0)
	{
		show_call(&this.call);
		printf("# %s %s\n", PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 2));
	}
	PQclear(result);
}

/*
 * contexts_bytes is how much the victim's memory contexts have.
 */
static long
contexts_bytes(void)
{
	Case this = {.call = {.statement = "SELECT sum(total_bytes) FROM pg_backend_memory_contexts"}};
	PGresult *result = run(&this);
	long bytes = atol(PQgetvalue(result, 0, 0));

	PQclear(result);
	return bytes;
}

/*
 * resident_kb is how much memory of its own the victim's process has.
 */
static long
resident_kb(void)
{
	char line[256];
	long kilobytes = 0;
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%d/status", PQbackendPID(victim));
	file = fopen(line, "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "RssAnon: %ld", &kilobytes);
	if (file)
		fclose(file);
	return kilobytes;
}

/*
 * run_cases runs the cases and checks the answers, and the backend after them.
 */
static void
run_cases(uint32_t seed, uint32_t count)
{
	int wrong = 0;
	long bytes = 0;
	long kilobytes = 0;

	for (uint32_t number = 0; number < count; number++)
	{
		if (number == count / 2)
		{
			bytes = contexts_bytes();
			kilobytes = resident_kb();
		}
		if (!run_case(seed, number, false) && ++wrong == FAILURES_TOLD)
			break;
		if (PQstatus(victim) != CONNECTION_OK)
			break;
	}
	check(wrong == 0, "%u hostile calls are answered as documented", count);
	if (wrong > 0)
		return;
	check(succeeded > count / 20, "some of them get through to what is behind the rules (%u)",
		  succeeded);
	bytes = contexts_bytes() - bytes;
	kilobytes = resident_kb() - kilobytes;
	check(bytes <= CONTEXTS_GROWTH_MAX, "its memory contexts have not grown (%ld bytes)", bytes);
	check(kilobytes <= RSS_GROWTH_KB_MAX, "nor has the process (%ld kB)", kilobytes);
}

/*
 * test_hostile sends what nobody should send.
 */
void
test_hostile(void)
{
	PGconn *owner = connect_or_die();
	uint32_t seed = number_of("HOSTILE_SEED", 1);
	uint32_t only = number_of("HOSTILE_ONLY", UINT32_MAX);

	printf("# HOSTILE_SEED=%u\n", seed);
	targets = targets_load(owner, &target_count);
	tokens[0] = query(owner, "SELECT flagplane.create_access_token('all', '{*}')->>'token'");
	tokens[1] = query(owner, "SELECT flagplane.create_access_token('some', '{*}', projects =>"
							 " '{hostile}')->>'token'");
	tokens[2] = query(owner, "SELECT flagplane.create_access_token('few',"
							 " '{flags:read}')->>'token'");
	tokens[3] = "fp_00000001_0000000000000000_0000000000000000000000000000000000000000000";
	victim = connect_or_die();
	PQenterPipelineMode(victim);
	if (only != UINT32_MAX)
	{
		check(run_case(seed, only, true), "case %u of seed %u", only, seed);
		return;
	}
	for (int i = 0; i < target_count; i++)
		check_good(&targets[i]);
	run_cases(seed, number_of("HOSTILE_COUNT", 20000));
	check_equal(query(owner, "SELECT count(*) FROM flagplane_data.project"), "2",
				"nothing is left of it");
	PQfinish(victim);
	PQfinish(owner);
}
