/*
 * client.h
 *	  What the libpq tests share: one connection's helpers and a TAP counter.
 */
#ifndef FLAGPLANE_CLIENT_H
#define FLAGPLANE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

/*
 * A function that makes an iteration which an experiment can start with, on a flag that it makes
 * unless it is there.
 */
#define PLAN_FUNCTION                                                                            \
	"CREATE FUNCTION public.plan(project text, flag text) RETURNS jsonb LANGUAGE plpgsql AS $$ " \
	"DECLARE variations jsonb; BEGIN "                                                           \
	"PERFORM flagplane.create_flag(project, flag, flag) WHERE NOT EXISTS (SELECT FROM "          \
	"flagplane_data.flag f JOIN flagplane_data.project p ON p.id = f.project_id "                \
	"WHERE p.key = project AND f.key = flag); "                                                  \
	"variations := flagplane.get_flag(project, flag)->'variations'; "                            \
	"RETURN jsonb_build_object('flags', jsonb_build_object(flag, '{}'::jsonb), 'treatments', "   \
	"(SELECT jsonb_agg(jsonb_build_object('name', i::text, 'baseline', i = 0, "                  \
	"'allocationPercent', '50', 'parameters', jsonb_build_array(jsonb_build_object("             \
	"'flagKey', flag, 'variationId', variations->i->>'_id')))) FROM generate_series(0, 1) i)); " \
	"END $$"

extern PGconn *connect_or_die(void);
extern char *
query(PGconn *connection, const char *format, ...) __attribute__((format(printf, 2, 3)));
extern uint32_t number_of(const char *name, uint32_t otherwise);
extern void wait_for_all(PGconn **clients, int count);
extern void check(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
extern void check_equal(const char *got, const char *expected, const char *what);
extern void check_contains(const char *got, const char *part, const char *what);

extern void test_postgrest(void);
extern void test_races(void);
extern void test_limits(void);
extern void test_feed(void);
extern void test_contest(void);
extern void test_crash(void);
extern void test_orders(void);
extern void test_pairs(void);
extern void test_hostile(void);
extern void test_rights(void);
extern void test_secrets(void);

#endif /* FLAGPLANE_CLIENT_H */
