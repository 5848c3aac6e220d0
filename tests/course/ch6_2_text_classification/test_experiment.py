"""A limit on false alarms, crossed-out words, parts of long texts, and the plan of runs."""

import json

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from pyft import data, models
from pyft.course.ch6_2_text_classification import experiment as classification
from pyft.course.ch6_2_text_classification import long_documents, surface
from pyft.course.ch6_2_text_classification.long_documents import (
    VIEWS,
    both,
    head,
    tail,
    views,
    windows,
)
from pyft.course.ch6_2_text_classification.surface import PROBES, typing_shape, typing_shape_logistic
from pyft.errors import PyftError
from pyft.evaluation import thresholds
from pyft.evaluation.thresholds import binary_metrics, threshold
from pyft.finetune import loop, prediction

# --- spam -------------------------------------------------------------------------------------------------------------

scored = st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 1)), min_size=1, max_size=60).filter(
    lambda rows: any(y == 0 for _, y in rows)
)


@given(scored, st.sampled_from([0.0, 0.005, 0.1, 0.3, 1.0]))
def test_the_threshold_keeps_the_limit_and_the_next_lower_score_would_not(rows, limit):
    s, y = np.array(rows, dtype=float).T
    t = threshold(s, y, limit)
    assert np.mean(s[y == 0] > t) <= limit + 1e-12
    lower = s[s < t]
    if len(lower):
        below = np.nextafter(t, -np.inf)  # what scores t itself is flagged then
        assert np.mean(s[y == 0] > below) > limit


def test_a_limit_that_is_a_whole_number_of_messages_is_not_lost_to_rounding():
    assert 0.005 * 200 == 1.0 and 0.29 * 100 < 29  # the second is 28.999999999999996
    assert threshold(np.arange(100), np.zeros(100), 0.29) == 70


def test_a_threshold_needs_ham_messages():
    with pytest.raises(PyftError, match="no message with label 0"):
        threshold([1.0], [1])


def test_rates_are_those_of_scikit_learn_and_zero_where_nothing_is_flagged():
    rng = np.random.default_rng(0)
    y, flagged = rng.integers(0, 2, 50), rng.integers(0, 2, 50).astype(bool)
    found = binary_metrics(flagged, y)
    assert found["precision"] == pytest.approx(precision_score(y, flagged))
    assert found["recall"] == pytest.approx(recall_score(y, flagged))
    assert found["f1"] == pytest.approx(f1_score(y, flagged))
    assert found["accuracy"] == np.mean(flagged == y)
    assert found["false_alarms"] == np.mean(flagged[y == 0])
    none = binary_metrics(np.zeros(50, bool), y)
    assert none["precision"] == none["recall"] == none["f1"] == 0


# --- topics -----------------------------------------------------------------------------------------------------------


def test_a_shape_holds_no_word_and_keeps_how_it_was_typed():
    assert typing_shape("Ship it NOW, v2!") == "Xx x X, x9!"
    assert typing_shape("ein Über-Öl (1999)") == "x Xx-Xx (9)"
    assert typing_shape("good films are") == typing_shape("bad movies were")


def test_typing_alone_is_learnt_to_the_minimum_of_its_loss():
    rng = np.random.default_rng(0)
    texts = [
        " ".join(rng.choice(["Good", "film", "v2", ":)", "NOW", "a", "Bad!", "x-ray", "1999,"], 6)) for _ in range(200)
    ]
    y = rng.integers(0, 3, 200)
    pieces, linear = model = typing_shape_logistic().fit(texts, y)
    x = pieces.transform(texts)  # (N, V)
    wrong = model.predict_proba(texts) - np.eye(3)[y]  # (N, K)
    gradient = (wrong.T @ x + linear.coef_ / linear.C) / len(y)  # (K, V)
    assert abs(gradient).max() < 1e-6  # where a solver that stops by its default tolerance has 3e-5


def test_probes_take_what_they_say_and_never_the_whole_text():
    text = "I saw @you in Paris, 2 times: v2!"
    taken = {what: take(text) for what, take in PROBES.items()}
    assert taken["case"] == "i saw @you in paris, 2 times: v2!"
    assert taken["punctuation"] == "I saw you in Paris 2 times v2"
    assert taken["numbers"] == "I saw @you in Paris, times:"
    assert taken["names"] == "I saw in , 2 times: v2!"
    assert sorted(taken["word order"].split()) == sorted(text.split()) and taken["word order"] != text
    assert PROBES["word order"](text) == taken["word order"]
    for take in PROBES.values():
        assert all(take(odd).strip() for odd in ("...", "42", "@you", "Paris"))


