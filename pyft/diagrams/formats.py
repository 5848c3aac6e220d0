"""How files hold what is said of a text."""

from pyft.diagrams.canvas import Canvas


def one_sentence() -> Canvas:
    """Show one sentence by words with tags and by offsets; the tags are those that section 9.3 computes."""
    c = Canvas(
        322,
        "One sentence, two ways to say where its names are",
        "Ann met Bo Li in Paris Texas. By words, each word has a tag: B-PER, O, B-PER, I-PER, O, B-LOC, B-LOC. By"
        " offset, the text is left as it is, and each name is a start, an end and a kind: 0 to 3 PER, 8 to 13 PER,"
        " 17 to 22 LOC, 23 to 28 LOC.",
    )
    words = ["Ann", "met", "Bo", "Li", "in", "Paris", "Texas"]
    tags = ["B-PER", "O", "B-PER", "I-PER", "O", "B-LOC", "B-LOC"]
    c.text(10, 18, "by words: a tag for each", "quiet", "start")
    kinds = ["quiet" if tag == "O" else "body" for tag in tags]
    c.row(10, 36, words, kinds, 66, 6)
    for x, tag in zip(c.row(10, 84, tags, ["quiet" if t == "O" else "new" for t in tags], 66, 6), tags, strict=True):
        c.line([(x, 68), (x, 84)], "quiet" if tag == "O" else "new", 1.5)
    c.text(10, 150, "by offset: the text, and where names are", "quiet", "start")
    text, width = " ".join(words), 500 / 28
    for i, letter in enumerate(text):
        if letter != " ":
            c.text(10 + (i + 0.5) * width, 182, letter)
    for start, end, kind in [(0, 3, "PER"), (8, 13, "PER"), (17, 22, "LOC"), (23, 28, "LOC")]:
        left, right = 10 + start * width, 10 + end * width
        c.line([(left + 2, 204), (left + 2, 212), (right - 2, 212), (right - 2, 204)], "new")
        c.text((left + right) / 2, 232, f"{start} to {end}")
        c.box((left + right) / 2 - 26, 252, 52, 32, kind, "new")
    c.text(260, 306, "counted between characters, from zero", "quiet")
    return c
