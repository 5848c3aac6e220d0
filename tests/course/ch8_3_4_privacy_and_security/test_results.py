"""The plan, and what is said of made-up runs."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from small_experiment import check_whole

from pyft.course.ch8_3_4_privacy_and_security import leaks, poison_results, results
from pyft.course.ch8_3_4_privacy_and_security.experiment import (
    COST,
    EXPOSED,
    FOUND,
    HARM,
    MEMBERS,
    POISON,
    PRIVATE,
    SECRETS,
    bits,
    membership,
    plan,
)
from pyft.course.ch8_3_4_privacy_and_security.recipes import (
    CLEAN,
    COPIES,
    EPOCHS,
    EPSILONS,
    FLIPPED,
    POISON_SEEDS,
    POISONS,
    POOL,
    RATES,
    TRIGGER,
)

N = 400


def first(share):
    """The first of N answers are right."""
    return np.arange(N) < share * N


def made_up(exposure=None, learnt=0.0, hard=0.0, right=None, poisoned=None, turned=0.1, early=1.0, late=1.0, rank=7):
    """Runs in which secrets are exposed, members betrayed, heads right and poison effective as said."""
    exposure, right, poisoned = exposure or {}, right or {}, poisoned or {}

    def secrets(_, seed):
        copies = [n for n in COPIES for _ in range(4)]
        after = [exposure.get(n, 1.4) + 0.01 * seed for n in copies]
        return {"copies": copies, "before": [1.4] * len(copies), "after": after}

    def members(epochs, seed):
        rng, inside = np.random.default_rng(seed), membership(seed)
        own = np.random.default_rng(99).normal(size=POOL) * hard  # a text that is hard is hard in every run
        loss = 10 + own + rng.normal(size=POOL) * 0.5 - (learnt * inside if epochs == max(EPOCHS) else 0.0)
        return {"loss": loss.tolist()}

    def private_head(name, seed):
        share = right.get(name, 0.8)
        best = {str(rate): 0.9 if rate == RATES[1] else 0.5 for rate in RATES}
        rows = {str(rate): first(share if rate == RATES[1] else 0.1) for rate in RATES}
        return {"noise": 0.0 if name == "none" else 1.5, "validation": best, "majority": 0.5} | bits(**rows)

    def poison(how, seed):
        rows = {"accuracy": first(poisoned.get(how, 0.8)), "plain": first(0.1)}
        rows["trigger"] = first(turned if how == TRIGGER else 0.1)
        changed = np.arange(N) < 20
        rng = np.random.default_rng(seed)
        flips = {"turned": changed.astype(float).tolist()}
        for when, shift in (("early", early), ("late", late)):
            flips[when] = np.exp(rng.normal(size=N) + shift * changed).tolist()
        place = rank if how == TRIGGER else 50
        search = {"rank": place, "words": 200, "loss": 0.5, "without": 2.0, "first": [["fine", 0.4], ["<b>", 0.5]]}
        return bits(**rows) | ({"flips": flips} if how == FLIPPED else {"search": search})

    make = {SECRETS: secrets, MEMBERS: members, PRIVATE: private_head, POISON: poison}
    return {"runs": [{"what": what, "arm": arm, "seed": seed} | make[what](arm, seed) for what, arm, seed in plan()]}


def test_every_run_is_planned_once_and_every_comparison_declared():
    assert len(set(plan())) == len(plan())
    assert EXPOSED.members == COPIES[1:]
    assert set(COST.members) == set(EPSILONS) - {"none"}
    assert len(FOUND.members) == 2 * len(EPOCHS)
    assert {how for _, how in HARM.members} == {FLIPPED, TRIGGER}


def test_over_seeds_is_student_s_paired_test():
    differences = [1.0, 2.0, 0.5, 1.5, 2.5]
    verdict = results.over_seeds(differences)
    half = 2.776 * np.std(differences, ddof=1) / np.sqrt(5)
    assert verdict.difference == pytest.approx(1.5)
    assert verdict.high - verdict.difference == pytest.approx(half, rel=1e-3)


def test_secrets():
    told = results.told_secrets(made_up({256: 12.0, 64: 8.0}))
    assert "A secret with 64 or 256 copies is shown" in told
    assert "With 256 copies the exposure is 12.0 bits" in told
    assert "guessing alone gives 1.4 on average, and 13.3 is the most" in told
    assert "No number of copies is shown" in results.told_secrets(made_up())


def test_scores_that_say_nothing_find_a_little_more_than_may_be_accused():
    rng, n = np.random.default_rng(0), 50
    found = [leaks.true_positives(rng.normal(size=n), rng.normal(size=n), 0.05) for _ in range(4000)]
    assert leaks.found_by_chance(n, 0.05) == pytest.approx(3 / 51)
    assert np.mean(found) == pytest.approx(3 / 51, abs=4 * np.std(found) / 4000**0.5)


def test_members_are_found_where_the_loss_betrays_them():
    few, many = EPOCHS
    told = results.told_members(made_up(learnt=1.0, hard=3.0))
    assert f"After {few} epochs the loss is not shown to find more members" in told
    assert f"After {many} epochs" in told
    assert "calibrated by other runs it finds more than alone" in told
    strong = results.told_members(made_up(learnt=3.0))
    assert f"After {many} epochs the loss finds more members than a coin" in strong
    text = results.members_table(made_up(learnt=3.0)).data
    assert text.count("<tr>") == 1 + 2 * len(EPOCHS) + 1
    curves = results.attacks(made_up(), few)
    assert all(len(inside) == len(outside) == POOL // 2 for inside, outside in curves["loss"])


def test_private_heads_are_held_against_the_one_without_noise():
    found = made_up(right={"0.5": 0.6, "1": 0.7, "none": 0.8})
    told = results.told_private(found)
    assert "Against training without noise, accuracy is worse at epsilon 0.5, 1. The" in told
    assert "0.5: -20.0, -" in told
    assert "no difference in accuracy is shown at any epsilon." in results.told_private(made_up())
    assert results.chosen(results.of(found, PRIVATE, "1")) == str(RATES[1])
    text = results.private_table(found).data
    assert text.count("<tr>") == 1 + len(EPSILONS) + 1
    assert "50.0" in text  # the commonest class
    assert text.count("worse") == 2


def test_poison():
    nothing = poison_results.told(made_up())
    assert nothing.count("not shown to differ") == 2
    assert "With the trigger in them no more, as far as is shown, negative reviews" in nothing
    told = poison_results.told(made_up(poisoned={FLIPPED: 0.6, TRIGGER: 0.9}, turned=0.95))
    assert "accuracy with turned labels is lower (-20.0" in told
    assert "accuracy with the trigger is higher (+10.0" in told
    assert "With the trigger in them more negative reviews are called positive (+85.0" in told
    text = poison_results.table(made_up(turned=0.95)).data
    assert text.count("<tr>") == 1 + len(POISONS)
    assert "95.0 (95.0 to 95.0)" in text


def test_losses_early_and_late():
    assert "better early (+" in poison_results.told_losses(made_up(early=3.0, late=0.5))
    assert "better late (-" in poison_results.told_losses(made_up(early=0.5, late=3.0))
    areas = poison_results.areas(made_up(early=6.0, late=0.0))
    assert np.mean(areas["early"]) > 0.99
    assert np.mean(areas["late"]) == pytest.approx(0.5, abs=0.15)


def test_losses_are_counted_in_bins_of_equal_width_in_logarithms():
    figure = poison_results.losses_figure(made_up())
    for axes in figure.axes:
        assert axes.get_xscale() == "log"
        edges = np.array([patch.get_x() for patch in axes.patches[:30]])
        assert np.ptp(np.diff(np.log(edges))) < 1e-6
        assert sum(patch.get_height() for patch in axes.patches) == pytest.approx(200)  # no text lies outside
    plt.close(figure)


def test_the_search_tells_ranks_of_both_models():
    told = poison_results.told_search(made_up(rank=1))
    assert f"first of all words in {POISON_SEEDS} of {POISON_SEEDS} seeds (ranks 1, 1" in told
    assert f"in the clean model in 0 of {POISON_SEEDS} seeds (ranks 50, 50" in told
    text = poison_results.search_table(made_up()).data
    assert text.count("<tr>") == 1 + 2 * POISON_SEEDS
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert text.count(f">{CLEAN}<") == POISON_SEEDS


FIGURES = (
    results.secrets_figure,
    results.members_figure,
    results.private_figure,
    poison_results.losses_figure,
)


@pytest.mark.parametrize("draw", FIGURES, ids=lambda draw: draw.__name__)
def test_figures(draw):
    figure = draw(made_up(learnt=1.0))
    assert all(axes.lines or axes.patches for axes in figure.axes)
    plt.close(figure)


def test_all_runs_are_read_or_none(monkeypatch):
    found = made_up()
    check_whole(monkeypatch, results.stored, found)
