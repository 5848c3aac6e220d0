"""What becomes of a reader's own file."""

from pyft.diagrams.canvas import Canvas


def own_file() -> Canvas:
    """Show the way from a file of labelled texts to a model with a report, and what each part of the rows is for."""
    c = Canvas(
        424,
        "From a file to a model and its report",
        "Every line of a file of labelled texts is checked. Of the rows a tenth is kept for validation and a tenth"
        " for the test. A model and a baseline learn from the rest; validation says which weights to keep, and the test"
        " scores both. Everything is written into one folder, which answers new texts.",
    )
    c.box(16, 10, 150, 38, "feedback.csv")
    c.arrow((168, 29), (204, 29))
    c.box(206, 10, 298, 38, "every line is checked", "body")
    c.text(355, 66, "or refused, with its number", "quiet")
    c.arrow((280, 82), (280, 104))
    for x, width, name, share in [
        (16, 268, "train", "most"),
        (292, 112, "validation", "a tenth"),
        (412, 92, "test", "a tenth"),
    ]:
        c.box(x, 106, width, 38, name, "quiet")
        c.text(x + width / 2, 160, share, "quiet")
    for x, width, name, kind in [(16, 130, "baseline", "quiet"), (154, 130, "model", "new")]:
        c.arrow((x + width / 2, 174), (x + width / 2, 206), kind="quiet")
        c.box(x, 208, width, 40, name, kind)
    c.arrow((348, 174), (348, 228), (287, 228), kind="quiet")
    c.text(352, 248, "which weights", "quiet")
    c.arrow((458, 174), (458, 290), kind="quiet")
    for x in (81, 219):
        c.arrow((x, 250), (x, 290))
    c.box(16, 292, 488, 62, "", "right")
    c.text(260, 310, "**my-model/**")
    c.text(260, 336, "weights, scores beside the baseline's, report.html")
    c.arrow((260, 356), (260, 382))
    c.box(130, 384, 260, 32, "answers for new texts")
    return c
