"""Attention: three tokens by hand, masks as grids, several heads, and XLNet's two streams."""

from pyft.diagrams.canvas import Canvas

ORDER = (3, 1, 4, 2)  # the order of section 4.1.4: third, first, fourth, second


def attention() -> Canvas:
    """Show the answer as the point where the weights balance on their values; the numbers are section 4.1.1's."""
    c = Canvas(
        430,
        "Attention is a weighted mean of values",
        "A query of 1 meets three keys, 0, ln 2 and ln 5. Their products are the scores; softmax makes them the"
        " weights one, two and five eighths. Laid on a beam at their values 0, 4 and 8, the weights balance at 6, the"
        " answer.",
    )
    columns = {"0": 180, "ln 2": 320, "ln 5": 460}
    names = [(26, "query"), (92, "keys"), (158, "scores"), (252, "weights"), (350, "values")]
    for y, name in names:
        c.text(16, y, name, "quiet", "start")
    c.box(268, 10, 104, 32, "*q* = 1", "new")
    eighths, values, beam = (1, 2, 5), (0, 4, 8), 324
    for (key, x), weight, value in zip(columns.items(), eighths, values, strict=True):
        c.line([(320, 43), (320, 56), (x, 56), (x, 74)] if x != 320 else [(320, 43), (320, 74)])
        c.box(x - 44, 76, 88, 32, f"*k* = {key}", "body")
        c.arrow((x, 110), (x, 140))
        c.text(x, 158, key)
        radius = 18.5 * weight**0.5  # an area for each weight
        c.arrow((x, 174), (x, beam - 2 * radius - 5))
        c.dot(x, beam - radius - 2, radius, "body", "area", f"{weight}/8")
        c.line([(x, beam), (x, beam + 9)], "ink")
        c.text(x, beam + 26, str(value))
    c.text(250, 196, "softmax", "quiet")
    c.line([(180, beam), (460, beam)], "ink", 3)
    answer = 180 + 35 * sum(w * v for w, v in zip(eighths, values, strict=True)) / 8
    c.parts.append(f'<path class="full new" d="M{answer:g},{beam + 4}l15,26h-30z"/>')
    c.text(answer, beam + 52, "**6**", size=22)
    c.text(answer, beam + 80, "the answer", "quiet")
    return c


def masks() -> Canvas:
    """Show where each query may look, as grids."""
    c = Canvas(
        300,
        "Three masks: padding, causal, permutation",
        "Three grids, a row for each query and a column for each key, filled where the query may look. Padding"
        " empties the last column. A causal mask leaves the triangle of earlier tokens. A permutation leaves those"
        " that come before in the drawn order.",
    )
    T = range(1, 5)
    turn = {place: number for number, place in enumerate(ORDER)}
    looks = [
        ("padding", "token 4\nis padding", [[key < 4 for key in T] for _ in T]),
        ("causal", "what follows\nis hidden", [[key <= query for key in T] for query in T]),
        ("permutation", "in the order\n3, 1, 4, 2", [[turn[key] < turn[query] for key in T] for query in T]),
    ]
    side, gap = 28, 3
    for left, (name, why, seen) in zip((16, 186, 356), looks, strict=True):
        for i in T:
            c.text(left + 22 + (i - 0.5) * (side + gap), 44, str(i), "quiet")
            c.text(left + 8, 60 + (i - 0.5) * (side + gap), str(i), "quiet")
        c.grid(left + 22, 60, [["body" if may else "hidden" for may in row] for row in seen], side)
        c.text(left + 22 + 2 * (side + gap), 212, f"**{name}**")
        c.text(left + 22 + 2 * (side + gap), 248, why, "quiet")
    c.text(16, 18, "queries ↓   keys →", "quiet", "start")
    c.grid(38, 276, [["body"]], 16)
    c.text(62, 284, "may look", anchor="start")
    c.grid(186, 276, [["hidden"]], 16)
    c.text(210, 284, "hidden", anchor="start")
    return c


