"""The encoder, its layer, and the place of the norm."""

from pyft.diagrams.canvas import Canvas

IDS = ("101", "1037", "2204", "2143", "102")  # of the tokens below, in BERT's vocabulary


def encoder() -> Canvas:
    """Show that a batch keeps its shape on the way up."""
    c = Canvas(
        546,
        "An encoder: T tokens in, T vectors out",
        "Each token is a number. A word, a position and a segment vector are added for each, which makes a tensor of"
        " shape B, T, d. Every layer keeps that shape, and the last gives a hidden state for each token.",
    )
    tokens = ["[CLS]", "a", "good", "film", "[SEP]"]
    left, side, gap = 106, 62, 4
    wide = 5 * (side + gap) - gap
    columns = [left + i * (side + gap) + side / 2 for i in range(5)]
    for y, name, shape in [
        (50, "hidden\nstates", "(*B*, *T*, *d*)"),
        (214, "layers", "(*B*, *T*, *d*)"),
        (364, "+ segment", ""),
        (410, "+ position", "(*B*, *T*, *d*)"),
        (456, "word", ""),
        (524, "token id", "(*B*, *T*)"),
    ]:
        c.text(10, y, name, "quiet", "start")
        c.text(510, y, shape, "quiet", "end")
    for y, name in [(124, "layer *L*"), (228, "layer 2"), (274, "layer 1")]:
        c.box(left, y, wide, 40, name, "body")
    for dot in (184, 195, 206):
        c.dot(left + wide / 2, dot, 2.5, "quiet")
    for x, number in zip(columns, IDS, strict=True):
        c.grid(x - 10, 12, [["body"]] * 4, 20, 16)
        c.arrow((x, 122), (x, 93))
        c.arrow((x, 344), (x, 317))
        c.arrow((x, 508), (x, 479))
        c.text(x, 524, number)
    for y, values in zip((346, 392, 438), ("00000", "01234", tokens), strict=True):
        c.row(left, y, list(values), "body" if values is tokens else "quiet", side, gap, 36)
    return c


def layer() -> Canvas:
    """Show that attention joins tokens and the feed-forward network keeps them apart."""
    c = Canvas(
        576,
        "A layer: attention mixes tokens, the feed-forward network does not",
        "From the bottom: four tokens enter attention, where each is joined to each. What came in is added, and the"
        " sum is normalised. In the feed-forward network each token goes its own way. Again what came in is added, and"
        " the sum is normalised. The shape stays B, T, d.",
    )
    left, wide = 132, 228
    middle = left + wide / 2
    lanes = [middle + 52 * i for i in (-1.5, -0.5, 0.5, 1.5)]
    for top, name, what in [(404, "attention", "each with each"), (134, "feed-forward", "each by itself")]:
        c.box(left, top, wide, 132, kind="body")
        c.text(middle, top + 22, f"**{name}**")
        c.text(middle, top + 46, what, "quiet")
        for lane in lanes:
            for to in lanes if name == "attention" else [lane]:
                c.line([(lane, top + 116), (to, top + 72)], "body", 1.5)
            c.dot(lane, top + 72, 6)
            c.dot(lane, top + 116, 6)
        c.arrow((middle, top + 162), (middle, top + 135))  # in
        c.arrow((middle, top - 2), (middle, top - 23))  # out, to the sum
        c.arrow((middle, top + 150), (96, top + 150), (96, top - 38), (middle - 14, top - 38), kind="right", width=4)
        c.text(14, top + 62, "what\ncame in", "quiet", "start")
        c.plus(middle, top - 38)
        c.arrow((middle, top - 51), (middle, top - 68))
        c.box(left, top - 106, wide, 36, "norm")
    c.arrow((middle, 26), (middle, 6))
    shapes = {12: "(*B*, *T*, *d*)", 192: "(*B*, *T*, 4*d*)", 284: "(*B*, *T*, *d*)", 462: "(*B*, *h*, *T*, *T*)"}
    for y, shape in (shapes | {554: "(*B*, *T*, *d*)"}).items():
        c.text(384, y, shape, "quiet", "start")
    return c


def norms() -> Canvas:
    """Show on which line the norm stands: on the path, or on the branch."""
    c = Canvas(
        500,
        "The norm on the path, or beside it",
        "Two stacks of two sublayers. After: the norm stands on the path from below to above, behind each sum."
        " Before: it stands on the branch, in front of each sublayer, and the path goes through untouched.",
    )
    for x, name, formula, before in [
        (70, "after (post-LN)", "LN(*x* + *f*(*x*))", False),
        (330, "before (pre-LN)", "*x* + *f*(LN(*x*))", True),
    ]:
        c.text(x + 60, 20, f"**{name}**", size=17)
        c.text(x + 60, 46, formula, "quiet")
        c.arrow((x, 488), (x, 70), kind="right", width=5)
        for low in (470, 272):
            if before:
                c.arrow((x, low), (x + 114, low), (x + 114, low - 14), width=2)
                c.box(x + 64, low - 50, 100, 34, "norm", "new")
                c.arrow((x + 114, low - 52), (x + 114, low - 72))
                c.box(x + 54, low - 116, 120, 42, "sublayer *f*", "body")
                c.arrow((x + 114, low - 118), (x + 114, low - 140), (x + 14, low - 140))
                c.plus(x, low - 140)
            else:
                c.arrow((x, low), (x + 114, low), (x + 114, low - 18))
                c.box(x + 54, low - 62, 120, 42, "sublayer *f*", "body")
                c.arrow((x + 114, low - 64), (x + 114, low - 90), (x + 14, low - 90))
                c.plus(x, low - 90)
                c.box(x - 50, low - 152, 100, 34, "norm", "new", covers=True)
    return c
