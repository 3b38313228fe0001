/*
 * picture.c
 *	  draw_layer() and layer_svg(): operations in all but that they answer with
 *	  pictures, so they are no rows of the table.
 */
#include "door/door.h"

#include "resource/picture.h"

#define PICTURE(name, run)                                                                         \
	static const Operation name##_operation = {#name,		 NULL,	NULL,	 LAYERS_READ,	 200,  \
											   LAUNCHDARKLY, READS, "layer", picture_fields, NULL, \
											   run};                                               \
	PG_FUNCTION_INFO_V1(flagplane_##name);                                                         \
	Datum flagplane_##name(PG_FUNCTION_ARGS)                                                       \
	{                                                                                              \
		return call_from_sql(fcinfo, &name##_operation);                                           \
	}

PICTURE(draw_layer, picture_text)
PICTURE(layer_svg, picture_svg)
