"""Bands hold a figure from both sides, and move only with a reason."""

import json

import numpy as np
import pytest
from small_evidence import NAN, band, put

from pyft import evidence, paths
from pyft.errors import PyftError
from pyft.evaluation import stats
from pyft.evidence import bands
from pyft.evidence.bands import BandError

# --- expect -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.8, 0.8512, 0.9])
def test_a_figure_in_its_band_passes_and_is_not_printed(bands, value, capsys):
    evidence.expect("6.1/accuracy", value)
    assert capsys.readouterr().out == "6.1/accuracy: within its band [0.8000, 0.9000]\n"


@pytest.mark.parametrize("value,side", [(0.7999, "below"), (0.9001, "above"), (NAN, "not in"), (float("inf"), "above")])
def test_a_figure_outside_its_band_fails_on_either_side(bands, value, side, capsys):
    with pytest.raises(BandError, match=rf"6\.1/accuracy = {value:.4f} is {side} its band .* calibrate 6\.1 --reason"):
        evidence.expect("6.1/accuracy", value)
    assert capsys.readouterr().out == ""


def test_a_metric_without_a_band_is_an_error_in_a_profile_that_has_bands(bands):
    with pytest.raises(PyftError, match=r"unknown metric of profile 'laptop' '6\.1/accurac'\. Did you mean '6\.1/acc"):
        evidence.expect("6.1/accurac", 0.85)


def test_a_profile_without_bands_passes_and_says_so(bands, capsys):
    evidence.expect("6.1/accuracy", 0.1234, profile="gpu")
    assert capsys.readouterr().out == "6.1/accuracy: no band measured yet for profile gpu\n"


@pytest.mark.parametrize("metric", ["6.1/accuracy", "6.1/new"])
def test_nothing_is_expected_while_the_band_is_being_measured(bands, metric, monkeypatch, capsys):
    monkeypatch.setenv("PYFT_CALIBRATING", "1")
    evidence.expect(metric, 0.1)
    assert capsys.readouterr().out == ""


# --- results, published figures and bands -----------------------------------------------------------------------------


def test_bands_are_made_from_the_records_and_say_why(checkout):
    for seed, value in enumerate([0.84, 0.86, 0.85]):
        put(checkout, "6.1", seed, accuracy=value, vader=0.7)
    made = evidence.make_bands("6.1", "laptop", "the first measurement", floor=0.004)
    low, high, mean, sd = stats.band([0.84, 0.86, 0.85], 0.004)
    assert made["6.1/accuracy"] == {
        **{k: round(v, 6) for k, v in {"low": low, "high": high, "mean": mean, "sd": sd}.items()},
        "floor": 0.004,
        "seeds": 3,
        "reason": "the first measurement",
    }
    assert (made["6.1/vader"]["low"], made["6.1/vader"]["high"]) == (0.696, 0.704)
    assert bands.bands() == made


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
            # as many values as there were seeds, with this mean and sd: the band depends on nothing else
            spread = np.linspace(-1, 1, b["seeds"])
            values = b["mean"] + b["sd"] * spread / spread.std(ddof=1)
            low, high, _, _ = stats.band(values, b["floor"])
            assert (b["low"], b["high"]) == pytest.approx((low, high), abs=1e-5), metric
