"""The proofs of section 1.1: smoothed counts against their definition, read off the texts without any table."""

from collections.abc import Iterator, Sequence
from types import ModuleType

from pyft.evidence.proofs import Case

TEXTS = ("the cat sat on the mat", "a rat sat on the hat", "the cat ran", "aaa", "")
ALPHABET = " abcdefghijklmnopqrstuvwxyz"
HISTORIES = ("", "^", "^t", "^the ", "e", "at", " c", "zz", "the", "aa", "^aaa")


def occurs(row: str, rows: Sequence[str]) -> int:
    """How often a sequence stands in the rows, one over another as well."""
    return sum(text[i : i + len(row)] == row for text in rows for i in range(len(text)))


def by_definition(texts: Sequence[str], n: int, sign: str, before: str) -> float:
    """Interpolated Kneser-Ney as it is written down (Chen & Goodman 1999), counted anew for each question."""
    rows, signs = [f"^{text}$" for text in texts], f"{ALPHABET}$"

    def c(context: str, w: str) -> int:
        if len(context) == n - 1 or context.startswith("^"):
            return occurs(context + w, rows)
        return sum(occurs(v + context + w, rows) > 0 for v in f"^{signs}")

    def discount(length: int) -> float:
        contexts = {text[max(0, i - length) : i] for text in rows for i in range(1, len(text))}
        counts = [c(context, w) for context in contexts if len(context) == length for w in signs]
        once, twice = counts.count(1), counts.count(2)
        return once / (once + 2 * twice) if once else 0.5

    p = 1 / len(signs)
    for length in range(min(n - 1, len(before)) + 1):
        context = before[len(before) - length :]
        after = {w: c(context, w) for w in signs}
        if total := sum(after.values()):
            D = discount(length)
            taken = D * sum(k > 0 for k in after.values())
            p = (max(after[sign] - D, 0) + taken * p) / total
    return p


def smoothing(m: ModuleType) -> Iterator[Case]:
    """Single probabilities, and that those of a history add up to one."""
    for n in (1, 2, 4):
        model = m.KneserNey(TEXTS, n, ALPHABET)
        for before in HISTORIES:
            yield f"order {n}, after {before!r}: sum", sum(model.distribution(before).values()), 1.0, 1e-9
            for sign in "at $":
                ours = model.p(sign, before)
                yield f"order {n}, {sign!r} after {before!r}", ours, by_definition(TEXTS, n, sign, before), 1e-12