def multi_head() -> Canvas:
    """Show that heads share the width, each with a map of its own."""
    c = Canvas(
        534,
        "Several heads share the width",
        "A matrix of T tokens, d wide, is projected and cut into three slices of width d over h. Each slice makes its"
        " own map of attention weights, T by T, and its own weighted means. The slices are laid side by side again"
        " and mixed by the output projection.",
    )
    kinds = ("body", "new", "right")
    side, T, d_k = 20, 4, 3
    wide = 3 * d_k * (side + 3)
    left = 200 - wide / 2
    full = [[kind for kind in kinds for _ in range(d_k)]] * T
    maps = [
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],  # itself
        [[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],  # the token before; the first has itself alone
        [[1, 0, 0, 0]] * 4,  # the first
    ]
    c.grid(left, 400, full, side)
    centres = (72, 200, 328)
    for i, (kind, x, seen) in enumerate(zip(kinds, centres, maps, strict=True)):
        slice_at = left + (i + 0.5) * d_k * 23
        c.arrow((slice_at, 394), (slice_at, 378), (x, 378), (x, 352)) if i != 1 else c.arrow((x, 394), (x, 352))
        c.grid(x - 46, 256, [[kind if s else "hidden" for s in row] for row in seen], side)
        c.arrow((x, 250), (x, 222))
        c.text(x, 204, f"head {i + 1}")
        c.arrow((x, 190), (x, 164), (slice_at, 164), (slice_at, 146)) if i != 1 else c.arrow((x, 190), (x, 146))
    c.grid(left, 50, full, side)
    shapes = {446: "(*B*, *T*, *d*)", 302: "(*B*, *h*, *T*, *T*)", 204: "(*B*, *h*, *T*, *dₖ*)", 96: "(*B*, *T*, *d*)"}
    for y, shape in shapes.items():
        c.text(504, y, shape, "quiet", "end")
    c.text(200, 510, "queries, keys and values, cut into *h* heads", "quiet")
    c.text(200, 28, "side by side again, mixed by *Wᴼ*", "quiet")
    return c


def two_streams() -> Canvas:
    """Show that the query stream reads what the content stream does, but for its own word."""
    c = Canvas(
        516,
        "Two streams: one knows the word, one only its place",
        "Four tokens in the order third, first, fourth, second. The content stream of the fourth token reads the"
        " third, the first and itself. Its query stream reads the third and the first and knows its own place, but not"
        " its word, and so it can be asked for it.",
    )
    columns = (176, 268, 360, 452)
    for top, name, what, own in [
        (10, "content", "knows its word:\nothers read it", "*h*"),
        (206, "query", "knows its place\nalone: is asked", "*g*"),
    ]:
        kind = "body" if own == "*h*" else "new"
        c.text(16, top + 34, f"**{name}** {own}", anchor="start")
        c.text(16, top + 72, what, "quiet", "start")
        for i, x in enumerate(columns, start=1):
            last = i == len(columns)
            if i in ORDER[:2] or last:
                c.link((x, top + 168), (452, top + 34), 20, kind if last else "body")
            look = "area" if i in ORDER[:2] or last else "hollow"
            c.dot(
                x,
                top + 168,
                20,
                kind if last else "body" if look == "area" else "quiet",
                look,
                f"{own if last else '*h*'}{'₁₂₃₄'[i - 1]}",
            )
        c.dot(452, top + 34, 20, kind, "area", f"{own}₄")
    c.arrow((430, 240), (398, 240), kind="new")
    c.box(330, 224, 66, 32, "down?", "new")
    for y, name in [(424, "word"), (462, "place"), (494, "turn")]:
        c.text(16, y, name, "quiet", "start")
    for i, (x, word) in enumerate(zip(columns, ("the", "cat", "sat", "down"), strict=True), start=1):
        c.box(x - 32, 408, 64, 32, word)
        c.text(x, 462, str(i))
        c.text(x, 494, str(ORDER.index(i) + 1))
    return c
