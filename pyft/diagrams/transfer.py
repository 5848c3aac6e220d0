"""Fine-tuning as a whole: what is carried over, what is new, and what is kept as it is."""

from pyft.diagrams.canvas import Canvas


def fine_tuning() -> Canvas:
    c = Canvas(
        448,
        "Pretraining, then fine-tuning",
        "On the left a body learns from much text without labels, by guessing hidden words. Its weights go to the right,"
        " where the same body gets a new head and learns to give a text its label.",
    )
    left, right, wide = 16, 294, 210
    for x, name, what in [(left, "1  Pretraining", "much text, no labels"), (right, "2  Fine-tuning", "few labels")]:
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
    c.row(left, 370, ["the", "cat", "?", "on"], ["quiet", "quiet", "hidden", "quiet"], [50, 50, 50, 42])
    c.box(right, 370, wide, 32, "A triumph of tedium.")
    c.text(left + wide / 2, 428, "days, many machines", "quiet")
    c.text(right + wide / 2, 428, "minutes, your own", "quiet")
    return c
