"""Part 1: what models of six decades see of a text, and what people ask of one."""

from pyft.diagrams.canvas import Canvas

READ = ("t", "h", "e", "␣", "f", "i", "l")


def memories() -> Canvas:
    """Show what five kinds of model see of the text when they are asked for its next letter."""
    c = Canvas(
        306,
        "The next letter, and what five kinds of model see",
        "Seven letters stand in a row: t, h, e, a space, f, i, l; the eighth is asked for. Counts see the last two."
        " A feed-forward network sees the last four. A recurrent network has one state in place of all seven."
        " A Transformer sees all seven. A pretrained one sees them too, and has read other texts before.",
    )
    left, side, gap = 152, 38, 6
    for i, (name, visible) in enumerate(
        [("counts", 2), ("feed-forward", 4), ("recurrent", 0), ("Transformer", 7), ("pretrained", 7)]
    ):
        y = 14 + 50 * i
        c.text(12, y + 18, name, anchor="start")
        if visible:
            kind = "right" if name == "pretrained" else "body"
            kinds = ["hidden"] * (7 - visible) + [kind] * visible
            c.row(left, y, READ, kinds, side, gap, 36)
        else:
            c.box(left, y, 7 * (side + gap) - gap, 36, "one state for all of them", "body")
        c.row(left + 7 * (side + gap) + 4, y, ["?"], "new", side, gap, 36)
    c.text(12, 282, "and the pretrained one has read other texts before", "quiet", "start")
    return c


def three_uses() -> Canvas:
    """Show one model asked in three ways: which, where, and what comes next."""
    c = Canvas(
        238,
        "Three ways to use a language model",
        "Three rows. To understand: a text goes in, one of a few labels comes out. To answer: a question and a passage"
        " go in, a stretch of the passage comes out. To write: the beginning of a text goes in, the next sign comes"
        " out, and is read in its turn.",
    )
    for i, (use, given, found) in enumerate(
        [
            ("understand", "a text", "which one?"),
            ("answer", "question + text", "where is it?"),
            ("write", "a beginning", "what is next?"),
        ]
    ):
        y = 16 + 72 * i
        c.text(12, y + 22, use, "quiet", "start")
        c.box(120, y, 148, 44, given, "quiet")
        c.arrow((270, y + 22), (296, y + 22))
        c.box(298, y, 44, 44, kind="body")
        c.arrow((344, y + 22), (364, y + 22))
        c.box(366, y, 144, 44, found, "new")
    c.line([(438, 206), (438, 224), (190, 224)])
    c.arrow((190, 224), (190, 206))
    return c
