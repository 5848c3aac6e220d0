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


def three_rules() -> Canvas:
    """Show pairs, an interval and a correction, with the numbers that section 3.3 reckons by hand."""
    c = Canvas(
        432,
        "Pairs, an interval, a correction",
        "Three parts. Pairs: for each of three seeds the trick is ahead of the baseline, by 1, 2 and 3 points. An"
        " interval: around their mean 2 it reaches from -0.48 to 4.48 and holds 0. A correction: the p-values .01, .03"
        " and .04 times 3, 2 and 1 become .03, .06 and .06, and only the first stays below .05.",
    )
    names = ["**1 Pairs**", "**2 An interval**", "**3 A correction**"]
    for y, name in zip((20, 180, 310), names, strict=True):
        c.text(16, y, name, anchor="start", size=17)
    gains, unit = (1, 2, 3), 46
    for i, (gain, base) in enumerate(zip(gains, (224, 266, 208), strict=True)):
        y = 28 + 46 * i
        c.text(186, y, f"seed {i + 1}", "quiet", "end")
        c.arrow((base + 8, y), (base + unit * gain - 9, y), kind="new")
        c.dot(base, y, 7, "quiet")
        c.dot(base + unit * gain, y, 7, "new")
        c.text(base + unit * gain + 26, y, f"+{gain}")
    c.dot(420, 28, 7, "quiet")
    c.text(434, 28, "baseline", anchor="start")
    c.dot(420, 74, 7, "new")
    c.text(434, 74, "trick", anchor="start")
    mean = sum(gains) / len(gains)
    half = 4.303 * (sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1) / len(gains)) ** 0.5
    zero, line = 224, 220
    c.box(zero + unit * (mean - half), line - 16, 2 * half * unit, 32, kind="body")
    c.arrow((180, line), (490, line), kind="ink", width=1.5)
    c.line([(zero, line - 22), (zero, line + 22)], "ink")
    c.text(zero, line + 38, "0")
    c.dot(zero + unit * mean, line, 7, "new")
    c.text(zero + unit * mean, line + 38, f"{mean:g}")
    c.text(490, line + 38, "difference", "quiet", "end")
    corrected = 0.0
    for i, p in enumerate((0.01, 0.03, 0.04)):
        y, times = 320 + 40 * i, 3 - i
        corrected = max(corrected, p * times)
        c.text(206, y, f"{p:.2f}"[1:])
        c.text(258, y, f"× {times}", "quiet")
        c.arrow((288, y), (340, y))
        c.box(342, y - 17, 66, 34, f"**{corrected:.2f}**".replace("0.", "."), "right" if corrected < 0.05 else "quiet")
        c.text(424, y, "below .05" if corrected < 0.05 else "not", anchor="start")
    c.text(16, 360, "*p* of three\ntricks", "quiet", "start")
    return c


def before_one_sentence() -> Canvas:
    """Show what section 5.5 asks before it believes an answer: a baseline, and two traps."""
    c = Canvas(
        408,
        "Three checks before one answer",
        "Accuracy is held against two baselines, the commonest label, which is right for half of two equal classes,"
        " and a linear model. Answers to texts 1, 2 and 3 may come back in the order 3, 1, 2. A model as its"
        " training left it gives LABEL_1 and scores that vary; with names, in evaluation mode, positive and one score.",
    )
    c.text(16, 20, "**1 What must the accuracy beat?**", anchor="start", size=17)
    c.line([(40, 74), (480, 74)], "ink")
    for x, mark in [(40, "0"), (260, "½"), (480, "1")]:
        c.line([(x, 67), (x, 81)], "ink")
        c.text(x, 98, mark)
    c.dot(260, 74, 8, "quiet")
    c.text(246, 50, "commonest label", "quiet")
    c.dot(356, 74, 8, "body")
    c.text(364, 50, "linear", "quiet")
    c.dot(430, 74, 12, "ground")
    c.dot(430, 74, 12, "new", "hollow")
    c.text(436, 50, "BERT?")
    c.text(16, 138, "**2 Whose answer is it?**", anchor="start", size=17)
    xs = (240, 340, 440)
    for i, x in enumerate(xs):
        c.box(x - 32, 160, 64, 32, f"text {i + 1}", "body")
    c.text(16, 176, "rows", "quiet", "start")
    c.text(16, 240, "predictions, grouped", "quiet", "start")
    for x, origin in zip(xs, (2, 0, 1), strict=True):
        c.arrow((xs[origin], 193), (x, 222), kind="new")
        c.box(x - 32, 224, 64, 32, f"of {origin + 1}", "new")
    c.text(16, 294, "**3 Which words come out?**", anchor="start", size=17)
    for y, mode, words, more, kind in [
        (316, "as it was left", "LABEL_1", "scores vary", "new"),
        (362, "names, eval()", "positive", "one score", "right"),
    ]:
        c.box(16, y, 150, 36, mode)
        c.arrow((168, y + 18), (220, y + 18))
        c.box(222, y, 112, 36, words, kind)
        c.text(350, y + 18, more, anchor="start")
    return c
