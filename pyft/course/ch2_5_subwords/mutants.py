"""Plausible mistakes in the code of section 2.5, one line each."""

from types import ModuleType

from pyft.course.ch2_5_subwords import proofs, subwords
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {
    "byte pairs, training": proofs.bpe_training,
    "byte pairs, encoding": proofs.bpe_encoding,
    "WordPiece, encoding": proofs.wordpiece_encoding,
    "Unigram, encoding": proofs.unigram_encoding,
    "Unigram, counts": proofs.unigram_counts,
    "Unigram, training": proofs.unigram_training,
}


def mutate(module: str, old: str, new: str) -> ModuleType:
    """A copy of `subwords` with `old` replaced by `new`; the real one is not touched."""
    return broken_copy(subwords, old, new)


def _mutant(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "subwords", old, new, note)


MUTANTS: list[Mutant] = [
    _mutant("words, not occurrences", "count[pair] += n", "count[pair] += 1", "each word of the corpus counts once"),
    _mutant(
        "ties by the alphabet",
        "(-count[pair], rank[pair[0]], rank[pair[1]])",
        "(-count[pair], pair)",
        "right until two pairs are equally frequent and one holds a merged piece",
    ),
    _mutant("the rarest pair", "(-count[pair], rank", "(count[pair], rank", "the order is turned round"),
    _mutant("overlapping merges", "i += 2 if at else 1", "i += 1", "the second half of a pair is used again"),
    _mutant(
        "the first pair from the left",
        "min(pairs, key=rank.__getitem__)",
        "pairs[0]",
        "merges are applied in the word's order, and not in the order in which they were learnt",
    ),
    _mutant(
        "the shortest piece",
        "range(len(word), start, -1)",
        "range(start + 1, len(word) + 1)",
        "the search begins at the wrong end",
    ),
    _mutant("no mark", '"##" if start else ""', '""', "a piece inside a word is taken for the start of one"),
    _mutant("half a word unknown", "return (unknown,)", "return (*pieces, unknown)", "what was found before is kept"),
    _mutant(
        "greedy probabilities",
        "score = best[start][0] + log_p.get",
        "score = log_p.get",
        "the last piece alone is scored, and not the way to it",
    ),
    _mutant("unknown costs nothing", "min(log_p.values()) - 10", "0.0", "a character that is not known is preferred"),
    _mutant(
        "counts from one side",
        "ahead[s] * of_piece * behind[e] / ahead[T]",
        "ahead[s] * of_piece / ahead[e]",
        "what comes after a piece has no say",
    ),
    _mutant(
        "counts not divided",
        "* behind[e] / ahead[T]",
        "* behind[e]",
        "a word counts by its probability: rare words count for nothing",
    ),
    _mutant("words, not occurrences, in EM", "+= n * count", "+= count", "each word of the corpus counts once"),
    _mutant(
        "letters may go", "for piece in log_p if len(piece) > 1", "for piece in log_p", "a text may have no pieces"
    ),
]
