"""A reader's files, made for a test."""

import json


def lines(*rows):
    """JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def reviews(n=40, labels=("neg", "pos"), start=0):
    """Texts with a label each, in turn: good ones have the last."""
    words = ("bad", "good")
    return [(f"the {words[i % 2]} film {i}", labels[i % len(labels)]) for i in range(start, start + n)]


def table(rows, header="text,label", separator=","):
    """A CSV of such rows."""
    return header + "\n" + "".join(f"{text}{separator}{label}\n" for text, label in rows)