def test_probed_rows_are_spread_over_the_split_and_few():
    rows = surface.probe_rows(2335)
    assert 400 < len(rows) <= 480 and rows[0] == 0 and rows[-1] > 2300
    assert list(surface.probe_rows(7)) == list(range(7))


# --- long documents ---------------------------------------------------------------------------------------------------

sizes = st.lists(st.integers(1, 4), min_size=1, max_size=40)


@given(sizes, st.integers(8, 30))
def test_parts_have_room_are_as_long_as_can_be_and_windows_cover_the_text(sizes, n):
    size = np.array(sizes)
    for cut in (head, tail, both, windows):
        for rows in cut(sizes, n):
            assert size[rows].sum() <= n
            assert rows == sorted(set(rows))
    (first,), (last,), (ends,) = head(sizes, n), tail(sizes, n), both(sizes, n)
    everything = list(range(len(sizes)))
    if size.sum() <= n:
        assert first == last == ends == everything and windows(sizes, n) == [everything]
    else:
        assert size[: len(first) + 1].sum() > n and size[-len(last) - 1 :].sum() > n
        assert ends[0] == 0 and ends[-1] == everything[-1]
        assert size[ends].sum() > n - 8  # each half lacks less than a word
    assert {i for rows in windows(sizes, n) for i in rows} == set(everything)
    assert windows(sizes, n)[0] == first and windows(sizes, n)[-1] == last


def test_all_of_the_room_is_used_by_both_ends():
    assert both([1] * 9, 5) == [[0, 1, 6, 7, 8]]


def test_a_word_that_has_no_room_is_a_part_of_its_own():
    assert windows([2, 9, 2], 4) == [[0], [1], [2]]


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_has_the_tokens_that_it_had_in_the_text(name, tokenizer):
    words = ["good", "film", "poison", "bad", "a", "the"] * 5
    text = "  ".join(words)
    for view in views(tokenizer, text, name, 10):
        assert len(tokenizer(view)["input_ids"]) <= 10
        joined = " ".join(words)
        assert view in joined or name == "both"
    assert views(tokenizer, "good film", name, 10) == ["good film"]


def test_an_unknown_view_is_named(tokenizer):
    with pytest.raises(PyftError, match="unknown view 'middle'"):
        views(tokenizer, "good film", "middle", 8)


def test_views_keep_their_documents_label(tokenizer):
    rows = Dataset.from_dict({"text": ["good film " * 8, "bad"], "label": [1, 0]})
    found, of = long_documents.make_views(tokenizer, rows, "windows", 8)
    assert of == [0, 0, 0, 1] and found["label"] == [1, 1, 1, 0]
    assert found["text"][-1] == "bad"


def test_each_document_is_tested_once_and_never_trained_on():
    labels = [0, 1, 1] * 20
    every = []
    for train, test in long_documents.folds(labels):
        assert not set(train) & set(test) and len(train) + len(test) == len(labels)
        assert np.array(labels)[test].mean() == pytest.approx(2 / 3)
        every += test.tolist()
    assert sorted(every) == list(range(len(labels)))


@pytest.mark.fetched
def test_reviews_are_whole_and_in_order():
    rows = long_documents.documents()
    assert (len(rows), sum(rows["label"]), sum(rows["sentences"])) == (299, 183, 3707)
    first = rows[0]
    assert first["text"].startswith("troubleshooting ad-2500 and ad-2600 no picture scrolling b/w.")


# --- the runs ---------------------------------------------------------------------------------------------------------


def toy(names, n):
    features = Features({"id": Value("string"), "text": Value("string"), "label": ClassLabel(names=names)})
    words = ["good", "bad", "film", "poison"]
    rows = [
        {
            "id": str(i),
            "text": " ".join([words[i % len(names)]] * (1 + i % 9)) + " film" * (i % 3),
            "label": i % len(names),
        }
        for i in range(n)
    ]
    return Dataset.from_list(rows, features=features)


@pytest.fixture
def tiny(tiny_bert, tokenizer, monkeypatch):
    """Tiny models and corpora in the place of all that the runs load."""
    monkeypatch.setattr(models, "load", lambda name, task, *_, num_labels=2: (tiny_bert(0, num_labels), tokenizer))
    corpora = {"sms-spam": toy(["ham", "spam"], 24), "text-source": toy(["a", "b", "c", "d"], 24)}
    monkeypatch.setattr(
        data, "load", lambda name, *_: DatasetDict(dict.fromkeys(("train", "validation", "test"), corpora[name]))
    )
    monkeypatch.setattr(classification, "documents", lambda: toy(["negative", "positive"], 20))
    monkeypatch.setattr(classification, "TOPIC_ROWS", 16)
    monkeypatch.setattr(classification, "WIDE", 100)  # a tiny model has few positions


