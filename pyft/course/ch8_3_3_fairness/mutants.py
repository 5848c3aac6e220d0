"""Plausible mistakes in the scores of section 8.3.3, one line each."""

from types import ModuleType

from pyft.course.ch8_3_3_fairness import proofs, scores
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {
    "all tokens": proofs.whole,
    "shared tokens": proofs.shared,
    "the word": proofs.filled,
    "shares": proofs.shares,
}


def code() -> ModuleType:
    """The module as it is."""
    return scores


def mutate(module: str, old: str, new: str) -> ModuleType:
    """A fresh copy of the module, broken; the real one is not touched."""
    return broken_copy(scores, old, new)


def _broken(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "scores", old, new, note)


MUTANTS: list[Mutant] = [
    _broken(
        "nothing is hidden",
        "[*ids[:place], mask, *ids[place + 1 :]]",
        "[*ids]",
        "the model sees what it is asked for, and is nearly always right",
    ),
    _broken(
        "special tokens count",
        "for place in range(1, len(ids) - 1)",
        "for place in range(len(ids))",
        "two more tokens, the same in every text",
    ),
    _broken(
        "special tokens count in pairs",
        "for k in range(block.size)][1:-1]",
        "for k in range(block.size)]",
        "no difference between the two of a pair, but another sum",
    ),
    _broken(
        "places of the other text",
        "[hide(other, b, mask) for _, b in places]",
        "[hide(other, a, mask) for a, _ in places]",
        "right as long as both words have one piece",
    ),
    _broken(
        "later pieces are there",
        "[*before, *word[:k], mask, *after]",
        "[*before, *word[:k], mask, *word[k + 1 :], *after]",
        "kinder to words of several pieces",
    ),
    _broken(
        "the hole stays where it was", "len(before) + k, piece", "len(before), piece", "pieces after the first are lost"
    ),
    _broken(
        "padding is read", "attention_mask=real.long()", "attention_mask=torch.ones_like(ids)", "by the short texts"
    ),
    _broken(
        "probabilities not normalised", "F.log_softmax(z, -1)[rows", "z[rows", "higher for tokens with large biases"
    ),
    _broken("the mean of logarithms", "float(np.mean(np.exp(logs)))", "float(np.exp(np.mean(logs)))", "another score"),
    _broken("a tie is a preference", "(a > b) + 0.5 * (a == b)", "a >= b", "a model that knows nothing scores 100"),
    _broken("one side of ICAT", "min(stereotype, 100 - stereotype)", "(100 - stereotype)", "the opposite is rewarded"),
]
