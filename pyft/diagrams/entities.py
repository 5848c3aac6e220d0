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


def knowing_or_reading() -> Canvas:
    """Show what one that knows names by heart and one that reads can do with a name that is new."""
    c = Canvas(
        310,
        "A name that was seen, and one that is new",
        "The training texts name Peter Blackburn. Of two test sentences, Peter Blackburn said and Mara Quill said, a"
        " list that knows names by heart finds the first only. One that reads can find both, by the word said.",
    )
    c.text(16, 30, "in training", "quiet", "start")
    c.box(118, 12, 146, 36, "Peter Blackburn", "body")
    c.text(270, 30, "signed in Leeds", anchor="start")
    for x, name, what, kind in [(118, "Peter Blackburn", "seen", "body"), (316, "Mara Quill", "new", "new")]:
        c.text(x + 94, 82, f"**{what}**")
        c.box(x, 98, 146, 36, name, kind)
        c.text(x + 152, 116, "said", anchor="start")
    c.text(16, 116, "in the test", "quiet", "start")
    c.line([(16, 152), (504, 152)], width=0.5)
    for y, way, seen, new in [
        (168, "**knows**\n**by heart**", "found:\non the list", "lost:\non no list"),
        (240, "**reads**", "found:\nbefore “said”", "found:\nbefore “said”"),
    ]:
        c.text(16, y + 29, way, anchor="start")
        for x, words in [(118, seen), (316, new)]:
            lost = words.startswith("lost")
            c.box(x, y, 188, 58, words, "quiet" if lost else "right", "hollow" if lost else "area")
    return c


def which_paris() -> Canvas:
    """Show one name that means a city, a team or a government, and a sentence that its neighbour decides."""
    c = Canvas(
        372,
        "One name, several meanings",
        "She lives in Paris: a city. Paris beat Leeds: a team. Paris denied it: a government. Paris was shaken: not to"
        " be told. With the sentence before, the coach resigned, it is a team.",
    )
    for i, (before, after, meaning, kind) in enumerate(
        [
            ("She lives in", "", "a city", "right"),
            ("", "beat Leeds", "a team", "new"),
            ("", "denied it", "a government", "new"),
            ("", "was shaken", "?", "hidden"),
        ]
    ):
        y = 12 + 60 * i
        x = 16.0
        if before:
            c.text(x, y + 22, before, anchor="start")
            x = 136
        if kind == "hidden":
            c.box(x, y, 72, 44, "Paris", "quiet", "hollow")
        else:
            c.box(x, y, 72, 44, "Paris", kind)
        c.text(x + 84, y + 22, after, anchor="start")
        c.arrow((304, y + 22), (352, y + 22))
        c.row(354, y, [meaning], kind, 150, height=44)
    c.line([(16, 252), (504, 252)], width=0.5)
    c.text(16, 276, "the same, with the sentence before", "quiet", "start")
    c.box(16, 296, 270, 68, "", "body")
    c.text(28, 312, "The coach resigned.", anchor="start")
    c.box(28, 326, 72, 32, "Paris", "new", covers=True)
    c.text(112, 342, "was shaken", anchor="start")
    c.arrow((288, 330), (352, 330))
    c.box(354, 308, 150, 44, "a team", "new")
    return c


def whole_by_chance() -> Canvas:
    """Show how the chance of a whole name shrinks with its length, if each word is right by itself."""
    q = 0.9
    shares = [q**n for n in range(1, 6)]
    c = Canvas(
        314,
        "The longer a name, the less often it is whole",
        f"Names of one to five words, each word right with probability {q:g}. The whole name is right with probability"
        f" {', '.join(f'{share:.2f}' for share in shares)}.",
    )
    c.text(16, 20, f"each word right: *q* = {q:g}", "quiet", "start")
    c.text(504, 20, "the whole name", "quiet", "end")
    for n, share in enumerate(shares, start=1):
        y = 42 + 54 * (n - 1)
        c.row(16, y + 3, [f"{q:g}"] * n, "body", 44, 5)
        c.box(284, y, 160 * share, 38, kind="new", look="solid", radius=3)
        c.text(284 + 160 * share + 34, y + 19, f"**{share:.2f}**")
    return c
