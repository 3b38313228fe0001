/*
 * client.h
 *	  What the libpq tests share: one connection's helpers and a TAP counter.
 */
#ifndef FLAGPLANE_CLIENT_H
#define FLAGPLANE_CLIENT_H

#include <stdbool.h>

#include <libpq-fe.h>

extern PGconn *connect_or_die(void);
extern char *
query(PGconn *connection, const char *format, ...) __attribute__((format(printf, 2, 3)));
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
extern void test_pairs(void);
extern void test_hostile(void);
extern void test_rights(void);
extern void test_secrets(void);

#endif /* FLAGPLANE_CLIENT_H */
