/*
 * layer_render_svg.c
 *	  A layer's segments as an SVG: a bar of the shares, the thousand segments as
 *	  squares, and a legend.
 *
 * Nothing is shown by colour alone: an owner's letter, that of draw_layer(), is in its
 * part of the bar, in its squares and in the legend.  The colours stay apart for
 * colour-blind readers, and in grey, where they are eight steps or more of CIE L* from
 * each other and from what is free, on a light page and on a dark one.  After the last
 * of them they come again with stripes, and then with dots.  Where a page is dark, the
 * style takes the place of the attributes; programs that know no style show those.  What
 * is not ASCII is written as a character reference, so the text fits every encoding.
 */
#include "resource/layer/layer_render.h"

#include "resource/resource.h"
#include "resource/layer/assign.h"
#include "utils/builtins.h"

/* Places and sizes, in the units of the view box. */
#define WIDTH		  880
#define MARGIN		  40
#define INNER_WIDTH	  (WIDTH - 2 * MARGIN)
#define BAR_TOP		  96
#define BAR_HEIGHT	  34
#define GRID_TOP	  158
#define GRID_COLUMNS  50
#define CELL		  16 /* INNER_WIDTH / GRID_COLUMNS */
#define LEGEND_TOP	  (GRID_TOP + LAYER_SEGMENTS / GRID_COLUMNS * CELL + 42)
#define LEGEND_ROW	  28
#define LEGEND_GAP	  20
#define LEGEND_COLUMN ((INNER_WIDTH - 2 - LEGEND_GAP) / 2) /* the grid ends in a gap of 2 */
#define LETTER_WIDTH  14								   /* of bar that a letter needs */
#define NUMBER_WIDTH  58								   /* and with a number after it */

/* So many characters of a name are shown; the title has all of it. */
#define NAME_SHOWN	36
#define TITLE_SHOWN 48

/* What a page prefers that is dark.  The names are below a class of the document's own:
 * it may stand in a page as it is. */
#define DARK_STYLE                               \
	"<style>@media (prefers-color-scheme:dark){" \
	".flagplane-layer{fill:#e6edf3}"             \
	".flagplane-layer .page{fill:#0d1117}"       \
	".flagplane-layer .muted{fill:#9198a1}"      \
	".flagplane-layer .free{fill:#2a2f36}"       \
	".flagplane-layer .on-free{fill:#e6edf3;stroke:#2a2f36}}</style>\n"

/* What is laid over colours, in an ink. */
#define PATTERNS(ink)                                                                        \
	"<pattern id=\"stripes-" ink "\" width=\"6\" height=\"6\""                               \
	" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"                      \
	"<path d=\"M0 0h2.2v6h-2.2z\" fill=\"#" ink "\" fill-opacity=\".5\"/></pattern>"         \
	"<pattern id=\"dots-" ink "\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">" \
	"<circle cx=\"4\" cy=\"4\" r=\"2\" fill=\"#" ink "\" fill-opacity=\".5\"/></pattern>"

/* A colour, what is written on it in, and the names of both in the style. */
typedef struct Colour
{
	const char *fill;
	const char *ink;
	const char *fill_class;
	const char *ink_class;
} Colour;

static const Colour colours[] = {
	{"#0b4f9e", "#ffffff", "", ""}, {"#f6e04e", "#000000", "", ""}, {"#ab4621", "#ffffff", "", ""},
	{"#5ab4e6", "#000000", "", ""}, {"#009084", "#000000", "", ""}, {"#f2b6d4", "#000000", "", ""},
	{"#d97f1f", "#000000", "", ""},
};

static const Colour free_colour = {"#f6f7f8", "#3d444d", " class=\"free\"", " class=\"on-free\""};

/* What is laid over the colours when they come again, in the ink of each; the first time
 * nothing is. */
static const char *const overlays[] = {NULL, "stripes", "dots"};

/*
 * escape writes text of at most so many characters as XML.  Keys are ASCII, and
 * hold nothing that needs it; whatever else came here would be harmless too.
 */
static void
escape(StringInfo out, const char *text, int longest)
{
	for (int i = 0; text[i]; i++)
	{
		if (i == longest)
		{
			appendStringInfoString(out, "&#8230;");
			return;
		}
		if (strchr("&<>\"'", text[i]) || (unsigned char) text[i] < ' ')
			appendStringInfo(out, "&#%d;", (unsigned char) text[i] < ' ' ? '?' : text[i]);
		else
			appendStringInfoChar(out, text[i]);
	}
}

