"""Reading before fine-tuning, matrices in blocks of four bits, and where a search for hyper-parameters looks."""

from pyft.diagrams.canvas import Canvas


def reading_first() -> Canvas:
    """Show three ways from a pretrained model to a task: at once, by way of its own texts, and of other texts."""
    c = Canvas(
        340,
        "Texts before labels",
        "Three ways from a pretrained model on the left to a model for a task on the right. The first goes to the few"
        " labels at once. The second goes by way of many texts of the task, in which words are hidden and no label is"
        " needed. The third, the control, goes by way of as many other texts.",
    )
    rows = [(62, "", "body"), (166, "own texts", "right"), (270, "other texts", "quiet")]
    c.text(70, 18, "pretrained", "quiet")
    c.text(244, 18, "hidden words", "quiet")
    c.text(434, 18, "labels", "quiet")
    for y, words, kind in rows:
        c.box(16, y - 26, 108, 52, "model", "body")
        c.box(380, y - 26, 108, 52, "fine-tune", "new")
        if words:
            c.box(174, y - 26, 140, 52, words, kind)
            c.arrow((128, y), (170, y))
            c.arrow((318, y), (376, y))
        else:
            c.arrow((128, y), (376, y))
    c.text(244, 44, "nothing", "quiet")
    c.text(244, 216, "many, no labels", "quiet")
    c.text(244, 318, "as many steps: the control", "quiet")
    return c


def four_bit_base() -> Canvas:
    """Show a frozen matrix as codes and one scale a block, made back when it is needed, and a LoRA beside it."""
    c = Canvas(
        366,
        "A base of four bits, and what learns beside it",
        "A vector x goes two ways. On the left through a frozen matrix that is kept as rows of codes of four bits, with"
        " one scale at the end of each block; for the moment of the product it is made back into numbers. On the right"
        " through the thin matrices A and B, which are kept in full and learn. Both results are added.",
    )
    left, right = 150.0, 404.0
    c.text(280, 346, "*x*", "ink")
    c.line([(left, 314), (right, 314)])
    c.line([(280, 314), (280, 332)])
    c.arrow((left, 312), (left, 284))
    c.arrow((right, 312), (right, 246))
    for i in range(4):
        c.row(20, 152 + 32 * i, ["", "", "", "", "", ""], "body", 28, 4, 24)
        c.box(218, 152 + 32 * i, 52, 24, "*s*", "new", radius=5)
    c.text(left - 36, 136, "codes, 4 bits each", "quiet")
    c.text(248, 136, "scales", "quiet")
    c.arrow((left, 120), (left, 104))
    c.box(left - 104, 60, 208, 40, "**W**, made back", "quiet", "hollow")
    c.box(right - 76, 204, 152, 40, "**A**, learns", "new")
    c.arrow((right, 202), (right, 180))
    c.box(right - 76, 136, 152, 40, "**B**, learns", "new")
    c.line([(right, 134), (right, 40), (294, 40)])
    c.line([(left, 58), (left, 40), (266, 40)])
    c.plus(280, 40)
    c.arrow((280, 27), (280, 8))
    c.text(296, 15, "*y*", anchor="start")
    c.text(280, 300, "both ways", "quiet")
    return c


def grid_and_random() -> Canvas:
    """Show nine tries on a grid and nine at random: of the one axis that matters the grid sees three values."""
    c = Canvas(
        340,
        "Nine tries on a grid, and nine at random",
        "Two squares side by side; the horizontal axis is a hyper-parameter that matters, the vertical one another that"
        " hardly does. On the left nine points stand on a grid, so that only three values of the first are tried. On"
        " the right nine points stand at random, and nine values of it are tried. Marks below each square show them.",
    )
    side, top = 204.0, 44.0
    grid = [(x, y) for x in (0.17, 0.5, 0.83) for y in (0.17, 0.5, 0.83)]
    drawn = [
        (0.08, 0.62), (0.2, 0.18), (0.31, 0.85), (0.42, 0.4), (0.53, 0.7), (0.64, 0.12), (0.73, 0.5), (0.83, 0.9),
        (0.93, 0.3),
    ]  # fmt: skip
    for x0, name, points in ((40.0, "grid", grid), (290.0, "at random", drawn)):
        c.text(x0 + side / 2, 22, f"**{name}**")
        c.box(x0, top, side, side)
        for x, y in points:
            c.dot(x0 + x * side, top + y * side, 7, "body")
        for x in sorted({x for x, _ in points}):
            at = x0 + x * side
            c.line([(at, top + side + 8), (at, top + side + 26)], "new", 4)
        c.text(x0 + side / 2, top + side + 46, f"{len({x for x, _ in points})} values tried")
    c.text(260, 318, "→ what matters      ↑ what hardly does", "quiet")
    return c
