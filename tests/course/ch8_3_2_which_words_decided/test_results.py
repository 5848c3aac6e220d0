"""The plan, a run on tiny models, and what is said of made-up runs."""

from dataclasses import replace

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from matplotlib import pyplot as plt

from pyft import data
from pyft.course.ch8_3_2_which_words_decided import experiment, recipes, results
from pyft.course.ch8_3_2_which_words_decided.experiment import FILLED, FILLS, MASK, RIVALS
from pyft.course.ch8_3_2_which_words_decided.faithful import LEVELS, SHARES
from pyft.course.ch8_3_2_which_words_decided.recipes import METHODS, RANDOM, SEEDS
from pyft.errors import PyftError
from pyft.models import loading

N, W = 30, 9


# --- runs -------------------------------------------------------------------------------------------------------------


def corpus(name, profile="laptop"):
    ends = ["a film", "the film", "a good film", "the bad film"]
    texts = [f"the {'good' if i % 2 else 'bad'} film a the a {ends[i % 4]}" for i in range(24)]
    rows = {"text": texts, "label": [i % 2 for i in range(24)]}
    kinds = {"text": Value("string"), "label": ClassLabel(names=["bad", "good"])}
    whole = Dataset.from_dict(rows, features=Features(kinds))
    return DatasetDict(dict.fromkeys(("train", "validation", "test"), whole))


@pytest.mark.long
def test_a_run_on_tiny_models(monkeypatch, tiny_minilm, same_torch_afterwards):
    monkeypatch.setattr(data, "load", corpus)
    carried = loading._carried
    monkeypatch.setattr(
        loading, "_carried", lambda n, c, task, options: carried("bert", replace(c, prepared=False), task, options)
    )
    sizes = {"ROWS": 16, "TESTED": 12, "TEXTS": 3, "SANE": 2, "STEPS": 2, "SAMPLES": 12, "ORDERS": 2}
    for name, value in (sizes | {"RECIPE": replace(recipes.RECIPE, epochs=1, batch_size=8)}).items():
        monkeypatch.setattr(recipes, name, value)
    recipes.texts.cache_clear()
    try:
        one, again = experiment.run(0), experiment.run(0)
        sentences = recipes.texts()
    finally:
        recipes.texts.cache_clear()
    assert one | {"seconds": 0} == again | {"seconds": 0}
    assert len(sentences) == len(one["labels"]) == 3
    assert {len(scores) for some in one["scores"].values() for scores in some} == {len(t.split()) for t in sentences}
    assert set(one["scores"]) == set(METHODS)
    for name in METHODS:
        for fill in FILLS:
            down, up = (one["curves"][f"{fill}, {way}, {name}"] for way in ("deletion", "insertion"))
            assert len(down) == len(up) == len(SHARES)
            assert len(one["gaps"][fill][name]) == 3
        assert down is not up
        masked = [one["curves"][f"{MASK}, {way}, {name}"] for way in ("deletion", "insertion")]
        assert masked[0][0] == pytest.approx(masked[1][-1], abs=2e-4)  # the whole text
        assert masked[0][-1] == pytest.approx(masked[1][0], abs=2e-4)  # nothing of it
    assert {level: len(one["sanity"][level][RANDOM]) for level in LEVELS} == dict.fromkeys(LEVELS, 2)


def test_the_plan_has_a_run_a_seed_and_every_comparison_is_declared():
    assert len(set(experiment.plan())) == SEEDS
    assert len(experiment.CURVES.members) == len(RIVALS) * len(FILLS)
    assert set(experiment.SANITY.members) == set(METHODS) - {RANDOM}


# --- what is said -----------------------------------------------------------------------------------------------------


def made_up(area=None, kept=None, twins=()):
    """Runs in which a method's area, or what it keeps on random weights, is so much; `twins` have the same scores."""
    area, kept = area or {}, kept or {}
    runs = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)

        def noisy(mean, size=N, rng=rng):
            return [round(float(x), 4) for x in mean + 0.05 * rng.normal(size=size)]

        scores = {name: [rng.normal(size=W).round(4).tolist() for _ in range(N)] for name in METHODS}
        for name in twins:
            scores[name] = scores[twins[0]]
        runs.append(
            {
                "seed": seed,
                "accuracy": 0.75,
                "labels": [0] * N,
                "scores": scores,
                "gaps": {f: {name: noisy(area.get((name, f), area.get(name, 0.0))) for name in METHODS} for f in FILLS},
                "curves": {
                    f"{f}, {way}, {name}": [0.9, 0.8, 0.7, 0.6, 0.5, 0.4 if f == MASK else 0.6]
                    for f in FILLS
                    for way in ("deletion", "insertion")
                    for name in METHODS
                },
                "sanity": {level: {name: noisy(kept.get(name, 0.0), 16) for name in METHODS} for level in LEVELS},
            }
        )
    return {"runs": runs}


