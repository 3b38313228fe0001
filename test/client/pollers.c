/*
 * pollers.c
 *	  Many SDKs that poll, in one process: "pollers PORT COUNT INTERVAL SECONDS ASKED KEY...".
 *
 * Each poller has a connection of its own to a port of this machine and asks every INTERVAL
 * milliseconds, more or less (0: again as soon as it has an answer), with one of the keys as
 * Authorization ("-": none) and the entity tag of the last 200. What is ASKED is a method and a
 * path, in which "%d" is the poller's number; a POST has no body. All end after SECONDS, whatever
 * happens.
 *
 * Commands come on standard input, a line each, and are answered by a line:
 *
 *	phase NAME		   what has been answered since the last one, and how fast
 *	forget			   no poller knows a tag any more, and all ask at once
 *	await STATUS COUNT waits until so many answers of this phase had the status (0: until so
 *					   many connections were closed without an answer)
 *	settle TAG...	   waits until every poller knows its key's tag, in the order of the keys
 *	quit			   ends
 *
 * Statuses are counted by hundreds, but for 200, 304 and 503.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX	   8192
#define TAG_MAX		   128
#define REQUEST_MAX	   1024
#define WAIT_MS		   5
#define PAUSE_US	   50000 /* before a lost connection is opened again */
#define LATENCY_MAX_MS 60000

/* Where a poller is in its answer. */
typedef enum Progress
{
	IDLE,
	HEAD,
	BODY,
	CHUNK_LENGTH,
	CHUNK,
	LAST_LINE
} Progress;

typedef struct Poller
{
	int connection; /* -1: none */
	int key;
	Progress progress;
	char tag[TAG_MAX]; /* of the last 200, when that had come as a whole; "": none */
	char coming[TAG_MAX];
	char head[HEAD_MAX];
	size_t head_length;
	size_t rest; /* bytes of the body or chunk that are to come */
	int status;
	bool last;	 /* the server closes the connection after this answer */
	int64_t due; /* when it asks next, in microseconds */
	int64_t asked_at;
} Poller;

/* What is counted in a phase. */
enum
{
	LOST,
	OK,
	NOT_MODIFIED,
	UNAVAILABLE,
	OTHER_2XX,
	OTHER_3XX,
	REFUSED_4XX,
	OTHER_5XX,
	KINDS
};

static struct
{
	int64_t started;
	long counts[KINDS];
	long latencies[LATENCY_MAX_MS * 10 + 1]; /* by tenths of a millisecond */
} phase;

/* What the last command waits for. */
static struct
{
	bool settle;
	bool count;
	int kind;
	long enough;
	char tags[16][TAG_MAX];
	int tag_count;
} awaited;

static Poller *pollers;
static int count;
static int64_t interval;
static int port;
static const char *asked;
static char **keys;
static int key_count;
static int events;

/*
 * now is the time in microseconds.
 */
static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t) time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/*
 * kind_of is what an answer is counted as.
 */
static int
kind_of(int status)
{
	switch (status)
	{
		case 0:
			return LOST;
		case 200:
			return OK;
		case 304:
			return NOT_MODIFIED;
		case 503:
			return UNAVAILABLE;
		default:
			return status < 300	  ? OTHER_2XX
				   : status < 400 ? OTHER_3XX
				   : status < 500 ? REFUSED_4XX
								  : OTHER_5XX;
	}
}

/*
 * finish counts an answer (0: there was none) and plans the next request.
 */
static void
finish(Poller *poller, int status)
{
	int64_t at = now();
	int64_t took = (at - poller->asked_at) / 100;

	phase.counts[kind_of(status)]++;
	phase.latencies[took < LATENCY_MAX_MS * 10 ? took : LATENCY_MAX_MS * 10]++;
	if (status == 200)
		memcpy(poller->tag, poller->coming, TAG_MAX);
	poller->progress = IDLE;
	poller->due = poller->asked_at + interval / 2 + (interval > 0 ? random() % interval : 0);
	if (status == 0 || poller->last)
	{
		close(poller->connection);
		poller->connection = -1;
	}
	if (status == 0)
		poller->due = at + PAUSE_US;
}

