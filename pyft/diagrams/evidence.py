"""How a result is held: against its own seed, against all seeds, and against another model."""

from pyft.diagrams.canvas import Canvas


def evidence() -> Canvas:
    c = Canvas(
        470,
        "Three questions, three yardsticks",
        "Another machine, same seed: the figure must fall in a narrow tolerance around the stored one. Another seed: it"
        " must fall in the band of all seeds, which is wider. Another model: differences are taken seed by seed, and"
        " their interval must leave out zero.",
    )
    for y, question, answer in [
        (18, "The same seed on another machine?", "in the **tolerance** of that figure"),
        (168, "Another seed?", "in the **band** of the seeds"),
        (318, "Another model?", "its **interval** leaves out zero"),
    ]:
        c.text(16, y, f"**{question}**", anchor="start", size=17)
        c.text(16, y + 28, answer, "quiet", "start")
    seeds = (250, 286, 306, 322, 372)
    for line, low, high, kind in [(84, 292, 320, "right"), (234, 206, 416, "right")]:
        c.box(low, line - 17, high - low, 34, kind=kind)
        c.arrow((60, line), (470, line), kind="ink", width=1.5)
        for x in (306,) if line == 84 else seeds:
            c.dot(x, line, 7)
        c.dot(312 if line == 84 else 342, line, 7, "ground")
        c.dot(312 if line == 84 else 342, line, 7, "new", "area")
        c.text(470, line + 26, "accuracy", "quiet", "end")
    line = 404
    c.line([(140, line - 34), (140, line + 24)], "quiet", 1.5, dashed=True)
    c.text(140, line + 40, "0", "quiet")
    c.box(206, line - 17, 178, 34, kind="right")
    c.arrow((60, line), (470, line), kind="ink", width=1.5)
    for x in (232, 266, 288, 318, 356):
        c.dot(x, line, 7)
    c.text(470, line + 40, "difference, seed by seed", "quiet", "end")
    return c
