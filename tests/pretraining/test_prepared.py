"""`pyft pretrain`: what it keeps is of the plan that its card states."""

import shutil
from dataclasses import replace

import pytest
from small_documents import SMALL
from typer.testing import CliRunner

from pyft import models
from pyft.cli import app
from pyft.pretraining import continued, prepared
from pyft.pretraining.objectives import Roberta

NAME = "roberta-continued"


@pytest.fixture
def pretrain(laptop, monkeypatch):
    """A function that runs the command with a small plan on these texts, and says which weights were kept."""

    def run(texts=(["good film", "bad film the a"], ["the poison"], ["a good a bad"]), **changes):
        monkeypatch.setitem(continued.PLANS, NAME, replace(SMALL, objective=Roberta, **changes))
        for module in (continued, prepared):
            monkeypatch.setattr(module, "texts", lambda: [list(text) for text in texts] * 8)
        found = CliRunner().invoke(app, ["pretrain", NAME], catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return models.history(NAME)["digest"]

    monkeypatch.setattr(continued, "WORK", laptop / "work")
    return run


def test_a_finished_run_leaves_no_state_and_the_next_trains_its_own_plan(pretrain, laptop):
    first = pretrain()
    assert not list((laptop / "work").rglob("*.safetensors"))
    assert pretrain(lr=0.01) != first == pretrain()


OTHER_TEXTS = {"texts": (["bad film", "good film the a"], ["the poison"], ["a bad a good"])}


@pytest.mark.parametrize("changes", [{"lr": 0.01}, {"seed": 1}, {"dropout": 0.5}, OTHER_TEXTS])
def test_a_state_of_another_run_is_not_gone_on_from(pretrain, changes, monkeypatch, laptop):
    _cut_before_the_card(pretrain, monkeypatch)
    found = pretrain(**changes)
    shutil.rmtree(laptop / "work", ignore_errors=True)
    assert found == pretrain(**changes)


def test_a_state_on_other_start_weights_is_not_gone_on_from(pretrain, monkeypatch, tiny_bert, tiny_minilm):
    _cut_before_the_card(pretrain, monkeypatch)
    tiny_bert(seed=1).bert.save_pretrained(tiny_minilm / "saved")
    steps = _counted(monkeypatch)
    pretrain()
    assert steps


def test_the_same_run_goes_on(pretrain, monkeypatch, laptop):
    expected = pretrain()
    _cut_before_the_card(pretrain, monkeypatch)
    steps = _counted(monkeypatch)
    assert pretrain() == expected and not steps
    assert not list((laptop / "work").rglob("*.safetensors"))


def _cut_before_the_card(pretrain, monkeypatch):
    """A run that is trained and saved, and stops before anything is kept."""

    def cut(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(continued.deltas, "save", cut)
        with pytest.raises((KeyboardInterrupt, AssertionError)):
            pretrain()


def _counted(monkeypatch):
    """The steps that are trained from now on."""
    steps, set_lr = [], continued.set_lr
    monkeypatch.setattr(continued, "set_lr", lambda *a: (steps.append(a[2]), set_lr(*a)))
    return steps