def test_no_difference_is_told_as_none():
    told = results.told(made_up())
    assert "Of 12 comparisons with random scores, corrected together, none better and none worse;" in told["verdict"]
    assert "a probability of 0.40, and with every word filled in 0.60" in told["fills"]
    assert "No verdict is another one with the other fill." in told["fills"]
    assert "no method is shown to keep more" in told["sanity"]
    assert told["accuracy"] == "75.0"


def test_better_and_worse_ones_are_named():
    told = results.told(made_up({"occlusion": 0.5, ("attention", FILLED): -0.4}))
    assert "2 better (occlusion, [MASK]; occlusion, filled in) and 1 worse (attention, filled in);" in told["verdict"]
    assert "The verdict is another one with the other fill for attention." in told["fills"]


def test_what_is_kept_on_random_weights_is_named():
    told = results.told(made_up(kept={"attention": 0.6, "LIME": -0.6}))
    assert "more than by chance is kept by attention: part of these" in told["sanity"]
    assert "The most is kept by attention, +0.6" in told["sanity"]


def test_what_a_test_can_see_is_told_as_that_of_one_test():
    found = made_up(kept={"LIME": 0.1, "attention": -0.6})
    told, one = results.told(found)["sanity"], results.unlearnt(found)["LIME"]
    interval = f"{one.low:+.2f} to {one.high:+.2f}, the interval of this difference alone"
    assert f"The most is kept by LIME, {one.difference:+.2f} more than by random scores ({interval})" in told
    visible = float(np.median([v.visible for v in results.unlearnt(made_up()).values()]))
    told = results.told(made_up())
    assert f"A test by itself finds a rank correlation of {visible:.2f} above chance" in told["sanity"]
    assert "and the correction asks for more." in told["sanity"]
    assert told["sanity"].endswith("where nothing is shown, nothing is ruled out.")
    assert " in area four times in five." in told["verdict"]


def test_nothing_has_no_sign():
    found = made_up()
    for run in found["runs"]:
        run["gaps"] = {fill: {name: [-0.001] * N for name in METHODS} for fill in FILLS}
        run["sanity"]["all"] = {name: [-0.001] * 16 for name in METHODS}
    text = results.table(found).data
    assert text.count(">0.00<") == 3 * len(METHODS)
    assert results._pair(("a", "b"), {("a", "b"): (-0.001, -0.004, 0.01)}) == "a and b: 0.00 (0.00 to 0.01)"
    assert "The most is kept by attention, +0.00 more" in results.told(found)["sanity"]


def test_the_two_that_agree_most_are_named():
    told = results.told(made_up(twins=("LIME", "occlusion")))
    assert "agree most are occlusion and LIME: 1.00 (1.00 to 1.00)" in told["agree"]
    assert "Of 15 pairs" in told["agree"]


def test_table_and_figures():
    found = made_up({"occlusion": 0.5}, {"attention": 0.6})
    text = results.table(found).data
    assert text.count("<tr>") == 1 + len(METHODS)
    assert text.count("▲") == 3 + 2  # two areas, one kept; and twice in the caption
    texts = [" ".join(["good"] * W)] * N
    for figure in (
        results.curves_figure(found),
        results.agreement_figure(found),
        results.sanity_figure(found),
        results.example_figure(found, texts),
    ):
        assert figure.axes
        plt.close(figure)


def test_all_runs_are_read_or_none_by_seed(monkeypatch):
    found = made_up()
    backwards = {"runs": found["runs"][::-1]}
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: backwards)
    assert results.stored() == found
    backwards["runs"].pop()
    with pytest.raises(PyftError, match="lacks 1 of"):
        results.stored()


@pytest.mark.fetched
def test_half_of_the_sentences_that_are_explained_are_praise():
    texts, rows = recipes.texts(), data.load(recipes.CORPUS)["test"]
    label = dict(zip(rows["text"], rows["label"], strict=True))
    assert len(set(texts)) == recipes.TEXTS
    assert sum(label[text] for text in texts) == recipes.TEXTS / 2
    assert all(recipes.SHORTEST <= len(text.split()) <= recipes.LONGEST for text in texts)
