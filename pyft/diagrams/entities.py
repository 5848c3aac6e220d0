"""Names in text: tags, words and pieces in line, and the best path that the tags allow."""

from itertools import product

from pyft.diagrams.canvas import Canvas


def tags_and_pieces() -> Canvas:
    """Show that the first piece of a word carries its tag; the cut is that of section 6.3."""
    c = Canvas(
        452,
        "A word's tag sits on its first piece",
        "Szczesny flew to New York. The words have the tags B-PER, O, O, B-LOC, I-LOC. Szczesny is cut into the"
        " pieces s, zcz, es, ny; the first carries the tag. The other pieces and the special tokens have none.",
    )
    words = [("", "", ["[CLS]"]), ("Szczesny", "B-PER", ["s", "##zcz", "##es", "##ny"]), ("flew", "O", ["flew"])]
    words += [("to", "O", ["to"]), ("New", "B-LOC", ["new"]), ("York", "I-LOC", ["york"]), ("", "", ["[SEP]"])]
    for x, name in [(90, "words"), (262, "pieces"), (432, "labels")]:
        c.text(x, 18, name, "quiet")
    y, step = 38, 41
    for word, tag, pieces in words:
        tall = step * len(pieces) - 7
        if word:
            c.box(28, y, 124, tall, word, "body")
        for i, piece in enumerate(pieces):
            top = y + i * step
            c.box(208, top, 108, 34, piece, "body" if word else "quiet")
            if word:
                c.line([(152, y + tall / 2), (208, top + 17)], "body", 1.5)
            if word and i == 0:
                c.arrow((318, top + 17), (370, top + 17), kind="new")
                c.box(372, top, 120, 34, tag, "new")
            else:
                c.text(432, top + 17, "not asked", "quiet")
        y += step * len(pieces)
    return c


def viterbi() -> Canvas:
    """Show the best path among those that IOB2 allows; the numbers are section 6.3's."""
    c = Canvas(
        408,
        "The best path that is allowed",
        "Two words, three tags; no I-PER may come first. Word by word the best tags are O, 0.5, and I-PER, 0.7, but no"
        " I-PER may follow O. Of the paths that are allowed the best is B-PER, 0.4, then I-PER, 0.7: together 0.28.",
    )
    tags = ("O", "B-PER", "I-PER")
    p = ((0.5, 0.4, 0.1), (0.1, 0.2, 0.7))
    xs, ys = (190, 410), (96, 196, 296)
    for y, tag in zip(ys, tags, strict=True):
        c.text(16, y, tag, anchor="start")
    for x, word in zip(xs, ("Peter", "Blackburn"), strict=True):
        c.box(x - 62, 12, 124, 34, word)
    for (j, low), (k, high) in product(enumerate(ys[:2]), enumerate(ys)):
        if (j, k) == (1, 2):
            c.link((xs[0], low), (xs[1], high), 32, "right", 4)
        elif (j, k) == (0, 2):
            c.link((xs[0], low), (xs[1], high), 32, "new", 2, dashed=True)
        else:
            c.link((xs[0], low), (xs[1], high), 32, "quiet", 1.2)
    for m, (x, shares) in enumerate(zip(xs, p, strict=True)):
        for k, (y, share) in enumerate(zip(ys, shares, strict=True)):
            kind = {(0, 0): "new", (0, 1): "right", (1, 2): "right"}.get((m, k), "quiet")
            c.dot(x, y, 30, kind, "hollow" if (m, k) == (0, 2) else "area", f"{share:g}")
    c.line([(90, 358), (140, 358)], "right", 4)
    c.text(154, 358, "best path allowed: 0.4 · 0.7 = **0.28**", anchor="start")
    c.line([(90, 388), (140, 388)], "new", 2, dashed=True)
    c.text(154, 388, "word by word: no I-PER after O", anchor="start")
    return c
