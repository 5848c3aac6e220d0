"""The runs of distillation and early exit: what is planned, learnt and kept."""

import json

import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from pyft.course.ch9_5_accuracy_against_cost import experiment, shortcuts
from pyft.course.ch9_5_accuracy_against_cost.experiment import DISTILLED, EARLY, HALF, WAYS, WHOLE
from pyft.evaluation.stats import unpack_bits
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    """A tiny model and a small corpus whose label one word decides."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    texts = ["the " * (i % 3) + ("good" if i % 2 else "bad") for i in range(24)]
    rows = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(24)]}, features=features)
    splits = DatasetDict(train=rows, validation=rows.select(range(6)), test=rows.select(range(6, 18)))
    monkeypatch.setattr(experiment.data, "load", lambda name: splits)
    monkeypatch.setattr(experiment, "ROWS", 24)
    monkeypatch.setattr(experiment, "EXITS", (1,))
    recipe = Recipe(epochs=20, batch_size=4, lr=5e-3, evaluations=0, max_length=16, fast_path=("dropout",))
    monkeypatch.setattr(experiment, "RECIPE", recipe)
    return splits


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_a_run_learns_and_keeps_what_it_answered(way, small):
    found = experiment.run(way, 0)
    assert json.loads(json.dumps(found)) == found
    right = unpack_bits(found["right"], 12)
    assert found["accuracy"] == pytest.approx(right.mean(), abs=1e-6) and found["accuracy"] >= 0.9
    assert found["layers"] == {WHOLE: 2.0, HALF: 1.0, DISTILLED: 1.0}.get(way, found["layers"])
    assert 1.0 <= found["layers"] <= 2.0 and (found["threshold"] is None) == (way != EARLY)
    again = experiment.run(way, 0)
    assert {k: v for k, v in again.items() if k != "seconds"} == {k: v for k, v in found.items() if k != "seconds"}


def test_a_student_learns_from_its_teacher_and_the_teacher_from_nobody(small, tiny_bert):
    student, teacher = tiny_bert(1).eval(), tiny_bert(2).eval()
    x = {"input_ids": torch.tensor([[2, 5, 3]]), "labels": torch.tensor([1])}
    loss = experiment.from_teacher(student, x, teacher)
    read = {"input_ids": x["input_ids"]}
    wanted = shortcuts.distillation_loss(student(**read).logits, teacher(**read).logits, x["labels"])
    torch.testing.assert_close(loss, wanted)
    loss.backward()
    assert all(p.grad is None for p in teacher.parameters())
    assert student.classifier.weight.grad.abs().sum() > 0


def test_all_exits_are_trained_alike(tiny_bert):
    model = shortcuts.add_exits(tiny_bert(), (1,)).eval()
    x = {"input_ids": torch.tensor([[2, 5, 3], [2, 6, 3]]), "labels": torch.tensor([1, 0])}
    z = shortcuts.exit_logits(model, x)
    wanted = sum(torch.nn.functional.cross_entropy(one, x["labels"]) for one in z) / 2
    torch.testing.assert_close(experiment.over_exits(model, x), wanted)


def test_the_threshold_is_the_lowest_that_costs_no_validation_text():
    p = torch.tensor([[[0.35, 0.65], [0.85, 0.15]], [[0.1, 0.9], [0.1, 0.9]]])  # (E, N, K)
    z, y = p.log(), torch.tensor([1, 1])
    assert experiment.leave(z, 0.6)[0].tolist() == [1, 0]
    assert experiment.choose_threshold(z, y) == 0.9  # below it the second text leaves early, and wrong
    guess, left_at = experiment.leave(z, 0.9)
    assert guess.tolist() == [1, 1] and left_at.tolist() == [1, 1]
    assert experiment.choose_threshold(z, torch.tensor([1, 0])) == 0.6
    surer = torch.tensor([[[0.001, 0.999]], [[0.9, 0.1]]]).log()
    assert experiment.choose_threshold(surer, torch.tensor([0])) == 1.0


def test_every_way_is_planned_with_every_seed():
    assert len(set(experiment.plan())) == len(experiment.plan()) == len(WAYS) * experiment.SEEDS
    assert {name for pair in experiment.TESTS.members for name in pair} == set(WAYS)
