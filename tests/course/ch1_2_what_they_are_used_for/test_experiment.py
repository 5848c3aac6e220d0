"""The answers of section 1.2: folds that keep a passage together, what a run keeps, and what is compared."""

import pytest
from datasets import Dataset, DatasetDict

from pyft.course.ch1_2_what_they_are_used_for import experiment, recipes
from pyft.evaluation import metrics
from pyft.evaluation.stats import unpack_bits

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def asked(i, answer="good"):
    passage = f"the film {i} is good"
    places = [passage.index(answer)] if answer else []
    answers = {"text": [answer] * len(places), "answer_start": places}
    return {"id": str(i), "question": "good ?", "passage": passage, "answers": answers}


ROWS = [asked(i) for i in range(30)] + [asked(5)] + [asked(99, "")]


@pytest.fixture
def small(monkeypatch):
    splits = {"train": ROWS[:20], "validation": ROWS[20:25], "test": ROWS[25:]}
    monkeypatch.setattr(experiment.data, "load", lambda name: splits)


def test_only_questions_with_an_answer_are_asked(small):
    assert [row["id"] for row in experiment.answerable()] == [*map(str, range(30)), "5"]


def test_every_passage_is_tested_once_and_never_learnt_from(small, monkeypatch):
    seen = []
    monkeypatch.setattr(experiment.models, "minilm", lambda: None)
    monkeypatch.setattr(experiment.models, "tokenizer", lambda name: None)
    monkeypatch.setattr(experiment.reader, "Reader", lambda body: None)
    monkeypatch.setattr(experiment.reader, "fit", lambda net, tok, rows, *_: seen.append(rows))
    monkeypatch.setattr(experiment.reader, "answers", lambda net, tok, rows, *_: ["the good"] * len(rows))
    runs = [experiment.run("spans", "bert", tested) for tested in range(experiment.FOLDS)]
    assert sorted(key for run in runs for key in run["ids"]) == sorted([*map(str, range(30)), "5"])
    for run, learnt in zip(runs, seen, strict=True):
        assert not {row["passage"] for row in learnt} & {asked(int(key))["passage"] for key in run["ids"]}
        assert run["learnt_from"] == len(learnt) == 31 - len(run["ids"])
        assert run["f1"] == [1.0] * len(run["ids"])  # an article does not count
        assert unpack_bits(run["exact"], len(run["ids"])).all()


def test_an_answer_is_held_against_the_spelling_that_it_fits_best():
    row = {"answers": {"text": ["40 , 000", "40,000 men"]}}
    assert experiment.score(metrics.exact_match, "40,000 men", row) == 1
    assert experiment.score(metrics.span_f1, "men", row) == pytest.approx(2 / 3)


def test_a_linear_model_answers_the_questions_of_its_seed(monkeypatch):
    monkeypatch.setattr(recipes, "BOOLQ_TEXTS", 40)
    monkeypatch.setattr(recipes, "BOOLQ_VALIDATION", 10)
    monkeypatch.setattr(recipes, "BOOLQ_TESTED", 10)
    words = [f"{'surely it is' if i % 3 else 'never was it'} number {i}" for i in range(60)]
    rows = Dataset.from_dict({"text": words, "label": [int(i % 3 > 0) for i in range(60)]})
    splits = DatasetDict({"train": rows, "validation": rows, "test": rows})
    monkeypatch.setattr(experiment.data, "load", lambda name: splits)
    kept = experiment.run("boolq", "linear", 0)
    assert kept["accuracy"] == 1.0 and unpack_bits(kept["right"], 10).all()
    assert kept["yes"] == sum(rows["label"][:10])


def test_what_is_compared_is_measured():
    runs = experiment.plan()
    assert len(runs) == len(set(runs)) == experiment.FOLDS + 2 * experiment.SEEDS
    assert {task for task, _ in experiment.ANSWERS.members} == {task for task, *_ in runs}
    assert {("boolq", "linear", 0), ("boolq", "bert", 2), ("spans", "bert", 2)} <= set(runs)