/*
 * open_connection connects a poller.
 */
static bool
open_connection(Poller *poller)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = poller};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	poller->connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (poller->connection < 0 ||
		connect(poller->connection, (struct sockaddr *) &address, sizeof(address)) != 0 ||
		fcntl(poller->connection, F_SETFL, O_NONBLOCK) != 0 ||
		epoll_ctl(events, EPOLL_CTL_ADD, poller->connection, &event) != 0)
		return false;
	return true;
}

/*
 * ask sends a poller's request. It is short, so that the kernel takes it whole.
 */
static void
ask(Poller *poller)
{
	const char *key = keys[poller->key];
	char request[REQUEST_MAX];
	int length;

	poller->asked_at = now();
	poller->head_length = 0;
	if (poller->connection < 0 && !open_connection(poller))
	{
		perror("pollers: connect");
		exit(1);
	}
	length = snprintf(request, sizeof(request), asked, (int) (poller - pollers));
	length += snprintf(request + length, sizeof(request) - length,
					   " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: pollers\r\n");
	if (strncmp(asked, "POST ", 5) == 0)
		length += snprintf(request + length, sizeof(request) - length,
						   "Content-Type: application/octet-stream\r\nContent-Length: 0\r\n");
	if (strcmp(key, "-") != 0)
		length +=
			snprintf(request + length, sizeof(request) - length, "Authorization: %s\r\n", key);
	if (poller->tag[0])
		length += snprintf(request + length, sizeof(request) - length, "If-None-Match: %s\r\n",
						   poller->tag);
	length += snprintf(request + length, sizeof(request) - length, "\r\n");
	poller->progress = HEAD;
	if (send(poller->connection, request, length, MSG_NOSIGNAL) != length)
		finish(poller, 0);
}

/*
 * header finds a header's value in the head of an answer, up to the end of its line.
 */
static const char *
header(const Poller *poller, const char *name)
{
	char pattern[64];
	const char *found;

	snprintf(pattern, sizeof(pattern), "\r\n%s: ", name);
	found = strcasestr(poller->head, pattern);
	return found ? found + strlen(pattern) : NULL;
}

/*
 * read_head reads the head of an answer, which is there as a whole, and decides what follows.
 */
static void
read_head(Poller *poller)
{
	const char *tag = header(poller, "ETag");
	const char *length = header(poller, "Content-Length");
	const char *encoding = header(poller, "Transfer-Encoding");
	const char *closes = header(poller, "Connection");

	poller->status = strncmp(poller->head, "HTTP/1.1 ", 9) == 0 ? atoi(poller->head + 9) : 0;
	poller->last = closes && strncasecmp(closes, "close", 5) == 0;
	if (poller->status == 200)
		snprintf(poller->coming, TAG_MAX, "%.*s", tag ? (int) strcspn(tag, "\r") : 0,
				 tag ? tag : "");
	if (poller->status == 304 || poller->status == 204)
		poller->rest = 0;
	else if (length)
		poller->rest = strtoul(length, NULL, 10);
	else if (encoding)
	{
		poller->progress = CHUNK_LENGTH;
		poller->head_length = 0;
		return;
	}
	poller->progress = BODY;
}

/*
 * take_line appends what has come to a line that ends the way the argument says, and returns how
 * much of it belongs to it; the line is whole when the poller's head ends so.
 */
static size_t
take_line(Poller *poller, const char *bytes, size_t length, const char *end, bool *whole)
{
	size_t taken = 0;
	size_t end_length = strlen(end);

	*whole = false;
	while (taken < length && !*whole)
	{
		if (poller->head_length + 1 >= HEAD_MAX)
		{
			fprintf(stderr, "pollers: a head is too long\n");
			exit(1);
		}
		poller->head[poller->head_length++] = bytes[taken++];
		*whole = poller->head_length >= end_length &&
				 memcmp(poller->head + poller->head_length - end_length, end, end_length) == 0;
	}
	poller->head[poller->head_length] = '\0';
	return taken;
}

