"""Permutation language modelling: its targets, what each may see, and the masks of the library beside ours."""

import random
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_texts import CLS, FIRST, MASK, PAD, SEP, VOCAB, likely, texts
from torch.nn import functional as F
from transformers import (
    DataCollatorForPermutationLanguageModeling,
    XLNetConfig,
    XLNetModel,
)

from pyft.errors import PyftError
from pyft.maths.encoder import XLNetEncoder, permutation_mask
from pyft.maths.objectives import IGNORED, partly_visible, permutation_lm, sentence_pairs, spans
from pyft.maths.state_dicts import from_xlnet

# --- permutation language modelling -----------------------------------------------------------------------------------


def target_shares(T, K, max_span):
    """The exact probability of each place to be a target: over where a stretch begins, its span and its start."""
    begins, share = [1.0] + [0.0] * (T - 1), [0.0] * T
    for at in range(T):
        for L in range(1, max_span + 1):
            weight = begins[at] / max_span
            starts = range(at, at + K * L - L + 1)
            for start in starts:
                for t in range(start, min(start + L, T)):
                    share[t] += weight / len(starts)
            if at + K * L < T:
                begins[at + K * L] += weight
    return share


def the_librarys(ids, seed, **options):
    """What the library's collator makes of these ids with that seed, without its check of the tokenizer."""

    class Tokenizer:
        mask_token, mask_token_id, pad_token, pad_token_id = "[MASK]", MASK, "[PAD]", PAD

        def get_special_tokens_mask(self, row, already_has_special_tokens):
            return [int(i in (PAD, CLS, SEP)) for i in row]

    torch.manual_seed(seed)
    return DataCollatorForPermutationLanguageModeling(Tokenizer(), **options).torch_mask_tokens(ids.clone())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("K,max_span", [(6, 5), (7, 5), (2, 3), (1, 1)])
def test_targets_are_the_librarys_draw_for_draw(seed, K, max_span):
    ids, special = texts(6, 64, seed)
    *_, labels = the_librarys(ids, seed, plm_probability=1 / K, max_span_length=max_span)
    asked = permutation_lm(ids, special, K, max_span, torch.Generator().manual_seed(seed))
    ours = torch.full_like(ids, IGNORED).scatter(1, asked.targets, asked.labels)
    assert torch.equal(ours, labels)
    assert (labels != IGNORED).any()


@pytest.mark.parametrize("seed", range(5))
def test_masks_are_the_librarys_for_the_same_order_but_for_special_tokens(seed):
    ids, special = texts(6, 64, seed)
    _, perm_mask, _, labels = the_librarys(ids, seed)
    chosen = labels != IGNORED
    rank = (perm_mask == 0).sum(-1) * chosen  # what comes later sees more
    ours = (~partly_visible(rank.argsort(dim=-1, stable=True), chosen)).float()
    assert torch.equal(ours[~special], perm_mask[~special])  # rows: what texts' own tokens may see
    assert ours[special][:, chosen[0]].numel() and not torch.equal(ours[special], perm_mask[special])


def test_the_librarys_special_tokens_see_targets_and_ours_do_not():
    ids, special = texts(6, 64)
    _, perm_mask, _, labels = the_librarys(ids, 0)
    asked = permutation_lm(ids, special, generator=torch.Generator().manual_seed(0))
    for visible, leak in ((perm_mask == 0, True), (asked.visible, False)):
        chosen = labels != IGNORED  # the same for both, as the test above has it
        assert bool((visible & special[:, :, None] & chosen[:, None, :]).any()) is leak


@pytest.mark.parametrize("T,K,max_span", [(40, 6, 5), (33, 3, 2)])
def test_each_place_is_a_target_as_often_as_it_should_be(T, K, max_span):
    generator, N = torch.Generator().manual_seed(0), 1500
    counts = sum(spans(T, K, max_span, generator).long() for _ in range(N))
    assert all(likely(int(n), N, p) for n, p in zip(counts, target_shares(T, K, max_span), strict=True))