static const char *
owner_name(const LayerOwners *owners, int owner)
{
	return owner == NOBODY ? "Free" : text_to_cstring(owners->owner[owner].key);
}

static int
owner_count(const LayerOwners *owners, int owner)
{
	return owner == NOBODY ? layer_owners_free(owners) : owners->owner[owner].count;
}

/*
 * owner_title writes the accessible title of an owner's shape.
 */
static void
owner_title(StringInfo out, const LayerOwners *owners, int owner)
{
	int count = owner_count(owners, owner);

	appendStringInfoString(out, "<title>");
	escape(out, owner_name(owners, owner), -1);
	appendStringInfo(out, ": %s %%, %d segment%s</title>", layer_percent_text(count), count,
					 count == 1 ? "" : "s");
}

static Colour
colour_of(int owner)
{
	return owner == NOBODY ? free_colour : colours[owner % lengthof(colours)];
}

/*
 * draw_shape draws a shape in an owner's colour, and again in what is laid over it.
 */
static void
draw_shape(StringInfo out, int owner, const char *shape)
{
	const char *overlay =
		owner == NOBODY ? NULL : overlays[owner / lengthof(colours) % lengthof(overlays)];
	Colour colour = colour_of(owner);

	appendStringInfo(out, "<%s fill=\"%s\"%s/>", shape, colour.fill, colour.fill_class);
	if (overlay)
		appendStringInfo(out, "<%s fill=\"url(#%s-%s)\"/>", shape, overlay, colour.ink + 1);
}

/*
 * open_ink opens a text on an owner's colour: around the letters it is that colour, also
 * where something is laid over it.
 */
static void
open_ink(StringInfo out, int owner, int size)
{
	Colour colour = colour_of(owner);

	appendStringInfo(out,
					 "<text text-anchor=\"middle\" font-size=\"%d\" font-weight=\"600\""
					 " fill=\"%s\" stroke=\"%s\" stroke-width=\"3\" stroke-linejoin=\"round\""
					 " paint-order=\"stroke\"%s",
					 size, colour.ink, colour.fill, colour.ink_class);
}

/*
 * draw_head writes the header: accessible title and description, and the visible heading.
 */
static void
draw_head(Request *request, const LayerOwners *owners, int height)
{
	StringInfo out = request->response;
	const char *layer = request_string(request, OWNERS_LAYER);
	const char *environment = request_string(request, OWNERS_ENVIRONMENT);
	int free = layer_owners_free(owners);

	appendStringInfo(out,
					 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
					 " height=\"%d\" role=\"img\" aria-labelledby=\"title desc\""
					 " font-family=\"system-ui,'Segoe UI',Helvetica,Arial,sans-serif\""
					 " font-size=\"14\" fill=\"#1b1f24\" class=\"flagplane-layer\">\n"
					 "<title id=\"title\">Layer ",
					 WIDTH, height, WIDTH, height);
	escape(out, layer, -1);
	appendStringInfoString(out, " in ");
	escape(out, environment, -1);
	appendStringInfo(out, "</title>\n<desc id=\"desc\">%s %% reserved, %s %% free.",
					 layer_percent_text(LAYER_SEGMENTS - free), layer_percent_text(free));
	for (int i = 0; i < owners->count; i++)
	{
		appendStringInfoChar(out, ' ');
		escape(out, owner_name(owners, i), -1);
		appendStringInfo(out, ": %s %%.", layer_percent_text(owner_count(owners, i)));
	}
	appendStringInfoString(out, "</desc>\n" DARK_STYLE "<defs>" PATTERNS("ffffff")
									PATTERNS("000000") "</defs>\n");
	appendStringInfo(out,
					 "<rect width=\"%d\" height=\"%d\" rx=\"12\" fill=\"#ffffff\""
					 " class=\"page\"/>\n"
					 "<text x=\"%d\" y=\"48\" font-size=\"22\" font-weight=\"600\">",
					 WIDTH, height, MARGIN);
	escape(out, layer, TITLE_SHOWN);
	appendStringInfo(
		out,
		"</text>\n<text x=\"%d\" y=\"74\" fill=\"#57606a\" class=\"muted\">%s %% of 1,000 segments"
		" reserved in ",
		MARGIN, layer_percent_text(LAYER_SEGMENTS - free));
	escape(out, environment, NAME_SHOWN);
	appendStringInfoString(out, "</text>\n");
}

/*
 * draw_share draws an owner's part of the bar from segment number start on, if
 * there is one, and returns where it ends.
 */
