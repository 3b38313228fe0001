/*
 * layer_render.c
 *	  A layer's segments as text: fifty in a row, a letter for each owner.  A line,
 *	  with what psql puts around it, fits 80 columns.
 */
#include "resource/layer/layer_render.h"

#include "resource/resource.h"
#include "resource/layer/assign.h"
#include "resource/layer/experiment.h"
#include "utils/builtins.h"

#define SEGMENTS_PER_ROW   50
#define SEGMENTS_PER_GROUP 10
#define FREE_SYMBOL		   '.'
#define MORE_SYMBOL		   '+' /* whoever comes after the last letter */
#define NAME_SHOWN		   36  /* so many characters of a key */

const Field layer_render_fields[] = {OWNERS_FIELD_ROWS, FIELDS_END};

/*
 * layer_symbol is the character for an owner.
 */
char
layer_symbol(int owner)
{
	static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	if (owner == NOBODY)
		return FREE_SYMBOL;
	return owner < (int) sizeof(symbols) - 1 ? symbols[owner] : MORE_SYMBOL;
}

/*
 * shorten cuts a key to what a line has room for.  Keys are ASCII.
 */
static char *
shorten(const char *key)
{
	return strlen(key) <= NAME_SHOWN ? pstrdup(key) : psprintf("%.*s...", NAME_SHOWN - 3, key);
}

/*
 * draw_rows draws the segments, with the number of each row's first.
 */
static void
draw_rows(StringInfo out, const LayerOwners *owners)
{
	for (int segment = 0; segment < LAYER_SEGMENTS; segment++)
	{
		if (segment % SEGMENTS_PER_ROW == 0)
			appendStringInfo(out, "\n%3d", segment);
		if (segment % SEGMENTS_PER_GROUP == 0)
			appendStringInfoChar(out, ' ');
		appendStringInfoChar(out, layer_symbol(owners->by_segment[segment]));
	}
	appendStringInfoChar(out, '\n');
}

/*
 * draw_legend explains the symbols, with each owner's share.
 */
static void
draw_legend(StringInfo out, const LayerOwners *owners)
{
	const char *free = "(free)";
	int width = strlen(free);

	for (int i = 0; i < owners->count; i++)
		width = Max(width, (int) strlen(shorten(text_to_cstring(owners->owner[i].key))));
	for (int i = 0; i < owners->count; i++)
		appendStringInfo(out, "\n%3c %-*s %5s %%  %s", layer_symbol(i), width,
						 shorten(text_to_cstring(owners->owner[i].key)),
						 layer_percent_text(owners->owner[i].count),
						 owners->owner[i].running ? RUNNING : NOT_STARTED);
	appendStringInfo(out, "\n%3c %-*s %5s %%", FREE_SYMBOL, width, free,
					 layer_percent_text(layer_owners_free(owners)));
}

/*
 * layer_render_text draws the layer in the environment for a terminal.
 */
void
layer_render_text(Request *request)
{
	StringInfo out = request->response;
	LayerOwners *owners = layer_owners_read(request, CurrentMemoryContext);

	appendStringInfo(out, "%s in %s\n%s %% of %d segments reserved\n",
					 shorten(request_string(request, OWNERS_LAYER)),
					 shorten(request_string(request, OWNERS_ENVIRONMENT)),
					 layer_percent_text(LAYER_SEGMENTS - layer_owners_free(owners)),
					 LAYER_SEGMENTS);
	draw_rows(out, owners);
	draw_legend(out, owners);
}
