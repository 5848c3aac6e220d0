"""Maps: routes through the book, what part 4 builds out of what, the loop of a training, two ways to set one."""

from itertools import pairwise

from pyft.diagrams.canvas import Canvas


def routes() -> Canvas:
    """Show which parts to read for which purpose, as lines with stops."""
    c = Canvas(
        368,
        "Three routes through the book",
        "Five parts from above to below: concepts, algorithms, mathematics, practice, applications. To understand,"
        " read concepts, algorithms and mathematics; to use, algorithms, practice and applications; to check,"
        " algorithms, mathematics and applications.",
    )
    parts = [
        ("Concepts", "why it works"),
        ("Algorithms", "how it is done"),
        ("Mathematics", "what is inside"),
        ("Practice", "the program"),
        ("Applications", "what it is for"),
    ]
    heights = [82 + 62 * i for i in range(len(parts))]
    for number, (y, (name, about)) in enumerate(zip(heights, parts, strict=True), start=2):
        c.line([(16, y - 31), (504, y - 31)], width=0.5)
        c.text(22, y, f"**{number}**", anchor="start", size=20)
        c.text(50, y - 11, f"**{name}**", anchor="start")
        c.text(50, y + 12, about, "quiet", "start")
    for x, name, kind, stops in [
        (270, "understand", "body", (0, 1, 2)),
        (376, "use", "new", (1, 3, 4)),
        (466, "check", "right", (1, 2, 4)),
    ]:
        c.text(x, 26, f"**{name}**")
        c.line([(x, heights[stops[0]]), (x, heights[stops[-1]])], kind, 5)
        for stop in stops:
            c.dot(x, heights[stop], 11, "ground")
            c.dot(x, heights[stop], 11, kind, "area")
            c.dot(x, heights[stop], 5, kind)
    return c


def transformer_map() -> Canvas:
    """Show what stands inside of what, and which section builds it."""
    c = Canvas(
        520,
        "What part 4 builds, from the inside out",
        "Nested boxes. Innermost is self-attention, section 4.1.1; around it several heads, 4.1.2; next to them the"
        " feed-forward network; around both the layer, 4.1.3; around all layers the encoder, 4.1.4. Above stands the"
        " loss, 4.2, and from it the optimiser, 4.3, changes the weights.",
    )
    for left, top, wide, tall, name, section in [
        (16, 138, 380, 366, "encoders", "4.1.4"),
        (34, 186, 344, 246, "layer, norm, sum", "4.1.3"),
        (52, 234, 308, 42, "feed-forward", "4.1.3"),
        (52, 290, 308, 124, "multi-head attention", "4.1.2"),
        (70, 340, 272, 56, "self-attention", "4.1.1"),
        (106, 16, 200, 46, "losses", "4.2"),
    ]:
        kind = {"encoders": "quiet", "losses": "new"}.get(name, "body")
        c.box(left, top, wide, tall, kind=kind)
        first = top + min(tall / 2, 27)
        c.text(left + 18, first, name, anchor="start")
        c.text(left + wide - 18, first, f"**{section}**", anchor="end")
    c.text(34, 468, "words and positions", anchor="start")
    c.text(378, 468, "**4.1.4**", anchor="end")
    c.arrow((206, 136), (206, 65))
    c.arrow((308, 39), (456, 39), (456, 252), kind="right", width=3)
    c.box(408, 256, 96, 76, "optimiser\n**4.3**", "right")
    c.arrow((456, 334), (456, 468), (400, 468), kind="right", width=3)
    return c


def training_loop() -> Canvas:
    """Show the ring that a step of training is."""
    c = Canvas(
        348,
        "One step of training, over and over",
        "A ring of six: a batch goes through the model to logits; these and the labels give the loss; the loss gives"
        " gradients; they are clipped; the optimiser takes a step; then comes the next batch.",
    )
    wide, left, right = 172, 16, 332
    boxes = [
        (left, 14, "batch", "(*B*, *T*)", "quiet"),
        (right, 14, "model", "logits (*B*, *K*)", "body"),
        (right, 140, "loss", "labels (*B*)", "new"),
        (right, 266, "gradients", "one a weight", "quiet"),
        (left, 266, "clip", "their length", "quiet"),
        (left, 140, "step", "AdamW, rate *η*", "right"),
    ]
    for x, y, name, what, kind in boxes:
        c.box(x, y, wide, 68, kind=kind)
        c.text(x + wide / 2, y + 22, f"**{name}**")
        c.text(x + wide / 2, y + 46, what, "quiet")
    c.arrow((left + wide + 4, 48), (right - 4, 48))
    c.arrow((right + wide / 2, 86), (right + wide / 2, 136))
    c.arrow((right + wide / 2, 212), (right + wide / 2, 262))
    c.arrow((right - 4, 300), (left + wide + 4, 300))
    c.arrow((left + wide / 2, 262), (left + wide / 2, 212))
    c.arrow((left + wide / 2, 136), (left + wide / 2, 86))
    c.text(260, 174, "again, with\nthe next\nbatch", "quiet")
    return c


def trainer_arguments() -> Canvas:
    """Show the learning rate over a short training, as few arguments leave it and as all of them set it."""
    c = Canvas(
        362,
        "A training that little was said of, and one that was set",
        "Two trainings of three epochs. Above, with a warm-up longer than the training: the learning rate climbs but"
        " stays far below its peak, nothing is evaluated, and no tokenizer is saved. Below, with a short warm-up: the"
        " rate reaches its peak and falls to zero, each epoch ends with a validation, and the tokenizer is saved too.",
    )
    left, wide = 76, 300
    ends = [left + wide * i / 3 for i in range(4)]
    for top, name, kind, rate in [
        (16, "few arguments", "new", [(left, 134), (left + wide, 126)]),
        (190, "each with a reason", "right", [(left, 308), (left + 30, 240), (left + wide, 308)]),
    ]:
        peak, floor = top + 50, top + 118
        c.text(16, top + 8, f"**{name}**", anchor="start")
        c.line([(left, peak), (left + wide, peak)], width=1, dashed=True)
        c.text(left - 8, peak, "peak", "quiet", "end")
        c.text(left - 8, floor, "rate 0", "quiet", "end")
        c.line([(left, floor), (left + wide, floor)], width=1)
        c.line(rate, kind, 4)
        for number, (start, end) in enumerate(pairwise(ends), start=1):
            c.text((start + end) / 2, floor + 20, f"epoch {number}", "quiet")
            c.line([(end, floor - 6), (end, floor + 6)], width=1.5)
            if kind == "right":
                c.dot(end, floor, 7, kind)
    c.text(450, 92, "no\nvalidation,\nno tokenizer\nsaved", "quiet")
    c.text(450, 266, "validated\nat each end,\ntokenizer\nsaved too", "quiet")
    return c
