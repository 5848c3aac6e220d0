"""Names across languages: pieces and tags that fit, runs on tiny models, and what is said of stored runs."""

import copy

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from pyft import data, models
from pyft.course.ch8_2_2_across_languages import names_experiment as experiment
from pyft.course.ch8_2_2_across_languages import names_results as results
from pyft.course.ch8_2_2_across_languages.recipes import DEPTHS, NAMES_ASKED, NAMES_SIZES, SEEDS, TRIAL_SEED
from pyft.data.peoples_daily import TAGS
from pyft.errors import PyftError
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
        "LENGTH": 16,
    }.items():
        monkeypatch.setattr(experiment, f"NAMES_{name}", value)
    for kept in (experiment._encoder, experiment._fixed):
        kept.cache_clear()
    yield
    for kept in (experiment._encoder, experiment._fixed):
        kept.cache_clear()


FROZEN = ["English alone", "Chinese alone, 4", "both, 4", "Chinese alone, 8", "both, 8"]


@pytest.mark.parametrize("kind,names", [("linear", ["linear, 4", "linear, 8"]), ("trial", []), ("frozen", FROZEN)])
def test_a_run_counts_the_names_of_every_line(kind, names, small):
    made = experiment.run(kind, 1, 0)
    assert list(made.get("counts", {})) == names
    assert ("watched" in made) == (kind != "linear")
    for text in made.get("counts", {}).values():
        found = experiment.unpacked(text)
        assert found.shape == (6, 4, 3)
        assert (found[:, 0] == found[:, 1:].sum(1)).all() and (found[..., 0] <= found[..., 1:].min(-1)).all()
        assert found[:, :, 2].tolist() == [[2, 1, 1, 0]] * 6  # a person and a place in each line


def test_a_head_learns_from_the_states_of_the_first_layers(small, monkeypatch):
    rows = experiment.sentences("train", 4, 0)
    model, tokenizer = models.load("multilingual", "token-classification", num_labels=len(TAGS))
    monkeypatch.setattr(models, "load", lambda name, task, num_labels: (copy.deepcopy(model), tokenizer))
    inputs = tokenizer([rows["tokens"][0]], is_split_into_words=True, return_tensors="pt")
    with torch.inference_mode():
        h = model.eval().base_model(**inputs, output_hidden_states=True).hidden_states[1][0]  # (T, d) after one layer
    begins = [inputs.word_ids().index(word) for word in range(3)]
    torch.testing.assert_close(experiment.states(1, rows)[0], h[begins])


def test_each_language_is_centred_by_its_own(small, monkeypatch):
    def states(depth, rows, chinese=False):  # a direction for each tag, and one that is high in Chinese alone
        shift = 50.0 * torch.eye(len(TAGS))[TAGS.index("O")]
        return [torch.eye(len(TAGS))[tags] + chinese * shift for tags in rows["ner_tags"]]

    monkeypatch.setattr(experiment, "states", states)
    monkeypatch.setattr(experiment, "sentences", experiment.lines)
    found = experiment.run("frozen", 1, 0)["counts"]
    for name in FROZEN:
        right, _, true = experiment.unpacked(found[name])[:, 0].T
        assert (right == true).all() and true.sum() == 12, name


def test_what_the_tokenizer_dropped_is_not_learnt_from_and_is_no_name(small):
    rows = experiment.sentences("train", 2, 0)
    H = [torch.randn(3, 5), torch.full((2, 5), torch.nan)]
    X, y = experiment.stacked(H, rows)
    assert X.shape == (3, 5) and y.tolist() == rows["ner_tags"][0]
    one = experiment.head(1.0, (X, y))
    assert experiment.scores_of(one, H[1]).isnan().all()
    seen = experiment.scores_of(one, H[0])
    assert (seen[:, sorted(set(range(len(TAGS))) - set(y.tolist()))] == -torch.inf).all()
    assert seen.exp().sum(-1).tolist() == pytest.approx([1, 1, 1])
    assert experiment.tagged(one, H, rows)[1] == ["O", "O", "O"]


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

    best = DEPTHS[1]
    tried = [{"kind": "trial", "depth": depth, "watched": float(depth == best)} for depth in DEPTHS]
    for kind, depth, seed in experiment.plan(tried):
        run = {"kind": kind, "depth": depth, "seed": seed, "lines": NAMES_ASKED}
        if kind == "trial":
            runs.append(run | {"watched": float(depth == best)})
            continue
        ways = ("linear",) if kind == "linear" else ("both", "Chinese alone")
        names = ["English alone"] * (kind == "frozen") + [f"{way}, {n}" for way in ways for n in NAMES_SIZES]
        runs.append(run | {"counts": {name: counts(name) for name in names}} | {"watched": watched})
    return {"runs": runs}


@pytest.fixture
def blocks(monkeypatch):
    monkeypatch.setattr(results, "_blocks", lambda: [i // 3 for i in range(NAMES_ASKED)])


def test_the_plan_chooses_the_depth_on_english():
    runs = experiment.plan()
    assert len(runs) == SEEDS + len(DEPTHS) and {seed for kind, _, seed in runs if kind == "trial"} == {TRIAL_SEED}
    tried = [{"kind": "trial", "depth": depth, "watched": w} for depth, w in zip(DEPTHS, (0.5, 0.7, 0.7), strict=True)]
    assert experiment.chosen_depth(tried) == DEPTHS[1]
    assert len(experiment.plan(tried)) == len(runs) + SEEDS


def test_better_and_worse_are_said_where_they_are(blocks):
    least, most = NAMES_SIZES[0], NAMES_SIZES[-1]
    found = made({"both": 0.8, f"both, {most}": 0.3, "Chinese alone": 0.4, "English alone": 0.4, "linear": 0.4})
    judged = results.verdicts(found)
    assert judged["both", "Chinese alone", least].word == judged["both", "linear", least].word == "better"
    assert judged["both", "Chinese alone", most].word == "worse"
    assert judged["English alone", "Chinese alone", least].word == "no difference shown"
    told = results.told(found)
    assert f"better with 30, 100 and 300 Chinese lines; worse with {most:,} Chinese lines" in told["names_beside"]
    assert "no difference shown at any of these numbers of Chinese lines" in told["names_worth"]
    assert told["names_zero"].endswith("it has 90.0 %.") and "four times in five" in told["names_linear"]


def test_the_tables_show_every_way_and_kind(blocks):
    found = made({"both": 0.9, "Chinese alone": 0.5, "linear": 0.2})
    assert results.table(found).data.count("<tr>") == 1 + 1 + len(NAMES_SIZES)
    by_kind = results.table_by_kind(found).data
    assert by_kind.count("<tr>") == 1 + 3 and by_kind.count("▲") == 1 + 2 * 3  # one of them in the caption
    assert "PER" in by_kind and "all" not in by_kind.partition("<tbody>")[2]


def test_a_plan_that_is_not_whole_is_refused(monkeypatch):
    found = made({})
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: found)
    assert results.stored() == found
    del found["runs"][0]
    with pytest.raises(PyftError, match=r"names-across\.json lacks 1 of"):
        results.stored()
