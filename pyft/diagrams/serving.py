"""What happens between a request and its answer."""

from pyft.diagrams.canvas import Canvas


def batching() -> Canvas:
    """Show that texts of several requests share a batch, and that what is bad is refused before it waits."""
    c = Canvas(
        352,
        "Requests, a queue, batches",
        "Four requests come in. One has an empty text and is refused with 422 at once. The texts of the others wait in"
        " a queue in their order; up to so many are taken together, the model answers them at once, and each request"
        " gets the answers to its own texts.",
    )
    for i, (name, kind) in enumerate(
        [("A: 2 texts", "body"), ("B: 1 text", "new"), ("C: empty", "quiet"), ("D: 3 texts", "right")]
    ):
        y = 12 + i * 52
        c.box(10, y, 118, 38, name, kind)
        if i != 2:
            c.arrow((130, y + 19), (182, y + 19), kind=kind)
    c.arrow((130, 135), (182, 135), kind="quiet", dashed=True)
    c.text(188, 135, "422, at once", "quiet", "start")
    c.text(190, 31, "texts wait in order", "quiet", "start")
    c.row(184, 52, ["A1", "A2", "B1", "D1", "D2", "D3"], ["body", "body", "new", "right", "right", "right"], 48, 6, 40)
    c.line([(184, 104), (396, 104)], "ink", 1.5)
    c.arrow((290, 158), (290, 214), kind="quiet")
    c.text(306, 186, "four at once", "quiet", "start")
    c.box(184, 216, 212, 44, "model", "body")
    c.arrow((290, 262), (290, 296), kind="quiet")
    c.row(184, 298, ["A1", "A2", "B1", "D1"], ["body", "body", "new", "right"], 48, 6, 40)
    c.text(412, 318, "each back to", "quiet", "start", 14)
    c.text(412, 336, "its request", "quiet", "start", 14)
    return c
