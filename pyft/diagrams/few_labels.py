"""Few labels: two ways to use what a model knows already; and one model that reads two languages."""

from pyft.diagrams.canvas import Canvas


def compare_or_fill() -> Canvas:
    """Show texts as points beside the means of two classes, and a hole in a pattern that one of two words fills."""
    c = Canvas(
        330,
        "Two ways to use few labels",
        "On the left texts are points. Two labelled ones are good, two are bad; each class has a mean, and a new text"
        " gets the class of the nearer mean. On the right the new text stands behind the words 'it was' and a hole. The"
        " model says which word fits the hole, good or bad, and that word is the class.",
    )
    left, right = 130, 392
    c.text(left, 22, "**Compare**", size=18)
    c.text(left, 46, "which mean is nearer?", "quiet")
    c.text(right, 22, "**Fill a hole**", size=18)
    c.text(right, 46, "which word fits?", "quiet")
    c.line([(260, 14), (260, 316)], dashed=True)
    good, bad, new = [(62, 96), (118, 132)], [(150, 262), (206, 290)], (118, 180)
    for kind, some, word, place in [("right", good, "good", (40, 132)), ("new", bad, "bad", (226, 258))]:
        mean = (sum(x for x, _ in some) / 2, sum(y for _, y in some) / 2)
        c.line([some[0], some[1]], kind, dashed=True)
        c.link(new, mean, 12, kind=kind)
        for x, y in some:
            c.dot(x, y, 8, kind)
        c.box(mean[0] - 8, mean[1] - 8, 16, 16, "", kind, "area", radius=2, covers=True)
        c.text(*place, word)
    c.dot(*new, 9, "ink", "area")
    c.text(new[0] + 24, new[1], "new text", anchor="start")
    kinds = ["quiet", "quiet", "hidden", "quiet", "quiet", "quiet"]
    c.row(274, 266, ["it", "was", "?", ".", "the", "text"], kinds, [28, 46, 32, 24, 40, 46], 4)
    c.box(284, 180, 212, 50, "**body**", "body")
    c.arrow((390, 262), (390, 234))
    c.arrow((372, 178), (330, 146), kind="right")
    c.arrow((372, 178), (440, 146), kind="new")
    c.box(290, 104, 84, 38, "good", "right")
    c.box(406, 104, 84, 38, "bad", "new")
    c.text(332, 84, "more likely", "quiet")
    return c


def two_languages() -> Canvas:
    """Show that a head that has learnt on English reads vectors of Chinese texts from the same body."""
    c = Canvas(
        372,
        "Labels in one language, texts in another",
        "Reviews in two languages go through the same body. Those in English come with labels, and a head learns from"
        " their vectors. The same head then judges the vectors of Chinese reviews, of which none had a label.",
    )
    left, right, wide = 16, 298, 206
    for x, name, what in [(left, "English", "with labels"), (right, "Chinese", "without labels")]:
        middle = x + wide / 2
        c.text(middle, 354, what, "quiet")
        c.box(x, 306, wide, 32, f"{name} review")
        c.arrow((middle, 304), (middle, 276))
        c.arrow((middle, 216), (middle, 188))
        c.box(x + 40, 152, wide - 80, 34, "vector", "body")
        c.arrow((middle, 150), (middle, 122))
    c.box(left, 218, right + wide - left, 56, "**one body for both languages**", "body")
    c.box(left + 20, 82, wide - 40, 38, "head learns", "new")
    c.box(right + 20, 82, wide - 40, 38, "head judges", "new")
    c.arrow((left + wide - 16, 101), (right + 16, 101), kind="new", width=4)
    c.arrow((left + wide / 2, 46), (left + wide / 2, 80), kind="right")
    c.text(left + wide / 2, 26, "label")
    c.arrow((right + wide / 2, 80), (right + wide / 2, 46), kind="right")
    c.text(right + wide / 2, 26, "answer")
    return c
