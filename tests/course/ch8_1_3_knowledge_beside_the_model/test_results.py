"""A run on a few sentences, the leak test, and what is said of made-up runs."""

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from matplotlib import pyplot as plt

from pyft.course.ch6_3_named_entities.experiment import pack_tags
from pyft.course.ch8_1_3_knowledge_beside_the_model import experiment, leaks, recipes, results
from pyft.course.ch8_1_3_knowledge_beside_the_model.experiment import KNOWLEDGE, PERSON, plan
from pyft.course.ch8_1_3_knowledge_beside_the_model.lists import Lists, from_sentences
from pyft.course.ch8_1_3_knowledge_beside_the_model.recipes import AMOUNTS, ARMS
from pyft.data.corpora import ENTITIES
from pyft.errors import PyftError

ROWS = 120
FEATURES = Features(
    {
        "document": Value("int32"),
        "tokens": List(Value("string")),
        "ner_tags": List(ClassLabel(names=ENTITIES)),
    }
)
NUMBERS = np.random.default_rng(0).permutation(ROWS) + 1000  # from which nobody can tell a person from a place


def name(prefix, i):
    return f"{prefix}{NUMBERS[i]}x"


def split(prefix):
    """Sentences of two kinds, in documents of three: "Name won" with a person, and "Town won" with a place."""
    rows = []
    for i in range(ROWS):
        kind = "PER" if i % 2 else "LOC"
        rows.append(
            {"document": i // 3, "tokens": [name(prefix, i), "won"], "ner_tags": [ENTITIES.index(f"B-{kind}"), 0]}
        )
    return Dataset.from_list(rows, features=FEATURES)


TRAIN, VALIDATION, TEST = split("Train"), split("Valid"), split("Test")
PUBLIC = Lists(
    last=frozenset(name(p, i) for p in ("train", "valid", "test") for i in range(1, ROWS, 4))
)  # half of all persons
NEW = ROWS // 2


@pytest.fixture
def small(monkeypatch):
    splits = DatasetDict({"train": TRAIN, "validation": VALIDATION, "test": TEST})
    monkeypatch.setattr(experiment, "corpus", lambda: splits)
    monkeypatch.setattr(experiment, "public", lambda: PUBLIC)
    for module in (experiment, recipes):
        monkeypatch.setattr(module, "AMOUNTS", {"few": 60, "many": 120})


def test_a_run_tags_every_sentence_and_a_leak_shows(small):
    made = {arm: experiment.run(arm, "many", 0) for arm in ARMS}
    for r in made.values():
        tags = experiment.tags_of(r, TEST)
        assert [len(row) for row in tags] == [2] * ROWS
        assert set().union(*tags) <= set(PERSON)
    assert made["none"] | {"seconds": 0} == experiment.run("none", "many", 0) | {"seconds": 0}
    assert made["leaked"]["f1"] > made["none"]["f1"] + 0.1


def test_other_kinds_are_left_out():
    assert experiment.persons_alone([["B-PER", "I-PER", "B-LOC", "O"]]) == [["B-PER", "I-PER", "O", "O"]]


def test_a_list_of_the_test_is_found_out():
    leaked = PUBLIC | from_sentences(experiment.sentences(TEST))
    shares = {}
    for name, some in (("public", PUBLIC), ("leaked", leaked)):
        there, here, v = leaks.coverage(VALIDATION, TEST, some, set())
        shares[name] = (there, here, v.word)
    assert shares["public"] == (0.5, 0.5, "no difference shown")
    assert shares["leaked"] == (0.5, 1.0, "better")
    text = results.leak_table(VALIDATION, TEST, TRAIN, {"public": PUBLIC, "leaked": leaked}).data
    assert text.count("no leak shown") == text.count("knows the test better") == 1


def test_names_of_the_training_split_are_not_new():
    known = {(name("test", 1), "PER")}
    found, documents = leaks.covered_new(TEST, PUBLIC, known)
    assert len(found) == len(documents) == NEW - 1


# --- made-up runs -----------------------------------------------------------------------------------------------------


def made_up(**right):
    """Runs in which so many persons of the test are found, 0.5 where nothing is said, the same with every seed."""

    def tags(arm):
        found = right.get(arm, 0.5)
        return [["B-PER" if i % 2 and i < found * ROWS else "O", "O"] for i in range(ROWS)]

    runs = [{"arm": a, "amount": n, "seed": s, "tags": pack_tags(tags(a), PERSON)} for a, n, s in plan()]
    return results.answers({"runs": runs}, TRAIN, TEST, PUBLIC)


def test_answers_are_of_new_persons():
    a = made_up(public=0.8)
    assert a.hits["public", "few"].shape == (5, NEW)
    assert a.counted["public", "few"].shape == (5, ROWS, 3)
    assert a.listed.sum() == NEW // 2
    assert results.scores(a, "public", "few", "new") == pytest.approx([0.8] * 5)
    assert results.scores(a, "public", "few", "F1") == pytest.approx([2 * 0.8 / 1.8] * 5)


def test_no_difference_is_told_as_none():
    told = results.told(made_up())
    assert (
        f"Of {len(KNOWLEDGE.members)} comparisons, corrected together, none better and none worse;" in told["verdict"]
    )
    assert "recall moves by +0.0 points on new persons" in told["where"]
    assert "by +0.0 points (+0.0 to +0.0) against the public ones: no difference shown." in told["leak"]


def test_gains_and_losses_are_named():
    gained, lost = (results.told(made_up(public=share))["verdict"] for share in (0.9, 0.1))
    assert "6 better (new persons, few: public lists than no list;" in gained
    assert "6 worse (new persons, few: public lists than no list;" in lost
    assert "+40.0 points" in results.told(made_up(leaked=0.9))["leak"]
    moved = results.told(made_up(public=1.0, none=0.0))["where"]
    assert "by +100.0 points on new persons of whom the public lists know a word" in moved


def test_table_and_figure():
    a = made_up(public=0.9)
    text = results.table(a).data
    assert text.count("<tr>") == 1 + len(ARMS)
    assert text.count("▲") == 2 * len(AMOUNTS) + 1  # and in the caption
    figure = results.recall_figure(a)
    assert [axes.get_title() for axes in figure.axes] == ["500 sentences", "4,000 sentences"]
    plt.close(figure)


def test_the_stored_runs_are_all_of_the_plan(monkeypatch):
    whole = [{"arm": a, "amount": n, "seed": s} for a, n, s in plan()]
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole})
    assert results.stored()["runs"] == whole
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole[:-1]})
    with pytest.raises(PyftError, match="lacks 1 of"):
        results.stored()


def test_every_arm_meets_every_amount_and_seed():
    assert len(set(plan())) == len(plan()) == len(ARMS) * len(AMOUNTS) * recipes.SEEDS
    assert {key[2] for key in KNOWLEDGE.members} <= set(recipes.HONEST)


def test_shares_stay_shares():
    v = leaks.compare_shares(np.array([True, False]), np.array([True, True]), [0, 1], [0, 1])
    assert v.difference == -0.5
