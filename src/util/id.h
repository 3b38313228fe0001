/*
 * id.h
 *	  Random bytes and the ids made of them.
 */
#ifndef FLAGPLANE_ID_H
#define FLAGPLANE_ID_H

#include "util/compat.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

/* Lengths without the final NUL. */
#define OBJECT_ID_LENGTH  24
#define UUID_TEXT_LENGTH  36
#define REQUEST_ID_LENGTH 30
#define SECRET_BYTES	  32
#define SECRET_LENGTH	  43
#define SELECTOR_LENGTH	  16

extern void random_bytes(void *out, int length);
extern uint32 random_below(uint32 bound);
extern int32 random_seed(void);
extern char *object_id(void);
extern bool is_object_id(const char *text);
extern bool is_uuid(const char *text);
extern pg_uuid_t *random_uuid(void);
extern char *uuid_text(const uint8 *bytes);
extern bool uuid_parse(const char *text, int length, pg_uuid_t *out);
extern void request_id(char out[REQUEST_ID_LENGTH + 1]);
extern void base62_encode(const uint8 bytes[SECRET_BYTES], char out[SECRET_LENGTH + 1]);
extern bool base62_is_text(const char *text);
extern bool base62_decode(const char *text, uint8 out[SECRET_BYTES]);

#endif /* FLAGPLANE_ID_H */
