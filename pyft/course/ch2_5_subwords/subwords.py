"""Three ways of cutting words into pieces, written by hand: byte pairs, WordPiece and Unigram.

A word is a string without spaces; `words` counts how often each occurs. Where the `tokenizers` library has the same
algorithm it is followed to the tie, so that both can be held against each other.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

Pieces = tuple[str, ...]
Pair = tuple[str, str]


# --- byte pairs: Sennrich et al. 2016, algorithm 1 --------------------------------------------------------------------


def train_bpe(words: Mapping[str, int], merges: int) -> list[Pair]:
    """The pairs to merge, in order: each time the pair of neighbours that occurs most often in all words."""
    split = {word: tuple(word) for word in words}
    rank = {
        c: i for i, c in enumerate(sorted({c for word in words for c in word}))
    }  # of pieces, by age: it breaks ties
    found: list[Pair] = []
    for _ in range(merges):
        count: Counter[Pair] = Counter()
        for word, n in words.items():
            for pair in pairwise(split[word]):
                count[pair] += n
        if not count:
            break
        best = min(count, key=lambda pair: (-count[pair], rank[pair[0]], rank[pair[1]]))
        found.append(best)
        rank.setdefault("".join(best), len(rank))
        split = {word: merge(pieces, best) for word, pieces in split.items()}
    return found


def merge(pieces: Pieces, pair: Pair) -> Pieces:
    """The pieces, with every occurrence of the pair made one, from left to right."""
    merged, i = [], 0
    while i < len(pieces):
        at = pieces[i : i + 2] == pair
        merged.append("".join(pair) if at else pieces[i])
        i += 2 if at else 1
    return tuple(merged)


def encode_bpe(word: str, merges: Sequence[Pair]) -> Pieces:
    """The pieces of a word: of all pairs that can be merged, the one that was learnt first, until none can."""
    rank = {pair: i for i, pair in enumerate(merges)}
    pieces: Pieces = tuple(word)
    while pairs := [pair for pair in pairwise(pieces) if pair in rank]:
        pieces = merge(pieces, min(pairs, key=rank.__getitem__))
    return pieces


# --- WordPiece: Schuster & Nakajima 2012; encoding as in BERT ---------------------------------------------------------


def encode_wordpiece(word: str, vocabulary: set[str], unknown: str = "[UNK]") -> Pieces:
    """The longest piece that the word begins with, then the longest of what is left, marked by ##.

    If nothing fits somewhere, the whole word is unknown.
    """
    pieces: list[str] = []
    start = 0
    while start < len(word):
        mark = "##" if start else ""
        ends = [end for end in range(len(word), start, -1) if mark + word[start:end] in vocabulary]
        if not ends:
            return (unknown,)
        pieces.append(mark + word[start : ends[0]])
        start = ends[0]
    return tuple(pieces)


def wordpiece_score(pair: int, first: int, second: int) -> float:
    """How often a pair occurs, against the product of how often its parts do: merge first what is hardly ever apart."""
    return pair / (first * second)


# --- Unigram: Kudo 2018, section 3.2 ----------------------------------------------------------------------------------


def encode_unigram(word: str, log_p: Mapping[str, float]) -> Pieces:
    """The most probable pieces of a word (Viterbi). An unknown character costs ten more than the rarest piece."""
    unknown = min(log_p.values()) - 10
    best = [(0.0, 0)] + [(-math.inf, 0)] * len(word)  # up to each place: its score, and where its last piece starts
    for end in range(1, len(word) + 1):
        for start in range(end):
            piece = word[start:end]
            score = best[start][0] + log_p.get(piece, unknown if len(piece) == 1 else -math.inf)
            if score > best[end][0]:
                best[end] = score, start
    pieces, end = [], len(word)
    while end:
        start = best[end][1]
        pieces.append(word[start:end])
        end = start
    return tuple(reversed(pieces))


def expected_counts(word: str, log_p: Mapping[str, float]) -> dict[str, float]:
    """How often each piece occurs in a word, on average over all its segmentations, weighted by their probability."""
    T = len(word)
    p = {(s, e): math.exp(log_p[word[s:e]]) for s in range(T) for e in range(s + 1, T + 1) if word[s:e] in log_p}
    ahead, behind = [1.0] + [0.0] * T, [0.0] * T + [1.0]
    for e in range(1, T + 1):
        ahead[e] = sum(ahead[s] * p.get((s, e), 0.0) for s in range(e))
    for s in reversed(range(T)):
        behind[s] = sum(p.get((s, e), 0.0) * behind[e] for e in range(s + 1, T + 1))
    counts: Counter[str] = Counter()
    for (s, e), of_piece in p.items():
        counts[word[s:e]] += ahead[s] * of_piece * behind[e] / ahead[T]  # type: ignore[assignment]
    return dict(counts)


def em_step(words: Mapping[str, int], log_p: Mapping[str, float]) -> dict[str, float]:
    """Count pieces under the present probabilities, and make new ones of the counts; the words get no less likely."""
    counts = dict.fromkeys(log_p, 1e-12)  # a piece that is never used keeps a trace, so that its logarithm exists
    for word, n in words.items():
        for piece, count in expected_counts(word, log_p).items():
            counts[piece] += n * count
    total = sum(counts.values())
    return {piece: math.log(count / total) for piece, count in counts.items()}


def train_unigram(words: Mapping[str, int], size: int, longest: int = 6) -> dict[str, float]:
    """Logarithms of probabilities of `size` pieces: begin with every frequent substring, and drop what is missed least.

    Single characters always stay. What is missed is how much a piece adds to the likelihood of its own text, against
    the best way to write it with others.
    """
    seeds: Counter[str] = Counter()
    for word, n in words.items():
        for s in range(len(word)):
            for e in range(s + 1, min(s + longest, len(word)) + 1):
                seeds[word[s:e]] += n
    log_p = {piece: math.log(n / seeds.total()) for piece, n in seeds.items() if n > 1 or len(piece) == 1}
    while True:
        log_p = em_step(words, em_step(words, log_p))
        droppable = [piece for piece in log_p if len(piece) > 1]
        surplus = len(log_p) - size
        if surplus <= 0 or not droppable:
            return log_p
        missed = {piece: math.exp(log_p[piece]) * _gain(piece, log_p) for piece in droppable}
        gone = sorted(droppable, key=missed.__getitem__)[: min(surplus, max(1, len(log_p) // 4))]
        log_p = {piece: lp for piece, lp in log_p.items() if piece not in gone}


def _gain(piece: str, log_p: Mapping[str, float]) -> float:
    others = {other: lp for other, lp in log_p.items() if other != piece and other in piece}
    return log_p[piece] - sum(others[part] for part in encode_unigram(piece, others))
