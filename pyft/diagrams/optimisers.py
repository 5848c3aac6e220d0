"""Optimisers: a ladder from descent to AdamW, and two ways for the decay to go."""

from pyft.diagrams.canvas import Canvas


def optimisers() -> Canvas:
    """Show that each optimiser has one block more than the one before."""
    c = Canvas(
        470,
        "From descent to AdamW, one block at a time",
        "Four rows. SGD: the gradient times the learning rate is the step. Momentum puts a sum of earlier gradients"
        " in between. Adam takes a running mean and divides it by the root of the mean square. AdamW adds the decay of"
        " the weight behind that division.",
    )
    rows = [
        ("SGD", "*θ* − *η g*", "", ""),
        ("momentum", "*θ* − *η b*", "sum *b*", ""),
        ("Adam", "*θ* − *η m* / √*v*", "mean *m*", "÷ √*v*"),
        ("AdamW", "*θ* − *η* (*m* / √*v* + *λθ*)", "mean *m*", "÷ √*v*"),
    ]
    for i, (name, formula, memory, scale) in enumerate(rows):
        y = 16 + 108 * i
        c.text(16, y + 12, f"**{name}**", anchor="start", size=17)
        c.text(504, y + 12, formula, "quiet", "end")
        line = y + 54
        c.arrow((80, line), (426, line))
        c.box(16, line - 19, 64, 38, "*g*", "body")
        for x, wide, words, first in [(124, 92, memory, 1), (252, 76, scale, 2)]:
            if words:
                c.box(x, line - 19, wide, 38, words, "new" if i == first else "quiet", covers=True)
        c.box(428, line - 19, 76, 38, "× (−*η*)")
        if name == "AdamW":
            c.plus(378, line)
            c.box(346, line + 30, 64, 38, "*λθ*", "new")
            c.arrow((378, line + 28), (378, line + 14), kind="new")
    return c


def weight_decay() -> Canvas:
    """Show where the decay joins, before the division or after; the numbers are those of section 4.3.2."""
    c = Canvas(
        404,
        "In this first step, decay inside the division is lost; outside it acts",
        "A weight of 2 with gradient 0.5; learning rate and decay are 0.1. With L2 in Adam the decay 0.2 is added to"
        " the gradient and both are divided by their size 0.7: the step is 0.1, as without decay, and the weight 1.9."
        " In AdamW the gradient alone is divided, the decay is added afterwards: the weight is 1.88.",
    )
    c.text(504, 24, "*θ* = 2,  *η* = *λ* = 0.1", "quiet", "end")
    for y, name, inside in [(12, "Adam with L2", True), (216, "AdamW", False)]:
        c.text(16, y + 12, f"**{name}**", anchor="start", size=17)
        line = y + 82
        c.arrow((96, line), (424, line))
        c.box(16, line - 21, 80, 42, "*g* = 0.5", "body")
        at = 132 if inside else 326
        c.plus(at, line)
        c.box(at - 54, line + 48, 108, 42, "*λθ* = 0.2", "new")
        c.arrow((at, line + 46), (at, line + 15), kind="new", width=3)
        c.box(192, line - 21, 92, 42, "÷ 0.7" if inside else "÷ 0.5", covers=True)
        c.text(238, line - 36, "÷ √*v*", "quiet")
        c.text(167 if inside else 299, line - 16, "0.7" if inside else "1", "quiet")
        c.text(386, line - 16, "1" if inside else "1.2", "quiet")
        c.box(426, line - 21, 78, 42, "1.9" if inside else "1.88", "right")
        c.text(465, line - 36, "new *θ*", "quiet")
        remark = "2 − 0.1 · 1:\nas without\ndecay" if inside else "2 − 0.1 · 1.2:\nit acts"
        c.text(504, line + (65 if inside else 54), remark, "quiet", "end")
    return c
