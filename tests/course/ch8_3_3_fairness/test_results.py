"""The plan, what is said of made-up runs, and the gap of a group against Welch's difference."""

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt
from small_experiment import check_whole

from pyft.course.ch8_3_3_fairness import naming, results, set_results
from pyft.course.ch8_3_3_fairness.experiment import GAPS, LENGTHS, MITIGATION, SCORED, TRAINED, plan
from pyft.course.ch8_3_3_fairness.recipes import ARMS, COPIED, GROUPS, LINEAR, NETWORKS, PLAIN, SEEDS, SWAPPED
from pyft.evaluation.stats import pack_bits

N, NAMES, PAIRS = 400, 10, 20


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """Ten names of each group."""

    def tested(part):
        groups = [group for group in GROUPS[part] for _ in range(NAMES)]
        return [f"{group}{i}" for i, group in enumerate(groups)], groups

    monkeypatch.setattr(naming, "tested", tested)


def made_up(lean=None, moved=None, right=None, stereotype=0.5, frequent=0.5, random=0.5):
    """Runs in which a group leans, arms move and are right as said, and networks prefer so many.

    `frequent` and `random` are shares of pairs in which the frequent name is preferred: pretrained, random weights.
    """
    moved, right = {**dict.fromkeys(ARMS, 0.1), **(moved or {})}, {**dict.fromkeys(ARMS, 0.8), **(right or {})}

    def trained(arm, seed):
        rng = np.random.default_rng(seed)
        hit = np.arange(N) < right[arm] * N
        run = {"rows": 300, "accuracy": float(hit.mean()), "answers": pack_bits(hit), "tested": N}
        for part in GROUPS:
            groups = naming.tested(part)[1]
            of_name = np.random.default_rng(9).normal(size=len(groups)) * 0.05
            z = of_name + rng.normal(size=len(groups)) * 0.01 + [0.5 * ((part, g) == lean) for g in groups]
            drift = np.abs(rng.normal(size=len(groups))) * 0.001
            run[part] = {"score": z.tolist(), "moved": (moved[arm] + drift).tolist(), "flipped": 0.01}
        return run

    def scored(name, seed):
        share = stereotype if name == "pretrained" else 0.5
        bits = pack_bits(np.arange(N) < share * N)
        ahead = (frequent if name == "pretrained" else random) * PAIRS
        differences = np.where(np.arange(PAIRS) < ahead, 1.0, -1.0).tolist()
        frequency = {
            f"{how}, {kind}": differences for how in ("all tokens", "the word") for kind in ("one piece", "pieces")
        }
        return {"stereotype": bits, "first": bits, "sentences": N, "pairs": N, "language": 0.75, "frequency": frequency}

    made = {TRAINED: trained, SCORED: scored}
    return {
        "runs": [{"what": what, "name": name, "seed": seed} | made[what](name, seed) for what, name, seed in plan()]
    }


def test_every_arm_meets_every_seed_and_every_group_is_declared():
    assert len(set(plan())) == len(plan()) == len(ARMS) * SEEDS + sum(len(seeds) for seeds in NETWORKS.values())
    assert set(GAPS.members) == {(part, group) for part in GROUPS for group in GROUPS[part]}
    assert len(MITIGATION.members) == 4
    assert LENGTHS.members == tuple(NETWORKS)


def test_a_gap_is_a_difference_of_means_with_its_standard_error():
    rng = np.random.default_rng(0)
    groups = ["a"] * 30 + ["b"] * 40 + ["c"] * 50
    of_name = rng.normal(size=120)
    verdict = results.gap(np.stack([of_name] * 5), groups, "a")  # seeds that say the same add nothing
    a, b, c = of_name[:30], of_name[30:70], of_name[70:]
    assert verdict.difference == pytest.approx(a.mean() - (b.mean() + c.mean()) / 2)
    error = np.sqrt(a.var() / 30 + (b.var() / 40 + c.var() / 50) / 4)
    assert (verdict.high - verdict.low) / 2 == pytest.approx(1.98 * error, rel=0.08)  # fewer degrees of freedom


def test_gaps_are_found_where_they_are_and_nowhere_else():
    key = ("last", "white")
    judged = results.gaps(made_up(lean=key))
    assert judged[key].word == "better"
    assert judged[key].difference == pytest.approx(0.5, abs=0.06)
    assert all(judged["first", group].word == "no difference shown" for group in GROUPS["first"])
    told = results.told_gaps(made_up(lean=key))
    assert "White last names +0." in told
    assert "The widest is that of White last names" in told
    none = results.told_gaps(made_up())
    assert "Of 9 gaps, corrected together, none is shown. The widest" in none
    visible = float(np.median([v.visible for v in results.gaps(made_up()).values()]))
    assert f"A test by itself finds a gap of {visible:.3f} four times in five" in none
    assert none.endswith("and the correction asks for more: smaller gaps are often missed.")


@pytest.mark.parametrize(("share", "where"), [(0.5, "within"), (0.7, "outside"), (0.3, "outside")])
def test_a_score_is_held_against_a_coin(share, where):
    told = set_results.told_sets(made_up(stereotype=share))
    assert told.count(f"scores {100 * share:.1f} %, {where} the range") == 2
    assert told.count("networks of random weights score 50.0 to 50.0 %") == 2