/*
 * take_chunk_length takes the line before a chunk.
 */
static size_t
take_chunk_length(Poller *poller, const char *bytes, size_t length)
{
	bool whole;
	size_t taken = take_line(poller, bytes, length, "\r\n", &whole);

	if (whole)
	{
		poller->rest = strtoul(poller->head, NULL, 16);
		poller->head_length = 0;
		poller->progress = poller->rest > 0 ? CHUNK : LAST_LINE;
		poller->rest += 2;
	}
	return taken;
}

/*
 * take takes a part of what has come, and returns how much that was.
 */
static size_t
take(Poller *poller, const char *bytes, size_t length)
{
	size_t taken = length < poller->rest ? length : poller->rest;
	bool whole;

	switch (poller->progress)
	{
		case HEAD:
			taken = take_line(poller, bytes, length, "\r\n\r\n", &whole);
			if (whole)
				read_head(poller);
			break;
		case CHUNK_LENGTH:
			return take_chunk_length(poller, bytes, length);
		case BODY:
		case CHUNK:
		case LAST_LINE:
			poller->rest -= taken;
			if (poller->rest == 0 && poller->progress == CHUNK)
				poller->progress = CHUNK_LENGTH;
			break;
		case IDLE:
			fprintf(stderr, "pollers: an answer that nobody asked for\n");
			exit(1);
	}
	if (poller->rest == 0 && (poller->progress == BODY || poller->progress == LAST_LINE))
		finish(poller, poller->status);
	return taken;
}

/*
 * receive takes what has come for a poller.
 */
static void
receive(Poller *poller)
{
	static char bytes[65536];
	ssize_t got = recv(poller->connection, bytes, sizeof(bytes), 0);
	ssize_t taken = 0;

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0 && poller->progress == IDLE)
	{
		/* The server may close a connection that nothing is asked on. */
		close(poller->connection);
		poller->connection = -1;
		return;
	}
	if (got <= 0)
		finish(poller, 0);
	/* What comes after the last answer is not read. */
	while (taken < got && poller->connection >= 0)
		taken += take(poller, bytes + taken, got - taken);
}

/*
 * percentile is the time in milliseconds that so much of the phase's answers took at most.
 */
static double
percentile(double part)
{
	long total = 0;
	long seen = 0;

	for (int i = 0; i <= LATENCY_MAX_MS * 10; i++)
		total += phase.latencies[i];
	for (int i = 0; i <= LATENCY_MAX_MS * 10; i++)
	{
		seen += phase.latencies[i];
		if (total > 0 && seen >= part * total)
			return i / 10.0;
	}
	return 0;
}

/*
 * end_phase tells of a phase and begins the next one.
 */
static void
end_phase(const char *name)
{
	double seconds = (now() - phase.started) / 1e6;
	long total = 0;

	for (int i = 0; i < KINDS; i++)
		total += phase.counts[i];
	printf("%s seconds=%.1f answers=%ld rate=%.0f 200=%ld 304=%ld 503=%ld 2xx=%ld 3xx=%ld 4xx=%ld "
		   "5xx=%ld lost=%ld p50=%.1f p99=%.1f max=%.1f\n",
		   name, seconds, total, total / seconds, phase.counts[OK], phase.counts[NOT_MODIFIED],
		   phase.counts[UNAVAILABLE], phase.counts[OTHER_2XX], phase.counts[OTHER_3XX],
		   phase.counts[REFUSED_4XX], phase.counts[OTHER_5XX], phase.counts[LOST], percentile(0.5),
		   percentile(0.99), percentile(1));
	memset(&phase, 0, sizeof(phase));
	phase.started = now();
}

/*
 * forget has all pollers ask at once for what they then do not know.
 */
