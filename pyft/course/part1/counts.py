"""Language models that count: what followed the last few signs, as often as it did, and smoothed."""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Sequence

MARK, STOP = "^", "$"  # before a text's first sign, after its last


class Counts:
    """How often each sign followed the n - 1 signs before it, and nothing else: the maximum likelihood estimate."""

    def __init__(self, texts: Sequence[str], n: int, alphabet: str) -> None:
        """`alphabet` are the signs that may come next; the end of a text is one more."""
        self.n, self.signs = n, alphabet + STOP
        self.after: dict[str, Counter[str]] = defaultdict(Counter)  # context -> how often each sign followed
        for text in texts:
            row = MARK + text + STOP
            for i in range(1, len(row)):
                self.after[row[max(0, i - n + 1) : i]][row[i]] += 1

    def p(self, sign: str, before: str) -> float:
        """The probability of a sign after `before`, of which the last n - 1 signs count."""
        seen = self.after.get(before[max(0, len(before) - self.n + 1) :])
        return seen[sign] / seen.total() if seen else 1 / len(self.signs)

    def distribution(self, before: str) -> dict[str, float]:
        """The probability of every sign after `before`, which begins with the mark if a text begins there."""
        return {sign: self.p(sign, before) for sign in self.signs}

    def bits(self, text: str) -> float:
        """-log2 of the probability of a whole text, its end included; infinite if one sign has none."""
        row = MARK + text + STOP
        p = [self.p(row[i], row[max(0, i - self.n + 1) : i]) for i in range(1, len(row))]
        return math.inf if min(p) == 0 else -sum(map(math.log2, p))

    def write(self, length: int, generator: random.Random) -> str:
        """A text drawn sign by sign from the mark on, until it ends or is `length` signs long."""
        row = MARK
        while len(row) <= length and row[-1] != STOP:
            found = self.distribution(row[max(0, len(row) - self.n + 1) :])
            row += generator.choices(list(found), list(found.values()))[0]
        return row[1:].rstrip(STOP)


class KneserNey(Counts):
    """Interpolated Kneser-Ney smoothing (Kneser & Ney 1995, ICASSP; Chen & Goodman 1999, Computer Speech & Lang. 13).

    p(w | h) = (max(c(h w) - D, 0) + D t(h) p(w | h')) / c(h)

    h' is h without its first sign, t(h) the number of different signs after h, and c(h) the sum of c(h w). For the
    longest contexts c is how often h w occurred; for shorter ones it is how many different signs h w came after (the
    continuation count), since a short context counts only as far as the longer one has not seen what comes. Contexts
    that begin a text have nothing before them, and keep their counts. D is n_1 / (n_1 + 2 n_2) for each length, where
    n_k is how many sequences of that length have the count k (Ney, Essen & Kneser 1994).
    """

    def __init__(self, texts: Sequence[str], n: int, alphabet: str) -> None:
        super().__init__(texts, n, alphabet)
        counts: dict[int, Counter[str]] = defaultdict(Counter)  # length -> sequence of so many signs -> its count
        for context, seen in self.after.items():
            counts[len(context) + 1].update({context + sign: k for sign, k in seen.items()})
        for length in range(n, 1, -1):
            counts[length - 1].update(row[1:] for row in counts[length])
        self.D = [discount(counts[length]) for length in range(1, n + 1)]  # by length of the context
        for length in range(1, n):
            for row, k in counts[length].items():
                self.after[row[:-1]][row[-1]] = k
        self.total = {context: seen.total() for context, seen in self.after.items()}

    def p(self, sign: str, before: str) -> float:
        """The probability of a sign after `before`, of which the last n - 1 signs count."""
        found = 1 / len(self.signs)
        for length in range(min(self.n - 1, len(before)) + 1):  # from no context to the longest
            context = before[len(before) - length :]
            if context not in self.total:
                break
            seen, D = self.after[context], self.D[length]
            found = (max(seen[sign] - D, 0) + D * len(seen) * found) / self.total[context]
        return found


def discount(counts: Counter[str]) -> float:
    """What is taken off each count, so that what was not seen has something: n_1 / (n_1 + 2 n_2)."""
    once, twice = (sum(k == times for k in counts.values()) for times in (1, 2))
    return once / (once + 2 * twice) if once else 0.5
