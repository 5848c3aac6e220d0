"""New texts from old ones, and mixed ones: words deleted, swapped, replaced; mix-up's shares and losses."""

import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from pyft.course.ch3_3_tricks import augmentation
from pyft.finetune.batches import collate, labelled, tokenize

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

TEXT = "the good film a bad the film a good bad"


def test_a_tenth_of_the_words_is_deleted_and_the_rest_keeps_its_order():
    rng, words = random.Random(0), [str(i) for i in range(2000)]
    kept = augmentation.delete_words(" ".join(words), rng).split()
    assert kept == [word for word in words if word in set(kept)]
    assert 1740 < len(kept) < 1860


def test_a_text_never_loses_all_its_words():
    assert {augmentation.delete_words("one two", random.Random(seed), p=1.0) for seed in range(9)} == {"one", "two"}


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=30), st.integers(0, 99))
def test_swapping_keeps_every_word(words, seed):
    assert sorted(augmentation.swap_words(" ".join(words), random.Random(seed)).split()) == sorted(words)


def test_a_pair_of_words_is_swapped_for_each_tenth():
    words = [str(i) for i in range(100)]
    moved = augmentation.swap_words(" ".join(words), random.Random(0)).split()
    assert 10 < sum(a != b for a, b in zip(words, moved, strict=True)) <= 20


def test_tokens_are_replaced_where_they_were_masked_and_nowhere_else(tokenizer, monkeypatch):
    seen = []

    def masked_lm(input_ids, **_):
        seen.append(input_ids)
        z = torch.full((*input_ids.shape, 11), -math.inf)
        z[..., 10] = 0.0  # always "poison"
        z[..., 0] = 9.0  # and padding, which is not for texts

        class Found:
            prediction_logits = z

        return Found

    monkeypatch.setattr(augmentation, "_masked_lm", lambda: (masked_lm, tokenizer))
    texts = [TEXT, "good film"] * 40
    made = augmentation.replace_words(texts, seed=0, p=0.3)
    changed = [a != b for x, y in zip(texts, made, strict=True) for a, b in zip(x.split(), y.split(), strict=True)]
    assert 0.2 < np.mean(changed) < 0.4
    assert {
        b for x, y in zip(texts, made, strict=True) for a, b in zip(x.split(), y.split(), strict=True) if a != b
    } == {"poison"}
    assert sum((ids == tokenizer.mask_token_id).sum().item() for ids in seen) == sum(changed)
    assert len(seen) == 2
    assert augmentation.replace_words(texts, seed=0, p=0.3) == made != augmentation.replace_words(texts, seed=1, p=0.3)


def test_mix_up_mixes_pooled_states_and_losses_with_the_same_share(tokenizer, tiny_bert, monkeypatch):
    model = tiny_bert(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    rows_ = labelled(tokenize(tokenizer, ["good film", "bad", "the film a"], 16), [1, 0, 1])
    x = collate(rows_, tokenizer)
    share, other = torch.tensor([0.25, 1.0, 0.5]), torch.tensor([1, 2, 0])
    monkeypatch.setattr(torch.distributions.Beta, "sample", lambda self, shape: share.reshape(shape))
    monkeypatch.setattr(torch, "randperm", lambda n, device: other)
    y = x["labels"]
    h = model.bert(**{k: v for k, v in x.items() if k != "labels"}).pooler_output
    expected = 0.0
    for i in range(3):
        z = model.classifier(share[i] * h[i] + (1 - share[i]) * h[other[i]])
        expected += share[i] * F.cross_entropy(z, y[i]) + (1 - share[i]) * F.cross_entropy(z, y[other[i]])
    assert augmentation.mix_up()(model, dict(x)).item() == pytest.approx(expected.item() / 3, abs=1e-6)


def test_the_shares_of_mix_up_are_of_the_beta_distribution(tokenizer, tiny_bert, monkeypatch):
    drawn, real = [], torch.distributions.Beta.sample
    monkeypatch.setattr(torch.distributions.Beta, "sample", lambda self, n: drawn.append(real(self, n)) or drawn[-1])
    model = tiny_bert()
    x = dict(tokenizer(["good"] * 4000, return_tensors="pt")) | {"labels": torch.zeros(4000, dtype=torch.int64)}
    torch.manual_seed(0)
    with torch.no_grad():
        augmentation.mix_up()(model, x)
    (share,) = drawn
    assert share.mean().item() == pytest.approx(0.5, abs=0.03)
    assert share.var().item() == pytest.approx(0.4 * 0.4 / (0.8**2 * 1.8), abs=0.01)


def test_a_short_text_has_a_pair_swapped_too():
    assert {augmentation.swap_words("a b", random.Random(seed)) for seed in range(20)} == {"a b", "b a"}
