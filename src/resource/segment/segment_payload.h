/*
 * segment_payload.h
 *	  Segments in the form that SDKs are sent them.
 */
#ifndef FLAGPLANE_SEGMENT_PAYLOAD_H
#define FLAGPLANE_SEGMENT_PAYLOAD_H

#include "resource/flag/flag_payload.h"

extern Rows segments_payload_read(const PayloadScope *scope);
extern Rows segment_payload_read(const PayloadScope *scope, StringView segment_key);
extern void segment_payload_append(StringInfo out, const Rows *rows, uint64 number, bool as_member);

#endif /* FLAGPLANE_SEGMENT_PAYLOAD_H */
