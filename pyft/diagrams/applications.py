"""What part 6 is about, on a sheet each: three tasks for one kind of classifier, and names in a sentence."""

from collections.abc import Sequence

from pyft.diagrams.canvas import Canvas


def three_tasks() -> Canvas:
    """Show that one model with one new layer does all of section 6.2, and what each task asks of it."""
    c = Canvas(
        396,
        "One classifier, three tasks, three questions",
        "Three kinds of text go into BERT with one new layer: a short text, whose source is asked for; a message, spam"
        " or honest; a long review, praise or blame. Each has its question: whether the model reads words or typing,"
        " how much spam it finds if honest messages must not be lost, and which part of a long text to read.",
    )
    c.text(76, 20, "text", "quiet")
    c.text(246, 20, "BERT and one new layer", "quiet")
    c.text(432, 20, "classes", "quiet")
    rows = [
        ("a short text", "which of\nfour sources", "**6.2.1** Does it read words, or how they were typed?"),
        ("a message", "spam or\nhonest", "**6.2.2** How much spam, if no honest message may be lost?"),
        ("a long review", "praise or\nblame", "**6.2.3** It is too long: which part should be read?"),
    ]
    for i, (text, classes, question) in enumerate(rows):
        y = 42 + 126 * i
        c.box(12, y, 128, 56, text, "body")
        c.arrow((142, y + 28), (184, y + 28))
        c.box(186, y, 84, 56, "BERT", "body")
        c.box(270, y, 40, 56, "**W**", "new")
        c.arrow((312, y + 28), (364, y + 28))
        c.box(366, y, 140, 56, classes, "new")
        c.text(12, y + 82, question, anchor="start")
    return c


def names_in_a_sentence() -> Canvas:
    """Show what section 6.3 looks for: where a name begins and ends, and what it names."""
    c = Canvas(
        156,
        "Names: where they stand, and what they name",
        "Peter Blackburn signed in New York for Leeds United. Peter Blackburn is a person, New York a place, Leeds"
        " United an organisation, although Leeds alone is a place.",
    )
    x, y = 12, 62
    for words, kind, wide in [
        ("Peter Blackburn", "person", 134),
        ("signed in", "", 82),
        ("New York", "place", 84),
        ("for", "", 34),
        ("Leeds United", "organisation", 114),
    ]:
        if kind:
            c.box(x, y, wide, 44, words, {"person": "body", "place": "right", "organisation": "new"}[kind])
            c.text(x + wide / 2, y - 20, f"**{kind}**")
        else:
            c.text(x + wide / 2, y + 22, words)
        x += wide + 12
    c.line([(399, 116), (440, 116)], "right", 3)
    c.text(440, 138, "alone: a place", "quiet")
    return c


TYPED = "I saw @you in Paris, 2 times: Great film!"  # section 6.2.1's example
SHAPE = "X x @x x Xx, 9 x: Xx x!"  # what its `typing_shape` makes of it


def words_or_typing() -> Canvas:
    """Show a text, what is left of it for one that sees only how it was typed, and what a test takes away."""
    c = Canvas(
        326,
        "Words, or how they were typed?",
        f"The text {TYPED} goes to a model that reads words, and, as {SHAPE} to one that sees typing alone. Both"
        " answer with the same source, a film review, a product review, an editorial or a tweet.",
    )
    c.box(60, 12, 400, 42, TYPED, "body")
    for x in (132, 388):
        c.arrow((x, 56), (x, 84))
    c.text(132, 102, "**words**")
    c.text(388, 102, "**typing alone**")
    c.row(20, 124, ["saw", "Paris", "Great", "film"], "body", [46, 56, 58, 46], 6, 40)
    c.box(270, 124, 236, 40, SHAPE, "new")
    for x in (132, 388):
        c.arrow((x, 166), (x, 196))
        c.box(x - 80, 198, 160, 42, "which source?")
    c.text(260, 219, "?", size=22)
    c.text(16, 270, "To find out, take one thing from the test texts:", "quiet", "start")
    names = ["case", "signs", "numbers", "names", "order"]
    c.row(16, 286, names, "hidden", [76, 76, 110, 88, 108], 7)
    return c


