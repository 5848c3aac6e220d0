"""How a result is held: against its own seed, against all seeds, and against another model."""

from pyft.diagrams.canvas import Canvas


def evidence() -> Canvas:
    """Show what a new figure is held against, and how much wider one yardstick is than another."""
    c = Canvas(
        456,
        "Three questions, three yardsticks",
        "Another machine, same seed: the figure must fall in a narrow tolerance around the stored one. Another seed:"
        " it must fall in the band of all seeds, which is wider. Another model: differences are taken seed by seed,"
        " and their interval must leave out zero.",
    )
    seeds = (238, 276, 304, 326, 380)
    for y, question, answer, (low, high), others, yours in [
        (18, "The same seed on another machine?", "in the **tolerance** of its figure", (286, 336), (304,), 320),
        (172, "Another seed?", "in the **band** of the seeds", (196, 424), seeds, 350),
        (326, "Another model?", "the **interval** of the differences leaves out zero", (206, 394), seeds, None),
    ]:
        c.text(16, y, f"**{question}**", anchor="start", size=17)
        c.text(16, y + 28, answer, "quiet", "start")
        line = y + 78
        c.box(low, line - 17, high - low, 34, kind="right")
        c.arrow((40, line), (490, line), kind="ink", width=1.5)
        for x in others:
            c.dot(x, line, 7)
        if yours is None:
            c.line([(130, line - 22), (130, line + 18)], "ink")
            c.text(130, line + 34, "0")
            c.text(490, line + 34, "difference, seed by seed", "quiet", "end")
        else:
            c.dot(yours, line, 8, "new")
            c.text(yours, line + 34, "yours")
            c.text(490, line + 34, "accuracy", "quiet", "end")
    return c
