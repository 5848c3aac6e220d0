"""Decoding, context, the paired test of F1, kinds of error, and what a run keeps."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score

from pyft import finetune, models
from pyft.course.ch6_3_named_entities import document_context, experiment
from pyft.course.ch6_3_named_entities.document_context import add_context, own_words_loss
from pyft.course.ch6_3_named_entities.experiment import pack_tags, unpack_tags
from pyft.data.iob2 import Span, spans
from pyft.errors import PyftError
from pyft.evaluation import ner
from pyft.evaluation.decoding import decode_constrained, decode_greedy, is_legal
from pyft.evaluation.ner import Mistake, compare_f1, counts, f1, mistakes
from pyft.maths.objectives import IGNORED
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

TAGS = ["O", "B-PER", "I-PER"]
tag_lists = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=1, max_size=8)
pairs = st.lists(
    tag_lists.flatmap(lambda y: st.tuples(st.just(y), st.permutations(y))),
    min_size=1,
    max_size=6,
)


def rows(tokens, tags, documents):
    features = Features(
        {"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=TAGS)), "document": Value("int32")}
    )
    return Dataset.from_dict({"tokens": tokens, "ner_tags": tags, "document": documents}, features=features)


def corpus(name="conll2003"):
    """A word decides the tag, and `film` goes on with what stood before it."""
    words = [["the"] * (i % 3) + ["good" if i % 2 else "bad", "film"] for i in range(24)]
    tags = [[{"good": 1, "film": 2 * (i % 2)}.get(w, 0) for w in row] for i, row in enumerate(words)]
    made = rows(words, tags, [i // 4 for i in range(24)])
    return DatasetDict({"train": made, "validation": made.select(range(6)), "test": made.select(range(6, 18))})


# --- decoding ---------------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(0, 10**6))
def test_constrained_tags_obey_and_change_nothing_that_obeys(T, seed):
    z = [torch.randn(T, 3, generator=torch.Generator().manual_seed(seed))]
    free, best = decode_greedy(z, TAGS, [T]), decode_constrained(z, TAGS, [T])
    assert is_legal(best[0])
    assert (best == free) == is_legal(free[0])


def test_words_that_were_cut_off_have_none():
    z = [torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 2.0]])]
    assert decode_greedy(z, TAGS, [4]) == decode_constrained(z, TAGS, [4]) == [["B-PER", "I-PER", "O", "O"]]
    illegal = [torch.tensor([[1.0, 0.0, 2.0]])]
    assert decode_greedy(illegal, TAGS, [2]) == [["I-PER", "O"]]
    assert decode_constrained(illegal, TAGS, [2]) == [["O", "O"]]


# --- context ----------------------------------------------------------------------------------------------------------


def test_a_sentence_stands_between_its_neighbours_of_the_same_document():
    made, begins = add_context(
        rows([["a", "b"], ["c"], ["d", "e"], ["f"]], [[1, 2], [0], [1, 0], [1]], [0, 0, 0, 1]), 3, "|"
    )
    assert made["tokens"] == [
        ["|", "a", "b", "|", "c", "d", "e"],
        ["a", "b", "|", "c", "|", "d", "e"],
        ["a", "b", "c", "|", "d", "e", "|"],
        ["|", "f", "|"],
    ]
    assert made["ner_tags"][2] == [0, 0, 0, 0, 1, 0, 0] and begins == [1, 3, 4, 1]
    nearest, begins = add_context(rows([["a", "b"], ["c"], ["d", "e"]], [[0, 0], [0], [0, 0]], [0, 0, 0]), 1, "|")
    assert nearest["tokens"][1] == ["b", "|", "c", "|", "d"] and begins == [1, 2, 2]
    assert nearest.features["ner_tags"].feature.names == TAGS


def test_only_a_sentences_own_words_are_learnt(tiny_minilm):
    model, tokenizer = models.load("minilm", "token-classification", num_labels=3)
    model.eval()
    made, _ = add_context(rows([["a"], ["good", "film"], ["bad"]], [[0], [1, 2], [0]], [0, 0, 0]), 3, "[SEP]")
    run = finetune.Run(tokenizer, made, Recipe(1, 3, 1e-3), 0)
    x = finetune.collate(run.rows[1:2], tokenizer)
    z = model(input_ids=x["input_ids"]).logits[0]  # [CLS] a [SEP] good film [SEP] bad [SEP]
    expected = torch.nn.functional.cross_entropy(z[3:5], torch.tensor([1, 2]))
    assert own_words_loss(model, x, tokenizer.sep_token_id).item() == pytest.approx(expected.item(), abs=1e-6)
    assert (x["labels"] != IGNORED).sum() == 6  # the batch is as it was


# --- the paired test --------------------------------------------------------------------------------------------------


@given(pairs)
def test_f1_of_counts_is_seqevals(some):
    true, found = [y for y, _ in some], [list(z) for _, z in some]
    assert f1(counts(true, found).sum(0)) == pytest.approx(f1_score(true, found, zero_division=0))


def test_the_bootstrap_is_that_of_a_loop():
    rng = np.random.default_rng(1)
    true = rng.integers(1, 4, 40)
    a, b = (np.stack([np.minimum(rng.integers(0, 4, 40), true), true, true], 1) for _ in range(2))
    groups = [i // 4 for i in range(40)]
    found = compare_f1(a, b, groups, samples=300, seed=7)
    times = np.random.default_rng(7).multinomial(10, np.full(10, 1 / 10), 300)
    drawn = []
    for row in times:
        pick = [i for g, n in enumerate(row) for _ in range(n) for i in range(4 * g, 4 * g + 4)]
        drawn.append(f1(a[pick].sum(0)) - f1(b[pick].sum(0)))
    assert found.low == pytest.approx(np.quantile(drawn, 0.025)) and found.high == pytest.approx(
        np.quantile(drawn, 0.975)
    )
    assert found.value == pytest.approx(float(f1(a.sum(0)) - f1(b.sum(0))))


def test_a_difference_has_a_word_and_two_of_the_same_have_none():
    good, bad = np.tile([2, 2, 2], (30, 1)), np.tile([0, 2, 2], (30, 1))
    assert compare_f1(good, bad, range(30)).verdict() == "better"
    assert compare_f1(bad, good, range(30)).verdict() == "worse"
    assert compare_f1(good, good, range(30)) == (0, 0, 0) and compare_f1(good, good, range(30)).verdict().startswith(
        "no"
    )
    with pytest.raises(PyftError, match="found 30, 29, 30"):
        compare_f1(good, bad[1:], range(30))


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "true,found,kinds",
    [
        ("B-PER I-PER O", "B-PER I-PER O", []),
        ("B-PER I-PER O", "B-ORG I-ORG O", ["kind"]),
        ("B-PER I-PER O", "B-PER O O", ["boundary"]),
        ("B-PER I-PER O", "B-ORG O O", ["both"]),
        ("B-PER I-PER O", "O O O", ["missed"]),
        ("O O O", "O B-PER O", ["invented"]),
        ("B-PER I-PER O", "B-PER B-PER O", ["boundary"]),  # both halves are of the one that was torn
        ("B-PER O B-LOC", "O B-PER B-LOC", ["missed", "invented"]),
        ("B-PER B-PER", "B-PER I-PER", ["boundary", "boundary"]),
    ],
)
def test_an_error_has_one_kind(true, found, kinds):
    assert [m.what for m in mistakes(true.split(), found.split())] == kinds


@settings(max_examples=50, deadline=None)
@given(tag_lists, st.data())
def test_every_entity_that_is_not_right_is_in_an_error(true, draw):
    found = draw.draw(st.permutations(true))
    made = mistakes(true, found)
    left = [s for s in spans(true) if s not in spans(found)]
    assert [m.true for m in made if m.true] == left
    extra = {s for s in spans(found) if s not in spans(true)}
    assert {m.found for m in made if m.found} <= extra
    assert mistakes(true, true) == []


def test_an_invented_one_says_where():
    assert mistakes(["O", "O"], ["O", "B-PER"]) == [Mistake("invented", None, Span("PER", 1, 2))]


def test_what_was_seen_is_words_and_kind_without_case():
    made = rows([["Good", "Film"], ["a"]], [[1, 2], [1]], [0, 0])
    assert ner.known_entities(made) == {("good film", "PER"), ("a", "PER")}


# --- runs -------------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(tag_lists, max_size=5))
def test_tags_come_back_from_their_short_form(some):
    name = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    assert unpack_tags(pack_tags(some, name), name, list(map(len, some))) == some


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    monkeypatch.setattr(experiment.data, "load", corpus)
    recipe = Recipe(epochs=20, batch_size=4, lr=5e-3, evaluations=0, max_length=32)
    monkeypatch.setattr(
        experiment,
        "SETUPS",
        {
            "sentence": experiment.Setup(20, recipe),
            "context": experiment.Setup(20, recipe, 3),
            "all": experiment.Setup(None, recipe),
        },
    )


@pytest.mark.long
@pytest.mark.parametrize("setup", ["sentence", "context", "all"])
def test_a_run_learns_and_keeps_its_tags(small, setup):
    kept = experiment.run("minilm", setup, 0)
    assert kept["greedy"] == kept["constrained"] == 1.0 and kept["illegal"] == 0
    test = corpus()["test"]
    found = {"runs": [kept]}
    for decoding in ("greedy", "constrained"):
        assert experiment.stored_tags(found, test, setup, decoding, "minilm") == [ner.gold_tags(test)]
    for other in ({"setup": "other", "model": "minilm"}, {"setup": setup, "model": "xlnet"}):
        with pytest.raises(PyftError, match=f"no stored run of setup '{other['setup']}' with model"):
            experiment.stored_tags(found, test, **other)


@pytest.mark.parametrize("setup,of_own_words", [("sentence", False), ("context", True), ("all", False)])
def test_in_context_a_run_learns_from_the_sentence_alone(small, monkeypatch, setup, of_own_words):
    given = []
    monkeypatch.setattr(experiment, "fine_tune", lambda *_, objective: given.append(objective))
    experiment.run("minilm", setup, 0)
    assert [getattr(o, "func", None) is document_context.own_words_loss for o in given] == [of_own_words]


def test_stored_tags_come_by_seed():
    test = corpus()["test"]
    name, true = ner.tag_names(test), ner.gold_tags(test)
    blank = [["O"] * len(tags) for tags in true]
    runs = [
        {"setup": "s", "model": "bert", "seed": k, "tags": pack_tags(tags + tags, name)}
        for k, tags in ((1, blank), (0, true))
    ]
    assert experiment.stored_tags({"runs": runs}, test, "s") == [true, blank]


@pytest.mark.long
def test_the_plan_pairs_setups_by_seed_and_what_is_measured_is_kept(small, tmp_path, monkeypatch):
    runs = experiment.plan()
    assert len(runs) == len(set(runs)) == 45 and [r[2] for r in runs] == sorted(r[2] for r in runs)
    one = replace(experiment.EXPERIMENT, plan=lambda _: [("minilm", "sentence", 0)])
    made = one.measure(tmp_path / "ner.json")
    assert json.loads((tmp_path / "ner.json").read_text())["runs"][0]["tags"] == made["runs"][0]["tags"]
    assert replace(one, run=partial(pytest.fail, "it is kept already")).measure(tmp_path / "ner.json") == made
