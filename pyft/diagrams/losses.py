"""Losses: how much each truth costs, and what the two losses look for."""

from math import log

from pyft.diagrams.canvas import Canvas


def surprise() -> Canvas:
    """Show three probabilities, and the loss under each if that class is the right one."""
    c = Canvas(
        300,
        "The less a model expected of the truth, the more it pays",
        "Three classes have the probabilities 1/8, 2/8 and 5/8. If the first is the right one the loss is 2.08 nats,"
        " if the second 1.39, if the third 0.47.",
    )
    for x, y, words in [(16, 92, "probability\n*p*"), (16, 222, "loss if it\nis the truth,\n−ln *p*")]:
        c.text(x, y, words, "quiet", "start")
    base, scale = 142, 160
    for i, eighths in enumerate((1, 2, 5)):
        p, x = eighths / 8, 168 + 118 * i
        c.box(x, base - scale * p, 84, scale * p, kind="body", radius=3)
        c.text(x + 42, base - scale * p - 14, f"**{eighths}/8**")
        c.box(x, base + 20, 84, 46 * -log(p), kind="new", radius=3)
        c.text(x + 42, base + 34 + 46 * -log(p), f"{-log(p):.2f}")
    c.line([(150, base + 10), (504, base + 10)])
    return c


def two_losses() -> Canvas:
    """Show what goes into each loss, and what it looks for."""
    c = Canvas(
        296,
        "A loss for a choice, and a loss for a number",
        "Two rows. For a choice among classes, the logits go through softmax to a probability, cross-entropy is minus"
        " the logarithm of that of the truth, and it looks for the share of each class. For a number, the loss is the"
        " squared difference of answer and truth, and it looks for the mean.",
    )
    rows = [
        ("a choice", "logits *z*", "softmax *p*", "−ln *p*", "the shares"),
        ("a number", "answer *ŷ*", "*ŷ* − *y*", "square", "the mean"),
    ]
    for i, (what, out, between, loss, goal) in enumerate(rows):
        y = 16 + 142 * i
        c.text(16, y + 12, f"**{what}**", anchor="start", size=17)
        line = y + 66
        c.arrow((16, line), (392, line))
        c.box(16, line - 22, 98, 44, out, "body", covers=True)
        c.box(140, line - 22, 106, 44, between, covers=True)
        c.box(272, line - 22, 88, 44, loss, "new", covers=True)
        c.box(394, line - 22, 110, 44, goal, "right")
        c.text(449, line - 38, "it looks for", "quiet")
    return c


def squares() -> Canvas:
    """Show the two errors of section 4.2.2 as squares, and how hard each pulls at its prediction."""
    c = Canvas(
        352,
        "Each error is the side of a square",
        "Two number lines. On the first the prediction is 2 and the truth 1; the square on the error has the area 1."
        " On the second the prediction is 0 and the truth 3; the square has the area 9. The mean of the two is 5. The"
        " gradients 1 and minus 3 pull each prediction towards its truth.",
    )
    unit, base, pairs = 64, 218, [(40, 2, 1), (296, 0, 3)]
    for left, guess, truth in pairs:
        error = guess - truth
        side, start = unit * abs(error), left + unit * min(guess, truth)
        c.box(start, base - side - 12, side, side, f"**{error**2}**", "new", radius=2)
        c.line([(left, base), (left + 3 * unit, base)], "ink")
        for number in range(4):
            x = left + unit * number
            c.line([(x, base), (x, base + 8)], "ink")
            c.text(x, base + 24, str(number))
        c.dot(left + unit * guess, base, 8, "body")
        c.dot(left + unit * truth, base, 8, "right")
        tip = guess - error / len(pairs)
        c.arrow((left + unit * guess, base + 52), (left + unit * tip, base + 52), kind="body", width=3)
        c.text(left + 1.5 * unit, base + 78, f"gradient {2 * error / len(pairs):g}".replace("-", "−"))
    c.dot(24, 332, 8, "body")
    c.text(40, 332, "prediction *ŷ*", anchor="start")
    c.dot(190, 332, 8, "right")
    c.text(206, 332, "truth *y*", anchor="start")
    mean = sum((guess - truth) ** 2 for _, guess, truth in pairs) / len(pairs)
    c.text(504, 332, f"mean of squares **{mean:g}**", anchor="end")
    return c