def test_the_range_of_a_coin():
    low, high = set_results.coin(10_000)
    assert (low, high) == (pytest.approx(49.02, abs=0.02), pytest.approx(50.98, abs=0.02))


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "frequent</td>"), (0.5, f"{set_results.NO_LEAN}</td>"), (0.0, "rare</td>")],
)
def test_a_lean_to_frequent_names_is_told(share, words):
    assert set_results.frequency_table(made_up(frequent=share)).data.count(words) == 4


def test_random_weights_stand_beside_each_lean():
    shown = re.sub(r"<[^>]+>", " ", set_results.frequency_table(made_up(frequent=1.0)).data)
    assert len(re.findall(r" 100 +50 +frequent ", shown)) == 4
    for random in (0.5, 0.0):
        assert set_results.told_frequency(made_up(frequent=1.0, random=random)).startswith("No lean ")
    same = set_results.told_frequency(made_up(frequent=1.0, random=0.9))
    assert " does for “all tokens, one piece” and “all tokens, pieces” and " in same
    assert same.endswith("that lean comes from how the score adds up, and was not learnt.")
    unsure = set_results.told_frequency(made_up(frequent=0.5, random=0.5))
    assert unsure.startswith("No lean ")
    figure = set_results.frequency_figure(made_up(frequent=1.0, random=0.1))
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert [list(line.get_xdata()) for line in crosses] == [[10.0] * len(NETWORKS["random"])] * 4
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["random weights", "pretrained"]
    plt.close(figure)


def test_the_number_of_pieces_is_told_where_it_decides():
    half = made_up()  # the first two hundred of four hundred pairs are preferred
    for signs, words in ((-1, "more often (+100.0 points"), (1, "less often (-100.0 points")):
        told = set_results.told_lengths(half, signs * np.repeat([1, 0, -1], [100, 100, 200]))
        assert [f"the {name} network prefers them {words}" in told for name in NETWORKS] == [True, True]
    told = set_results.told_lengths(half, np.tile([-1, 0, 1, 0], 100))
    assert told.count("neither more nor less often, as far as is shown (+0.0 points, -") == len(NETWORKS)


def test_a_difference_by_pieces_has_its_standard_error():
    rng = np.random.default_rng(0)
    more = np.repeat([-1, 0, 1], [150, 100, 150])
    hit = rng.random(N) < np.where(more < 0, 0.7, 0.5)
    found = made_up()
    for run in found["runs"]:
        if run["what"] == SCORED:
            run["stereotype"] = pack_bits(hit)
    for verdict in set_results.lengths(found, more).values():  # seeds that say the same add nothing
        a, b = hit[more < 0], hit[more > 0]
        assert verdict.difference == pytest.approx(a.mean() - b.mean())
        error = np.sqrt(a.var() / 150 + b.var() / 150)
        assert (verdict.high - verdict.low) / 2 == pytest.approx(1.97 * error, rel=0.03)


def test_effect_and_price_follow_from_the_tests():
    none = results.told_mitigation(made_up())
    assert none["effect"].count("no difference shown") == 2
    assert none["price"].count("no difference shown") == 2
    good = results.told_mitigation(made_up(moved={SWAPPED: 0.05}, right={SWAPPED: 0.7}))
    assert "against the same copies unchanged less far (-0.05" in good["effect"]
    assert "against no copies less far (-" in good["effect"]
    assert good["price"].count("worse (-10.0 points") == 2
    bad = results.told_mitigation(made_up(moved={SWAPPED: 0.2}, right={SWAPPED: 0.9}))
    assert "unchanged farther (+0.1" in bad["effect"]
    assert bad["price"].count("better (+10.0 points") == 2


def test_tables_and_figures():
    found = made_up(moved={SWAPPED: 0.05}, right={COPIED: 0.9})
    text = results.mitigation_table(found).data
    assert text.count("<tr>") == 2 + len(ARMS)
    assert "90.0 (90.0–90.0)" in text
    assert LINEAR in text
    assert PLAIN in text
    rules = {"fewer pieces": {"StereoSet": 0.25, "CrowS-Pairs": 0.75}}
    text = set_results.sets_table(found, rules).data
    assert text.count("<tr>") == 1 + len(NETWORKS) + 1
    assert "25.0" in text
    assert "75.0" in text
    text = set_results.length_table(found, np.repeat([-1, 0, 1], [100, 100, 200])).data
    assert "100.0" in text  # half of four hundred are preferred: the first two hundred
    for draw in (results.gaps_figure, set_results.frequency_figure):
        figure = draw(found)
        assert len(figure.axes[0].lines) > 4
        plt.close(figure)
    groups = naming.tested("first")[1]
    figure = results.names_figure(np.linspace(-1, 1, len(groups)), groups)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["Asian", "Black", "Hispanic", "White"]
    plt.close(figure)


def test_all_runs_are_read_or_none(monkeypatch):
    found = made_up()
    check_whole(monkeypatch, results.stored, found)
