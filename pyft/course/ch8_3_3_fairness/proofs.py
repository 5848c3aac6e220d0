"""The proofs of section 8.3.3: each score, token by token, against the library's whole model and its cross-entropy."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BertConfig, BertForPreTraining

from pyft.course.proof_tools import L, V, d, d_ff, h, randomise
from pyft.evidence.proofs import Case

PAD, CLS, SEP, MASK = 0, 1, 2, 3
IGNORED = -100


def model() -> Any:
    """A small BERT with its heads for pretraining, all of its numbers drawn."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=V, hidden_size=d, num_attention_heads=h, intermediate_size=d_ff, num_hidden_layers=L,
        max_position_embeddings=16,
    )  # fmt: skip
    return randomise(BertForPreTraining(config)).eval()


def texts() -> list[list[int]]:
    """Texts of unequal length, with special tokens at both ends."""
    return [[CLS, 9, 8, 7, SEP], [CLS, 9, 11, 12, 7, 5, SEP], [CLS, 20, SEP]]


def log_probability(network: Any, ids: list[int], place: int, token: int) -> float:
    """By the library: the whole model on one row, and minus its cross-entropy at one place."""
    labels = torch.full((len(ids),), IGNORED)
    labels[place] = token
    with torch.no_grad():
        z: Tensor = network(input_ids=torch.tensor([ids])).prediction_logits[0]  # (T, V)
    return -float(F.cross_entropy(z, labels, ignore_index=IGNORED))


def hidden(ids: list[int], place: int) -> list[int]:
    """A row with one token hidden."""
    return [MASK if i == place else token for i, token in enumerate(ids)]


def whole(m: ModuleType) -> Iterator[Case]:
    """Pseudo-log-likelihood: each token but the special ones is hidden once, and the rest is seen."""
    network = model()
    ours = m.scores(network, PAD, [m.whole(ids, MASK) for ids in texts()])
    for i, ids in enumerate(texts()):
        reference = sum(log_probability(network, hidden(ids, t), t, ids[t]) for t in range(1, len(ids) - 1))
        yield f"text {i}", ours[i], reference, 1e-4


def shared(m: ModuleType) -> Iterator[Case]:
    """CrowS-Pairs: only tokens that both texts have, each given all others of its own text."""
    network = model()
    one, other = [CLS, 9, 8, 7, 6, SEP], [CLS, 9, 11, 12, 7, 6, SEP]
    places = [(1, 1), (3, 4), (4, 5)]  # of 9, 7 and 6; 8 and 11, 12 are what differs
    asked = m.shared(one, other, MASK)
    for side, ids in enumerate((one, other)):
        reference = sum(log_probability(network, hidden(ids, p[side]), p[side], ids[p[side]]) for p in places)
        yield f"text {side}", m.scores(network, PAD, [asked[side]])[0], reference, 1e-4
    same, again = m.shared(one, one, MASK)
    yield "the same text", float(len(same)), float(len(one) - 2), 0.0
    yield "twice", m.scores(network, PAD, [same]), m.scores(network, PAD, [again]), 1e-6


def filled(m: ModuleType) -> Iterator[Case]:
    """StereoSet: the pieces of a word from left to right, of which the later ones are not there; their mean."""
    network = model()
    before, word, after = [CLS, 9, 8], [20, 21, 22], [7, SEP]
    rows = [[*before, MASK, *after], [*before, 20, MASK, *after], [*before, 20, 21, MASK, *after]]
    reference = [np.exp(log_probability(network, row, 3 + k, word[k])) for k, row in enumerate(rows)]
    asked = m.filled(before, word, after, MASK)
    yield "probabilities", np.exp(m.log_probabilities(network, PAD, asked)), reference, 1e-5
    yield "their mean", m.scores(network, PAD, [asked], m.mean_probability)[0], np.mean(reference), 1e-5


def shares(m: ModuleType) -> Iterator[Case]:
    """Preferences and StereoSet's one number, by hand."""
    a, b = np.array([1.0, 2.0, 3.0, 0.0]), np.array([0.0, 2.0, 4.0, -1.0])
    yield "two, a tie, and one not", m.preferred(a, b), 2.5 / 4, 0.0
    yield "the other way", m.preferred(b, a), 1.5 / 4, 0.0
    for language, stereotype, wanted in [(100, 50, 100), (100, 100, 0), (80, 60, 64), (80, 40, 64), (50, 50, 50)]:
        yield f"ICAT of {language} and {stereotype}", m.icat(language, stereotype), wanted, 1e-12
