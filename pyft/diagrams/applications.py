"""What part 6 is about, on a sheet each: three tasks for one kind of classifier, and names in a sentence."""

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
