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
    for y, name, kind in [(12, "A: 2 texts", "body"), (64, "B: 1 text", "new"), (116, "D: 3 texts", "right")]:
        c.box(10, y, 118, 38, name, kind)
        c.line([(128, y + 19), (152, y + 19)], kind)
    c.line([(152, 31), (152, 135)])
    c.arrow((152, 72), (180, 72))
    c.box(10, 217, 118, 38, "C: empty", "quiet")
    c.arrow((69, 257), (69, 292), dashed=True)
    c.text(69, 308, "422, at once", "quiet")
    c.text(190, 31, "texts wait in order", "quiet", "start")
    c.row(184, 52, ["A1", "A2", "B1", "D1", "D2", "D3"], ["body", "body", "new", "right", "right", "right"], 48, 6, 40)
    c.line([(184, 104), (396, 104)], "ink", 1.5)
    c.arrow((290, 158), (290, 214), kind="quiet")
    c.text(306, 186, "four at once", "quiet", "start")
    c.box(184, 216, 212, 44, "model", "body")
    c.arrow((290, 262), (290, 296), kind="quiet")
    c.row(184, 298, ["A1", "A2", "B1", "D1"], ["body", "body", "new", "right"], 48, 6, 40)
    c.text(404, 318, "each back to\nits request", "quiet", "start")
    return c
