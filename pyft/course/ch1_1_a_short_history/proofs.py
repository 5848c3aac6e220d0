"""The proofs of section 1.1: smoothed counts against their definition, read off the texts without any table."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from types import ModuleType

from pyft.evidence.proofs import Case

TEXTS = ("the cat sat on the mat", "a rat sat on the hat", "the cat ran", "aaa", "")
ALPHABET = " abcdefghijklmnopqrstuvwxyz"
HISTORIES = ("", "^", "^t", "^the ", "e", "at", " c", "zz", "the", "aa", "^aaa")


def by_definition(texts: Sequence[str], n: int) -> Callable[[str, str], float]:
    """Interpolated Kneser-Ney as it is written down (Chen & Goodman 1999): p of a sign and what stood before it."""
    rows, signs = [f"^{text}$" for text in texts], f"{ALPHABET}$"
    occurs = Counter(row[i:j] for row in rows for i in range(len(row)) for j in range(i + 1, len(row) + 1))

    def c(context: str, w: str) -> int:
        if len(context) == n - 1 or context.startswith("^"):
            return occurs[context + w]
        return sum(occurs[v + context + w] > 0 for v in f"^{signs}")

    @cache
    def discount(length: int) -> float:
        contexts = {row[i : i + length] for row in rows for i in range(len(row) - length)}
        counts = [c(context, w) for context in contexts for w in signs]
        once, twice = counts.count(1), counts.count(2)
        return once / (once + 2 * twice) if once else 0.5

    def p(sign: str, before: str) -> float:
        found = 1 / len(signs)
        for length in range(min(n - 1, len(before)) + 1):
            context = before[len(before) - length :]
            after = {w: c(context, w) for w in signs}
            if total := sum(after.values()):
                D = discount(length)
                taken = D * sum(k > 0 for k in after.values())
                found = (max(after[sign] - D, 0) + taken * found) / total
        return found

    return p


def smoothing(m: ModuleType) -> Iterator[Case]:
    """Single probabilities, and that those of a history add up to one."""
    for n in (1, 2, 4):
        model, defined = m.KneserNey(TEXTS, n, ALPHABET), by_definition(TEXTS, n)
        for before in HISTORIES:
            yield f"order {n}, after {before!r}: sum", sum(model.distribution(before).values()), 1.0, 1e-9
            for sign in "at $":
                ours = model.p(sign, before)
                yield f"order {n}, {sign!r} after {before!r}", ours, defined(sign, before), 1e-12
