"""Training: its rate over steps and over layers, and a run that was interrupted."""

from math import cos, pi

from pyft.diagrams.canvas import Canvas


def schedules() -> Canvas:
    """Show how the rate changes over the steps and over the layers."""
    c = Canvas(
        330,
        "A rate for each step, and for each layer",
        "On the left the rate over the steps: it rises in a warm-up to the peak, then stays, or falls to zero in a"
        " line or a cosine. On the right the rate over the layers: the head has the whole rate, each layer below it"
        " a fixed share of the one above, the embeddings the least.",
    )
    c.text(126, 20, "**over the steps**", size=17)
    c.text(396, 20, "**over the layers**", size=17)
    left, base, high, W, T = 40, 278, 196, 0.15, 1.0
    wide = 204

    def point(t: float, factor: float) -> tuple[float, float]:
        return left + wide * t, base - high * factor

    falling = [W + (T - W) * k / 24 for k in range(25)]
    c.line([point(W, 1), point(T, 1)], "quiet", 3)
    c.line([point(W, 1), point(T, 0)], "body", 3)
    c.line([point(t, 0.5 + 0.5 * cos(pi * (t - W) / (T - W))) for t in falling], "new", 3)
    c.line([point(0, 0), point(W, 1)], "ink", 3)
    c.arrow((left, base), (left, 50), kind="ink", width=1.5)
    c.arrow((left, base), (left + wide + 12, base), kind="ink", width=1.5)
    c.text(22, 66, "*η*")
    c.text(left, base + 22, "warm-up", "quiet", "start")
    c.text(left + wide + 8, base + 22, "step *t*", "quiet", "end")
    c.text(230, 64, "constant", "quiet", "end")
    c.text(226, 138, "cosine")
    c.text(100, 232, "linear")
    share = 0.7
    for k, name in enumerate(["head", "layer 3", "layer 2", "layer 1", "words"]):
        y = 52 + 46 * k
        c.text(354, y + 16, name, anchor="end")
        c.box(364, y, 96 * share**k, 32, kind="new" if k == 0 else "body", look="solid", radius=3)
        if k < 2:  # a phone would show an exponent too small
            c.text(364 + 96 * share**k + 8, y + 16, ["*η*", "*η ξ*"][k], anchor="start")
    c.text(504, base + 22, "each *ξ* times the last", "quiet", "end")
    return c


def interrupted() -> Canvas:
    """Show the run of section 3.2.7 that stops before its seventh step, and what it is held against."""
    c = Canvas(
        330,
        "The same losses, and after a stop the same bits",
        "Four rows of steps. Trainer's eight and ours have the same losses. A run of ours stops before step 7; it was"
        " saved after step 4. The run that goes on does steps 5 to 8 and ends at the same bits as the whole run.",
    )
    left, side, gap = 120, 36, 5
    step = side + gap

    def cells(y: float, first: int, last: int, kind: str, name: str) -> None:
        c.text(16, y + 16, f"**{name}**", anchor="start")
        numbers = range(first, last + 1)
        c.row(left + (first - 1) * step, y, [str(number) for number in numbers], kind, side, gap)

    cells(16, 1, 8, "quiet", "Trainer")
    cells(92, 1, 8, "body", "ours")
    for i in range(8):
        x = left + i * step + side / 2
        c.line([(x - 5, 66), (x + 5, 66)])
        c.line([(x - 5, 74), (x + 5, 74)])
    c.text(482, 70, "losses", "quiet")
    cells(180, 1, 6, "body", "stopped")
    c.row(left + 6 * step, 180, ["", ""], "hidden", side, gap)
    saved = left + 4 * step - gap / 2
    c.line([(saved, 170), (saved, 244)], "new", 3)
    c.text(saved, 156, "saved")
    cells(250, 5, 8, "right", "goes on")
    end = left + 8 * step
    c.arrow((end, 266), (end + 26, 266), (end + 26, 108), (end, 108), kind="right", width=3)
    c.text(504, 306, "the same bits", anchor="end")
    c.text(left, 306, "5 and 6 are done again", "quiet", "start")
    return c
