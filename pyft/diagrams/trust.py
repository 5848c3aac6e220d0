"""Trust: two texts that differ in a name; and where a model can be attacked, or gives something away."""

from pyft.diagrams.canvas import Canvas


def one_name_changed() -> Canvas:
    """Show one model that reads a sentence with two names, and the gap between its scores."""
    c = Canvas(
        222,
        "One name changed",
        "The same sentence stands twice, with another name each time. One model reads both and gives each a score. All"
        " else is equal, so the gap between the scores is the name's doing.",
    )
    for y, name, kind in [(50, "name A", "body"), (150, "name B", "new")]:
        c.row(16, y, [name, "plays the doctor"], [kind, "quiet"], [80, 160])
        c.arrow((266, y + 16), (294, y + 16))
        c.arrow((386, y + 16), (414, y + 16))
        c.box(418, y, 86, 32, "score", kind)
    c.box(298, 50, 86, 132, "**model**", "quiet")
    c.text(139, 116, "all else equal", "quiet")
    c.arrow((440, 116), (440, 84))
    c.arrow((440, 116), (440, 148))
    c.text(452, 116, "gap?", anchor="start")
    return c


def ways_in_and_out() -> Canvas:
    """Show where a fine-tuned model is attacked: in its texts, its file and its answers; and where noise protects."""
    c = Canvas(
        290,
        "Ways in and ways out",
        "Texts go into a model, and answers come out. Poisoned texts are a way in, and so is a file that runs code when"
        " it is read. Answers are a way out: they may tell a secret, or whether a text was learnt from. Clipped"
        " gradients with noise stand between the texts and the model.",
    )
    for x, words in [(16, "texts"), (196, "**model**"), (376, "answers")]:
        c.box(x, 118, 128, 52, words, "body" if "model" in words else "quiet")
    c.arrow((146, 144), (194, 144))
    c.arrow((326, 144), (374, 144))
    c.text(80, 44, "poisoned\ntexts")
    c.arrow((80, 72), (80, 116), kind="new")
    c.text(260, 44, "clip gradients,\nadd noise")
    c.arrow((260, 72), (260, 116), kind="right")
    c.text(260, 246, "a file that\nruns code")
    c.arrow((260, 218), (260, 172), kind="new")
    c.text(440, 246, "a secret told,\na text found")
    c.arrow((440, 172), (440, 216), kind="new")
    return c
