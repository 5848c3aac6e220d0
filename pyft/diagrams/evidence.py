"""How a result is held: against its own seed, against all seeds, and against another model."""

from pyft.diagrams.canvas import Canvas


def evidence() -> Canvas:
    c = Canvas(
        470,
        "Three questions, three yardsticks",
        "Another machine, same seed: the figure must fall in a narrow tolerance around the stored one. Another seed: it"
        " must fall in the band of all seeds, which is wider. Another model: differences are taken seed by seed, and"
        " their interval must leave out zero.",
    )
    return c