static int
draw_share(StringInfo out, const LayerOwners *owners, int owner, int start)
{
	int count = owner_count(owners, owner);
	double x = MARGIN + start * (double) INNER_WIDTH / LAYER_SEGMENTS;
	double width = count * (double) INNER_WIDTH / LAYER_SEGMENTS;

	if (count == 0)
		return start;
	appendStringInfoString(out, "<g>");
	owner_title(out, owners, owner);
	draw_shape(out, owner,
			   psprintf("rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"", x, BAR_TOP,
						Max(width - 1, 0.5), BAR_HEIGHT));
	if (width >= LETTER_WIDTH)
	{
		open_ink(out, owner, 13);
		appendStringInfo(out, " x=\"%.1f\" y=\"%d\">%c", x + width / 2,
						 BAR_TOP + BAR_HEIGHT / 2 + 5, layer_symbol(owner));
		if (width >= NUMBER_WIDTH)
			appendStringInfo(out, " %s %%", layer_percent_text(count));
		appendStringInfoString(out, "</text>");
	}
	appendStringInfoString(out, "</g>\n");
	return start + count;
}

/*
 * draw_squares draws an owner's segments, as one path.
 */
static void
draw_squares(StringInfo out, const LayerOwners *owners, int owner)
{
	StringInfoData path;

	if (owner_count(owners, owner) == 0)
		return;
	initStringInfo(&path);
	appendStringInfoString(&path, "path d=\"");
	for (int i = 0; i < LAYER_SEGMENTS; i++)
		if (owners->by_segment[i] == owner)
			appendStringInfo(&path, "M%d %dh%dv%dh-%dz", MARGIN + i % GRID_COLUMNS * CELL,
							 GRID_TOP + i / GRID_COLUMNS * CELL, CELL - 2, CELL - 2, CELL - 2);
	appendStringInfoChar(&path, '"');

	appendStringInfoString(out, "<g>");
	owner_title(out, owners, owner);
	draw_shape(out, owner, path.data);
	open_ink(out, owner, 9);
	appendStringInfoChar(out, '>');
	for (int i = 0; i < LAYER_SEGMENTS; i++)
		if (owners->by_segment[i] == owner)
			appendStringInfo(out, "<tspan x=\"%d\" y=\"%d\">%c</tspan>",
							 MARGIN + i % GRID_COLUMNS * CELL + CELL / 2 - 1,
							 GRID_TOP + i / GRID_COLUMNS * CELL + CELL / 2 + 2,
							 layer_symbol(owner));
	appendStringInfoString(out, "</text></g>\n");
	pfree(path.data);
}

/*
 * draw_entry draws an owner's line of the legend, which has two columns.
 */
static void
draw_entry(StringInfo out, const LayerOwners *owners, int owner, int place)
{
	int x = MARGIN + place % 2 * (LEGEND_COLUMN + LEGEND_GAP);
	int y = LEGEND_TOP + place / 2 * LEGEND_ROW;

	appendStringInfoString(out, "<g>");
	owner_title(out, owners, owner);
	draw_shape(out, owner,
			   psprintf("rect x=\"%d\" y=\"%d\" width=\"16\" height=\"16\" rx=\"3\"", x, y - 13));
	open_ink(out, owner, 12);
	appendStringInfo(out, " x=\"%d\" y=\"%d\">%c</text>", x + 8, y - 1, layer_symbol(owner));
	appendStringInfo(out, "<text x=\"%d\" y=\"%d\">", x + 26, y);
	escape(out, owner_name(owners, owner), NAME_SHOWN);
	appendStringInfo(out,
					 "</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\""
					 " style=\"font-variant-numeric:tabular-nums\">%s %%</text></g>\n",
					 x + LEGEND_COLUMN, y, layer_percent_text(owner_count(owners, owner)));
}

/*
 * layer_render_svg draws the layer in the environment for a browser.
 */
void
layer_render_svg(Request *request)
{
	StringInfo out = request->response;
	LayerOwners *owners = layer_owners_read(request, CurrentMemoryContext);
	int rows = owners->count / 2 + 1;
	int start = 0;

	draw_head(request, owners, LEGEND_TOP + rows * LEGEND_ROW + 8);
	/* Nobody, who is one less than the first, comes last. */
	for (int i = 0; i <= owners->count; i++)
		start = draw_share(out, owners, i < owners->count ? i : NOBODY, start);
	for (int i = NOBODY; i < owners->count; i++)
		draw_squares(out, owners, i);
	for (int i = 0; i <= owners->count; i++)
		draw_entry(out, owners, i < owners->count ? i : NOBODY, i);
	appendStringInfoString(out, "</svg>\n");
}
