"""What a run costs before it begins, and how an explanation is made and put to a test."""

from pyft.diagrams.canvas import Canvas


def run_cost() -> Canvas:
    """Show how texts and a model become operations, and with a machine hours; and what must be in memory at once."""
    c = Canvas(
        352,
        "What a run costs, before it begins",
        "Two rows. Above: tokens times parameters times six are operations; divided by the peak of a machine and the"
        " share of it that is used they are hours. Below: four boxes of memory stand on each other, weights, gradients,"
        " moments and activations; a dashed line shows what the machine has.",
    )
    c.text(16, 20, "**time**", anchor="start")
    for x, words, kind in [(16, "tokens", "body"), (16, "parameters", "body")]:
        y = 40 if words == "tokens" else 94
        c.box(x, y, 118, 42, words, kind)
        c.line([(x + 118, y + 21), (158, y + 21)])
    c.line([(158, 61), (158, 115)])
    c.arrow((158, 88), (186, 88))
    c.text(172, 44, "× 6", "quiet")
    c.box(190, 66, 128, 44, "operations", "new")
    c.arrow((320, 88), (386, 88))
    c.box(390, 66, 114, 44, "hours", "right")
    c.text(353, 132, "peak × share used", "quiet")
    c.line([(353, 120), (353, 92)], dashed=True)
    c.text(16, 176, "**memory**", anchor="start")
    left = 16.0
    for words, width, kind in [
        ("weights", 78, "body"),
        ("gradients", 96, "new"),
        ("moments", 150, "new"),
        ("activations", 124, "right"),
    ]:
        c.box(left, 196, width, 46, words, kind)
        left += width + 6
    c.line([(470, 180), (470, 262)], "ink", 2, dashed=True)
    c.text(508, 278, "what there is", "quiet", "end")
    c.text(178, 320, "LoRA makes\nthese smaller")
    c.arrow((178, 296), (178, 248), dashed=True)
    c.text(386, 320, "recomputing, parts,\n16 bits: these")
    c.arrow((386, 296), (386, 248), dashed=True)
    return c


def which_words() -> Canvas:
    """Show a decision, scores of its words, and the test: without the highest ones the decision should fall."""
    c = Canvas(
        338,
        "Which words decided, and the test of it",
        "At the top a sentence goes into a model, which says: positive. Below, a method gives each word a score, drawn"
        " as bars. At the bottom the words with the highest scores are taken away, the model is asked again, and its"
        " answer should change more than when words are taken away at random.",
    )
    words = ["a", "truly", "fine", "film"]
    widths = [44.0, 76.0, 70.0, 70.0]
    middles = c.row(16, 34, words, "body", widths, 6, 36)
    c.arrow((298, 52), (330, 52))
    c.box(334, 32, 80, 40, "model", "quiet")
    c.arrow((416, 52), (440, 52))
    c.text(480, 52, "0.97")
    c.text(16, 14, "decision", "quiet", "start")
    c.text(16, 100, "scores", "quiet", "start")
    for x, high in zip(middles, (8.0, 34.0, 74.0, 16.0), strict=True):
        c.box(x - 16, 184 - high, 32, high, "", "new", "solid", 2)
    c.line([(16, 186), (290, 186)], "ink", 1.5)
    c.text(404, 150, "which method?\nfrom what baseline?", "quiet")
    c.text(16, 220, "test", "quiet", "start")
    c.row(16, 236, ["a", "truly", "", "film"], ["body", "body", "hidden", "body"], widths, 6, 36)
    c.arrow((298, 254), (330, 254))
    c.box(334, 234, 80, 40, "model", "quiet")
    c.arrow((416, 254), (440, 254))
    c.text(480, 254, "0.41")
    c.text(260, 312, "does it fall faster than without\nwords taken at random?", "quiet")
    return c
