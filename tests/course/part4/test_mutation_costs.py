"""Short trainings: each runs, learns, repeats itself; and a comparison keeps what it found and what failed."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from scipy import stats
from transformers import BertConfig, BertModel

from pyft import mutation
from pyft.course.part4 import mutation_costs
from pyft.course.part4.mutants import MUTANTS
from pyft.course.part4.mutation_costs import RUNS, SEEDS, SPREAD, compared
from pyft.errors import PyftError
from pyft.mutation import maths

BY_NAME = {mutant.name: mutant for mutants in MUTANTS.values() for mutant in mutants}
MUTANT = BY_NAME["no root of d_k"]
GOOD, BAD, N = 7, 8, 60  # token ids that tell a review's label; held-out examples


def tiny_reviews(split, train=160):
    """Reviews of a few random tokens, a third of which are good in a good one and bad in a bad one."""
    random = np.random.default_rng(len(split))
    ids, label = [], []
    for i in range(train if split == "train" else N):
        row = random.integers(9, 30, size=3 + i % 5)
        label.append(int(random.integers(2)))
        ids.append([2, *row, *[GOOD if label[-1] else BAD] * (len(row) // 2), 3])
    return {"ids": ids, "label": label, "rating": [float(y) for y in label]}


def tiny_windows(split):
    """Windows in which each token is one more than the last: easy to predict from any other."""
    start = torch.arange(0, 100, 2 if split == "train" else 5)
    return start[:, None] + torch.arange(mutation_costs.T)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """Small data, a random BERT of one layer, a few steps; torch is left as it was."""
    mutation_costs.right_scores.cache_clear()
    deterministic, state = torch.are_deterministic_algorithms_enabled(), torch.get_rng_state()
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30, hidden_size=384, num_attention_heads=12, intermediate_size=32, num_hidden_layers=1,
        max_position_embeddings=16,
    )  # fmt: skip
    state_dict = BertModel(config).state_dict()
    for name, value in {"LAYERS": 1, "BATCH": 8, "STEPS": 4, "WINDOWS": 16}.items():
        monkeypatch.setattr(mutation_costs, name, value)
    monkeypatch.setattr(mutation_costs, "weights", lambda: (dict(state_dict), config))
    monkeypatch.setattr(mutation_costs, "reviews", tiny_reviews)
    monkeypatch.setattr(mutation_costs, "windows", tiny_windows)
    yield
    mutation_costs.right_scores.cache_clear()
    torch.use_deterministic_algorithms(deterministic)
    torch.set_rng_state(state)


# --- the trainings ----------------------------------------------------------------------------------------------------


def scored(name, seed=0):
    return RUNS[name](maths(), maths(), seed)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_gives_each_held_out_example_a_score_and_repeats_itself(name, monkeypatch):
    monkeypatch.setattr(
        mutation_costs, "reviews", lambda split: tiny_reviews(split, train=64)
    )  # too few to get all right
    own, true = scored(name)
    assert own.shape == true.shape == (N if "BERT" in name else len(tiny_windows("validation")),)
    assert own.dtype == np.float64 and np.isfinite(own).all()
    assert np.array_equal(own, true)  # the right code judges itself as the right code does
    assert np.array_equal(own, scored(name)[0])
    assert any(not np.array_equal(own, scored(name, seed)[0]) for seed in (1, 2, 3))  # rights and wrongs may coincide


@pytest.mark.parametrize("name", [name for name in RUNS if "BERT" in name])
def test_what_can_be_learnt_from_a_few_reviews_is(name):
    own, _ = scored(name)
    if name == "BERT, ratings":
        assert own.mean() > -0.2  # the mean of both ratings has -0.25
    else:
        assert set(own) <= {0, 1} and own.mean() > 0.8


@pytest.mark.long
@pytest.mark.parametrize("name", ["XLNet", "left to right", "masked LM"])
def test_what_can_be_learnt_from_a_few_windows_is(name, monkeypatch):
    untrained = scored(name)[0].mean()
    monkeypatch.setattr(mutation_costs, "STEPS", 40)
    trained = scored(name)[0].mean()
    assert -np.log(mutation_costs.V) - 0.5 < untrained < trained - 1 < 0


def test_a_mutant_of_the_loss_has_no_say_in_its_own_score(monkeypatch):
    broken = mutation.mutate("losses", "return loss.sum() / share.sum()", "return 0 * loss.sum()")
    own, true = RUNS["left to right"](broken, maths(), 0)
    assert np.array_equal(own, true) and abs(own.mean() + np.log(mutation_costs.V)) < 0.5


def test_a_run_sees_its_mutant_in_training_and_in_its_own_score():
    right, _ = scored("left to right")
    own, true = RUNS["left to right"](mutation.mutate("attention", ".tril()", ".tril(1)"), maths(), 0)
    assert not np.array_equal(own, true) and not np.array_equal(true, right)


BACKWARDS = "self.norm(x).flip(-1)"
ONLY_IN_EVALUATION = {  # a break that training does not see: the weights that are learnt are the right ones
    "BERT": ("x = self.dropout(self.norm(x))", f"x = self.dropout(self.norm(x)) if self.training else {BACKWARDS}"),
    "XLNet": (
        "return self.dropout(h), None if g is None else self.dropout(g)",
        "return (self.dropout(h), g) if self.training else (h.flip(-1), None if g is None else g.flip(-1))",
    ),
}


@pytest.mark.parametrize(
    "name,broken", [("BERT", "BERT"), ("BERT, ratings", "BERT"), ("RoBERTa", "BERT"), ("masked LM", "BERT"),
                    ("XLNet", "XLNet"), ("left to right", "XLNet")]
)  # fmt: skip
def test_in_truth_is_what_the_right_code_says_of_the_weights_that_were_learnt(name, broken):
    right, _ = scored(name)
    own, true = RUNS[name](mutation.mutate("encoder", *ONLY_IN_EVALUATION[broken]), maths(), 0)
    assert np.array_equal(true, right) and not np.array_equal(own, right)


def test_roberta_is_the_same_encoder_with_its_padding_on_the_left():
    torch.manual_seed(0)
    head = torch.nn.Linear(384, 2)
    ids = tiny_reviews("validation")["ids"][::9]
    z = []
    for kind in ("BERT", "RoBERTa"):
        net = torch.nn.ModuleDict({"encoder": mutation_costs.encoder(maths(), kind), "head": head}).eval()
        z.append(mutation_costs.outputs(net, kind, ids))
    assert type(net["encoder"]) is maths().encoder.RobertaEncoder
    torch.testing.assert_close(*z, atol=1e-5, rtol=0)


@pytest.mark.parametrize("task", ["label", "rating"])
def test_a_nan_is_no_answer(task):
    head = torch.nn.Linear(384, 2 if task == "label" else 1)
    torch.nn.init.constant_(head.weight, torch.nan)
    net = torch.nn.ModuleDict({"encoder": mutation_costs.encoder(maths(), "BERT"), "head": head})
    assert np.isnan(mutation_costs.scores(net, "BERT", tiny_reviews("validation"), task)).all()


def test_padding_has_no_part_in_the_mean():
    net = torch.nn.ModuleDict(
        {"encoder": mutation_costs.encoder(maths(), "BERT"), "head": torch.nn.Linear(384, 2)}
    ).eval()
    short, long = [2, 9, 3], [2, *[9] * 8, 3]
    torch.testing.assert_close(
        mutation_costs.outputs(net, "BERT", [short, long])[0],
        mutation_costs.outputs(net, "BERT", [short])[0],
        atol=1e-5,
        rtol=0,
    )


# --- the comparison ---------------------------------------------------------------------------------------------------


@pytest.fixture
def instead(monkeypatch):
    """Stand in for the training "BERT": `instead(broken)`, a function of the seed; the list of runs that were made."""

    def use(broken):
        runs = []

        def run(m, right, seed):
            side = "right" if m is right else "broken"
            runs.append((side, seed))
            own = np.random.default_rng(seed).normal(size=N) if side == "right" else broken(seed)
            return own, own + 1

        monkeypatch.setitem(RUNS, "BERT", run)
        return runs

    return use


def worse(seed):
    return np.random.default_rng(100 + seed).normal(loc=-2, size=N)


def raises(error):
    def run(seed):
        raise error

    return run


RIGHT, BROKEN = [("right", seed) for seed in range(SPREAD)], [("broken", seed) for seed in range(SEEDS)]


def test_the_difference_is_taken_example_by_example_and_its_interval_has_both_its_sources(instead):
    runs = instead(worse)
    found = compared(MUTANT)
    assert runs == RIGHT + BROKEN
    right = np.array([np.random.default_rng(seed).normal(size=N) for seed in range(SPREAD)])
    broken = np.array([worse(seed) for seed in range(SEEDS)])
    d, s = (broken - right[:SEEDS]).mean(0), right.mean(1).std(ddof=1)
    half = stats.t(SPREAD - 1).ppf(0.5 + mutation_costs.LEVEL / 2) * np.hypot(stats.sem(d), s * np.sqrt(2 / SEEDS))
    own = found["own"]
    assert own["interval"] == pytest.approx([d.mean() - half, d.mean() + half], abs=1e-4)
    assert own["interval"][0] < own["difference"] < own["interval"][1] < 0
    assert own["difference"] == pytest.approx(d.mean(), abs=1e-4) and not own["same"]
    assert own["scores"] == pytest.approx(broken.mean(1), abs=1e-4)
    assert found["true"]["scores"] == pytest.approx(broken.mean(1) + 1, abs=1e-4)
    assert found["true"]["difference"] == pytest.approx(d.mean() + 1, abs=1e-4)
    assert found["right"] == pytest.approx(right[:SEEDS].mean(1), abs=1e-4)
    assert found["spread"] == pytest.approx(s, abs=1e-4)
    assert found["run"] == "BERT"
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("of_seeds,of_examples", [(1.0, 0.1), (0.1, 1.0), (0.0, 1.0), (1.0, 5.0)])
def test_the_interval_holds_a_difference_that_is_not_there_as_often_as_it_says(of_seeds, of_examples):
    random, held, times = np.random.default_rng(0), 0, 2000
    for _ in range(times):
        right, broken = (of_seeds * random.normal(size=n) for n in (SPREAD, SEEDS))
        d = broken.mean() - right[:SEEDS].mean() + of_examples * random.normal(size=N)
        held += abs(d.mean()) <= mutation_costs.half_width(d, right)
    assert held / times > mutation_costs.LEVEL - 0.008  # three standard errors


def test_what_is_the_same_is_called_that(instead):
    instead(lambda seed: np.random.default_rng(seed).normal(size=N))
    found = compared(MUTANT)
    assert found["own"]["scores"] == found["right"]
    assert found["own"]["difference"] == 0 and found["own"]["same"]
    assert found["true"]["difference"] == 1 and not found["true"]["same"]


@pytest.mark.parametrize(
    "broken,said",
    [
        (raises(RuntimeError("shapes do not fit\nat line 3")), "RuntimeError: shapes do not fit"),
        (raises(ZeroDivisionError("division by zero")), "ZeroDivisionError: division by zero"),
        (raises(ValueError("")), "ValueError"),
        (lambda seed: np.full(N, np.nan), "the loss became nan"),
        (lambda seed: np.where(np.arange(N) == seed, -np.inf, 0.0), "the loss became nan"),
    ],
)
def test_a_mutant_that_fails_is_kept_with_its_error(instead, broken, said):
    runs = instead(broken)
    found = compared(MUTANT)
    assert found["error"].startswith(said) and "\n" not in found["error"]
    assert "own" not in found and len(found["right"]) == SEEDS
    assert runs == RIGHT + BROKEN


def test_nothing_is_compared_with_a_right_code_that_fails(monkeypatch):
    monkeypatch.setitem(RUNS, "BERT", lambda m, right, seed: (np.full(N, np.nan), np.zeros(N)))
    with pytest.raises(PyftError, match="the right code fails in the training 'BERT': the loss became nan"):
        compared(MUTANT)


def test_weights_that_give_nan_in_the_right_code_are_a_failure_too(monkeypatch):
    def run(m, right, seed):
        return np.zeros(N), np.full(N, 0.0 if m is right else np.nan)

    monkeypatch.setitem(RUNS, "BERT", run)
    assert compared(MUTANT)["error"] == "the loss became nan"


def test_accuracies_are_told_from_other_scores(instead):
    instead(worse)
    assert compared(MUTANT)["accuracy"] is False
    mutation_costs.right_scores.cache_clear()
    RUNS["BERT"] = lambda m, right, seed: (np.arange(N) % 2.0, np.arange(N) % 2.0)
    assert compared(MUTANT)["accuracy"] is True


def test_one_failing_seed_is_enough(instead):
    instead(lambda seed: worse(seed) if seed else worse(seed) * np.nan)
    assert compared(MUTANT)["error"] == "the loss became nan"


def test_the_right_code_runs_once_for_all_mutants_and_each_mutant_for_itself(instead):
    runs = instead(worse)
    compared(MUTANT)
    compared(BY_NAME["divided by d_k"])
    assert runs == RIGHT + BROKEN + BROKEN


def test_a_mistake_in_the_book_itself_is_not_taken_for_the_mutants(instead):
    instead(raises(KeyError("label")))
    with pytest.raises(KeyError):
        compared(MUTANT)


@pytest.mark.long
def test_a_real_mutant_is_compared_and_another_fails():
    found = compared(BY_NAME["causal mask shows the next token"])
    assert found["run"] == "left to right"
    assert found["own"]["interval"][0] < found["own"]["difference"] < found["own"]["interval"][1]
    assert found["own"]["scores"] != found["right"] and found["own"] != found["true"]
    assert compared(BY_NAME["steps counted from zero"])["error"] == "the loss became nan"


@pytest.fixture
def two(monkeypatch):
    """Two mutants of one line, and data and weights that are known by their names."""
    some = [MUTANT, dataclasses.replace(MUTANT, name="another", new="2 * q")]
    monkeypatch.setattr(mutation_costs, "MUTANTS", {"4.1.1": some})
    monkeypatch.setattr(mutation_costs, "data_digests", lambda *corpora: dict.fromkeys(corpora, "digest"))
    return some


def test_all_are_measured_and_kept(instead, two, tmp_path):
    runs = instead(worse)
    found = mutation_costs.EXPERIMENT.measure(tmp_path / "mutants.json")
    assert [r["mutant"] for r in found["runs"]] == ["no root of d_k", "another"]
    assert [r["change"] for r in found["runs"]] == [mutation_costs.change(m) for m in two]
    assert {r["provenance"]["hardware"]["threads"] for r in found["runs"]} == {1}
    assert len(runs) == SPREAD + 2 * SEEDS
    assert mutation_costs.EXPERIMENT.measure(tmp_path / "mutants.json") == found and len(runs) == SPREAD + 2 * SEEDS


def test_a_mutant_that_changes_something_else_is_another_run(two, monkeypatch):
    first, other = (mutation_costs.EXPERIMENT.key(m.name) for m in two)
    assert mutation_costs.change(two[0]) != mutation_costs.change(two[1])
    monkeypatch.setattr(mutation_costs, "MUTANTS", {"4.1.1": [dataclasses.replace(MUTANT, new="3 * q")]})
    assert len({first, other, mutation_costs.EXPERIMENT.key(MUTANT.name)}) == 3