static void
forget(void)
{
	for (int i = 0; i < count; i++)
	{
		pollers[i].tag[0] = '\0';
		pollers[i].due = 0;
	}
	printf("forgotten\n");
}

/*
 * obey begins what a command asks for.
 */
static void
obey(char *line)
{
	char *rest = NULL;
	char *command = strtok_r(line, " ", &rest);
	char *word = strtok_r(NULL, " ", &rest);

	if (command == NULL || strcmp(command, "quit") == 0)
		exit(0);
	else if (strcmp(command, "phase") == 0 && word)
		end_phase(word);
	else if (strcmp(command, "forget") == 0)
		forget();
	else if (strcmp(command, "await") == 0 && word && rest)
	{
		awaited.count = true;
		awaited.kind = kind_of(atoi(word));
		awaited.enough = atol(rest);
	}
	else if (strcmp(command, "settle") == 0)
	{
		awaited.settle = true;
		for (awaited.tag_count = 0; word; word = strtok_r(NULL, " ", &rest))
			snprintf(awaited.tags[awaited.tag_count++ % 16], TAG_MAX, "%s", word);
	}
	else
	{
		fprintf(stderr, "pollers: what is %s?\n", command);
		exit(2);
	}
}

/*
 * read_commands reads what has come on standard input.
 */
static void
read_commands(void)
{
	static char line[2048];
	static size_t length;
	ssize_t got = read(STDIN_FILENO, line + length, sizeof(line) - length - 1);
	char *end;

	if (got <= 0)
		exit(0);
	length += got;
	line[length] = '\0';
	while ((end = strchr(line, '\n')) != NULL)
	{
		*end = '\0';
		obey(line);
		length -= end + 1 - line;
		memmove(line, end + 1, length + 1);
	}
}

/*
 * all_settled tells whether every poller knows the tag that is waited for.
 */
static bool
all_settled(void)
{
	for (int i = 0; i < count; i++)
		if (strcmp(pollers[i].tag, awaited.tags[pollers[i].key % 16]) != 0)
			return false;
	return true;
}

/*
 * tell_awaited answers a command that waits, when there is what it waits for.
 */
static void
tell_awaited(void)
{
	if (awaited.count && phase.counts[awaited.kind] >= awaited.enough)
	{
		awaited.count = false;
		printf("there\n");
	}
	if (awaited.settle && all_settled())
	{
		awaited.settle = false;
		printf("settled\n");
	}
}

int
main(int argc, char **argv)
{
	struct epoll_event commands = {.events = EPOLLIN, .data.ptr = NULL};
	struct epoll_event ready[256];
	int64_t end;

	if (argc < 7)
	{
		fprintf(stderr, "usage: %s PORT COUNT INTERVAL SECONDS ASKED KEY...\n", argv[0]);
		return 2;
	}
	port = atoi(argv[1]);
	count = atoi(argv[2]);
	interval = atoll(argv[3]) * 1000;
	asked = argv[5];
	keys = argv + 6;
	key_count = argc - 6;
	end = now() + atoll(argv[4]) * 1000000;
	pollers = calloc(count, sizeof(Poller));
	events = epoll_create1(EPOLL_CLOEXEC);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < count; i++)
		pollers[i] = (Poller){.connection = -1, .key = i % key_count};
	epoll_ctl(events, EPOLL_CTL_ADD, STDIN_FILENO, &commands);
	phase.started = now();
	while (now() < end)
	{
		int64_t at = now();
		int got;

		for (int i = 0; i < count; i++)
			if (pollers[i].progress == IDLE && pollers[i].due <= at)
				ask(&pollers[i]);
		got =
			epoll_wait(events, ready, sizeof(ready) / sizeof(ready[0]), interval > 0 ? WAIT_MS : 1);
		for (int i = 0; i < got; i++)
		{
			if (ready[i].data.ptr == NULL)
				read_commands();
			else
				receive(ready[i].data.ptr);
		}
		tell_awaited();
	}
	printf("out of time\n");
	return 1;
}
