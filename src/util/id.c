/*
 * id.c
 *	  Random bytes and the ids made of them: ids are generated, never counted.
 *
 * Random bytes come from PostgreSQL's strong source, a pool at a time, since
 * its fixed price is many times that of the bytes.  A pool belongs to one
 * backend: backends are forked from the postmaster, which never fills it.
 */
#include "util/id.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#define POOL_SIZE 512

static uint8 pool[POOL_SIZE];
static int pool_used = POOL_SIZE;

/*
 * random_bytes writes length unpredictable bytes; each byte of the pool is
 * handed out once and wiped.
 */
void
random_bytes(void *out, int length)
{
	if (length > POOL_SIZE)
		elog(ERROR, "so many random bytes are not to be had at once");
	if (length > POOL_SIZE - pool_used)
	{
		if (!pg_strong_random(pool, POOL_SIZE))
			elog(ERROR, "could not generate random bytes");
		pool_used = 0;
	}
	memcpy(out, pool + pool_used, length);
	memset(pool + pool_used, 0, length);
	pool_used += length;
}

/*
 * random_below draws a whole number from 0 to bound - 1, each as likely as any
 * other: draws beyond the last whole multiple of bound are thrown away.
 */
uint32
random_below(uint32 bound)
{
	uint32 limit = PG_UINT32_MAX - PG_UINT32_MAX % bound;
	uint32 drawn;

	do
		random_bytes(&drawn, sizeof(drawn));
	while (drawn >= limit);
	return drawn % bound;
}

/*
 * random_seed draws a seed that every SDK can read: from 1 to 2147483647.
 */
int32
random_seed(void)
{
	return (int32) random_below(PG_INT32_MAX) + 1;
}

/*
 * object_id generates 24 lower-case hex digits: four bytes of Unix seconds, then
 * eight random ones.
 */
char *
object_id(void)
{
	uint8 bytes[OBJECT_ID_LENGTH / 2];
	uint32 seconds = (uint32) timestamptz_to_time_t(GetCurrentTimestamp());
	char *text = palloc(OBJECT_ID_LENGTH + 1);

	bytes[0] = seconds >> 24;
	bytes[1] = seconds >> 16;
	bytes[2] = seconds >> 8;
	bytes[3] = seconds;
	random_bytes(bytes + 4, sizeof(bytes) - 4);
	hex_encode((const char *) bytes, sizeof(bytes), text);
	text[OBJECT_ID_LENGTH] = '\0';
	return text;
}

/*
 * random_uuid generates a version 4 UUID.
 */
pg_uuid_t *
random_uuid(void)
{
	pg_uuid_t *uuid = palloc(sizeof(pg_uuid_t));

	random_bytes(uuid->data, UUID_LEN);
	uuid->data[6] = (uuid->data[6] & 0x0f) | 0x40;
	uuid->data[8] = (uuid->data[8] & 0x3f) | 0x80;
	return uuid;
}

/*
 * uuid_text writes sixteen bytes in the form 8-4-4-4-12.
 */
char *
uuid_text(const uint8 *bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *text = palloc(UUID_TEXT_LENGTH + 1);
	char *next = text;

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*next++ = '-';
		*next++ = digits[bytes[i] >> 4];
		*next++ = digits[bytes[i] & 15];
	}
	*next = '\0';
	return text;
}

/*
 * uuid_parse reads the form 8-4-4-4-12, in either case, and no other.
 */
bool
uuid_parse(const char *text, int length, pg_uuid_t *out)
{
	int digit = 0;

	if (length != UUID_TEXT_LENGTH)
		return false;
	for (int i = 0; i < length; i++)
	{
		char c = text[i];
		int value;

		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (c != '-')
				return false;
			continue;
		}
		if (c >= '0' && c <= '9')
			value = c - '0';
		else if (c >= 'a' && c <= 'f')
			value = c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			value = c - 'A' + 10;
		else
			return false;
		if (digit % 2 == 0)
			out->data[digit / 2] = value << 4;
		else
			out->data[digit / 2] |= value;
		digit++;
	}
	return true;
}

/*
 * is_uuid tells whether a text is a UUID.
 */
