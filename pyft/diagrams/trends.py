"""Where three trends of part 8.1 meet their questions: beyond the last model, two towers, a list beside a tagger."""

import math

from pyft.diagrams.canvas import Canvas


def beyond() -> Canvas:
    """Show two laws through the same points that part to the right of them, where no model was trained."""
    c = Canvas(
        322,
        "Two laws beyond the last model",
        "Loss falls from left to right over the size of models. Six points stand on the left two thirds. A dashed"
        " straight line and a solid curve that flattens both go through them; to the right of a vertical dotted line,"
        " where there are no models, the line goes on falling and the curve stays above it.",
    )
    left, right, bottom = 60.0, 500.0, 268.0
    c.arrow((left, bottom), (right, bottom))
    c.arrow((left, bottom), (left, 20))
    c.text((left + right) / 2, 304, "size of the model", "quiet")
    c.text(28, 34, "loss", "quiet")
    places = [80.0, 120.0, 160.0, 200.0, 240.0, 280.0]
    curve = [(x, _curve(x)) for x in range(70, 491, 14)]
    c.line([(330, 40), (330, bottom - 6)], dashed=True)
    c.line(curve, "body", 3)
    c.line([(70, 80), (470, 252)], "new", 2, dashed=True)
    for x in places:
        c.dot(x, _curve(x), 6, "ink")
    c.text(190, 44, "models that were trained", "quiet")
    c.text(418, 44, "none", "quiet")
    c.text(430, 158, "with a floor")
    c.text(400, 246, "straight", anchor="end")
    return c


def _curve(x: float) -> float:
    """Falls steeply at first, then less and less; y grows downwards."""
    return float(215 - 150 * math.exp(-(x - 60) / 200))


def two_towers() -> Canvas:
    """Show an image and a caption that go through a tower each and meet in a table, pairs on its diagonal."""
    c = Canvas(
        346,
        "Two towers and a table",
        "On the left images of digits go through a tower of images, on the right captions through a tower of texts."
        " Above, the vectors of both meet in a table of four rows and four columns. The cells on its diagonal, where an"
        " image meets its own caption, are dark; all others are faint.",
    )
    for x, below, name in ((24, "images", "tower of images"), (320, "captions", "tower of texts")):
        middle = x + 88
        c.text(middle, 334, below, "quiet")
        c.box(x, 272, 176, 42, "“a seven”" if below == "captions" else "", "quiet")
        c.arrow((middle, 270), (middle, 244))
        c.box(x, 194, 176, 46, f"**{name}**", "body")
    seven = [(1, 1, 1, 1), (0, 0, 0, 1), (0, 0, 1, 0), (0, 1, 0, 0)]
    c.grid(96, 276, [["quiet" if cell else "hidden" for cell in row] for row in seven], 6, gap=2)
    c.line([(112, 192), (112, 92)])
    c.arrow((112, 92), (182, 92))
    c.line([(408, 192), (408, 168), (260, 168)])
    c.arrow((260, 168), (260, 154))
    cells = [["right" if i == j else "hidden" for j in range(4)] for i in range(4)]
    c.grid(192, 20, cells, 30, gap=4)
    c.text(340, 50, "own caption:", anchor="start")
    c.text(340, 72, "alike", anchor="start")
    c.text(340, 104, "all others: not", "quiet", "start")
    return c


def names_beside() -> Canvas:
    """Show a sentence whose words go into a tagger, each with what a list says of it."""
    c = Canvas(
        332,
        "A list of names beside a tagger",
        "Five words of a sentence stand at the bottom. On the right stands a list of names. Above each word is a cell"
        " with what the list says of it: a mark for the word that is in the list, a dash for the others. Words and"
        " marks go into a tagger, which says that two of the words are a person, one of them in no list.",
    )
    words = ["Then", "Maria", "Oyelaran", "scored", "."]
    widths = [54.0, 62.0, 88.0, 66.0, 28.0]
    kinds = ["quiet", "body", "body", "quiet", "quiet"]
    middles = c.row(12, 286, words, kinds, widths, 6)
    c.row(12, 226, ["–", "first", "–", "–", "–"], ["quiet", "new", "quiet", "quiet", "quiet"], widths, 6)
    for x in middles:
        c.arrow((x, 284), (x, 262))
        c.arrow((x, 224), (x, 182))
    c.box(12, 130, 322, 50, "**tagger**", "body")
    c.arrow((middles[1], 128), (middles[1], 96))
    c.arrow((middles[2], 128), (middles[2], 96))
    c.box(72, 58, 156, 36, "person", "right")
    c.text(150, 30, "one name in no list", "quiet")
    c.box(372, 130, 132, 154, "", "quiet")
    c.text(438, 108, "**list**")
    for i, name in enumerate(("Ada", "Maria", "Wei")):
        c.text(438, 162 + 38 * i, name, "ink" if name == "Maria" else "quiet")
    c.arrow((370, 242), (340, 242), kind="new", width=3)
    return c