def test_over_a_long_text_one_in_K_is_a_target():
    assert sum(target_shares(3000, 6, 5)) / 3000 == pytest.approx(1 / 6, rel=2e-3)


@given(st.integers(1, 80), st.integers(1, 8), st.integers(1, 6), st.integers(0, 2**31))
@settings(max_examples=80, deadline=None)
def test_spans_are_no_longer_than_allowed_and_as_far_apart(T, K, max_span, seed):
    chosen = spans(T, K, max_span, torch.Generator().manual_seed(seed))
    assert chosen.shape == (T,)
    if K == 1:
        assert chosen.all()
    else:
        assert chosen.sum() <= -(-T // K) + max_span
        runs = "".join("x" if c else " " for c in chosen.tolist()).split()
        assert all(len(run) <= 2 * max_span for run in runs)  # the end of one stretch and the start of the next


@given(st.integers(1, 4), st.integers(4, 24), st.integers(1, 7), st.integers(0, 2**31))
@settings(max_examples=80, deadline=None)
def test_a_target_sees_what_is_no_target_and_earlier_targets(B, T, K, seed):
    ids, special = texts(B, T, seed, padded=min(2, T - 4))
    order, visible, targets, labels = asked = permutation_lm(
        ids, special, K, generator=torch.Generator().manual_seed(seed)
    )
    real = labels != IGNORED
    assert torch.equal(order.sort(-1).values, torch.arange(T).expand(B, T))
    assert torch.equal(labels[real], ids.gather(1, targets)[real])
    assert not special.gather(1, targets)[real].any()
    for b in range(B):
        chosen = set(targets[b, real[b]].tolist())
        assert len(chosen) == int(real[b].sum())
        turn = {position: t for t, position in enumerate(order[b].tolist())}
        assert max((turn[i] for i in range(T) if i not in chosen), default=-1) < min(
            (turn[i] for i in chosen), default=T
        )
        for i in range(T):
            for j in range(T):
                assert bool(visible[b, i, j]) == (j not in chosen or turn[j] < turn[i])
    assert torch.equal(asked.perm_mask, 1 - visible.float())
    assert torch.equal(asked.target_mapping.argmax(-1), targets)
    assert torch.equal(asked.target_mapping.sum(-1), torch.ones_like(targets).float())


def test_with_every_token_a_target_the_mask_is_the_orders():
    ids = torch.randint(FIRST, VOCAB, (3, 9))
    asked = permutation_lm(ids, torch.zeros_like(ids).bool(), K=1)
    assert torch.equal(asked.visible, permutation_mask(asked.order))
    assert torch.equal(asked.labels, ids)


def test_orders_of_targets_are_equally_likely():
    ids = torch.full((6000, 3), FIRST)
    order = permutation_lm(ids, torch.zeros_like(ids).bool(), K=1, generator=torch.Generator().manual_seed(0)).order
    for each in ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]):
        assert likely(int((order == torch.tensor(each)).all(-1).sum()), 6000, 1 / 6)


@pytest.mark.parametrize("K,max_span", [(0, 5), (-1, 5), (6, 0)])
def test_fewer_than_one_token_is_refused(K, max_span):
    with pytest.raises(PyftError, match=rf"K = {K}, max_span = {max_span}: one token in K is a target"):
        permutation_lm(*texts(), K, max_span)


# --- what the order promises ------------------------------------------------------------------------------------------


@pytest.fixture
def both():
    """The library's XLNet of three layers and ours with its weights, as functions: ids, asked -> predictions."""
    torch.manual_seed(0)
    theirs = XLNetModel(XLNetConfig(vocab_size=VOCAB, d_model=24, n_head=4, d_inner=48, n_layer=3)).eval()
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    ours = XLNetEncoder(VOCAB, 24, 4, 48, 3).eval()
    ours.load_state_dict(from_xlnet(theirs.state_dict()))

    def library(ids, visible, targets):
        mapping = F.one_hot(targets, ids.size(1)).float()
        with torch.no_grad():
            return theirs(ids, perm_mask=(~visible).float(), target_mapping=mapping).last_hidden_state

    def by_hand(ids, visible, targets):
        with torch.no_grad():
            return ours(ids, visible=visible, targets=targets)[1]

    return {"library": library, "ours": by_hand}


