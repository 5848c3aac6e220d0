"""The proofs of section 2.5: ours against the `tokenizers` library, and against all segmentations where it has none."""

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from pyft.evidence.proofs import Case

WORDS = {"low": 5, "lower": 2, "newest": 6, "widest": 3}  # the words of Sennrich et al. 2016, algorithm 1
MERGES = 12


def _words(seed: int, letters: str = "abcd", n: int = 30) -> dict[str, int]:
    """Random words with counts; few letters and small counts, so that there are ties."""
    rng = random.Random(seed)
    return {"".join(rng.choices(letters, k=rng.randint(1, 8))): rng.randint(1, 4) for _ in range(n)}


def _codes(pieces: Sequence[str]) -> list[int]:
    return [ord(c) for c in " ".join(pieces)]  # a proof compares numbers


def library_bpe(words: Mapping[str, int], merges: int) -> tuple[Tokenizer, list[tuple[str, str]]]:
    """The library's tokenizer trained on the words, and its merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    letters = len({c for word in words for c in word})
    trainer = trainers.BpeTrainer(vocab_size=letters + merges, min_frequency=1, show_progress=False)
    tokenizer.train_from_iterator([word for word, n in words.items() for _ in range(n)], trainer)
    return tokenizer, [(a, b) for a, b in json.loads(tokenizer.to_str())["model"]["merges"]]


def bpe_training(m: ModuleType) -> Iterator[Case]:
    """The same merges in the same order, ties too."""
    for name, words in [("Sennrich's words", WORDS), *((f"random words {s}", _words(s)) for s in range(6))]:
        theirs = library_bpe(words, MERGES)[1]
        ours = m.train_bpe(words, len(theirs))
        yield name, _codes([piece for pair in ours for piece in pair]), _codes([p for pair in theirs for p in pair]), 0


def bpe_encoding(m: ModuleType) -> Iterator[Case]:
    """The same pieces of words that were and were not seen."""
    for seed in range(4):
        tokenizer, merges = library_bpe(_words(seed), MERGES)
        for word in _words(seed + 100, n=25):
            yield f"{word!r}, seed {seed}", _codes(m.encode_bpe(word, merges)), _codes(tokenizer.encode(word).tokens), 0


def wordpiece_encoding(m: ModuleType) -> Iterator[Case]:
    """The same pieces from vocabularies with and without single letters, so that some words are unknown."""
    for seed in range(6):
        rng = random.Random(seed)
        parts = sorted(_words(seed, "abc", 20))
        vocabulary = {"[UNK]", *parts, *(f"##{part}" for part in parts if rng.random() < 0.8)}
        vocabulary |= {"a", "b", "##a", "##b"}  # c is not there by itself
        model = models.WordPiece({piece: i for i, piece in enumerate(sorted(vocabulary))}, unk_token="[UNK]")  # noqa: S106
        for word in _words(seed + 100, "abc", 25):
            theirs = [token.value for token in model.tokenize(word)]
            yield f"{word!r}, seed {seed}", _codes(m.encode_wordpiece(word, vocabulary)), _codes(theirs), 0


def _log_p(seed: int, letters: str = "abcd") -> dict[str, float]:
    rng = random.Random(seed)
    pieces = sorted({*letters[:-1], *(w[:3] for w in _words(seed, letters))} - {letters[-1]})  # the last not by itself
    return {piece: math.log(rng.random()) - len(piece) for piece in pieces}


def unigram_encoding(m: ModuleType) -> Iterator[Case]:
    """The same pieces from random probabilities; a letter that only stands in longer pieces is unknown by itself."""
    for seed in range(6):
        log_p = _log_p(seed)
        model = models.Unigram([("<unk>", 0.0), *log_p.items()], 0)
        tokenizer = Tokenizer(model)
        for word in _words(seed + 100, n=25):
            if "dd" not in word:  # the library joins unknown neighbours
                theirs = tokenizer.encode(word).tokens
                yield f"{word!r}, seed {seed}", _codes(m.encode_unigram(word, log_p)), _codes(theirs), 0


def segmentations(word: str, log_p: Mapping[str, float]) -> Iterator[tuple[str, ...]]:
    """Every way to write the word with the pieces."""
    if not word:
        yield ()
    for end in range(1, len(word) + 1):
        if word[:end] in log_p:
            yield from ((word[:end], *rest) for rest in segmentations(word[end:], log_p))


def unigram_counts(m: ModuleType) -> Iterator[Case]:
    """Expected counts, against a sum over every segmentation."""
    for seed in range(3):
        log_p = _log_p(seed) | {"d": -4.0}
        for word in list(_words(seed + 100, n=8)):
            ways = list(segmentations(word, log_p))
            weights = [math.exp(sum(log_p[piece] for piece in way)) for way in ways]
            found = m.expected_counts(word, log_p)
            for piece in sorted({piece for way in ways for piece in way}):
                by_hand = sum(w * way.count(piece) for w, way in zip(weights, ways, strict=True)) / sum(weights)
                yield f"{piece!r} in {word!r}, seed {seed}", found[piece], by_hand, 1e-9


def likelihood(words: Mapping[str, int], log_p: Mapping[str, float]) -> float:
    """The logarithm of the probability of all words, each summed over its segmentations."""
    return sum(
        n * math.log(sum(math.exp(sum(log_p[piece] for piece in way)) for way in segmentations(word, log_p)))
        for word, n in words.items()
    )


def unigram_training(m: ModuleType) -> Iterator[Case]:
    """A step is the counts of all words, makes none of them less likely in all, and adds up to one."""
    words = {word: n for word, n in _words(7).items() if len(word) < 7}
    log_p = _log_p(7) | {"d": -4.0}
    counts = [n * m.expected_counts(word, log_p).get("a", 0.0) for word, n in words.items()]
    every = sum(n * sum(m.expected_counts(word, log_p).values()) for word, n in words.items())
    yield "the share of one piece", math.exp(m.em_step(words, log_p)["a"]), sum(counts) / every, 1e-9
    for step in range(4):
        after = m.em_step(words, log_p)
        yield f"step {step}: more likely", likelihood(words, after) >= likelihood(words, log_p) - 1e-9, True, 0
        yield f"step {step}: adds up to one", sum(math.exp(lp) for lp in after.values()), 1.0, 1e-9
        log_p = after
    kept = m.train_unigram(words, 9)
    yield "as many pieces as asked for", len(kept), 9, 0
    yield "every letter stays", set("abcd") <= set(kept), True, 0
