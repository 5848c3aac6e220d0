"""Bands hold a figure from both sides, and move only with a reason."""

import json

import numpy as np
import pytest
from small_evidence import NAN, band, put

from pyft import evidence, paths
from pyft.errors import PyftError
from pyft.evaluation import stats
from pyft.evidence import bands
from pyft.evidence.bands import BandError, agree, claim

# --- reproduction: the figure of the same seed -----------------------------------------------------------------------


@pytest.fixture
def kept(bands, checkout):
    """A record of seed 0: accuracy 0.85, and three answers."""
    put(checkout, "6.1", 0, accuracy=0.85, predictions={"bert": [1, 0, 1]})


@pytest.mark.parametrize("value", [0.84, 0.85, 0.8512, 0.86])
def test_a_figure_that_is_what_it_was_passes_and_is_told_beside_where_another_seed_falls(kept, value, capsys):
    evidence.expect("6.1/accuracy", value, 0)
    line = f"6.1/accuracy: {100 * value:.1f} %; stored 85.0 %, agrees; another seed: 80.0 to 90.0 %\n"
    assert capsys.readouterr().out == line


@pytest.mark.parametrize("value", [0.8399, 0.8601, NAN, float("inf")])
def test_a_figure_that_moved_fails_on_either_side_though_another_seed_may_have_it(kept, value, capsys):
    said = r"6\.1/accuracy = .* %, stored for seed 0: 85\.0 % ± 0\.01\. .* calibrate 6\.1 --reason"
    with pytest.raises(BandError, match=said):
        evidence.expect("6.1/accuracy", value, 0)
    assert capsys.readouterr().out == ""


def test_another_kind_of_figure_is_told_in_its_own_way(checkout, capsys):
    known = {"6.1/r": band(0.9, 1.1), "6.1/loss": band(-0.2, 0.4), "6.1/gain": band(0.01, 0.05)}
    (checkout / "bands.json").write_text(json.dumps({"laptop": known}))
    put(checkout, "6.1", 0, r=0.95, loss=0.1, gain=0.03)
    for name, kind, value in [("r", "correlation", 0.951), ("loss", "loss", 0.1), ("gain", "difference", 0.03)]:
        evidence.expect(f"6.1/{name}", value, 0, kind=kind)
    assert capsys.readouterr().out.splitlines() == [
        "6.1/r: 0.951; stored 0.950, agrees; another seed: 0.900 to 1.000",
        "6.1/loss: 0.100; stored 0.100, agrees; another seed: 0.000 to 0.400",
        "6.1/gain: +3.0 points; stored +3.0 points, agrees; another seed: +1.0 to +5.0 points",
    ]


# --- seeds: the figure of another ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.8, 0.9])
def test_another_seed_is_held_to_the_band_of_seeds(kept, value, capsys):
    evidence.expect("6.1/accuracy", value, 7)
    said = "stored: nothing for seed 7 on this kind of machine; another seed: 80.0 to 90.0 %"
    assert capsys.readouterr().out == f"6.1/accuracy: {100 * value:.1f} %; {said}\n"


@pytest.mark.parametrize("value", [0.7999, 0.9001, NAN])
def test_a_figure_that_no_seed_should_have_fails(kept, value):
    with pytest.raises(BandError, match=r"another seed: 80\.0 to 90\.0 %, from 5 seeds; seed 7 has no record here"):
        evidence.expect("6.1/accuracy", value, 7)


def test_a_record_that_another_kind_of_machine_made_holds_no_figure_to_its_own(bands, checkout, capsys):
    put(checkout, "6.1", 0, accuracy=0.85, machine="a processor of another kind")
    evidence.expect("6.1/accuracy", 0.89, 0)
    assert "nothing for seed 0 on this kind of machine" in capsys.readouterr().out


def test_a_gpu_which_computes_in_half_precision_is_another_kind_of_machine(bands, checkout, capsys, monkeypatch):
    put(checkout, "6.1", 0, accuracy=0.85, predictions={"bert": [1] * 200})
    monkeypatch.setattr("pyft.evidence.bands.has_gpu", lambda: True)
    evidence.expect("6.1/accuracy", 0.89, 0)
    agree("6.1", {"bert": [0] * 200}, 0)
    assert "nothing for seed 0 on this kind of machine" in capsys.readouterr().out
    with pytest.raises(BandError, match=r"another seed: 80\.0 to 90\.0 %, from 5 seeds"):
        evidence.expect("6.1/accuracy", 0.91, 0)


def test_what_no_figure_can_be_is_in_no_band(checkout):
    (checkout / "bands.json").write_text(json.dumps({"laptop": {"6.1/a": band(0.9, 1.2)}}))
    with pytest.raises(BandError, match=r"another seed: 90\.0 to 100\.0 %"):
        evidence.expect("6.1/a", 1.1, 7)


