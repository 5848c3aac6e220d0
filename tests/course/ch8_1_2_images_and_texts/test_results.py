"""What is said of made-up runs."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from pyft.course.ch8_1_2_images_and_texts import results
from pyft.course.ch8_1_2_images_and_texts.digits import digits
from pyft.course.ch8_1_2_images_and_texts.experiment import NAMED, linear, plan
from pyft.course.ch8_1_2_images_and_texts.recipes import ARMS, PHRASINGS
from pyft.errors import PyftError
from pyft.evaluation.power import undecided
from pyft.evaluation.verdicts import compare_runs

Y = digits()["test"][1].numpy()
N = len(Y)


def answered(share):
    """Answers of which this share is right: the same images with every seed."""
    wrong = np.arange(N) >= share * N
    return "".join(map(str, np.where(wrong, (Y + 1) % 10, Y)))


def made_up(held=0.0, **shares):
    """Runs in which so many images are named rightly, 0.8 where nothing is said: `words__numerals=0.1`."""
    of = {tuple(name.replace("_", " ").split("  ")): value for name, value in shares.items()}
    runs = []
    for arm, digit, seed in plan():
        if digit is None:
            asked = [""] if arm == "softmax" else list(PHRASINGS)
            answers = {p: answered(of.get((arm, p) if p else (arm,), 0.8)) for p in asked}
        else:
            answers = {"seen": answered(held)}
        runs.append({"arm": arm, "held": digit, "seed": seed, "answers": answers})
    return {"runs": runs}


@pytest.fixture(autouse=True)
def a_linear_model(monkeypatch):
    right = np.array([int(k) for k in answered(0.8)])
    monkeypatch.setattr(results, "linear", lambda: (right, 0.1))


def test_no_difference_is_told_as_none():
    told = results.told(made_up(held=0.1))
    assert f"Of {len(NAMED.members)} comparisons, corrected together, none better and none worse;" in told["named"]
    assert told["named"].endswith(undecided(results.verdicts(made_up()).values()))


def test_differences_are_named():
    told = results.told(made_up(words__numerals=0.1, random_batches__seen=0.5))["named"]
    assert "1 better (MiniLM with numerals against words with numerals) and 1 worse" in told
    assert "(random batches with seen against words with seen)" in told
    assert "words with seen against linear;" in results.told(made_up(words__seen=0.99))["named"]


def test_a_digit_held_out_is_held_against_guessing():
    never, often = (results.told(made_up(held=share))["held"] for share in (0.0, 0.6))
    assert "the tower of words names 0.0 % rightly, less often than guessing" in never
    assert "the tower of MiniLM names 60.0 % rightly, more often than guessing" in often
    assert "would give 10 %" in never


def test_images_of_a_digit_count_together(monkeypatch):
    found = made_up(held=0.3)
    together = results.against_guessing(found)["words"]
    h = results.held_out(found, "words")
    single = compare_runs(h, np.full(h.shape[1], results.GUESSING))
    assert together.difference == pytest.approx(single.difference)
    assert together.high - together.low != pytest.approx(single.high - single.low, rel=0.01)


def test_held_out_answers_are_those_of_the_run_without_that_digit():
    found = made_up()
    for r in found["runs"]:
        if r["held"] == 3 and r["arm"] == "words":
            r["answers"]["seen"] = "3" * N
    hit = results.held_out(found, "words")
    assert hit.shape == (5, N)
    assert (hit == (Y == 3)).all()


def test_table_and_figures():
    found = made_up(words__numerals=0.1)
    text = results.table(found).data
    assert text.count("<tr>") == 1 + len(ARMS) + 1
    assert "10.0 (10.0 to 10.0)" in text
    figure = results.accuracy_figure(found)
    assert not figure.axes[0].texts
    plt.close(figure)
    plt.close(results.images_figure())


def test_the_stored_runs_are_all_of_the_plan(monkeypatch):
    whole = made_up()["runs"]
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole})
    assert results.stored()["runs"] == whole
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole[:-1]})
    with pytest.raises(PyftError, match="lacks 1 of"):
        results.stored()


def test_the_linear_model_draws_nothing():
    assert linear()[0].shape == (N,)
