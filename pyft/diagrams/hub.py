"""What comes from a hub, and who reads it."""

from pyft.diagrams.canvas import Canvas


def files_and_classes() -> Canvas:
    """Show the files of a repository and what reads each."""
    c = Canvas(
        282,
        "The files of a model, and who reads them",
        "A commit of a repository has four files. config.json is read by the configuration and says which class the"
        " model is; tokenizer.json by the tokenizer; model.safetensors, the weights, by the model; README.md, the card,"
        " by a person.",
    )
    c.box(10, 10, 216, 262, "", "quiet")
    c.text(118, 30, "one commit", "quiet")
    for i, (file, reader, what, kind) in enumerate(
        [
            ("config.json", "configuration", "sizes", "body"),
            ("tokenizer.json", "tokenizer", "pieces", "body"),
            ("model.safetensors", "model", "weights", "new"),
            ("README.md", "you", "its card", "right"),
        ]
    ):
        y = 50 + i * 55
        c.box(24, y, 188, 40, file, "quiet")
        c.arrow((214, y + 20), (268, y + 20), kind=kind)
        c.box(270, y, 130, 40, reader, kind)
        c.text(410, y + 20, what, "quiet", "start")
    return c
