/*
 * contest.h
 *	  Many clients that are sent statements all at once.
 */
#ifndef FLAGPLANE_CONTEST_H
#define FLAGPLANE_CONTEST_H

#include "changes.h"

#define CLIENTS 32

/* How a round ended. */
typedef struct Tally
{
	int answers;
	int refusals; /* documented ones */
	int others;
	bool equal; /* all answers are the same */
} Tally;

extern void send_or_die(int client, const char *statement);
extern Tally gather(void);
extern void mix_all(void);

#endif /* FLAGPLANE_CONTEST_H */
