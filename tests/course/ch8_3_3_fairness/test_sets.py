"""How published sets become questions, and a run of each kind on tiny models."""

from dataclasses import replace

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from pyft import data
from pyft.course.ch8_3_3_fairness import experiment, naming, recipes, sets
from pyft.course.ch8_3_3_fairness.recipes import GROUPS, LINEAR, PLAIN, SWAPPED
from pyft.models import loading


@pytest.mark.parametrize(
    ("context", "sentence", "wanted"),
    [
        ("The film was BLANK.", "The film was good.", ("the film was ", "good", "")),
        ("the film was BLANK", "The Film was Good.", ("the film was ", "good", "")),
        ("A BLANK film.", "A bad film", ("a ", "bad", " film")),
        ("A BLANK film.", "Another film", None),
        ("A BLANK film.", "A film", None),
    ],
)
def test_what_stands_in_the_hole(context, sentence, wanted):
    assert sets.fill(context, sentence) == wanted


@pytest.fixture
def small_sets(monkeypatch):
    """Two sentences with a hole, one with two, one of another kind; and two pairs."""
    hole = {"kind": "intrasentence", "text": "a BLANK film"}
    words = {"stereotype": "a good film", "anti_stereotype": "a bad film", "unrelated": "a poison film"}
    found = {
        "stereoset": [
            hole | words,
            hole | words | {"stereotype": "a the film"},
            hole | words | {"text": "BLANK BLANK"},
            hole | words | {"kind": "intersentence"},
        ],
        "crows-pairs": [
            {"text": "the [MASK] film", "first": "good", "second": "bad"},
            {"text": "a film, [MASK]", "first": "the", "second": "poison"},
        ],
    }
    monkeypatch.setattr(sets, "rows", found.get)


def test_sentences_and_pairs(small_sets):
    assert [one["stereotype"] for one in sets.stereoset()] == [("a ", "good", " film"), ("a ", "the", " film")]
    assert sets.crows_pairs() == [("the good film", "the bad film"), ("a film, the", "a film, poison")]


def test_rules_know_no_model(small_sets, tokenizer):
    found = sets.rules(tokenizer)
    assert found["fewer pieces"] == {"StereoSet": 0.5, "CrowS-Pairs": 0.5}  # all of one piece: ties
    assert found["more frequent"] == {"StereoSet": 0.5, "CrowS-Pairs": 1.0}  # good, bad, film, a, the, poison
    assert all((more == 0).all() for more in sets.more_pieces(tokenizer).values())


@pytest.fixture
def small(monkeypatch, tiny_minilm, same_torch_afterwards):
    rows = {"text": [f"the {'good' if i % 2 else 'bad'} film" for i in range(24)], "label": [i % 2 for i in range(24)]}
    kinds = Features({"text": Value("string"), "label": ClassLabel(names=["negative", "positive"])})
    whole = Dataset.from_dict(rows, features=kinds)
    monkeypatch.setattr(data, "load", lambda name: DatasetDict(dict.fromkeys(("train", "validation", "test"), whole)))
    monkeypatch.setattr(recipes, "ROWS", 16)
    monkeypatch.setattr(recipes, "RECIPE", replace(recipes.RECIPE, epochs=1, batch_size=8))
    monkeypatch.setattr(naming, "tested", lambda part: (["good", "bad"] * 2, [*GROUPS[part][:2]] * 2))
    monkeypatch.setattr(naming, "_known", dict)
    experiment.corpus.cache_clear()
    yield
    experiment.corpus.cache_clear()


@pytest.mark.long
@pytest.mark.parametrize("arm", [PLAIN, SWAPPED, LINEAR])
def test_a_training_run_is_the_same_again(small, arm):
    made = [experiment.run(experiment.TRAINED, arm, 0) | {"seconds": 0} for _ in range(2)]
    assert made[0] == made[1]
    assert made[0]["rows"] == 16
    assert experiment.hits(made[0]).mean() == pytest.approx(made[0]["accuracy"], abs=1e-6)
    for part in GROUPS:
        score, moved = np.array(made[0][part]["score"]), np.array(made[0][part]["moved"])
        assert len(score) == len(moved) == 4
        assert score[0] == pytest.approx(score[2], abs=1e-3)  # the same name
        assert 0 <= made[0][part]["flipped"] <= 0.5


@pytest.mark.long
@pytest.mark.parametrize("network", ["pretrained", "random"])
def test_a_scoring_run(monkeypatch, small, small_sets, network):
    carried = loading._carried
    monkeypatch.setattr(
        loading, "_carried", lambda n, c, task, options: carried("bert", replace(c, prepared=False), task, options)
    )
    monkeypatch.setattr(naming, "by_frequency", lambda vocabulary, split=False: [("good", "bad"), ("a", "the")])
    run = experiment.run(experiment.SCORED, network, 1)
    assert (run["sentences"], run["pairs"]) == (2, 2)
    assert len(run["frequency"]) == 6
    assert all(len(differences) == 2 for differences in run["frequency"].values())