@pytest.mark.parametrize("model", ["library", "ours"])
@pytest.mark.parametrize("seed", range(3))
def test_a_target_depends_on_earlier_ones_alone(both, model, seed):
    """Change one target's token: itself and all before it stay to the last digit; those after it move."""
    ids, special = texts(1, 30, seed, padded=0)
    asked = permutation_lm(ids, special, generator=torch.Generator().manual_seed(seed))
    targets = asked.targets[0].tolist()
    in_turn = [position for position in asked.order[0].tolist() if position in targets]
    before = both[model](ids, asked.visible, asked.targets)
    assert len(in_turn) >= 3
    for turn, position in enumerate(in_turn):
        other = ids.clone()
        other[0, position] = FIRST + (ids[0, position] - FIRST + 1) % (VOCAB - FIRST)
        moved = (both[model](other, asked.visible, asked.targets) - before)[0].abs().amax(-1)  # (M)
        for later, p in enumerate(in_turn):
            assert bool(moved[targets.index(p)] > 0) == (later > turn)


def test_the_masks_mean_the_same_to_both(both):
    ids, special = texts(3, 20, padded=0)
    asked = permutation_lm(ids, special, generator=torch.Generator().manual_seed(1))
    ours, theirs = (both[model](ids, asked.visible, asked.targets) for model in ("ours", "library"))
    assert torch.allclose(ours, theirs, rtol=0, atol=2e-5)


def test_the_librarys_collator_hides_earlier_targets_from_later_ones():
    """Its inputs have [MASK] at all targets, so that no token of a target reaches another: not the paper's chain."""
    ids, _ = texts(4, 40, padded=0)
    inputs, _, _, labels = the_librarys(ids, 0)
    assert (inputs[labels != IGNORED] == MASK).all()


def test_with_true_tokens_put_back_the_librarys_masks_leak(both):
    """A special token sees a target, and the target sees the special token: two layers, and it knows itself."""
    ids, _ = texts(1, 40, padded=0)
    _, perm_mask, _, labels = the_librarys(ids, 0)
    targets = (labels[0] != IGNORED).nonzero().T  # (1, M)
    before = both["library"](ids, perm_mask == 0, targets)
    leaks = 0
    for m, position in enumerate(targets[0].tolist()):
        other = ids.clone()
        other[0, position] = FIRST + (ids[0, position] - FIRST + 1) % (VOCAB - FIRST)
        leaks += bool((both["library"](other, perm_mask == 0, targets) - before)[0, m].any())
    assert leaks > 0


def test_the_librarys_order_is_one_half_of_the_text_and_then_the_same_half_again():
    """Every target of the left half comes before every one of the right half."""
    ids, _ = texts(8, 64, padded=0)
    _, perm_mask, _, labels = the_librarys(ids, 0)
    for b in range(8):
        chosen = (labels[b] != IGNORED).nonzero().flatten()
        left, right = chosen[chosen < 32], chosen[chosen >= 32]
        assert (perm_mask[b][right][:, left] == 0).all() and (perm_mask[b][left][:, right] == 1).all()


def test_the_librarys_collator_refuses_odd_lengths_and_ours_does_not():
    ids, special = texts(2, 13)
    with pytest.raises(ValueError, match="even"):
        the_librarys(ids, 0)
    assert permutation_lm(ids, special).visible.shape == (2, 13, 13)


def test_the_pairs_of_a_document_overlap():
    pairs = sentence_pairs([["a", "b", "c", "d"], ["e"]], random.Random(0))
    assert [a for a, *_ in pairs] == ["a", "b", "c"]
    assert all(x[1] == y[0] for x, y in pairwise(pairs) if x[2])
