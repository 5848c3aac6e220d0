"""What is shared, what is new, what is frozen; and a measurement that goes on from where it was interrupted."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict

from pyft.benchmarks import experiment
from pyft.benchmarks.experiment import bench
from pyft.course.ch2_2_transfer_learning import experiment as transfer
from pyft.course.ch2_2_transfer_learning.experiment import METHODS, Method, recipe
from pyft.data.splits import draw_rows, subset
from pyft.errors import PyftError
from pyft.evaluation.stats import unpack_bits
from pyft.evaluation.verdicts import compare_runs
from pyft.finetune.loop import fine_tune
from pyft.models.loading import digest
from pyft.models.surgery import freeze, from_scratch, num_trainable
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

RECIPE = Recipe(epochs=1, batch_size=4, lr=1e-2, evaluations=0, max_length=16)


def film(n, end=""):
    """Texts whose label is the word good or bad, one label after the other as in the corpus."""
    label = [int(i >= n // 2) for i in range(n)]
    texts = ["the " * (i % 3) + ("good" if y else "bad") + " film" + end for i, y in enumerate(label)]
    return Dataset.from_dict({"id": [str(i) for i in range(n)], "text": texts, "label": label})


# --- from scratch -----------------------------------------------------------------------------------------------------


def test_from_scratch_has_every_parameter_and_none_of_the_values(tiny_bert):
    model = tiny_bert()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.5)  # biases and gains of a fresh model are zeros and ones, whichever seed
    other = from_scratch(model, seed=1)
    ours, theirs = dict(model.named_parameters()), dict(other.named_parameters())
    assert {k: p.shape for k, p in ours.items()} == {k: p.shape for k, p in theirs.items()}
    assert not any(torch.equal(p, theirs[k]) for k, p in ours.items())
    assert not any((p == theirs[k]).float().mean() > 0.01 for k, p in ours.items())


def test_from_scratch_is_what_the_library_makes_of_the_configuration(tiny_bert):
    made = tiny_bert(seed=3)
    assert digest(from_scratch(made, seed=3)) == digest(made)
    matrices = [p for name, p in made.named_parameters() if p.ndim > 1 and "embeddings" not in name]
    assert torch.cat([p.flatten() for p in matrices]).std().item() == pytest.approx(0.02, rel=0.05)


def test_from_scratch_repeats_itself_and_leaves_the_model_and_torchs_generator_alone(tiny_bert):
    model = tiny_bert()
    before, state = digest(model), torch.get_rng_state()
    a, b = from_scratch(model, 5), from_scratch(model, 5)
    assert digest(a) == digest(b) != digest(from_scratch(model, 6))
    assert digest(model) == before
    assert torch.equal(torch.get_rng_state(), state)


# --- frozen parts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_training_changes_what_is_not_frozen_and_nothing_else(layers, tiny_bert, tokenizer):
    model = freeze(tiny_bert(), layers)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    fine_tune(model, tokenizer, film(8), film(8), RECIPE)
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    frozen = ("bert.embeddings.", *(f"bert.encoder.layer.{k}." for k in range(layers)))
    assert changed == {name for name in before if not name.startswith(frozen)}


def test_trained_counts_what_is_not_frozen(tiny_bert):
    model = tiny_bert()
    every = sum(p.numel() for p in model.parameters())
    assert num_trainable(model) == every
    embeddings = sum(p.numel() for p in model.bert.embeddings.parameters())
    assert num_trainable(freeze(model, 0)) == every - embeddings
    head = 32 * 32 + 32 + 2 * 32 + 2
    assert num_trainable(freeze(model, 2)) == head


@pytest.mark.parametrize("layers", [-1, 3])
def test_a_number_of_layers_that_there_is_not_is_refused(layers, tiny_bert):
    with pytest.raises(PyftError, match=f"cannot freeze {layers} layers of 2: expected a number from 0 to 2"):
        freeze(tiny_bert(), layers)


# --- subsets ----------------------------------------------------------------------------------------------------------


def test_a_scored_run_keeps_which_answers_were_right():
    hits = np.array([1, 0, 0, 1, 1, 0, 1, 1, 0, 1], dtype=bool)
    stored = json.loads(json.dumps(transfer._scored(hits.astype(int), np.ones(10, int), 1.5, 7)))
    assert stored["accuracy"] == 0.6 and stored["seconds"] == 1.5 and stored["trained"] == 7
    assert unpack_bits(stored["right"], 10).tolist() == hits.tolist()


def test_a_smaller_subset_is_part_of_a_larger_one_and_seeds_differ():
    train = film(40)
    small, large = (subset(train, n, seed=1)["id"] for n in (5, 20))
    assert small == large[:5]
    assert sorted(subset(train, 40, seed=1)["id"]) == sorted(train["id"])
    assert small != subset(train, 5, seed=2)["id"]


def test_a_subset_is_drawn_from_the_whole_of_a_split_in_order_of_labels():
    counts = [sum(subset(film(1000), 200, seed)["label"]) for seed in range(5)]
    assert all(70 < c < 130 for c in counts)
    assert len(set(counts)) > 1  # plain, not balanced


@pytest.mark.parametrize("n", [0, -1, 11])
def test_rows_that_there_are_not_cannot_be_drawn(n):
    with pytest.raises(PyftError, match="expected a number from 1 to 10"):
        draw_rows(10, n, seed=0)


# --- the measurement --------------------------------------------------------------------------------------------------


def test_recipes_bring_enough_texts_past_the_model_in_whole_epochs():
    for name, method in METHODS.items():
        for n in method.sizes:
            r = recipe(name, n, 1e-4)
            assert r.epochs * n >= method.texts > (r.epochs - 1) * n
            assert (r.lr, r.batch_size) == (1e-4, method.batch_size)


def test_stored_runs_are_compared_over_the_seeds_that_both_have():
    hits = {"a": [[1, 1, 1, 1, 1, 1, 1, 0], [1] * 8], "b": [[0, 0, 0, 0, 0, 0, 1, 1], [1] * 8, [0] * 8]}
    runs = [
        {"method": m, "n": 50, "seed": s, "split": "test"} | transfer._scored(np.array(h), np.ones(8, int), 0.0, 1)
        for m, rows in hits.items()
        for s, h in enumerate(rows)
    ]
    found = {"runs": runs[::-1]}
    assert [r["seed"] for r in transfer.stored_runs(found, "b", 50)] == [0, 1, 2]
    said = transfer.compare_methods(found, "a", "b", 50, 8)  # the third seed has no partner
    assert said == compare_runs(np.array(hits["a"]), np.array(hits["b"][:2]))
    assert said.difference == 5 / 16
    with pytest.raises(PyftError, match=r"no kept run with method 'a', n 5, split 'test'\. Known: .*'b', 50, 'test'"):
        transfer.stored_runs(found, "a", 5)


def test_runs_that_are_all_the_same_count_as_one():
    a, b = [[1, 1, 0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 1, 1, 1, 0]], [[0, 0, 1, 0, 1, 0, 1, 0]] * 2
    runs = [
        {"method": m, "n": 50, "seed": s, "split": "test"} | transfer._scored(np.array(h), np.ones(8, int), 0.0, 1)
        for m, rows in (("a", a), ("b", b))
        for s, h in enumerate(rows)
    ]
    assert transfer.compare_methods({"runs": runs}, "a", "b", 50, 8) == compare_runs(np.array(a), np.array(b[0]))


def test_families_hold_what_is_measured():
    for family in (*transfer.PRETRAINING, transfer.FREEZING, transfer.DETOURED):
        for a, b, n in family.members:
            for name in (a, b):
                sizes = transfer.METHODS[name].sizes if name in transfer.METHODS else transfer.SIZES
                assert n in sizes


@pytest.fixture
def small(monkeypatch, tiny_bert, tokenizer):
    """Forty film reviews, another corpus, a tiny BERT, two sizes, two seeds."""
    splits = DatasetDict({"train": film(40), "validation": film(10), "test": film(20)})
    monkeypatch.setattr(transfer.data, "load", lambda name: splits)
    monkeypatch.setattr(transfer.data, "fingerprint", lambda corpus: "f")
    monkeypatch.setattr(transfer.models, "load", lambda *a: (tiny_bert(), tokenizer))
    methods = {
        "features": Method((0.01, 1.0), (8, 40), choice=16),
        "fine-tuned": Method((1e-3, 1e-2), (8, 40), choice=16),
        "head": Method((1e-2,), (8,), frozen=2, choice=16),
        "scratch": Method((1e-2,), (8,), pretrained=False, choice=16),
    }
    for name, value in {"METHODS": methods, "SIZES": (8, 40), "SEEDS": 2, "FEW": 8, "MANY": 1}.items():
        monkeypatch.setattr(transfer, name, value)
    monkeypatch.setattr(transfer, "DETOURS", ("other",))
    monkeypatch.setattr(transfer, "DETOUR_LABELS", 40)
    monkeypatch.setattr(transfer, "recipe", lambda name, n, lr: Recipe(2, 8, lr, evaluations=0, max_length=16))
    transfer.film_features.cache_clear()
    yield
    transfer.film_features.cache_clear()


@pytest.mark.long
def test_a_measurement_chooses_then_makes_every_run_and_an_interrupted_one_goes_on(small, tmp_path, monkeypatch):
    out, run = tmp_path / "transfer.json", transfer.run

    def interrupted(name, n, seed, split, *values):
        if name == "other":
            raise KeyboardInterrupt
        return run(name, n, seed, split, *values)

    with pytest.raises(KeyboardInterrupt):
        replace(transfer.EXPERIMENT, run=interrupted).measure(out)
    again = []
    found = replace(transfer.EXPERIMENT, run=lambda *a: again.append(a) or run(*a)).measure(out)
    assert [(name, seed) for name, _, seed, *_ in again] == [  # TF-IDF chooses nothing and came in the first round
        ("other", 0), ("features", 1), ("fine-tuned", 1), ("head", 1), ("scratch", 1),
    ]  # fmt: skip
    tests = [(r["method"], r["n"], r["seed"]) for r in found["runs"] if r["split"] == "test"]
    assert len(tests) == len(set(tests))
    assert set(tests) == {
        *((m, 8, s) for m in ("TF-IDF", *transfer.METHODS) for s in (0, 1)),
        *((m, 40, 0) for m in ("TF-IDF", "features", "fine-tuned", "other")),
    }
    assert all(set(r) >= {"accuracy", "seconds", "trained", "right"} for r in found["runs"])
    lengths = {"test": 20, "validation": 10}
    for r in found["runs"]:
        assert unpack_bits(r["right"], lengths[r["split"]]).mean() == pytest.approx(r["accuracy"])
    assert transfer.EXPERIMENT.load(out) == found == json.loads(out.read_text(encoding="utf8"))


def test_a_detour_learns_the_other_corpus_and_reads_film_reviews_as_they_are(small, monkeypatch):
    """Each text whole and in its order, with its own label: reversed texts would give features of another language."""
    corpora = {
        name: DatasetDict({split: film(n, end) for split, n in [("train", 40), ("validation", 10), ("test", 20)]})
        for name, end in [(transfer.CORPUS, ""), ("other", " a bad a")]
    }
    monkeypatch.setattr(transfer.data, "load", lambda name: corpora[name])
    learnt, read, fitted = [], [], []
    real_tune, real_features, real_fitted = transfer.fine_tune, transfer.features, transfer._fitted
    monkeypatch.setattr(transfer, "fine_tune", lambda *a: learnt.append(a[2:4]) or real_tune(*a))
    monkeypatch.setattr(transfer, "features", lambda *a: read.append(a[2][:]) or real_features(*a))
    monkeypatch.setattr(transfer, "_fitted", lambda *a: fitted.append(a) or real_fitted(*a))
    transfer.intermediate_task("other", 16, 1, 1e-3, 1.0)
    ((first, watched),), ((_, x, y, x_test, y_test),) = learnt, fitted
    assert set(first["text"]) == set(corpora["other"]["train"]["text"])
    assert watched["text"][:] == corpora["other"]["validation"]["text"][:]
    few, test = subset(corpora[transfer.CORPUS]["train"], 16, 1), corpora[transfer.CORPUS]["test"]
    assert read == [few["text"][:], test["text"][:]]
    assert (list(y), list(y_test)) == (few["label"][:], test["label"][:]) and (len(x), len(x_test)) == (16, 20)


def chosen_from(values):
    """Runs in which these values of each method, in order, did better and better on validation texts."""
    return [
        {"method": name, "split": "validation", "values": [value], "accuracy": rank / 10}
        for name, some in values.items()
        for rank, value in enumerate(some)
    ]


def test_the_plan_first_chooses_then_goes_seed_by_seed_with_the_longest_runs_last():
    choices = [r for r in transfer.plan() if r[3] == "validation"]
    assert {r[0] for r in transfer.plan() if r[3] == "test"} == {"TF-IDF"}  # which has nothing to choose
    plan = transfer.plan(chosen_from({name: method.values for name, method in METHODS.items()}))
    assert len(plan) == len(set(plan)) and plan[: len(choices)] == choices
    assert len(choices) == sum(len(method.values) for method in METHODS.values())
    tests = plan[len(choices) :]
    assert {split for _, _, _, split, *_ in tests} == {"test"}
    assert {seed for _, n, seed, *_ in tests if n <= 200} == set(range(5))
    assert {seed for _, n, seed, *_ in tests if n > 200} == {0, 1, 2}
    assert {n for name, n, *_ in tests if name == "fine-tuned"} == set(transfer.SIZES)
    assert [seed for _, _, seed, *_ in tests] == sorted(seed for _, _, seed, *_ in tests)
    first = [name == "scratch" or n == transfer.SIZES[-1] for name, n, seed, *_ in tests if seed == 0]
    assert first == sorted(first)
    values = {name: set(values) for name, _, _, _, *values in tests if name in METHODS}
    assert values == {name: {method.values[-1]} for name, method in METHODS.items()}
    lr, C = METHODS["fine-tuned"].values[-1], METHODS["features"].values[-1]
    assert {r[4:] for r in tests if r[0] in transfer.DETOURS} == {(lr, C)}


def test_a_method_is_tested_only_once_all_its_values_were_tried():
    some = {"fine-tuned": METHODS["fine-tuned"].values, "features": METHODS["features"].values[1:]}
    assert {name for name, _, _, split, *_ in transfer.plan(chosen_from(some)) if split == "test"} == {
        "TF-IDF", "fine-tuned",
    }  # fmt: skip


def test_of_two_values_that_do_equally_well_the_first_is_chosen():
    runs = chosen_from({"fine-tuned": METHODS["fine-tuned"].values})
    assert transfer.chosen([r | {"accuracy": 0.5} for r in runs]) == {"fine-tuned": METHODS["fine-tuned"].values[0]}


def test_other_data_another_recipe_or_another_start_is_another_run(small, monkeypatch):
    def key():
        return transfer.EXPERIMENT.key("head", 8, 0, "test", 1e-2)

    keys = [key(), key()]
    monkeypatch.setattr(transfer.data, "fingerprint", lambda corpus: "g")
    experiment._fingerprint.cache_clear()
    keys.append(key())
    monkeypatch.setattr(transfer, "recipe", lambda name, n, lr: Recipe(1, 8, lr, evaluations=0))
    keys.append(key())
    monkeypatch.setitem(transfer.METHODS, "head", Method((1e-2,), (8,), frozen=1))
    keys.append(key())
    assert keys[0] == keys[1] and len(set(keys)) == 4


def test_the_methods_start_where_they_say():
    assert [name for name, m in METHODS.items() if not m.pretrained] == ["scratch"]
    assert METHODS["top layers"].frozen == 4 and METHODS["head"].frozen == 6
    assert METHODS["fine-tuned"].frozen is None


# --- what is stored ---------------------------------------------------------------------------------------------------


def test_what_was_chosen_for_the_stored_runs_was_best_on_validation_texts():
    runs = bench("transfer")["runs"]
    assert [(r["method"], r["n"], r["seed"], r["split"], *r["values"]) for r in runs] == transfer.plan(runs)
    chosen, tried = transfer.chosen(runs), transfer.tried(runs)
    for name, method in METHODS.items():
        assert tuple(tried[name]) == method.values
        assert tried[name][chosen[name]] == max(tried[name].values())


@pytest.mark.fetched
def test_the_stored_runs_have_the_accuracy_of_their_answers():
    tested = len(transfer.data.load(transfer.CORPUS)["test"])
    for r in bench("transfer")["runs"]:
        if r["split"] == "test":
            assert unpack_bits(r["right"], tested).mean() == pytest.approx(r["accuracy"], abs=1e-6)
