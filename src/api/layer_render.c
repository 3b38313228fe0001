/*
 * layer_render.c
 *	  draw_layer() and layer_svg(): operations in all but that they answer with
 *	  pictures, so they are no rows of the table.
 */
#include "api/api.h"

#include "resource/layer/layer_render.h"

#define LAYER_RENDER(function, draw)                                              \
	static const Operation function##_operation = {.name = #function,             \
												   .scope = LAYERS_READ,          \
												   .status = 200,                 \
												   .dialect = LAUNCHDARKLY,       \
												   .kind = READS,                 \
												   .subject = "layer",            \
												   .fields = layer_render_fields, \
												   .run = (draw)};                \
	PG_FUNCTION_INFO_V1(flagplane_##function);                                    \
	Datum flagplane_##function(PG_FUNCTION_ARGS)                                  \
	{                                                                             \
		return call_from_sql(fcinfo, &function##_operation);                      \
	}

LAYER_RENDER(draw_layer, layer_render_text)
LAYER_RENDER(layer_svg, layer_render_svg)
