"""A run of each kind on tiny models, twice the same."""

from dataclasses import replace

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from pyft import data
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts import recipes as reading
from pyft.course.ch8_3_4_privacy_and_security import experiment, poison, recipes
from pyft.course.ch8_3_4_privacy_and_security.experiment import MEMBERS, POISON, PRIVATE, SECRETS
from pyft.course.ch8_3_4_privacy_and_security.recipes import CLEAN, FLIPPED, RATES, TRIGGER
from pyft.models import loading


def corpus(name, profile="laptop"):
    rows = {"text": [f"the {'good' if i % 2 else 'bad'} film" for i in range(24)], "label": [i % 2 for i in range(24)]}
    kinds = Features({"text": Value("string"), "label": ClassLabel(names=["negative", "positive"])})
    whole = Dataset.from_dict(rows, features=kinds)
    return DatasetDict(dict.fromkeys(("train", "validation", "test"), whole))


@pytest.fixture(autouse=True)
def small(monkeypatch, tiny_minilm, same_torch_afterwards):
    monkeypatch.setattr(data, "load", corpus)
    carried = loading._carried
    monkeypatch.setattr(
        loading, "_carried", lambda n, c, task, options: carried("bert", replace(c, prepared=False), task, options)
    )
    sizes = {"SECRET_TEXTS": 20, "SECRET_TOKENS": 600, "POOL": 16, "POISON_ROWS": 20, "STEPS": 5, "SHARE": 0.5}
    for name, value in (sizes | {"LATE": 2, "SEARCHED": 3, "MAX_LENGTH": 16}).items():
        monkeypatch.setattr(recipes, name, value)
    for name in ("MEMBER_RECIPE", "POISON_RECIPE"):
        monkeypatch.setattr(recipes, name, replace(getattr(recipes, name), epochs=1, batch_size=8))
    monkeypatch.setattr(reading, "LENGTH", 16)
    for name in ("FLIPS", "TRIGGERS"):
        monkeypatch.setattr(poison, name, 2)
    cached = (experiment.corpus, experiment.frozen, experiment.noise)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


def twice(*arguments):
    """A run, the same when it is made again."""
    made = [experiment.run(*arguments) | {"seconds": 0} for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0]["what"], made[0]["arm"], made[0]["seed"]) == arguments
    return made[0]


@pytest.mark.long
def test_secrets():
    run = twice(SECRETS, "", 0)
    assert len(run["copies"]) == len(run["before"]) == len(run["after"]) == len(recipes.DOORS)
    assert all(0 <= bits <= 13.3 for bits in run["after"])


@pytest.mark.long
def test_members():
    run = twice(MEMBERS, 2, 1)
    assert len(run["loss"]) == 16
    assert 0 <= run["accuracy"] <= 1


@pytest.mark.long
@pytest.mark.parametrize("name", ["8", "none"])
def test_private_heads(name):
    run = twice(PRIVATE, name, 0)
    assert (run["noise"] > 0) == (name == "8")
    assert set(run["validation"]) == {str(rate) for rate in RATES}
    assert len(experiment.answers(run, str(RATES[0]))) == 24
    assert run["majority"] == 0.5


@pytest.mark.long
def test_poison():
    run = twice(POISON, TRIGGER, 0)
    assert len(experiment.answers(run, "trigger")) == len(experiment.answers(run, "plain")) == 12
    assert 1 <= run["search"]["rank"] <= run["search"]["words"]
    assert "search" in twice(POISON, CLEAN, 0)
    flips = twice(POISON, FLIPPED, 0)["flips"]
    assert sum(flips["turned"]) == 2
    assert len(flips["early"]) == len(flips["late"]) == 20
