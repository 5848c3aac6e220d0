"""The ideas of part 2: a text that asks and answers, four questions that models were asked, a word in pieces."""

from pyft.diagrams.canvas import Canvas


def next_letter() -> Canvas:
    """Show that a text without labels asks a question at every place and holds its answer."""
    c = Canvas(
        222,
        "A text asks, and answers",
        "The letters t, h, e, a space, c and a hidden one stand in a row. A model reads those on the left and gives"
        " probabilities of the next letter: a, six in ten; h, two in ten; o, one in ten. The text itself holds the"
        " answer, a.",
    )
    left, side, gap = 16, 46, 6
    middles = c.row(left, 16, ["t", "h", "e", "␣", "c"], "body", side, gap, 40)
    c.row(left + 5 * (side + gap), 16, ["?"], "hidden", side, gap, 40)
    for x in middles:
        c.line([(x, 60), (x, 84)], width=1.5)
    c.box(left, 86, 5 * (side + gap) - gap, 44, "model", "body")
    c.arrow((left + 5 * (side + gap) - gap, 108), (322, 108))
    for i, (letter, share) in enumerate([("a", 6), ("h", 2), ("o", 1)]):
        y = 84 + 34 * i
        c.text(334, y + 13, letter)
        c.box(350, y, 18 * share, 26, kind="new" if i else "right", look="solid", radius=3)
    c.text(430, 36, "the answer: a")
    c.text(16, 190, "what was read", "quiet", "start")
    c.text(300, 204, "how likely each one is", "quiet", "start")
    return c


def pretraining_map() -> Canvas:
    """Show what leads to what in section 2.1: a text, four questions about it, and the models that were asked them."""
    c = Canvas(
        352,
        "From plain text to a pretrained model: four questions",
        "Plain text at the top. From it four questions: what comes next, section 2.1.1, asked of GPT; what is hidden,"
        " 2.1.2, asked of BERT and RoBERTa; does this sentence follow, 2.1.3, asked of BERT; what comes next in a drawn"
        " order, 2.1.4, asked of XLNet.",
    )
    c.box(150, 12, 220, 40, "text without labels", "quiet")
    for i, (section, question, example, model) in enumerate(
        [
            ("2.1.1", "what comes next?", "the cat ?", "GPT"),
            ("2.1.2", "what is hidden?", "the ? sat", "BERT, RoBERTa"),
            ("2.1.3", "does it follow?", "A, then B?", "BERT"),
            ("2.1.4", "next in a drawn order?", "? cat ?", "XLNet"),
        ]
    ):
        y = 82 + 66 * i
        c.arrow((36, y + 25), (60, y + 25))
        c.box(62, y, 258, 52, kind="body")
        c.text(74, y + 15, f"**{section}** {question}", anchor="start")
        c.text(74, y + 37, example, "quiet", "start")
        c.arrow((322, y + 26), (364, y + 26))
        c.box(366, y + 4, 142, 44, model, "right")
    c.line([(148, 32), (36, 32), (36, 305)])
    return c


def subword_cuts() -> Canvas:
    """Show one word as a whole, in pieces and in letters, and what each asks of the list of tokens."""
    c = Canvas(
        286,
        "A word whole, in pieces, in letters",
        "The word unseeable three times. As a whole it is one token, which a list of words may lack. In pieces it is"
        " three: un, see, able, each of which stands in other words. In letters it is nine, none of them ever lacking.",
    )
    for y, name, cut, about in [
        (16, "words", ["unseeable"], "short; often not on the list"),
        (106, "pieces", ["un", "see", "able"], "parts that other words share"),
        (196, "letters", list("unseeable"), "always there; long, and says little"),
    ]:
        c.text(16, y + 16, f"**{name}**", anchor="start")
        widths = [41.0 * len(piece) + 5 * (len(piece) - 1) for piece in cut]
        c.row(98, y, cut, "body" if name == "pieces" else "quiet", widths, 5)
        c.text(98, y + 54, about, "quiet", "start")
    return c