def a_threshold() -> Canvas:
    """Show two thresholds on one axis of margins, with the recall and the false alarms that follow from them."""
    honest = (-3.2, -2.8, -2.5, -2.1, -1.7, -1.4, -1.0, -0.6, -0.1, 0.7)
    spam = (0.1, 1.2, 1.7, 2.3, 3.0)
    low, high = -0.3, 0.95

    def rate(margins: Sequence[float], t: float) -> str:
        return f"{sum(m > t for m in margins)} of {len(margins)}"

    c = Canvas(
        330,
        "One model, two thresholds",
        "Ten honest messages and five spam messages lie on an axis of margins m, from no to yes. A low threshold finds"
        f" {rate(spam, low)} spam messages and loses {rate(honest, low)} honest ones; a higher one finds"
        f" {rate(spam, high)} and loses {rate(honest, high)}.",
    )
    origin, unit, line = 260, 68, 164

    def at(m: float) -> float:
        return origin + unit * m

    c.box(at(low), 64, 504 - at(low), 100, kind="quiet", look="faint", radius=0)
    c.box(at(high), 64, 504 - at(high), 100, kind="quiet", look="faint", radius=0)
    for y, margins, kind, name in [(86, spam, "new", "spam"), (144, honest, "body", "honest")]:
        c.text(24, y if name == "spam" else 118, f"**{name}**", anchor="start")
        for m in margins:
            c.dot(at(m), y, 7, kind)
    c.arrow((20, line), (504, line), kind="ink", width=1.5)
    c.text(20, line + 20, "surely honest", "quiet", "start")
    c.text(504, line + 20, "surely spam", "quiet", "end")
    c.text(320, line + 20, "margin *m*")
    for t, name in [(low, "low *t*"), (high, "high *t*")]:
        c.line([(at(t), 46), (at(t), line + 6)], "ink", 2)
        c.text(at(t), 30, f"**{name}**")
    c.text(300, 220, "recall *r*", "quiet")
    c.text(430, 220, "false alarms *a*", "quiet")
    for y, name, t in [(240, "low *t*", low), (286, "high *t*", high)]:
        c.text(140, y + 18, f"**{name}**")
        c.box(240, y, 120, 36, rate(spam, t), "new")
        c.box(370, y, 120, 36, rate(honest, t), "body" if any(m > t for m in honest) else "right")
    return c


VIEWS: dict[str, list[list[int]]] = {  # what each view of section 6.2.3 reads of seven words, with room for three
    "head": [[0, 1, 2]],
    "tail": [[4, 5, 6]],
    "both": [[0, 5, 6]],
    "windows": [[0, 1, 2], [3, 4, 5], [4, 5, 6]],
}


def four_views() -> Canvas:
    """Show what each view of section 6.2.3 reads of seven words if there is room for three."""
    c = Canvas(
        410,
        "Seven words, room for three",
        "A document of seven words; the model has room for three. The head reads words 1 to 3, the tail 5 to 7, both"
        " ends 1, 6 and 7. Windows read 1 to 3, 4 to 6 and 5 to 7, one after the other, and the probabilities of the"
        " three parts are averaged.",
    )
    left, side, gap = 120, 42, 5
    c.text(16, 28, "document", anchor="start")
    c.row(left, 12, [str(i + 1) for i in range(7)], "quiet", side, gap)
    y = 74
    for view, parts in VIEWS.items():
        c.text(16, y + 16, f"**{view}**", anchor="start")
        for part in parts:
            for i in range(7):
                x = left + i * (side + gap)
                if i in part:
                    c.box(x, y, side, 32, str(i + 1), "body", radius=6)
                else:
                    c.box(x, y, side, 32, "", "quiet", "faint", radius=6)
            if view == "windows":
                c.arrow((450, y + 16), (478, y + 16), kind="new")
            y += 42
        y += 14
    c.box(480, y - 14 - 3 * 42, 26, 116, "*p*", "new")
    c.text(left, y + 4, "*p*: the mean of the three parts", "quiet", "start")
    return c