def test_a_metric_without_a_band_is_an_error_in_a_profile_that_has_bands(bands):
    with pytest.raises(PyftError, match=r"unknown metric of profile 'laptop' '6\.1/accurac'\. Did you mean '6\.1/acc"):
        evidence.expect("6.1/accurac", 0.85, 0)


def test_a_profile_without_bands_passes_and_says_so(bands, capsys):
    evidence.expect("6.1/accuracy", 0.1234, 0, profile="gpu")
    assert capsys.readouterr().out == "6.1/accuracy: 12.3 %; stored: nothing yet for profile gpu\n"


@pytest.mark.parametrize("metric", ["6.1/accuracy", "6.1/new"])
def test_nothing_is_expected_while_the_band_is_being_measured(kept, metric, monkeypatch, capsys):
    monkeypatch.setenv("PYFT_CALIBRATING", "1")
    evidence.expect(metric, 0.1, 0)
    agree("6.1", {"bert": [0, 1, 0]}, 0)
    assert capsys.readouterr().out == ""


# --- answers to single examples ---------------------------------------------------------------------------------------


@pytest.fixture
def answered(checkout):
    known = {"6.1/answers.bert": {"agree": 0.99, "seeds": 5, "reason": "made for a test"}}
    (checkout / "bands.json").write_text(json.dumps({"laptop": known}))
    put(checkout, "6.1", 0, predictions={"bert": [1, 0] * 100})


def test_answers_that_are_what_they_were_pass(answered, capsys):
    agree("6.1", {"bert": [1, 0] * 99 + [0, 1], "other": [1]}, 0)
    assert capsys.readouterr().out == "6.1, answers of bert: 99.0 % are the stored run's; at least 99.0 % must be\n"


@pytest.mark.parametrize("answers", [[1, 0] * 98 + [0, 1] * 2, [0, 1] * 100, [1, 0] * 99, []])
def test_other_answers_fail_though_as_many_of_them_are_right(answered, answers):
    with pytest.raises(BandError, match=r"% of the answers of bert are those that are stored for seed 0; expected"):
        agree("6.1", {"bert": answers}, 0)


def test_answers_of_another_seed_are_held_to_nothing(answered, capsys):
    agree("6.1", {"bert": [0] * 200}, 1)
    agree("6.1", {"bert": [0] * 200}, 0, profile="gpu")
    assert capsys.readouterr().out == ""


def test_a_record_holds_its_answers_and_writes_nothing_if_they_moved(answered, tmp_path):
    with pytest.raises(BandError):
        evidence.record("6.1", {"6.1/a": 1.0}, seed=0, predictions={"bert": [0] * 200})
    assert not (tmp_path / "home").exists()


# --- claims -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def seeds(checkout):
    for seed, value in enumerate([0.84, 0.86, 0.85]):
        put(checkout, "6.1", seed, bert=value, tfidf=0.7)


def test_a_claim_that_is_so_for_every_stored_seed_is_said(seeds, capsys):
    claim("6.1", "BERT beats counts", lambda m: m["bert"] > m["tfidf"] + 0.1)
    claim("6.1", "BERT beats counts", lambda m: False, profile="gpu")
    said = ["BERT beats counts: so for each of 3 stored seeds", "BERT beats counts: nothing stored for gpu"]
    assert capsys.readouterr().out.splitlines() == said


def test_a_claim_that_is_not_so_for_some_seed_names_it(seeds):
    with pytest.raises(BandError, match=r"6\.1: BERT beats all: not so for seed 0, 2, by its record"):
        claim("6.1", "BERT beats all", lambda m: m["bert"] > 0.855)


def test_nothing_is_claimed_while_the_records_are_being_made(seeds, monkeypatch, capsys):
    monkeypatch.setenv("PYFT_CALIBRATING", "1")
    claim("6.1", "BERT beats all", lambda m: False)
    assert capsys.readouterr().out == ""


# --- results, published figures and bands -----------------------------------------------------------------------------


def test_bands_are_made_from_the_records_and_say_why(checkout):
    for seed, value in enumerate([0.84, 0.86, 0.85]):
        put(checkout, "6.1", seed, accuracy=value, vader=0.7)
    made = evidence.make_bands("6.1", "laptop", "the first measurement", floor=0.004)
    low, high, mean, sd = stats.band([0.84, 0.86, 0.85], 0.004)
    assert made["6.1/accuracy"] == {
        **{k: round(v, 6) for k, v in {"low": low, "high": high, "mean": mean, "sd": sd}.items()},
        "tolerance": 0.003,
        "floor": 0.004,
        "seeds": 3,
        "reason": "the first measurement",
    }
    assert (made["6.1/vader"]["low"], made["6.1/vader"]["high"]) == (0.696, 0.704)
    assert bands.bands() == made


