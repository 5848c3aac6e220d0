"""Efficient fine-tuning: a frozen matrix with two thin ones beside it, and where each method puts what it learns."""

from pyft.diagrams.canvas import Canvas


def low_rank() -> Canvas:
    """Show that x goes two ways, through the frozen W and through the thin A and B, and that both are added."""
    c = Canvas(
        372,
        "A frozen matrix, and two thin ones that learn",
        "A vector x of d numbers goes two ways. On the left through W, a square of d by d numbers, frozen. On the right"
        " through A, which makes r numbers of it, and through B, which makes d of these again; both learn, and B begins"
        " at zero. What comes out of B is scaled by s and added to what comes out of W.",
    )
    left, right, wide = 120.0, 380.0, 170.0
    c.text(250, 352, "*x*: *d* numbers", "ink")
    c.arrow((left, 316), (left, 284))
    c.arrow((right, 316), (right, 284))
    c.line([(left, 318), (right, 318)])
    c.line([(250, 318), (250, 338)])
    c.box(left - wide / 2, 104, wide, 178, kind="body")
    c.text(left, 176, "**W**", size=22)
    c.text(left, 206, "*d* × *d*, frozen", "quiet")
    c.box(right - wide / 2, 242, wide, 40, "**A**: *r* × *d*", "new")
    c.arrow((right, 240), (right, 216))
    c.box(right - 34, 180, 68, 34, "*r*")
    c.arrow((right, 178), (right, 148))
    c.box(right - wide / 2, 104, wide, 42, "**B**: *d* × *r*, from 0", "new")
    c.line([(left, 102), (left, 48), (236, 48)])
    c.line([(right, 102), (right, 48), (264, 48)])
    c.text(right - 56, 30, "× *s*", "quiet")
    c.plus(250, 48)
    c.arrow((250, 34), (250, 8))
    c.text(268, 14, "*y*", anchor="start")
    return c


def places() -> Canvas:
    """Show one layer of an encoder, and beside each part the methods that learn there."""
    c = Canvas(
        496,
        "Where each method puts what it learns",
        "A layer of an encoder from below: the text; queries, keys and values side by side; attention; sum and norm;"
        " feed-forward network; sum and norm; the head. Prompts stand beside the text. LoRA and DoRA stand beside the"
        " matrices of queries and values, prefixes beside keys and values, and (IA) cubed rescales keys and values, and"
        " the inner layer of the feed-forward network. Adapters stand behind attention and feed-forward network. BitFit"
        " and LayerNorm learn numbers that are there already. The head learns in all of them.",
    )
    left, wide, gap = 10.0, 236.0, 7.0
    rows = [
        ("head", "new", "learns in all of them", 44),
        ("sum and norm", "quiet", "**LayerNorm**: gains, biases", 44),
        ("feed-forward", "body", "**adapter** behind it;\n**(IA)³** on its inner layer", 62),
        ("sum and norm", "quiet", "**BitFit**: all biases", 44),
        ("attention", "body", "**adapter** behind it (Houlsby)", 44),
        (
            "query key value",
            "body",
            "**LoRA**, **DoRA**: query, value\n**prefix**: more keys, values\n**(IA)³**: key, value",
            80,
        ),
        ("text", "quiet", "**prompt**: more vectors", 44),
    ]
    y = 12.0
    for i, (name, kind, what, tall) in enumerate(rows):
        parts = name.split() if tall == 80 else [name]
        each = (wide - gap * (len(parts) - 1)) / len(parts)
        for k, part in enumerate(parts):
            x = left + k * (each + gap)
            c.box(x, y, each, tall, part, kind)
            if i:
                c.arrow((x + each / 2, y), (x + each / 2, y - 17))
        c.line([(left + wide + 4, y + tall / 2), (left + wide + 26, y + tall / 2)], "new")
        c.text(left + wide + 34, y + tall / 2, what, anchor="start")
        y += tall + 18
    return c