bool
is_uuid(const char *text)
{
	pg_uuid_t uuid;

	return uuid_parse(text, strlen(text), &uuid);
}

/*
 * is_object_id tells whether a text is an object id: 24 lower-case hexadecimal
 * digits.
 */
bool
is_object_id(const char *text)
{
	return strlen(text) == OBJECT_ID_LENGTH && strspn(text, "0123456789abcdef") == OBJECT_ID_LENGTH;
}

/*
 * request_id generates req_ and a ULID: 48 bits of Unix milliseconds and 80 random
 * ones in Crockford's base 32.
 */
void
request_id(char out[REQUEST_ID_LENGTH + 1])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64 milliseconds = (GetCurrentTimestamp() / 1000) +
						  ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)) * SECS_PER_DAY * 1000;
	uint8 random[16];
	char *next = out;

	memcpy(next, "req_", 4);
	next += 4;
	for (int shift = 45; shift >= 0; shift -= 5)
		*next++ = digits[(milliseconds >> shift) & 31];
	random_bytes(random, sizeof(random));
	for (int i = 0; i < 16; i++)
		*next++ = digits[random[i] & 31];
	*next = '\0';
}

/*
 * The base 62 codec treats 32 bytes as one number, most significant byte first;
 * 43 digits are enough.  Both directions work on 32-bit limbs and five digits at a
 * time, since 62^5 fits a limb.
 */
#define BASE62_CHUNK 916132832 /* 62^5 */
#define LIMBS		 (SECRET_BYTES / 4)

static const char base62_digits[] =
	"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/*
 * base62_encode writes 32 bytes as 43 base 62 digits.
 */
void
base62_encode(const uint8 bytes[SECRET_BYTES], char out[SECRET_LENGTH + 1])
{
	uint32 limbs[LIMBS];
	int position = SECRET_LENGTH;

	for (int i = 0; i < LIMBS; i++)
		limbs[i] = (uint32) bytes[4 * i] << 24 | (uint32) bytes[4 * i + 1] << 16 |
				   (uint32) bytes[4 * i + 2] << 8 | bytes[4 * i + 3];

	out[position] = '\0';
	while (position > 0)
	{
		uint64 rest = 0;

		for (int i = 0; i < LIMBS; i++)
		{
			rest = rest << 32 | limbs[i];
			limbs[i] = (uint32) (rest / BASE62_CHUNK);
			rest %= BASE62_CHUNK;
		}
		for (int i = 0; i < 5 && position > 0; i++)
		{
			out[--position] = base62_digits[rest % 62];
			rest /= 62;
		}
	}
}

/*
 * base62_is_text tells whether a text is 43 base 62 digits.
 */
bool
base62_is_text(const char *text)
{
	int length = 0;

	while ((text[length] >= '0' && text[length] <= '9') ||
		   (text[length] >= 'A' && text[length] <= 'Z') ||
		   (text[length] >= 'a' && text[length] <= 'z'))
		length++;
	return length == SECRET_LENGTH && text[length] == '\0';
}

/*
 * base62_decode is the inverse of base62_encode; false if the text is not 43
 * base 62 digits or stands for a number beyond 32 bytes.
 */
bool
base62_decode(const char *text, uint8 out[SECRET_BYTES])
{
	uint32 limbs[LIMBS] = {0};

	for (int i = 0; i < SECRET_LENGTH; i++)
	{
		const char *digit = text[i] ? strchr(base62_digits, text[i]) : NULL;
		uint64 carry;

		if (digit == NULL)
			return false;
		carry = digit - base62_digits;
		for (int j = LIMBS - 1; j >= 0; j--)
		{
			carry += (uint64) limbs[j] * 62;
			limbs[j] = (uint32) carry;
			carry >>= 32;
		}
		if (carry != 0)
			return false;
	}
	if (text[SECRET_LENGTH] != '\0')
		return false;

	for (int i = 0; i < LIMBS; i++)
	{
		out[4 * i] = limbs[i] >> 24;
		out[4 * i + 1] = limbs[i] >> 16;
		out[4 * i + 2] = limbs[i] >> 8;
		out[4 * i + 3] = limbs[i];
	}
	return true;
}
