"""How labels are made of plain text: hidden words, next sentences, a drawn order; and what three models read."""

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


def bert_inputs() -> Canvas:
    """Show what a BERT adds up for each token, and where its two questions are asked."""
    c = Canvas(
        404,
        "BERT: three vectors a token, many layers, two questions",
        "The pair good film, dull. Each token has a vector for its word, one for its place and one for its text. Their"
        " sum goes through the layers. At the class token the model says whether the second text follows the first, at"
        " the mask which word stood there.",
    )
    tokens = ["[CLS]", "good", "[MASK]", "[SEP]", "dull", "[SEP]"]
    widths = [62, 58, 76, 62, 58, 62]
    left, asked = 100, {0: "next?", 2: "film"}
    whole = sum(widths) + 5 * (len(widths) - 1)
    kinds = ["new" if i in asked else "quiet" for i in range(len(tokens))]
    middles = c.row(left, 356, tokens, kinds, widths, 5, 38)
    rows = [("word", tokens), ("position", list("012345")), ("segment", list("000011"))]
    for y, (name, marks) in zip((150, 213, 276), rows, strict=True):
        c.text(12, y + 19, name, "quiet", "start")
        c.row(
            left, y, [f"*{name[0]}*{'₀₁₂₃₄₅'[int(m)]}" if m.isdigit() else "*w*" for m in marks], "body", widths, 5, 38
        )
        if y > 150:
            for x in middles:
                c.text(x, y - 12.5, "+", size=18)
    for i, x in enumerate(middles):
        c.arrow((x, 354), (x, 316))
        c.arrow((x, 148), (x, 122))
        if i in asked:
            c.arrow((x, 74), (x, 46), kind="new")
            c.box(x - 34, 8, 68, 36, asked[i], "right")
    c.box(left, 76, whole, 44, "*L* layers of attention", "body")
    return c


def roberta_recipe() -> Canvas:
    """Show what RoBERTa's recipe changes in BERT's."""
    c = Canvas(
        402,
        "One network, two recipes: what RoBERTa changed",
        "Six changes from BERT to RoBERTa. Masks: drawn once, then drawn at each reading. A row: two segments, then"
        " full sentences. Second question: next sentence, then none. Text: 16 gigabytes, then 160. Rows a batch: 256,"
        " then 8,192. Vocabulary: 30 thousand word pieces, then 50 thousand byte pairs.",
    )
    c.text(204, 22, "**BERT**", size=17)
    c.text(420, 22, "**RoBERTa**", size=17)
    changes = [
        ("masks", "drawn once", "drawn anew"),
        ("a row", "two segments", "full sentences"),
        ("asked too", "next sentence", "nothing"),
        ("text", "16 GB", "160 GB"),
        ("rows a batch", "256", "8,192"),
        ("vocabulary", "30 k pieces", "50 k byte pairs"),
    ]
    for i, (what, before, after) in enumerate(changes):
        y = 46 + 59 * i
        c.text(12, y + 22, what, "quiet", "start")
        c.box(124, y, 160, 44, before)
        c.arrow((288, y + 22), (334, y + 22), kind="new")
        c.box(338, y, 170, 44, after, "new")
    return c


def offsets() -> Canvas:
    """Show that XLNet knows a place by its distance from the token that reads, where BERT numbers the row."""
    c = Canvas(
        372,
        "BERT numbers places, XLNet counts distances",
        "Below a row of five tokens stand BERT's positions, 0 to 4. Below that a table of XLNet's offsets: the token of"
        " the row reads, the token of the column is read; the offset is i minus j, 0 on the diagonal, positive for"
        " what came before, negative for what comes later. It is the same in every row but for a shift.",
    )
    words, left, wide = ("the", "cat", "sat", "on", "it"), 170, 62
    middles = c.row(left, 12, words, "quiet", wide, 5, 36)
    c.text(12, 30, "token *j*", "quiet", "start")
    c.text(12, 74, "BERT: position", "quiet", "start")
    c.row(left, 56, [str(j) for j in range(5)], "body", wide, 5, 36)
    c.text(12, 122, "XLNet: offset *i* − *j*, where token *i* reads token *j*", "quiet", "start")
    for i, word in enumerate(words):
        y = 144 + 44 * i
        c.text(156, y + 18, f"*i* = {i}, {word}", "quiet", "end")
        for j, x in enumerate(middles):
            kind = "quiet" if i == j else "right" if i > j else "new"
            c.box(x - wide / 2, y, wide, 36, f"{i - j}".replace("-", "−"), kind)
    return c
