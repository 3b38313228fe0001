/*
 * layer_render.h
 *	  A layer's segments to look at.
 */
#ifndef FLAGPLANE_LAYER_RENDER_H
#define FLAGPLANE_LAYER_RENDER_H

#include "call/request.h"

extern const Field layer_render_fields[];

extern char layer_symbol(int owner);
extern void layer_render_text(Request *request);
extern void layer_render_svg(Request *request);

#endif /* FLAGPLANE_LAYER_RENDER_H */
