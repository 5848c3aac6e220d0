"""Plausible mistakes in the code of section 8.3.2, one line each."""

from types import ModuleType
from typing import NamedTuple

from pyft.course.ch8_3_2_which_words_decided import faithful, games, proofs, words
from pyft.errors import unknown
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {
    "one at a time": proofs.one_at_a_time,
    "Shapley": proofs.shapley_values,
    "linear models": proofs.linear_models,
    "without words": proofs.without_words,
    "gradients": proofs.gradients,
    "curves": proofs.curves,
}


class Code(NamedTuple):
    """The modules that the page writes by hand."""

    games: ModuleType
    words: ModuleType
    faithful: ModuleType


def code() -> Code:
    """The modules as they are."""
    return Code(games, words, faithful)


def mutate(module: str, old: str, new: str) -> Code:
    """The modules with a broken copy of one; the real ones are not touched.

    Raises:
        PyftError: no such module, or `old` does not stand in it once.
    """
    if module not in Code._fields:
        raise unknown("module", module, Code._fields)
    return code()._replace(**{module: broken_copy(getattr(code(), module), old, new)})


MUTANTS: list[Mutant] = [
    Mutant("the word alone", "games", "v(~torch.eye(W", "v(torch.eye(W", "what is left out is all but the word"),
    Mutant("all sets alike", "games", "math.factorial(k) * math.factorial(W - 1 - k) / math.factorial(W)",
           "1 / 2 ** (W - 1)", "Banzhaf's value: it does not sum to the whole"),
    Mutant("sets that have the word", "games", "(~S[:, i]).nonzero()", "(S[:, i]).nonzero()", "it is added twice"),
    Mutant("the bit beside it", "games", "value[before + 2**i]", "value[before | 1]", "another word is added"),
    Mutant("gains in the order drawn", "games", "gain.gather(1, place)", "gain",
           "the first word gets what came first"),
    Mutant("one word too early", "games", "place[:, None] < torch", "place[:, None] <= torch",
           "the empty text is never asked for"),
    Mutant("words not centred", "games", "x = x - (w[:, None] * x).sum(0) / w.sum()", "x = x",
           "a line through nothing"),
    Mutant("weights left out", "games", "x.T @ (w * value)", "x.T @ value", "far samples count as much as near ones"),
    Mutant("words taken, not left", "games", "rank >= fewer[:, None]", "rank < fewer[:, None]",
           "the whole text is among the samples, and nothing is rarely left"),
    Mutant("the text itself left out", "games", "torch.cat([torch.ones(1, W, dtype=torch.bool), rank",
           "torch.cat([rank[:0] > 0, rank", "the one text that is to be explained"),
    Mutant("far is near", "games", "torch.exp(-(D**2) / (2 * width**2)), strength", "torch.exp(D**2), strength",
           "a model of the empty text"),
    Mutant("the kernel upside down", "games", "(W - 1) / (math.comb(W, k) * k * (W - k))",
           "math.comb(W, k) * k * (W - k) / (W - 1)", "middling sets decide"),
    Mutant("special tokens hidden", "words", "torch.ones(len(keep), 1", "torch.zeros(len(keep), 1",
           "no class token is left to read the answer from"),
    Mutant("what is there is hidden", "words", "return ~torch.cat", "return torch.cat", "every score changes its sign"),
    Mutant("the first piece alone", "words", "index_add(0, self.of.where(self.of >= 0, W), scores)",
           "index_copy(0, self.of.where(self.of >= 0, W), scores)", "of a long word one piece counts"),
    Mutant("the logit alone", "words", "return z[:, label] - others.logsumexp(1)", "return z[:, label]",
           "it may rise while the answer's probability falls"),
    Mutant("gradient alone", "words", "(g * e.detach()).sum(-1)", "g.sum(-1)", "a sum over directions"),
    Mutant("from padding", "words", "masks(tokenizer)(ids, nothing)[0]", "ids[0] * 0",
           "completeness holds, against another end"),
    Mutant("with dropout", "words", "with evaluation_mode(model):\n        (g,)", "if True:\n        (g,)",
           "another answer each time"),
    Mutant("the lowest first", "faithful", "scores.argsort(descending=True, ", "scores.argsort(",
           "good explanations look like bad ones"),
    Mutant("places, not ranks", "faithful", "stable=True).argsort()", "stable=True)",
           "the word whose number is the rank's"),
    Mutant("deleted the rest", "faithful", "return v(~steps(scores, shares)).sigmoid()",
           "return v(steps(scores, shares)).sigmoid()", "insertion, under the name of deletion"),
    Mutant("signs count", "faithful", "np.abs(np.asarray(a, dtype=float))", "np.asarray(a, dtype=float)",
           "a word against the label ranks below one without effect"),
    Mutant("texts and seeds alike", "faithful", "np.atleast_2d(np.asarray(values, dtype=float)).mean(0)",
           "np.asarray(values, dtype=float).ravel()", "five seeds make five texts of one"),
]  # fmt: skip
