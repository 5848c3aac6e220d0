"""How labels are made of plain text: hidden words, next sentences, a drawn order; and three models side by side."""

from pyft.diagrams.canvas import Canvas

SENTENCE = ("the", "cat", "sat", "on", "the", "mat")


def masked_lm() -> Canvas:
    c = Canvas(
        300,
        "Masked language modelling: three of six words are asked for",
        "The text is: the cat sat on the mat. In the input mat is masked, sat has become rug, and the second the stays as"
        " it is. The loss asks for these three and for no others.",
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
    c = Canvas(
        380,
        "Next-sentence prediction: does b follow a?",
        "Two documents, of three and two sentences. A pair of two sentences in a row from one document is a true pair,"
        " label 0. A pair whose second sentence comes from the other document is a wrong one, label 1.",
    )
    for x, name, count, kind in [(16, "a", 3, "body"), (96, "b", 2, "new")]:
        c.text(x + 32, 22, f"text {name}", "quiet")
        for i in range(count):
            c.box(x, 44 + 44 * i, 64, 36, f"*{name}*{'₁₂₃'[i]}", kind)
    return c


def permutation_lm() -> Canvas:
    c = Canvas(
        330,
        "Permutation language modelling: later turns know more",
        "The cat sat on the mat, with three words to be predicted. First mat is predicted, with all three gaps open; then"
        " cat, which sees mat; then sat, which sees both.",
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
    c = Canvas(
        600,
        "BERT, RoBERTa and XLNet: what goes in, what is asked",
        "Each model reads the pair: good film, dull. BERT puts the class token first, numbers positions from 0 and has two"
        " segments. RoBERTa has two separators in a row, positions from 2 and no segments. XLNet has the class token last,"
        " offsets in place of positions, and nothing in the input is masked.",
    )
    return c
