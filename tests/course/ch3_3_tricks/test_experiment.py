"""Tricks do what they say, and are judged against their baseline."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from training import watched_rates

from pyft import data, finetune
from pyft.course.ch3_3_tricks import experiment as tricks
from pyft.errors import PyftError
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import compare_runs
from pyft.finetune import prediction, rate_finder
from pyft.models import surgery
from pyft.models.loading import digest
from pyft.models.surgery import freeze
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

TEXT = "the good film a bad the film a good bad"


def rows(n):
    texts = [f"{'the ' * (i % 5)}{'good' if i % 2 else 'bad'} film {'a ' * (i // 10)}" for i in range(n)]
    features = Features({"id": Value("string"), "text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    return Dataset.from_dict(
        {"id": list(map(str, range(n))), "text": texts, "label": [i % 2 for i in range(n)]}, features=features
    )


# --- layers -----------------------------------------------------------------------------------------------------------


def test_the_last_layers_and_the_pooler_are_reinitialised_and_nothing_else(tiny_bert):
    model, before = tiny_bert(), tiny_bert().state_dict()
    surgery.reinit_layers(model, 1, seed=3)
    changed = {name for name, x in model.state_dict().items() if not torch.equal(x, before[name])}
    assert changed and all(name.startswith(("bert.pooler.", "bert.encoder.layer.1.")) for name in changed)
    assert {"bert.encoder.layer.1.output.dense.weight", "bert.pooler.dense.weight"} <= changed
    other = tiny_bert()
    surgery.reinit_layers(other, 1, seed=4)
    assert digest(other) != digest(model)
    with pytest.raises(PyftError, match="cannot reinitialise 3 layers of 2"):
        surgery.reinit_layers(model, 3, seed=0)


def test_layers_thaw_from_the_top_and_the_head_is_never_frozen(tokenizer, tiny_bert):
    model, learning = tiny_bert(), []
    before = surgery.gradual_unfreezing(model, stages=4)

    def watched(t, total):
        before(t, total)
        open_ = [name for name, p in model.named_parameters() if p.requires_grad]
        learning.append(
            (
                any("classifier" in n for n in open_),
                any("layer.1." in n for n in open_),
                any("layer.0." in n for n in open_),
                any("embeddings" in n for n in open_),
            )
        )

    data_ = rows(16)
    recipe = Recipe(epochs=2, batch_size=4, lr=1e-3, evaluations=0, max_length=16)  # eight steps
    start = {name: x.clone() for name, x in model.state_dict().items()}
    finetune.fine_tune(model, tokenizer, data_, data_, recipe, before=watched)
    assert learning == [
        *[(True, False, False, False)] * 2,
        *[(True, True, False, False)] * 2,
        *[(True, True, True, False)] * 2,
        *[(True, True, True, True)] * 2,
    ]
    assert all(not torch.equal(x, start[name]) for name, x in model.state_dict().items() if "dense.weight" in name)


def test_frozen_layers_do_not_move_before_they_thaw(tokenizer, tiny_bert):
    model, data_ = tiny_bert(), rows(16)
    recipe = Recipe(epochs=1, batch_size=4, lr=1e-3, evaluations=0, max_length=16)
    begins = digest(model.bert.encoder)
    finetune.fine_tune(model, tokenizer, data_, data_, recipe, before=surgery.gradual_unfreezing(model, stages=1))
    assert digest(model.bert.encoder) == begins


def test_dropout_is_set_in_all_layers(tiny_bert):
    model = tiny_bert()
    surgery.set_dropout(model, 0.25)
    found = [m.p for m in model.modules() if isinstance(m, torch.nn.Dropout)]
    assert len(found) > 5 and set(found) == {0.25}


# --- the learning-rate finder -----------------------------------------------------------------------------------------


def test_the_finder_raises_the_rate_by_a_constant_factor_and_sees_the_loss_fall(tokenizer, tiny_bert):
    search = rate_finder.find_rate(tiny_bert(), tokenizer, rows(40), highest=1e-1, steps=40)
    assert len(search.rates) == len(search.losses) == 40
    factors = [b / a for a, b in zip(search.rates, search.rates[1:], strict=False)]
    assert max(factors) == pytest.approx(min(factors))
    assert search.rates[0] == pytest.approx(1e-1 * 10 ** (4 * (1 / 41 - 1)))
    assert search.rates[0] < search.steepest < search.rates[-1]
    assert min(search.losses) < search.losses[0] - 0.1


def test_the_finders_rates_are_those_of_the_steps(tokenizer, tiny_bert, monkeypatch):
    rates = watched_rates(monkeypatch)
    search = rate_finder.find_rate(tiny_bert(), tokenizer, rows(16), highest=1e-3, steps=10)
    assert search.rates == pytest.approx(rates)


def test_the_steepest_fall_is_looked_for_before_the_lowest_loss(monkeypatch):
    """After it the loss may explode and fall from a height: that is no rate to train with."""
    script = [1.0] * 20 + [1.0 - 0.04 * i for i in range(20)] + [9.0] * 10 + [3.0] * 10

    def fine_tune(model, tokenizer, train, validation, recipe, seed, objective):
        for _ in script:
            objective(None, {})

    losses = iter(script)
    monkeypatch.setattr(rate_finder, "fine_tune", fine_tune)
    monkeypatch.setattr(rate_finder, "task_loss", lambda model, x: torch.tensor(next(losses)))
    search = rate_finder.find_rate(None, None, rows(16), steps=len(script))
    assert search.rates[20] <= search.steepest <= search.rates[41]


def test_the_finder_ends_where_the_loss_is_not_finite(tokenizer, tiny_bert, monkeypatch):
    real, calls = finetune.task_loss, []

    def broken(model, x):
        calls.append(1)
        return real(model, x) * (float("nan") if len(calls) == 6 else 1.0)

    monkeypatch.setattr(rate_finder, "task_loss", broken)
    assert len(rate_finder.find_rate(tiny_bert(), tokenizer, rows(16), steps=10).losses) == 5


def test_smoothing_is_exact_for_a_constant():
    assert rate_finder.running_mean([2.0] * 5) == pytest.approx([2.0] * 5)
    assert rate_finder.running_mean([1.0, 0.0], beta=0.5) == pytest.approx([1.0, 1 / 3])


# --- runs and verdicts ------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: DatasetDict(train=rows(60), validation=rows(20), test=rows(30)))
    monkeypatch.setattr(tricks, "BASELINE", replace(tricks.BASELINE, epochs=2, batch_size=8, warmup=0.3))
    monkeypatch.setattr(tricks, "WATCHED", 8)
    few = {name: replace(t, labels=32 if t.labels > tricks.LABELS else 16) for name, t in tricks.TRICKS.items()}
    monkeypatch.setattr(tricks, "TRICKS", few)
    monkeypatch.setattr(tricks, "freeze", lambda model, layers: freeze(model, layers - 2))  # it has two
    return tiny_minilm


@pytest.mark.long
def test_every_trick_runs_and_is_another_run_than_the_baseline(small, monkeypatch):
    masked = replace(tricks.TRICKS["words from a masked LM"], more=lambda texts, seed: [f"{t} a" for t in texts])
    monkeypatch.setitem(tricks.TRICKS, "words from a masked LM", masked)
    ends = {}
    real = prediction.predict

    def watched(model, *rest):
        ends[name] = digest(model)
        return real(model, *rest)

    monkeypatch.setattr(tricks, "predict", watched)
    steps = {}
    for name in tricks.TRICKS:
        steps[name] = tricks.run(name, 1)["steps"]  # seed 0 drew the tiny model itself
    same = {name for name, end in ends.items() if end == ends["baseline"]} - {"baseline"}
    assert same <= {"early stopping"}  # which may well not stop
    assert len(set(ends.values())) == len(tricks.TRICKS) - len(same)
    longer = {"three times as long", "early stopping", "twice as many labels"}  # their epochs are not of the small one
    fixed = {name: n for name, n in steps.items() if name not in longer}
    assert set(fixed.values()) == {4}


class SeenError(Exception):
    pass


def test_the_texts_that_early_stopping_watches_are_drawn_from_a_split_in_order_of_labels(small, monkeypatch):
    """The first rows of the validation split are all of one label."""
    splits = DatasetDict(train=rows(60), validation=rows(40).sort("label"), test=rows(30))
    monkeypatch.setattr(data, "load", lambda name: splits)
    seen = []

    def stop(model, tokenizer, train, watched, *rest, **options):
        seen.append(watched["text"][:])
        assert len(set(watched["label"])) > 1
        raise SeenError

    monkeypatch.setattr(tricks, "fine_tune", stop)
    for seed in (1, 2):
        with pytest.raises(SeenError):
            tricks.run("early stopping", seed)
    assert len(seen[0]) == tricks.WATCHED and seen[0] != seen[1]
    assert seen[0] != splits["validation"]["text"][: tricks.WATCHED]


def test_twice_as_many_labels_take_no_more_steps():
    twice = tricks.TRICKS["twice as many labels"]
    assert twice.recipe["epochs"] * twice.labels == tricks.BASELINE.epochs * tricks.LABELS


def test_a_run_follows_from_its_seed(small, monkeypatch):
    ends, real = [], prediction.predict
    monkeypatch.setattr(tricks, "predict", lambda model, *rest: ends.append(digest(model)) or real(model, *rest))
    found = [tricks.run("mix-up", seed) for seed in (0, 0, 1)]
    assert found[0] == found[1]
    assert ends[0] == ends[1] != ends[2]


def test_the_plan_has_every_trick_with_every_seed():
    plan = tricks.plan()
    assert len(plan) == len(set(plan)) == 5 * len(tricks.TRICKS) == 5 * sum(map(len, tricks.GROUPS.values()))


N = 400  # test texts


@pytest.fixture
def texts(monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: {"test": range(N)})


def answers(gains, seed=0):
    """Answers of a baseline, over seeds, and of a trick that gets so many more texts right: (S, N) of bool, twice."""
    rng = np.random.default_rng(seed)
    base = rng.random((len(gains), N)) < 0.7
    trick = base.copy()
    for row, gain in zip(trick, gains, strict=True):
        row[rng.choice(np.flatnonzero(row == (gain < 0)), abs(gain), replace=False)] = gain > 0
    return base, trick


def stored(base, **tricks_):
    """Stored runs, where every trick that is not named answers as the baseline does."""
    return {
        "runs": [
            {"trick": name, "seed": seed, "right": pack_bits(row)}
            for name in tricks.TRICKS
            for seed, row in enumerate(tricks_.get(name.replace("-", "_"), base))
        ]
    }


def test_a_trick_is_tested_over_seeds_and_texts_and_corrected_for_the_number_of_tricks(texts):
    base, trick = answers([30, 31, 29, 32, 28])
    found = stored(base, mix_up=trick)
    alone, corrected = tricks.against_baseline(found), tricks.verdicts(found)
    assert alone["mix-up"] == compare_runs(100 * trick, 100 * base)
    assert alone["mix-up"].difference == pytest.approx(100 * 30 / N)
    assert corrected["mix-up"].p == pytest.approx(alone["mix-up"].p * len(tricks.FAMILY.members))
    assert corrected["mix-up"].word == "better" and corrected["cosine"].word == "no difference shown"
    assert tricks.verdicts(stored(base, mix_up=answers([-30, -31, -29, -32, -28])[1]))["mix-up"].word == "worse"


def test_seeds_that_agree_on_a_few_texts_alone_prove_nothing(texts):
    """Over seeds alone the difference has no spread; but other texts might not hold the two on which it rests."""
    base = np.tile(np.arange(N) < 300, (5, 1))
    trick = base.copy()
    trick[:, 300:302] = True
    found = tricks.against_baseline(stored(base, mix_up=trick))["mix-up"]
    assert found.difference == pytest.approx(0.5) and found.word == "no difference shown"


def test_more_labels_are_no_trick_and_are_tested_by_themselves(texts):
    assert set(tricks.FAMILY.members) | {"baseline", "twice as many labels"} == set(tricks.TRICKS)
    base, more = answers([30, 31, 29, 32, 28])
    found = stored(base, **{"twice as many labels": more})
    assert tricks.verdicts(found)["twice as many labels"] == tricks.against_baseline(found)["twice as many labels"]


def test_one_seed_is_no_comparison(texts):
    base, trick = answers([9])
    with pytest.raises(PyftError, match="1 seeds in common with the baseline, expected two or more"):
        tricks.verdicts(stored(base, mix_up=trick))
