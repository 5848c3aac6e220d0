"""The encoder, its layer, and the place of the norm."""

from pyft.diagrams.canvas import Canvas


def encoder() -> Canvas:
    c = Canvas(
        560,
        "An encoder: T tokens in, T vectors out",
        "Each token is a number. A word, a position and a segment vector are added for each, which makes a tensor of shape"
        " B, T, d. Every layer keeps that shape, and the last gives a hidden state for each token.",
    )
    tokens = ["[CLS]", "a", "good", "film", "[SEP]"]
    left, side, gap = 106, 62, 4
    wide = 5 * (side + gap) - gap
    columns = [left + i * (side + gap) + side / 2 for i in range(5)]
    for y, name, shape in [
        (50, "hidden\nstates", "(*B*, *T*, *d*)"),
        (198, "layers", "(*B*, *T*, *d*)"),
        (400, "added", "(*B*, *T*, *d*)"),
        (534, "token ids", "(*B*, *T*)"),
    ]:
        c.text(12, y, name, "quiet", "start")
        c.text(510, y, shape, "quiet", "end")
    for x in columns:
        c.grid(x - 10, 12, [["body"]] * 4, 20, 16)
    for y, name in [(128, "layer *L*"), (222, "layer 2"), (268, "layer 1")]:
        c.box(left, y, wide, 38, name, "body")
    c.text(left + wide / 2, 192, "⋮", "quiet", size=24)
    for x in columns:
        c.arrow((x, 126), (x, 94))
        c.arrow((x, 342), (x, 310))
        c.arrow((x, 516), (x, 484))
    rows = [("segment", "00000"), ("position", "01234"), ("word", tokens)]
    for y, (name, values) in zip((344, 392, 440), rows, strict=True):
        c.row(left, y, list(values), "new" if name == "-" else "body", side, gap, 40)
    return c


def layer() -> Canvas:
    c = Canvas(
        590,
        "A layer: attention mixes tokens, the feed-forward network does not",
        "From the bottom: four tokens enter attention, where each is joined to each. What came in is added, and the sum is"
        " normalised. In the feed-forward network each token goes its own way. Again what came in is added, and the sum"
        " is normalised. The shape stays B, T, d.",
    )
    lanes = (150, 206, 262, 318)
    left, wide, middle = 116, 236, 234

    def norm(y: float) -> None:
        c.box(left, y, wide, 34, "norm")
        c.arrow((middle, y + 62), (middle, y + 37))
        c.plus(middle, y + 74)

    def skip(low: float, high: float) -> None:
        c.arrow((middle, low), (76, low), (76, high), (middle - 13, high), kind="right", width=3)

    def sublayer(y: float, name: str, what: str) -> None:
        c.arrow((middle, y - 2), (middle, y - 26))
        c.box(left, y, wide, 132, kind="body")
        c.text(middle, y + 22, f"**{name}**")
        c.text(middle, y + 46, what, "quiet")
        for lane in lanes:
            for to in lanes if name == "attention" else [lane]:
                c.line([(lane, y + 116), (to, y + 72)], "body", 1.5)
        for lane in lanes:
            c.dot(lane, y + 72, 6)
            c.dot(lane, y + 116, 6)

    c.arrow((middle, 582), (middle, 539))
    skip(560, 372 + 0)
    sublayer(404, "attention", "each with each")
    norm(298)
    c.arrow((middle, 296), (middle, 269))
    skip(284, 102)
    sublayer(134, "feed-forward", "each by itself")
    norm(28)
    c.arrow((middle, 26), (middle, 6))
    shapes = {10: "(*B*, *T*, *d*)", 192: "(*B*, *T*, 4*d*)", 284: "(*B*, *T*, *d*)", 462: "(*B*, *h*, *T*, *T*)", 574: "(*B*, *T*, *d*)"}
    for y, shape in shapes.items():
        c.text(370, y, shape, "quiet", "start")
    c.text(14, 470, "what\ncame in", "quiet", "start")
    c.text(14, 200, "what\ncame in", "quiet", "start")
    return c


def norms() -> Canvas:
    c = Canvas(
        500,
        "The norm on the path, or beside it",
        "Two stacks of two sublayers. After: the norm stands on the path from below to above, behind each sum. Before: it"
        " stands on the branch, in front of each sublayer, and the path goes through untouched.",
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
                c.box(x - 50, low - 152, 100, 34, kind="ground", look="full")
                c.box(x - 50, low - 152, 100, 34, "norm", "new")
    return c