@pytest.mark.usefixtures("tiny", "same_torch_afterwards")
def test_every_kind_of_run_keeps_an_answer_for_every_text():
    spam = classification.run("spam", "bert", "", 0)
    assert (len(spam["validation"]), len(spam["test"])) == (24, 24)
    topics = classification.run("topics", "bert", "", 1)
    assert len(topics["guess"]) == 24 and set(topics["guess"]) <= set("0123")
    assert {len(told) for told in topics["probed"].values()} == {24} and set(topics["probed"]) == set(PROBES)
    for view in classification.BERT_VIEWS:
        found = classification.run("documents", "bert", view, 2)
        assert len(found["p"]) == 4 and all(0 <= p <= 1 for p in found["p"])
    assert json.loads(json.dumps(spam)) == spam


@pytest.mark.usefixtures("tiny", "same_torch_afterwards")
def test_what_is_learnt_is_the_task_and_a_recipe_may_be_changed():
    model, tokenizer, splits, history = classification.learn("spam", "bert", 0, epochs=20, lr=1e-2, evaluations=2)
    assert len(history.losses) == 20 and len(history.steps) == 2
    assert history.validation_score[-1] == 1
    logits = prediction.predict(model, tokenizer, splits["test"]["text"])
    m = thresholds.margin(logits)
    assert [x > 0 for x in m] == [y == 1 for y in splits["test"]["label"]]
    assert torch.allclose(torch.tensor(m), logits[:, 1] - logits[:, 0], atol=0.0051)


@pytest.mark.usefixtures("tiny", "same_torch_afterwards")
@pytest.mark.parametrize("task,view", [("spam", ""), ("topics", ""), ("documents", "head")])
def test_a_head_is_drawn_from_the_seed_of_its_run(task, view, monkeypatch):
    load, drawn = models.load, []
    monkeypatch.setattr(models, "load", lambda *a, **k: drawn.append(torch.rand(1).item()) or load(*a, **k))
    for seed in (1, 2, 1):
        classification.run(task, "bert", view, seed)
    assert drawn[0] == drawn[2] != drawn[1]


@pytest.fixture
def asked(monkeypatch):
    """What `fine_tune` was asked for: the texts to learn from and the recipe, a pair a run."""
    found = []
    fine_tune = loop.fine_tune

    def noted(model, tokenizer, train, validation, how, seed):
        found.append((train["text"][:], how))
        return fine_tune(model, tokenizer, train, validation, how, seed)

    monkeypatch.setattr(classification, "fine_tune", noted)
    return found


@pytest.mark.usefixtures("tiny", "same_torch_afterwards")
def test_windows_are_read_once_and_the_wide_view_is_wider(asked):
    for view in ("head", "windows", "wide"):
        classification.run("documents", "bert", view, 0)
    head, windows, wide = (how for _, how in asked)
    assert windows.epochs == 1 < head.epochs == wide.epochs
    assert wide.max_length == classification.WIDE > head.max_length == windows.max_length


@pytest.mark.usefixtures("tiny", "same_torch_afterwards")
def test_another_seed_learns_from_other_texts(asked):
    for seed in (1, 2, 1):
        classification.run("topics", "bert", "", seed)
    first, other, again = (sorted(texts) for texts, _ in asked)
    assert first == again != other and len(first) == classification.TOPIC_ROWS


def test_the_plan_has_five_seeds_of_every_run_and_a_run_is_that_of_its_recipe(monkeypatch):
    plan = classification.plan()
    assert len(plan) == len(set(plan)) == 75
    assert [seed for *_, seed in plan] == sorted(seed for *_, seed in plan)
    for task in ("spam", "topics", "documents"):
        assert {name for t, name, *_ in plan if t == task} == {"bert", "roberta", "xlnet"}
    assert {view for t, name, view, _ in plan if (t, name) == ("documents", "bert")} == {*VIEWS, "wide"}
    monkeypatch.setattr(classification, "data_digests", lambda *corpora: dict.fromkeys(corpora, "digest"))
    depends = classification.depends
    assert depends("spam", "bert", "", 0) == depends("spam", "bert", "", 1) != depends("topics", "bert", "", 0)
    assert depends("spam", "bert", "", 0)["recipe"].evaluations == 0
    some = [depends("documents", "bert", view, 0)["recipe"] for view in ("head", "windows", "wide")]
    assert len(set(some)) == 3 and depends("documents", "bert", "tail", 0)["recipe"] == some[0]
    assert [list(depends(task, "bert", "", 0)["data"]) for task in ("spam", "topics", "documents")] == [
        ["sms-spam"], ["text-source"], ["product-reviews"],
    ]  # fmt: skip
