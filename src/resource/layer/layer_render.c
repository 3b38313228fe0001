/*
 * layer_render.c
 *	  A layer's segments as text: a hundred in a row, a letter for each owner.
 */
#include "resource/layer/layer_render.h"

#include "resource/resource.h"
#include "resource/layer/segments.h"
#include "utils/builtins.h"

#define SEGMENTS_PER_ROW   100
#define SEGMENTS_PER_GROUP 10
#define FREE_SYMBOL		   '.'
#define MORE_SYMBOL		   '+' /* whoever comes after the last letter */

const Field layer_render_fields[] = {SEGMENTS_FIELD_ROWS, FIELDS_END};

/*
 * symbol_of is what stands for an owner.
 */
static char
symbol_of(int owner)
{
	static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	if (owner == NOBODY)
		return FREE_SYMBOL;
	return owner < (int) sizeof(symbols) - 1 ? symbols[owner] : MORE_SYMBOL;
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
		appendStringInfoChar(out, symbol_of(segments->owner[segment]));
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
		width = Max(width, (int) VARSIZE_ANY_EXHDR(segments->owners[i].key));
	for (int i = 0; i < segments->owner_count; i++)
		appendStringInfo(out, "\n%3c %-*s %5s %%  %s", symbol_of(i), width,
						 text_to_cstring(segments->owners[i].key),
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

	appendStringInfo(out, "%s in %s: %s %% of %d segments reserved\n",
					 request_string(request, SEGMENTS_LAYER),
					 request_string(request, SEGMENTS_ENVIRONMENT),
					 segments_percent(SEGMENTS - segments_free(segments)), SEGMENTS);
	draw_rows(out, segments);
	draw_legend(out, segments);
}