def test_the_tolerance_is_twice_what_another_machine_moves_a_figure(checkout):
    answers = [1, 0] * 100
    for seed in (0, 1):
        put(checkout, "6.1", seed, a=0.5, b=0.5, predictions={"bert": answers, "p": [0.5] * 200})
    elsewhere = [
        put(checkout / "elsewhere", "6.1", 0, a=a, b=0.5, predictions={"bert": other, "p": [0.6] * 200})
        for a, other in [(0.51, answers), (0.493, [0, 1] + [1, 0] * 99)]
    ]
    made = evidence.make_bands("6.1", "laptop", "measured elsewhere", elsewhere)
    assert (made["6.1/a"]["tolerance"], made["6.1/b"]["tolerance"]) == (0.02, 0.003)
    assert made["6.1/answers.bert"] == {"agree": 0.98, "seeds": 2, "reason": "measured elsewhere"}
    assert "6.1/answers.p" not in made  # probabilities are no answers


def test_bands_of_other_chapters_and_profiles_are_kept_and_old_metrics_dropped(checkout):
    others = {"6.10/a": band(0, 1), "5.1/a": band(0, 1)}
    before = {"laptop": others | {"6.1/dropped": band(0, 1)}, "gpu": {"6.1/a": band(0.9, 1)}}
    (checkout / "bands.json").write_text(json.dumps(before))
    for seed in (0, 1):
        put(checkout, "6.1", seed, a=0.5)
    made = evidence.make_bands("6.1", "laptop", "new metrics")
    assert bands.bands("laptop") == others | made
    assert bands.bands("gpu") == before["gpu"]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_no_band_is_moved_without_a_reason(checkout, reason):
    for seed in (0, 1):
        put(checkout, "6.1", seed, a=0.5)
    with pytest.raises(PyftError, match="with a reason only"):
        evidence.make_bands("6.1", "laptop", reason)
    assert not (checkout / "bands.json").exists()


def test_one_seed_makes_no_band(checkout):
    put(checkout, "6.1", 0, a=0.5)
    with pytest.raises(PyftError, match=r"chapter 6\.1: .* at least two seeds, found 1"):
        evidence.make_bands("6.1", "laptop", "too early")


def test_the_committed_bands_follow_from_the_numbers_stored_with_them():
    path = paths.results_folder() / "bands.json"
    if not path.exists():
        pytest.skip("no band was measured yet")
    for profile in json.loads(path.read_text(encoding="utf8")).values():
        for metric, b in profile.items():
            assert b["reason"].strip(), metric
            assert b["seeds"] >= 2, metric
            if "agree" in b:
                assert 0.9 <= b["agree"] <= 0.997, metric
                continue
            assert b["tolerance"] >= 0.003, metric
            # as many values as there were seeds, with this mean and sd: the band depends on nothing else
            spread = np.linspace(-1, 1, b["seeds"])
            values = b["mean"] + b["sd"] * spread / spread.std(ddof=1)
            low, high, _, _ = stats.band(values, b["floor"])
            assert (b["low"], b["high"]) == pytest.approx((low, high), abs=1e-5), metric


# --- a file of bands that lost them -----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["{}", '{"laptop": {}}', '{"gpu": {"6.1/accuracy": {}}}'])
def test_bands_that_were_lost_do_not_pass_every_figure(checkout, content):
    for seed in range(2):
        put(checkout, "6.1", seed, accuracy=0.85)
    (checkout / "bands.json").write_text(content)
    said = r"no band of profile 'laptop', although seeds of chapter 6\.1 were measured .* git checkout -- book/results"
    with pytest.raises(PyftError, match=said):
        evidence.expect("6.1/accuracy", 0.1, 0)
    if "gpu" not in content:
        evidence.expect("6.1/accuracy", 0.1, 0, "gpu")  # that profile was never measured


DAMAGED = ["", "{", "[]", '{"laptop": []}', '{"laptop": {"6.1/accuracy": 1}}', "[" * 99_999]
DAMAGED += ['{"laptop": {"6.1/accuracy": {"low": 0}}}', '{"laptop": {"6.1/accuracy": {"low": "a"}}}']


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_of_bands_is_named(checkout, content):
    (checkout / "bands.json").write_text(content)
    with pytest.raises(PyftError, match=r"git checkout -- .*bands\.json"):
        evidence.expect("6.1/accuracy", 0.1, 0)
