"""How labels are made of plain text: hidden words, next sentences, a drawn order; and three models side by side."""

from pyft.diagrams.canvas import Canvas

SENTENCE = ("the", "cat", "sat", "on", "the", "mat")


def masked_lm() -> Canvas:
    """Show that three of six words are asked for, each changed in another way; the draw is section 2.1.2's."""
    c = Canvas(
        300,
        "Masked language modelling: three of six words are asked for",
        "The text is: the cat sat on the mat. In the input mat is masked, sat has become rug, and the second the"
        " stays as it is. The loss asks for these three and for no others.",
    )
    left, side, gap = 86, 64, 6
    changed = {2: "rug", 4: "the", 5: "[MASK]"}
    why = {2: "random\n1 in 10", 4: "kept\n1 in 10", 5: "masked\n8 in 10"}
    for y, name in [(30, "text"), (122, "input"), (262, "asked")]:
        c.text(12, y, name, "quiet", "start")
    kinds = ["new" if i in changed else "quiet" for i in range(6)]
    middles = c.row(left, 14, SENTENCE, "quiet", side, gap)
    c.row(left, 106, [changed.get(i, word) for i, word in enumerate(SENTENCE)], kinds, side, gap)
    for i, x in enumerate(middles):
        c.arrow((x, 48), (x, 104))
        if i in why:
            c.text(x, 170, why[i], "quiet")
            c.arrow((x, 198), (x, 244), kind="new")
            c.box(x - side / 2, 246, side, 32, SENTENCE[i], "right")
    return c


def next_sentence() -> Canvas:
    """Show where the two sentences of a true and of a wrong pair come from."""
    c = Canvas(
        322,
        "Next-sentence prediction: does the second follow the first?",
        "Two documents, a with three sentences and b with two. A true pair, label 0, is two sentences of a in a row."
        " In a wrong pair, label 1, the second sentence is from b. The answer is read at the class token.",
    )
    for x, name, count, kind in [(16, "a", 3, "body"), (104, "b", 2, "new")]:
        c.box(x, 52, 76, 190, kind=kind)
        c.text(x + 38, 32, f"text *{name}*", "quiet")
        for i in range(count):
            c.text(x + 38, 84 + 62 * i, f"*{name}*{'₁₂₃'[i]}", size=18)
            c.line([(x + 14, 102 + 62 * i), (x + 62, 102 + 62 * i)], kind, 2)
    widths = [60, 46, 60, 46, 60]
    for y, first, second, kind, answer in [
        (88, "*a*₁", "*a*₂", "body", "0: follows"),
        (250, "*a*₂", "*b*₂", "new", "1: does not follow"),
    ]:
        kinds = ["quiet", "body", "quiet", kind, "quiet"]
        middles = c.row(212, y, ["[CLS]", first, "[SEP]", second, "[SEP]"], kinds, widths, 5, 38)
        c.arrow((middles[0], y - 2), (middles[0], y - 28))
        c.box(212, y - 64, 172 if kind == "new" else 112, 34, answer, "right")
    return c


def permutation_lm() -> Canvas:
    """Show that each turn knows the words of those before it."""
    c = Canvas(
        284,
        "Permutation language modelling: later turns know more",
        "The cat sat on the mat, with three words to be predicted. First mat is predicted, with all three gaps open;"
        " then cat, which sees mat; then sat, which sees both.",
    )
    left, side, gap = 86, 64, 6
    known: list[int] = []
    for turn, target in enumerate((5, 1, 2)):
        y = 60 + 88 * turn
        c.text(12, y + 16, f"turn {turn + 1}", "quiet", "start")
        words, kinds = [], []
        for i, word in enumerate(SENTENCE):
            gone = i in (1, 2, 5) and i not in known
            words.append("?" if i == target else "" if gone else word)
            kinds.append("new" if i == target else "hidden" if gone else "right" if i in known else "quiet")
        middles = c.row(left, y, words, kinds, side, gap)
        c.arrow((middles[target], y - 2), (middles[target], y - 20), kind="new")
        c.text(middles[target], y - 34, f"**{SENTENCE[target]}**")
        known.append(target)
    return c


def architectures() -> Canvas:
    """Show the same pair of texts as three models read it, and what each is asked."""
    c = Canvas(
        556,
        "BERT, RoBERTa and XLNet: what goes in, what is asked",
        "Each model reads the pair: good film, dull. BERT puts the class token first, numbers positions from 0 and"
        " has two segments. RoBERTa has two separators in a row, positions from 2 and no segments. XLNet has the class"
        " token last, offsets in place of positions, and nothing in the input is masked.",
    )
    inputs = [
        (
            "BERT",
            ["[CLS]", "good", "[MASK]", "[SEP]", "dull", "[SEP]"],
            ["position", "segment"],
            {0: "next?", 2: "film"},
            "masks drawn once",
        ),
        (
            "RoBERTa",
            ["[CLS]", "good", "[MASK]", "[SEP]", "[SEP]", "dull", "[SEP]"],
            ["position"],
            {2: "film"},
            "new masks each time",
        ),
        (
            "XLNet",
            ["good", "film", "[SEP]", "dull", "[SEP]", "[CLS]"],
            ["offset", "segment"],
            {1: "film"},
            "hidden by the mask of attention",
        ),
    ]
    marks = {
        ("BERT", "position"): "0 1 2 3 4 5",
        ("BERT", "segment"): "0 0 0 0 1 1",
        ("RoBERTa", "position"): "2 3 4 5 6 7 8",
        ("XLNet", "offset"): "1 0 −1 −2 −3 −4",
        ("XLNet", "segment"): "0 0 0 1 1 2",
    }
    width_of = {"[CLS]": 54, "good": 50, "[MASK]": 72, "[SEP]": 54, "dull": 46, "film": 50}
    y = 8
    for name, tokens, rows, asked, how in inputs:
        c.text(12, y + 16, f"**{name}**", anchor="start", size=17)
        for at, what in [(84, "input"), *((120 + 30 * i, row) for i, row in enumerate(rows))]:
            c.text(12, y + at, what, "quiet", "start")
        kinds = ["new" if i in asked else "quiet" for i in range(len(tokens))]
        middles = c.row(94, y + 68, tokens, kinds, [width_of[token] for token in tokens], 4)
        for i, answer in asked.items():
            c.arrow((middles[i], y + 66), (middles[i], y + 36), kind="new")
            wide = 62 if answer == "next?" else 50
            c.box(middles[i] - wide / 2, y, wide, 34, answer, "right")
        c.text(middles[max(asked)] + 38, y + 17, how, "quiet", "start")
        for i, row in enumerate(rows):
            for x, mark in zip(middles, marks[name, row].split(), strict=True):
                c.text(x, y + 120 + 30 * i, mark)
        y += 136 + 30 * len(rows)
    return c
