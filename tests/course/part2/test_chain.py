"""The little language: its best losses are those of a search through every text, and no network gets below them."""

import itertools
import math

import pytest
import torch

from pyft.course.part2 import chain, small_networks

P = torch.tensor([[0.7, 0.3], [0.4, 0.6]], dtype=torch.float64)


def likelihood(text: tuple[int, ...]) -> float:
    p = float(chain.stationary(P)[text[0]])
    for before, after in itertools.pairwise(text):
        p *= float(P[before, after])
    return p


def test_the_posterior_is_a_sum_over_every_text() -> None:
    seen = torch.rand(1, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    weights = torch.zeros(4, 2, dtype=torch.float64)
    for text in itertools.product(range(2), repeat=4):
        w = likelihood(text) * math.prod(float(seen[0, t, c]) for t, c in enumerate(text))
        for t, c in enumerate(text):
            weights[t, c] += w
    assert torch.allclose(chain.posterior(seen, P)[0], weights / weights.sum(-1, keepdim=True), atol=1e-12)


def test_a_walk_has_the_shares_of_the_table() -> None:
    texts = chain.speak(4000, torch.Generator().manual_seed(0))
    assert texts.shape == (4000, chain.T)
    often = torch.bincount(texts.flatten(), minlength=chain.V) / texts.numel()
    assert (often - chain.OFTEN).abs().max() < 0.01
    assert chain.best_left_to_right(texts) == pytest.approx(
        (chain.H_COUNT + (chain.T - 1) * chain.H_NEXT) / chain.T, abs=0.02
    )


def test_both_sides_know_more_than_one() -> None:
    texts = chain.speak(1000, torch.Generator().manual_seed(0))
    few = chain.best_mlm(texts, 0.05, torch.Generator().manual_seed(1))
    many = chain.best_mlm(texts, 0.9, torch.Generator().manual_seed(1))
    assert few < chain.H_NEXT < many < chain.H_COUNT + 0.02
    assert few < chain.best_plm(texts, torch.Generator().manual_seed(1)) < chain.H_COUNT


@pytest.mark.parametrize("loss_of", [small_networks.mlm, small_networks.all_masked, small_networks.plm])
def test_a_network_begins_near_a_guess_and_learns(loss_of) -> None:
    torch.manual_seed(0)
    net = small_networks.Network(chain.V + 1, 16)
    held_out = chain.speak(64, torch.Generator().manual_seed(1))
    before = loss_of(net, held_out, torch.Generator().manual_seed(3)).item()
    assert before == pytest.approx(math.log(chain.V + 1), abs=0.5)
    curve = small_networks.train(net, loss_of, chain.speak, held_out, 50)
    assert len(curve) == 1
    assert curve[0] < before - 0.1


def test_characters_that_are_rare_share_a_code() -> None:
    corpus = small_networks.Characters("ab" * 200 + "z", "abz" * 6000)
    assert corpus.alphabet == ["a", "b"]
    assert corpus.V == 3
    assert corpus.unseen.shape == (512, 32)
    assert corpus.encode("az!").tolist() == [0, 2, 2]
    assert set(corpus.read(5).flatten().tolist()) <= {0, 1, 2}
    expected = -(2 * math.log(200 / 401) + math.log(1 / 401)) / 3
    assert corpus.counting() == pytest.approx(expected, abs=1e-2)
