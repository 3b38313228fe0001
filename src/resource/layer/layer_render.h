/*
 * layer_render.h
 *	  A layer's segments to look at.
 */
#ifndef FLAGPLANE_LAYER_RENDER_H
#define FLAGPLANE_LAYER_RENDER_H

#include "call/request.h"

extern const Field picture_fields[];

extern void picture_text(Request *request);
extern void picture_svg(Request *request);

#endif /* FLAGPLANE_LAYER_RENDER_H */
