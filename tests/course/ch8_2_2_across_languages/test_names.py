"""Names across languages: pieces and tags that fit, runs on tiny models, and what is said of stored runs."""

from dataclasses import replace

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from pyft import data, models
from pyft.course.ch8_2_2_across_languages import names_experiment as experiment
from pyft.course.ch8_2_2_across_languages import names_results as results
from pyft.course.ch8_2_2_across_languages.recipes import NAMES, NAMES_ASKED, NAMES_RATES, NAMES_SIZES, SEEDS, TRIAL_SEED
from pyft.data.peoples_daily import TAGS
from pyft.evaluation.ner import gold_tags

CONLL = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]


def rows(tokens, tags, names, **more):
    features = {"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))}
    features |= {name: Value("int64") for name in more}
    return Dataset.from_dict({"tokens": tokens, "ner_tags": tags, **more}, features=Features(features))


@pytest.fixture
def small(monkeypatch, tiny_bert, tokenizer, same_torch_afterwards):
    """A tiny model, and corpora of a few lines."""
    english = rows([["the", "good", "film"]] * 12, [[0, 3, 7]] * 12, CONLL)
    chinese = rows([["好", "书", "人", "a"]] * 12, [[1, 2, 0, 3]] * 12, TAGS, block=[i // 2 for i in range(12)])
    monkeypatch.setattr(data, "load", lambda name: dict.fromkeys(("train", "validation"), english))

    def load(name, task, num_labels):
        from transformers import BertForTokenClassification

        return BertForTokenClassification(tiny_bert(num_labels=num_labels).config), tokenizer

    monkeypatch.setattr(models, "load", load)
    monkeypatch.setattr(experiment, "one_by_one", lambda tokenizer: tokenizer)
    splits = DatasetDict(dict.fromkeys(("train", "validation", "test"), chinese))
    monkeypatch.setattr(experiment, "_paper", lambda: splits)
    for name, value in {
        "ENGLISH": 8,
        "WATCHED": 4,
        "CHOSEN": 4,
        "ASKED": 6,
        "SIZES": (4, 8),
        "EPOCHS": {4: 1, 8: 1},
    }.items():
        monkeypatch.setattr(experiment, f"NAMES_{name}", value)
    monkeypatch.setattr(experiment, "NAMES", replace(NAMES, epochs=1, max_length=16))


@pytest.mark.parametrize(
    "kind,names",
    [
        ("linear", ["linear, 4", "linear, 8"]),
        ("trial", []),
        ("English first", ["English alone", "both, 4", "both, 8"]),
        ("Chinese alone", ["Chinese alone, 4", "Chinese alone, 8"]),
    ],
)
def test_a_run_counts_the_names_of_every_line(kind, names, small):
    made = experiment.run(kind, 1e-3, 0)
    assert list(made.get("counts", {})) == names
    assert ("watched" in made) == (kind in ("trial", "English first"))
    for text in made.get("counts", {}).values():
        found = experiment.unpacked(text)
        assert found.shape == (6, 4, 3)
        assert (found[:, 0] == found[:, 1:].sum(1)).all() and (found[..., 0] <= found[..., 1:].min(-1)).all()
        assert found[:, :, 2].tolist() == [[2, 1, 1, 0]] * 6  # a person and a place in each line


def test_english_names_have_the_tags_of_the_chinese_ones(small):
    some = experiment.sentences("train", 8, 0)
    assert some.features["ner_tags"].feature.names == TAGS
    assert gold_tags(some)[0] == ["O", "B-ORG", "O"]  # what is miscellaneous is no name here


def test_a_line_is_read_to_its_limit_and_smaller_draws_lie_in_larger_ones(small, monkeypatch):
    monkeypatch.setattr(experiment, "CHARACTERS", 3)
    line = experiment.lines("train", 4, 0)[0]
    assert (line["tokens"], line["ner_tags"]) == (["好", "书", "人"], [1, 2, 0])
    blocks = [experiment.lines("train", n, 1)["block"][:] for n in (4, 8)]
    assert blocks[1][:4] == blocks[0]


@pytest.mark.fetched
def test_a_chinese_character_is_one_piece():
    _, tokenizer = models.load("multilingual", "token-classification", num_labels=len(TAGS))
    reader, words = experiment.one_by_one(tokenizer), list("在1998年,江泽民")
    pieces = reader(words, is_split_into_words=True)
    assert reader.convert_ids_to_tokens(pieces["input_ids"])[1:-1] == words
    assert len(tokenizer(words, is_split_into_words=True)["input_ids"]) > len(words) + 2  # and is left as it was


# --- what is said of stored runs --------------------------------------------------------------------------------------


def made(shares, watched=0.9):
    """Every run, two persons, a place and an organisation in each test line; `shares` found by way, or half."""
    rng, runs = np.random.default_rng(0), []

    def counts(name):
        share = shares.get(name, shares.get(name.partition(",")[0], 0.5))
        found = np.zeros((NAMES_ASKED, 4, 3), int)
        found[:, 1:, 2] = [2, 1, 1]
        found[:, 1:, 0] = rng.binomial(found[:, 1:, 2], share)
        found[:, 1:, 1] = found[:, 1:, 0]
        found[:, 0] = found[:, 1:].sum(1)
        return experiment.packed(found)

    best = NAMES_RATES[1]
    of = {"linear": "linear", "English first": "both", "Chinese alone": "Chinese alone"}
    for kind, lr, seed in experiment.plan(
        [{"kind": "trial", "lr": lr, "watched": float(lr == best)} for lr in NAMES_RATES]
    ):
        run = {"kind": kind, "lr": lr, "seed": seed, "lines": NAMES_ASKED}
        if kind == "trial":
            runs.append(run | {"watched": float(lr == best)})
            continue
        names = ["English alone"] * (kind == "English first") + [f"{of[kind]}, {n}" for n in NAMES_SIZES]
        runs.append(run | {"counts": {name: counts(name) for name in names}} | {"watched": watched})
    return {"runs": runs}


@pytest.fixture
def blocks(monkeypatch):
    monkeypatch.setattr(results, "_blocks", lambda: [i // 3 for i in range(NAMES_ASKED)])


def test_the_plan_chooses_the_rate_on_english():
    runs = experiment.plan()
    assert len(runs) == SEEDS + len(NAMES_RATES) and {seed for kind, _, seed in runs if kind == "trial"} == {TRIAL_SEED}
    tried = [{"kind": "trial", "lr": lr, "watched": w} for lr, w in zip(NAMES_RATES, (0.5, 0.7, 0.7), strict=True)]
    assert experiment.chosen_rate(tried) == NAMES_RATES[1]
    assert len(experiment.plan(tried)) == len(runs) + 2 * SEEDS


def test_better_and_worse_are_said_where_they_are(blocks):
    least, most = NAMES_SIZES[0], NAMES_SIZES[-1]
    found = made({"both": 0.8, f"both, {most}": 0.3, "Chinese alone": 0.4, "English alone": 0.4, "linear": 0.4})
    judged = results.verdicts(found)
    assert judged["both", "Chinese alone", least].word == judged["both", "linear", least].word == "better"
    assert judged["both", "Chinese alone", most].word == "worse"
    assert judged["English alone", "Chinese alone", least].word == "no difference shown"
    told = results.told(found)
    assert f"better with {least} Chinese lines; worse with {most:,} Chinese lines" in told["names_beside"]
    assert "no difference shown at any of these numbers of Chinese lines" in told["names_worth"]
    assert told["names_zero"].endswith("it has 90.0 %.") and "four times in five" in told["names_linear"]


def test_the_tables_show_every_way_and_kind(blocks):
    found = made({"both": 0.9, "Chinese alone": 0.5, "linear": 0.2})
    assert results.table(found).data.count("<tr>") == 1 + 1 + len(NAMES_SIZES)
    by_kind = results.table_by_kind(found).data
    assert by_kind.count("<tr>") == 1 + 3 and by_kind.count("▲") == 1 + 2 * 3  # one of them in the caption
    assert "PER" in by_kind and "all" not in by_kind.partition("<tbody>")[2]


def test_no_runs_no_words(monkeypatch, tmp_path):
    monkeypatch.setattr("pyft.benchmarks.experiment.results_folder", lambda: tmp_path)
    none = results.stored()
    assert none == {"runs": []} and results.verdicts(none) == results.verdicts_by_kind(none) == {}
    assert all("awaited" in text for text in results.told(none).values())
    assert "awaited" in results.table(none).data and "awaited" in results.table_by_kind(none).data
