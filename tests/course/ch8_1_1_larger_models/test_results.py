"""The plan, a run on tiny models, and what is said of made-up runs."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from pyft.course.ch8_1_1_larger_models import experiment, recipes, results
from pyft.course.ch8_1_1_larger_models.laws import LEAST, Law, fit
from pyft.course.part1 import letters
from pyft.errors import PyftError

RATE = recipes.RATES[1]
TRUE = Law(np.array([12.0, 300.0]), np.array([0.35, 0.45]), 1.3)


# --- runs -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    """A text of a few rows, and nothing else."""
    texts = [f"the film is {'good' if i % 2 else 'bad'} and so is the end" for i in range(40)]
    monkeypatch.setattr(letters, "reviews", lambda: dict.fromkeys(("train", "validation", "test"), texts))
    monkeypatch.setattr(recipes, "BLOCKS", 4)
    experiment.text.cache_clear()
    yield
    experiment.text.cache_clear()


def test_rows_are_the_text_without_its_end():
    assert experiment.rows(["abc", "de", "fgh"], 4) == ["abc ", "de f"]
    assert experiment.codes("ab ") == [letters.encode("ab ")[i] for i in range(3)]


def test_blocks_are_means_of_neighbours(monkeypatch):
    monkeypatch.setattr(recipes, "BLOCKS", 2)
    assert experiment.in_blocks(np.array([1.0, 3.0, 5.0, 7.0, 100.0])).tolist() == [2.0, 6.0]


def test_a_run_on_a_few_rows(small, same_torch_afterwards):
    made = [experiment.run(8, 1000, seed, RATE) for seed in (0, 0, recipes.TRIAL_SEED)]
    assert made[0] | {"seconds": 0} == made[1] | {"seconds": 0}
    assert len(made[0]["nats"]) == 4
    assert made[2]["trial"] and made[2]["nats"] == []
    assert 1000 <= made[0]["read"] < 1000 + recipes.BATCH_SIZE * recipes.LENGTH
    assert 0 < made[0]["validation"] < np.log(letters.V) + 0.5


def test_more_text_makes_a_smaller_loss(small, same_torch_afterwards):
    few, many = (experiment.run(8, signs, 0, RATE)["validation"] for signs in (1000, 60_000))
    assert many < few - 0.2


def test_the_rate_of_the_lowest_validation_loss_is_taken():
    trials = [{"trial": True, "d": 8, "lr": lr, "validation": abs(lr - RATE)} for lr in recipes.RATES]
    assert experiment.chosen(trials) == {8: RATE}
    assert experiment.chosen(trials[:-1]) == {}
    W, S, D = len(recipes.WIDTHS), recipes.SEEDS, len(recipes.SIGNS)
    assert len(experiment.plan()) == W * len(recipes.RATES)
    assert len(experiment.plan(trials)) == W * len(recipes.RATES) + S * D


# --- results ----------------------------------------------------------------------------------------------------------


def made_up(noise=0.001, bend=0.0):
    """Runs of the law TRUE, with noise over seeds and blocks; `bend` lifts the largest size off it."""
    rng, runs = np.random.default_rng(0), []
    loss = dict(zip([(d, D) for d in recipes.WIDTHS for D in recipes.SIGNS], TRUE.loss(results.grid()), strict=True))
    for d in recipes.WIDTHS:
        for lr in recipes.RATES:
            runs.append(
                {"d": d, "signs": recipes.TUNED_ON, "seed": recipes.TRIAL_SEED, "lr": lr, "trial": True, "nats": []}
                | {"validation": abs(lr - RATE)}
            )
        for D in recipes.SIGNS:
            for seed in range(recipes.SEEDS):
                nats = loss[d, D] + bend * (d == recipes.WIDTHS[-1]) + noise * rng.normal(size=recipes.BLOCKS)
                run = {"d": d, "signs": D, "seed": seed, "lr": RATE, "trial": False, "validation": 2.0}
                runs.append(run | {"nats": (nats + noise * rng.normal()).tolist()})
    return {"runs": runs}


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(results, "DRAWS", 30)
    monkeypatch.setattr(results.redrawn, "__defaults__", (30, 0))


def test_the_law_that_made_the_runs_is_found_again():
    m = results.measured(made_up(noise=1e-4))
    assert m.surface.alpha == pytest.approx(TRUE.alpha, abs=0.03)
    assert abs(m.surface.E - TRUE.E) < 0.05
    low, high = results.interval(np.array([s.alpha[0] for s in m.surfaces]))
    assert low - 0.005 < TRUE.alpha[0] < high + 0.005


def test_a_line_misses_a_floor_and_the_law_that_has_one_does_not():
    words = results.measured(made_up(noise=1e-4)).words()
    assert {words["a straight line", left] for left in ("without the largest size", "without the two largest")} == {
        "too low"
    }
    assert words["size and text", "without the largest size"] == "no error shown"
    told = results.told(made_up(noise=1e-4))["forecasts"]
    assert told == "Of 6 forecasts, corrected together, 2 are shown to be wrong; in the others no error is shown."


def test_a_floor_at_its_bound_is_no_floor(monkeypatch):
    assert " and a floor of 1.3" in results.told(made_up(noise=1e-4))["law"]
    monkeypatch.setattr(results, "fit", lambda *_: Law(np.ones(2), np.full(2, 0.3), np.exp(LEAST)))
    told = results.told(made_up(noise=2e-4))["law"]
    assert " and no floor: it came out at its bound of zero, and did so again in 30 of 30 draws. With" in told


def test_a_law_without_a_floor_is_fitted_to_the_bound():
    X = results.grid()
    law = fit(X, Law(TRUE.A, TRUE.alpha, 0.0).loss(X))
    assert law.floorless and law.alpha == pytest.approx(TRUE.alpha, abs=1e-4)
    assert not fit(X, TRUE.loss(X)).floorless


def test_a_size_off_the_law_is_noticed():
    words = results.measured(made_up(noise=1e-4, bend=0.2)).words()
    assert words["size and text", "without the largest size"] == "too low"


def test_counting_the_tables_makes_the_exponent_larger():
    m = results.measured(made_up(noise=1e-4))
    assert (m.lines["total"] > m.lines["layers"]).all()
    assert "with the tables: +0.0" in results.told(made_up(noise=1e-4))["counting"]


def test_tables_and_figures():
    found = made_up()
    assert results.forecast_table(found).data.count("<tr>") == 1 + len(experiment.FORECASTS)
    assert results.rates_table(found).data.count(f"{RATE:g}<") == len(recipes.WIDTHS)
    for draw in (results.losses_figure, results.forecast_figure):
        figure = draw(found)
        assert len(figure.axes) == 1 and not figure.axes[0].texts
        plt.close(figure)


def test_the_stored_runs_are_all_of_the_plan(monkeypatch):
    whole = made_up()["runs"]
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole})
    assert results.stored()["runs"] == whole
    for runs in (whole[:-1], whole[1:]):
        monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name, runs=runs: {"runs": runs})
        with pytest.raises(PyftError, match="lacks 1 of"):
            results.stored()
