/*
 * mix.c
 *	  All clients change the same few things at once, each by another operation: what
 *	  one makes another deletes, with what it stands on or what stands on it. Nobody waits
 *	  in a circle, and who comes too late is told so in a documented way.
 *
 * MIX_SEED and MIX_ROUNDS say which calls and how many.
 */
#include "contest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINK_ID	 "(SELECT max(id) FROM flagplane_data.flag_link WHERE key = 'mix')"
#define APP_ID	 "(SELECT max(id) FROM flagplane_data.sdk_app WHERE name = 'mix')"
#define TOKEN_ID "(SELECT max(id) FROM flagplane_data.access_token WHERE name = 'mix')"
#define RESERVE                                                              \
	"'[{\"kind\": \"updateExperimentReservation\", \"experimentKey\": \"x\"" \
	", \"reservationPercent\": 1{n}}]', 'test'"
#define REMOVE "'[{\"kind\": \"removeExperiment\", \"experimentKey\": \"x\"}]', 'test'"

/* What makes things comes twice where what deletes them would leave nothing to others. */
static const char *const calls[] = {
	"create_project('mix', 'M')",
	"create_project('mix', 'M')",
	"update_project('mix', '[{\"op\": \"replace\", \"path\": \"/name\", \"value\": \"{n}\"}]')",
	"delete_project('mix')",
	"create_environment('mix', 'e', 'E', '000000')",
	"create_environment('mix', 'clone', 'E', '000000', source => '{\"key\": \"test\"}')",
	"update_environment('mix', 'test', '[{\"op\": \"replace\", \"path\": \"/name\","
	" \"value\": \"{n}\"}]')",
	"delete_environment('mix', 'e')",
	"delete_environment('mix', 'clone')",
	"delete_environment('mix', 'test')",
	"create_environment('mix', 'test', 'E', '000000')",
	"reset_environment_sdk_key('mix', 'test', 4102444800000)",
	"reset_environment_mobile_key('mix', 'e')",
	"create_sdk_key('mix', 'test', 'k')",
	"delete_sdk_key('mix', 'test', 'k')",
	"create_flag('mix', 'f', 'F')",
	"create_flag('mix', 'f', 'F')",
	"delete_flag('mix', 'f')",
	"create_segment('mix', 'test', 's', 'S')",
	"create_segment('mix', 'test', 's', 'S')",
	"update_segment('mix', 'test', 's', '{\"name\": \"{n}\"}')",
	"update_flag('mix', 'f', '{\"environments\": {\"test\": {\"rules\": [{\"variation\": 0,"
	" \"clauses\": [{\"op\": \"segmentMatch\", \"values\": [\"s\"]}]}]}}}')",
	"update_flag('mix', 'f', '{\"environments\": {\"test\": {\"rules\": []}}}')",
	"delete_segment('mix', 'test', 's')",
	"create_flag_link('mix', 'f', 'mix')",
	"update_flag_link('mix', 'f', " LINK_ID
	", '[{\"op\": \"add\", \"path\": \"/title\", \"value\": \"{n}\"}]')",
	"delete_flag_link('mix', 'f', 'mix')",
	"create_layer('mix', 'l', 'L', '')",
	"create_layer('mix', 'l', 'L', '')",
	"update_layer('mix', 'l', " RESERVE ")",
	"update_layer('mix', 'l', " REMOVE ")",
	"delete_layer('mix', 'l')",
	"create_experiment('mix', 'test', 'x', 'X', flag_key => 'f')",
	"create_experiment('mix', 'test', 'x', 'X', iteration => public.plan('mix', 'f'))",
	"update_experiment('mix', 'test', 'x', '[{\"kind\": \"updateName\", \"value\": \"{n}\"}]')",
	"start_experiment('mix', 'test', 'x')",
	"stop_experiment('mix', 'test', 'x')",
	"archive_experiment('mix', 'test', 'x')",
	"delete_experiment('mix', 'test', 'x')",
	"create_sdk_app('mix', 'mix', 'ios', bundle_id => 'com.example.mix')",
	"update_sdk_app('mix', " APP_ID ", bundle_id => 'com.example.mix{n}', rotate_key => true)",
	"delete_sdk_app('mix', " APP_ID ")",
	"create_access_token('mix', role => 'reader', projects => '{mix}')",
	"rotate_access_token(" TOKEN_ID ", '1 day')",
	"set_access_token_tier(" TOKEN_ID ", 'pilot')",
	"revoke_access_token(" TOKEN_ID ")",
};

/*
 * mix_all runs the rounds, each of a random call for each client.
 */
void
mix_all(void)
{
	uint32_t seed = number_of("MIX_SEED", 1);
	int rounds = (int) number_of("MIX_ROUNDS", 60);
	int others = 0;
	int answers = 0;
	int refusals = 0;

	printf("# MIX_SEED=%u MIX_ROUNDS=%d\n", seed, rounds);
	srand(seed);
	for (int round = 0; round < rounds; round++)
	{
		Tally tally;

		for (int i = 0; i < CLIENTS; i++)
		{
			char template[STATEMENT_BYTES];
			char statement[STATEMENT_BYTES];
			int count = sizeof(calls) / sizeof(calls[0]);

			snprintf(template, sizeof(template), "SELECT flagplane.%s", calls[rand() % count]);
			change_text(statement, template, i % 10, "");
			send_or_die(i, statement);
		}
		tally = gather();
		others += tally.others;
		answers += tally.answers;
		refusals += tally.refusals;
	}
	check(others == 0, "whatever is mixed is answered, or refused as documented (%d and %d)",
		  answers, refusals);
	check(answers > rounds * CLIENTS / 10 && refusals > rounds * CLIENTS / 10,
		  "and there is much of both");
}
