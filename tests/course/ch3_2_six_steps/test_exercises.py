"""The exercises of 3.2, 3.3 and the pages below them: each solution is what the package or a library computes."""

import random

import pytest
import torch
from sklearn.metrics import f1_score

from pyft import finetune
from pyft.course.ch3_3_tricks import augmentation
from pyft.exercises import every
from pyft.finetune.batches import length_grouped_batches
from pyft.finetune.history import History, out_of_patience
from pyft.finetune.loop import Run
from pyft.finetune.parameter_groups import groups
from pyft.profiles import Recipe

PAGES = {"3.2": "abc", "3.2.2": "ab", "3.2.7": "ab", "3.3": "ab", "3.3.1": "ab", "3.3.2": "ab", "3.3.3": "ab"}
FINETUNE = {name: exercise for page in PAGES for name, exercise in every(page).items()}


def test_no_exercise_is_lost():
    assert list(FINETUNE) == [f"{page}-{letter}" for page, letters in PAGES.items() for letter in letters]


def test_the_steps_are_those_of_a_run(tokenizer):
    from datasets import Dataset

    for N, batch_size, epochs in [(37, 8, 3), (16, 8, 2)]:
        rows = Dataset.from_dict({"text": ["good film"] * N, "label": [0, 1] * (N // 2) + [0] * (N % 2)})
        run = Run(tokenizer, rows, Recipe(epochs=epochs, batch_size=batch_size, lr=1e-3), 0)
        assert FINETUNE["3.2-a"].solution(N, batch_size, epochs, 0.1)[0] == run.total


def test_the_padding_is_what_grouping_by_length_saves():
    lengths = torch.randint(3, 60, (640,), generator=torch.Generator().manual_seed(0))
    near = torch.tensor(length_grouped_batches(lengths.tolist(), 8, random.Random(0)))
    share = FINETUNE["3.2-b"].solution
    assert share(lengths[near]) < 0.05 < share(lengths.reshape(-1, 8))


def test_the_f1_is_scikit_learns():
    g = torch.Generator().manual_seed(0)
    y, z = (torch.randint(4, (200,), generator=g) for _ in range(2))
    counts = torch.zeros(4, 4).index_put((y, z), torch.ones(200), accumulate=True)
    assert FINETUNE["3.2-c"].solution(counts) == pytest.approx(f1_score(y, z, average="macro"), abs=1e-6)


def test_the_rates_are_those_of_the_packages_groups(tiny_bert):
    model = tiny_bert()
    depth = finetune.depths(model)
    peaks = {}
    for group in groups(model, Recipe(epochs=1, batch_size=8, lr=0.1, layer_decay=0.5)):
        peaks |= {depth[p]: group["peak"] for p in group["params"]}
    expected = FINETUNE["3.3.1-a"].solution(0.1, 0.5, 2)
    assert [peaks[k] for k in (3, 2, 1, 0)] == pytest.approx(expected.tolist())


def test_training_stops_where_the_package_stops():
    for losses, patience in FINETUNE["3.3.2-a"].cases:
        recipe = Recipe(epochs=1, batch_size=8, lr=0.1, patience=patience)
        shown = [losses[: t + 1].tolist() for t in range(len(losses))]
        over = [out_of_patience(History(validation_loss=some), recipe) for some in shown]
        stop = over.index(True) if True in over else len(losses) - 1
        assert FINETUNE["3.3.2-a"].solution(losses, patience) == (stop, shown[stop].index(min(shown[stop])))


def test_the_mixed_loss_is_the_packages(tokenizer, tiny_bert, monkeypatch):
    model = tiny_bert(num_labels=3).eval()
    x = dict(tokenizer(["good film", "bad", "the film a"], padding=True, return_tensors="pt"))
    y, other, share = torch.tensor([2, 0, 1]), torch.tensor([1, 2, 0]), torch.tensor([0.25, 0.9, 0.5])
    monkeypatch.setattr(torch.distributions.Beta, "sample", lambda self, shape: share.reshape(shape))
    monkeypatch.setattr(torch, "randperm", lambda n, device: other)
    h = model.bert(**x).pooler_output
    z = model.classifier(share[:, None] * h + (1 - share[:, None]) * h[other])
    theirs = augmentation.mix_up()(model, x | {"labels": y})
    assert FINETUNE["3.3.3-a"].solution(z, y, other, share).item() == pytest.approx(theirs.item(), abs=1e-6)
