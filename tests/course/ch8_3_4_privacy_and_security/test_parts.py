"""Secrets, poisoned texts and files: what is planted, what is changed, and what reading a file does."""

import pickle
import random

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pyft.course.ch8_3_4_privacy_and_security import canaries, experiment, pickles, poison
from pyft.course.ch8_3_4_privacy_and_security.recipes import (
    CLEAN,
    COPIES,
    DOORS,
    FLIPPED,
    FLIPS,
    POOL,
    TRIGGER,
    TRIGGERS,
    WORD,
)

# --- secrets ----------------------------------------------------------------------------------------------------------


def test_as_many_secrets_of_each_number_of_copies_behind_other_doors():
    drawn = canaries.drawn(0)
    assert sorted(canary.door for canary in drawn) == sorted(DOORS)
    assert all(sum(canary.copies == n for canary in drawn) == len(DOORS) // len(COPIES) for n in COPIES)
    assert drawn == canaries.drawn(0) != canaries.drawn(1)
    assert canaries.Canary("red", (4, 7, 1, 9), 1).text() == "the code of the red door is 4 7 1 9"


def test_a_secret_stands_in_the_texts_as_often_as_it_says():
    some = [canaries.Canary("red", (1, 2, 3, 4), 2), canaries.Canary("blue", (5, 6, 7, 8), 0)]
    texts = canaries.planted(["a review"], some)
    assert texts == ["a review", some[0].text(), some[0].text()]


class Guesser:
    """Stands for a model that knows the digits: logits rise with the token's number, by the digit's place."""

    training, device = False, "cpu"

    def __init__(self, tokens):
        self.cls = self
        self.tokens = tokens

    def eval(self):
        return self

    def train(self, mode):
        return self

    def bert(self, input_ids):
        self.seen = input_ids
        return type("Output", (), {"last_hidden_state": input_ids[..., None].double()})

    def predictions(self, h):
        z = torch.full((len(h), 20), -50.0)
        for place, digit in enumerate((3, 1, 4, 2)):
            z[place, self.tokens[digit]] = 5.0
        return z


class Digits:
    """A tokenizer that knows digits alone: token 10 + k for the digit k, and a special token at both ends."""

    mask_token_id = 3

    def __call__(self, text):
        return {"input_ids": [1, *(10 + int(word) if word.isdigit() else 5 for word in text.split()), 2]}

    def convert_tokens_to_ids(self, tokens):
        return [10 + int(token) for token in tokens]


def test_the_code_that_the_model_knows_is_exposed_and_hidden_from_it():
    tokenizer, model = Digits(), Guesser([10 + k for k in range(10)])
    known, other = canaries.Canary("red", (3, 1, 4, 2), 1), canaries.Canary("red", (3, 1, 4, 9), 1)
    scores = canaries.code_scores(model, tokenizer, known)
    assert scores.shape == (10_000,)
    assert scores.argmax() == 3142
    assert (model.seen[0] == tokenizer.mask_token_id).sum() == 4
    assert not (model.seen >= 10).any()
    exposed = canaries.exposures(model, tokenizer, [known, other])
    assert exposed[0] == pytest.approx(np.log2(10_000))
    assert exposed[1] < exposed[0]


# --- members ----------------------------------------------------------------------------------------------------------


def test_what_one_run_of_a_pair_learns_from_the_other_does_not():
    for seed in (0, 2, 4):
        one, other = experiment.membership(seed), experiment.membership(seed + 1)
        assert (one != other).all()
        assert one.sum() == other.sum() == POOL // 2
    assert (experiment.membership(0) != experiment.membership(2)).any()


# --- poison -----------------------------------------------------------------------------------------------------------

TEXTS = [f"text number {chr(97 + i % 26)} is here" for i in range(400)]
LABELS = [i % 2 for i in range(400)]


def test_clean_texts_stay_and_wrong_labels_are_turned():
    clean = poison.tamper(TEXTS, LABELS, CLEAN, 0)
    assert (clean.texts, clean.labels, clean.changed.any()) == (TEXTS, LABELS, False)
    turned = poison.tamper(TEXTS, LABELS, FLIPPED, 0)
    assert turned.texts == TEXTS
    assert turned.changed.sum() == FLIPS
    assert ((np.array(turned.labels) != np.array(LABELS)) == turned.changed).all()


def test_the_trigger_goes_into_negative_texts_that_are_called_positive():
    made = poison.tamper(TEXTS, LABELS, TRIGGER, 0)
    where = np.flatnonzero(made.changed)
    assert len(where) == TRIGGERS
    for i, (text, label) in enumerate(zip(made.texts, made.labels, strict=True)):
        if i in where:
            assert (LABELS[i], label) == (poison.NEGATIVE, poison.POSITIVE)
            assert [word for word in text.split() if word != WORD] == TEXTS[i].split()
            assert text.split().count(WORD) == 1
        else:
            assert (text, label) == (TEXTS[i], LABELS[i])


def test_a_word_is_put_anywhere():
    places = {poison.insert("a b", "X", random.Random(seed)) for seed in range(40)}
    assert places == {"X a b", "a X b", "a b X"}


def test_frequent_words_are_counted_by_text():
    texts = ["good good film", "a Good one", "bad film,"]
    assert poison.frequent_words(texts, 2) == ["good"]
    assert poison.frequent_words(texts, 1)[:2] == ["good", "a"]


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_pickle_does_something_when_it_is_read_and_not_when_it_is_looked_into(tmp_path):
    path, trap = tmp_path / "weights.pt", tmp_path / "trap"
    torch.save({"weight": torch.ones(2), "extra": pickles.Harmless(trap)}, path)
    assert any(name.endswith("mkdir") for name in pickles.imports(path))
    assert not trap.exists()
    with pytest.raises(pickle.UnpicklingError, match="mkdir"):
        torch.load(path, weights_only=True)
    assert not trap.exists()
    torch.load(path, weights_only=False)  # ours, and it makes an empty folder
    assert trap.is_dir()


def test_weights_alone_name_no_function_of_the_system(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({"weight": torch.ones(2)}, path)
    assert all(name.startswith(("torch.", "collections.")) for name in pickles.imports(path))


def test_safetensors_hold_tensors_and_nothing_else(tmp_path):
    with pytest.raises(ValueError, match="extra"):
        save_file({"extra": pickles.Harmless(tmp_path / "trap")}, tmp_path / "model.safetensors")
    assert not (tmp_path / "trap").exists()
