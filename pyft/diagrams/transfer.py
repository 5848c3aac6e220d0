"""Fine-tuning as a whole: what is carried over, what is new, what stays as it is, and how its batches are filled."""

from collections.abc import Sequence

from pyft.diagrams.canvas import Canvas


def fine_tuning() -> Canvas:
    """Show that the body is carried over and the head is new."""
    c = Canvas(
        448,
        "Pretraining, then fine-tuning",
        "On the left a body learns from much text without labels, by guessing hidden words. Its weights go to the"
        " right, where the same body gets a new head and learns to give a text its label.",
    )
    left, right, wide = 16, 298, 206
    for x, name, what in [(left, "1 Pretraining", "much text, no labels"), (right, "2 Fine-tuning", "few labels")]:
        c.text(x + wide / 2, 22, f"**{name}**", size=18)
        c.text(x + wide / 2, 46, what, "quiet")
    for x, answer, kind, head, part in [
        (left, "sat", "quiet", "head for words", "quiet"),
        (right, "negative", "right", "new head", "new"),
    ]:
        middle = x + wide / 2
        c.box(middle - 48, 68, 96, 34, answer, kind)
        c.arrow((middle, 132), (middle, 105))
        c.box(x + 20, 134, wide - 40, 44, head, part)
        c.arrow((middle, 208), (middle, 181))
        c.box(x, 210, wide, 128, kind="body")
        c.text(middle, 262, "**body**", size=20)
        c.text(middle, 290, "learns language" if x == left else "learns the task")
        c.arrow((middle, 368), (middle, 341))
    c.arrow((left + wide + 6, 288), (right - 6, 288), kind="body", width=5)
    c.text((left + wide + right) / 2, 260, "weights")
    c.row(left, 370, ["the", "cat", "?", "on"], ["quiet", "quiet", "hidden", "quiet"], [49, 49, 49, 41])
    c.box(right, 370, wide, 32, "A triumph of tedium.")
    c.text(left + wide / 2, 428, "days, many machines", "quiet")
    c.text(right + wide / 2, 428, "minutes, a laptop", "quiet")
    return c


def output_heads() -> Canvas:
    """Show which hidden states the head reads: one, one a word, or one for two texts."""
    c = Canvas(
        570,
        "One body, three kinds of head",
        "For a text the head reads the hidden state of the class token and gives one label. For words it reads the"
        " state of each word and gives each a label. For a pair both texts go in together, and the class token is read"
        " again.",
    )
    for y, name, shape, tokens, answers in [
        (8, "text", "(*B*, *K*)", ["[CLS]", "a", "good", "film", "[SEP]"], {0: "positive"}),
        (198, "words", "(*B*, *T*, *K*)", ["[CLS]", "Peter", "flew", "home", "[SEP]"], {1: "B-PER", 2: "O", 3: "O"}),
        (388, "pair", "(*B*, *K*)", ["[CLS]", "fine", "[SEP]", "not", "bad", "[SEP]"], {0: "same"}),
    ]:
        c.text(14, y + 94, f"**{name}**", anchor="start", size=17)
        c.text(14, y + 122, shape, "quiet", "start")
        side, gap = 60, 6
        middles = c.row(118, y + 140, tokens, "quiet", side, gap)
        c.box(118, y + 88, len(tokens) * (side + gap) - gap, 38, "body", "body")
        for i, x in enumerate(middles):
            c.arrow((x, y + 139), (x, y + 128))
            if i in answers:
                wide = 76 if answers[i] == "positive" else 60
                c.arrow((x, y + 86), (x, y + 75))
                c.box(x - 30, y + 44, 60, 30, "head", "new")
                c.arrow((x, y + 43), (x, y + 32))
                c.box(x - wide / 2, y, wide, 31, answers[i], "right")
    return c


def freezing() -> Canvas:
    """Show where the backward pass may stop."""
    c = Canvas(
        424,
        "Frozen from below, the backward pass stops early",
        "A body of six layers on its embeddings, and a head. Embeddings and the four lowest layers are frozen. The"
        " forward pass goes through all of them; the backward pass ends above the highest frozen layer.",
    )
    names = ["head", "layer 6", "layer 5", "layer 4", "layer 3", "layer 2", "layer 1", "embeddings"]
    left, wide = 160, 200
    for i, name in enumerate(names):
        kind = "new" if i == 0 else "body" if i < 3 else "quiet"
        c.box(left, 14 + 50 * i, wide, 42, name, kind)
    c.arrow((126, 406), (126, 14), kind="ink", width=3)
    c.text(112, 210, "forward:\nall of it", anchor="end")
    c.arrow((394, 14), (394, 158), kind="new", width=3)
    c.text(408, 86, "backward:\nto here", anchor="start")
    c.text(408, 286, "frozen:\nno gradient,\nno step", "quiet", "start")
    return c


def padding() -> Canvas:
    """Show how much of a batch is padding, with the shares counted."""
    lengths = (3, 9, 4, 7, 2, 10, 5, 4)
    limit, size = 12, 4
    ordered = sorted(lengths)
    ways: list[tuple[str, Sequence[int], list[int]]] = [
        ("to the limit", lengths, [limit, limit]),
        ("to the longest\nin the batch", lengths, [max(lengths[:size]), max(lengths[size:])]),
        ("like lengths\ntogether", ordered, [max(ordered[:size]), max(ordered[size:])]),
    ]
    shares = [1 - sum(lengths) / (size * sum(filled)) for _, _, filled in ways]
    c = Canvas(
        328,
        "Batches filled up in three ways",
        "Eight texts in two batches of four. Filled up to the limit, to the longest of each batch, and to the longest"
        f" after sorting by length: the shares of padding are {', '.join(f'{share:.0%}' for share in shares)}.",
    )
    for left, (name, texts, filled), share in zip((16, 186, 356), ways, shares, strict=True):
        c.text(left + 74, 30, name)
        for i, length in enumerate(texts):
            longest = filled[i // size]
            cells = ["body"] * length + ["hidden"] * (longest - length)
            c.grid(left, 66 + 22 * i + 14 * (i // size), [cells], 10, 18, 2.4)
        c.text(left + 74, 284, f"**{100 * share:.0f} %**", size=20)
        c.text(left + 74, 310, "padding", "quiet")
    return c


def transplant() -> Canvas:
    """Show what becomes of each part of a BERT in an XLNet."""
    c = Canvas(
        306,
        "Where the parts of a BERT go in an XLNet",
        "Six rows from BERT to XLNet. Projections and feed-forward networks are the same there. The query bias becomes"
        " u. The key bias goes nowhere, since softmax does not see it. The biases of values and outputs become delta,"
        " one layer down. The norm of the words is folded into the words. Positions are fitted as offsets.",
    )
    c.text(106, 20, "**BERT**", size=17)
    c.text(414, 20, "**XLNet**", size=17)
    rows = [
        ("projections", "the same", "right"),
        ("query bias", "*u*", "right"),
        ("key bias", "not needed", "hidden"),
        ("value, output bias", "*δ*, a layer down", "right"),
        ("norm of the words", "in the words", "right"),
        ("positions", "offsets", "new"),
    ]
    for i, (part, place, kind) in enumerate(rows):
        y = 40 + 44 * i
        c.box(16, y, 180, 34, part, "body")
        c.arrow((198, y + 17), (322, y + 17), kind="quiet" if kind == "hidden" else kind, dashed=kind != "right")
        if kind == "hidden":
            c.box(324, y, 180, 34, place, "quiet", "hollow", ink="quiet")
        else:
            c.box(324, y, 180, 34, place, kind)
    c.text(260, 260, "fitted", "quiet")
    return c
