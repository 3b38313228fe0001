/*
 * layer_render.c
 *	  A layer's segments as text: fifty in a row, a letter for each owner.  A line,
 *	  with what psql puts around it, fits 80 columns.
 */
#include "resource/layer/layer_render.h"

#include "resource/resource.h"
#include "resource/layer/segments.h"
#include "utils/builtins.h"

#define SEGMENTS_PER_ROW   50
#define SEGMENTS_PER_GROUP 10
#define FREE_SYMBOL		   '.'
#define MORE_SYMBOL		   '+' /* whoever comes after the last letter */
#define NAME_SHOWN		   36  /* so many characters of a key */

const Field layer_render_fields[] = {SEGMENTS_FIELD_ROWS, FIELDS_END};

/*
 * layer_symbol is what stands for an owner.
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
 * shown is as much of a key as a line has room for.  Keys are ASCII.
 */
static char *
shown(const char *key)
{
	return strlen(key) <= NAME_SHOWN ? pstrdup(key) : psprintf("%.*s...", NAME_SHOWN - 3, key);
}

/*
 * draw_rows draws the segments, with the number of each row's first.
 */
static void
draw_rows(StringInfo out, const Segments *segments)
{
	for (int segment = 0; segment < SEGMENTS; segment++)
	{
		if (segment % SEGMENTS_PER_ROW == 0)
			appendStringInfo(out, "\n%3d", segment);
		if (segment % SEGMENTS_PER_GROUP == 0)
			appendStringInfoChar(out, ' ');
		appendStringInfoChar(out, layer_symbol(segments->owner[segment]));
	}
	appendStringInfoChar(out, '\n');
}

/*
 * draw_legend says what the symbols stand for, and each owner's share.
 */
static void
draw_legend(StringInfo out, const Segments *segments)
{
	const char *free = "(free)";
	int width = strlen(free);

	for (int i = 0; i < segments->owner_count; i++)
		width = Max(width, (int) strlen(shown(text_to_cstring(segments->owners[i].key))));
	for (int i = 0; i < segments->owner_count; i++)
		appendStringInfo(out, "\n%3c %-*s %5s %%  %s", layer_symbol(i), width,
						 shown(text_to_cstring(segments->owners[i].key)),
						 segments_percent(segments->owners[i].count), segments->owners[i].status);
	appendStringInfo(out, "\n%3c %-*s %5s %%", FREE_SYMBOL, width, free,
					 segments_percent(segments_free(segments)));
}

/*
 * layer_render_text draws the layer in the environment for a terminal.
 */
void
layer_render_text(Request *request)
{
	StringInfo out = request->response;
	Segments *segments = segments_read(request, CurrentMemoryContext);

	appendStringInfo(out, "%s in %s\n%s %% of %d segments reserved\n",
					 shown(request_string(request, SEGMENTS_LAYER)),
					 shown(request_string(request, SEGMENTS_ENVIRONMENT)),
					 segments_percent(SEGMENTS - segments_free(segments)), SEGMENTS);
	draw_rows(out, segments);
	draw_legend(out, segments);
}
