"""A language model by counting: which character follows the last few, mixed with what follows the last few but one."""

import math
from collections import Counter, defaultdict


class NGrams:
    """Characters from left to right, each given up to `order` characters before it.

    p(c | h) = (n(h c) + t(h) p(c | h')) / (n(h) + t(h)), where h' is h without its first character and t(h) counts the
    different characters that were seen after h: the more there are, the less the counts are trusted (Witten & Bell
    1991, IEEE Transactions on Information Theory 37(4), method C). Without any count all are equally likely.
    """

    def __init__(self, text: str, order: int, alphabet: str) -> None:
        self.order, self.alphabet = order, alphabet
        self.after: dict[str, Counter[str]] = defaultdict(Counter)  # context -> how often each character followed
        for i, c in enumerate(text):
            for n in range(min(order, i) + 1):
                self.after[text[i - n : i]][c] += 1

    def p(self, c: str, context: str) -> float:
        """The probability of the character c after a context, of which the last `order` characters count."""
        p = 1 / len(self.alphabet)
        for n in range(min(self.order, len(context)) + 1):  # from no context to the longest
            seen = self.after.get(context[len(context) - n :])
            if seen is None:
                break
            p = (seen[c] + len(seen) * p) / (seen.total() + len(seen))
        return p

    def bits(self, text: str, order: int) -> float:
        """The mean of -log2 p over the characters of a text, each given the `order` before it."""
        at = range(len(text))
        return -sum(math.log2(self.p(text[i], text[max(0, i - order) : i])) for i in at) / len(text)
