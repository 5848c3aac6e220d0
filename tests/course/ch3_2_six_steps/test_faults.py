"""Faults planted in a training: they fit the code as it is, and each turned a page red."""

import subprocess

import pytest

from pyft.course.ch3_2_six_steps import faults
from pyft.errors import PyftError

SAYS = (
    "chapters/3_algorithms/3_3_tricks.ipynb, cell 9 (In [5]): BandError: 3.3/baseline.accuracy = 71.2 %, stored for "
    "seed 0: 74.3 % ± 0.003. Something moved: code, data\n    | films = 1\n"
)


def test_each_fault_still_fits_its_source():
    assert faults.misfits() == []


def test_a_fault_that_no_longer_fits_is_named(tmp_path):
    (tmp_path / "loop.py").write_text("step()\nstep()\n")
    with pytest.raises(PyftError, match=r"pyft/loop.py holds 'step\(\)' 2 times, expected once"):
        faults.Fault("no step", "loop.py", "step()", "pass").plant(tmp_path)


def test_a_fault_is_planted_where_it_says(tmp_path):
    (tmp_path / "loop.py").write_text("step()\nrest()\n")
    faults.Fault("no step", "loop.py", "step()", "pass").plant(tmp_path)
    assert (tmp_path / "loop.py").read_text() == "pass\nrest()\n"


def test_an_unknown_fault_is_named():
    with pytest.raises(PyftError, match="no warmup"):
        faults.run("no warmup")


@pytest.mark.parametrize(
    "page,tests,found",
    [
        (
            (1, "", SAYS),
            (1, "FAILED tests/finetune/test_loop.py::test_rates[linear] - assert 1 == 2\n", ""),
            {
                "red": True,
                "error": "BandError",
                "said": "3.3/baseline.accuracy = 71.2 %, stored for seed 0: 74.3 % ± 0.003",
                "within_seeds": True,
                "unit": "tests/finetune/test_loop.py::test_rates",
            },
        ),
        (
            (0, "done", ""),
            (0, "9 passed", ""),
            {"red": False, "error": "", "said": "", "within_seeds": False, "unit": ""},
        ),
    ],
    ids=["noticed", "survived"],
)
def test_a_run_keeps_what_the_page_and_the_tests_said(monkeypatch, page, tests, found):
    asked = []

    def call(command, cwd, env, **_):
        asked.append(command)
        assert env["PYTHONPATH"] == str(cwd) and "round(recipe" not in (cwd / "pyft/finetune/schedule.py").read_text()
        return subprocess.CompletedProcess(command, *(page if "run" in command else tests))

    monkeypatch.setattr(subprocess, "run", call)
    assert faults.run("no warm-up") == {"fault": "no warm-up", "page": "3.3"} | found
    assert asked[0][1:5] == ["-m", "pyft", "run", "3.3"] and "tests/finetune" in asked[1]


@pytest.mark.parametrize(
    "said,passes",
    [
        ("3.3/a = 71.2 %, stored for seed 0: 74.3 % ± 0.003", True),
        ("3.3/a = 69.9 %, stored for seed 0: 74.3 % ± 0.003", False),
        ("3.3/b = -0.210, stored for seed 0: 0.300 ± 0.003", True),
        ("3.3/b = -0.350, stored for seed 0: 0.300 ± 0.003", False),
        ("3.3/a = nan %, stored for seed 0: 74.3 % ± 0.003", False),
        ("3.3: 71.0 % of the answers of bert are those that are stored for seed 0; expected at least 99.7 %", True),
        ("loss is nan in step 7", False),
    ],
)
def test_what_a_band_of_seeds_would_pass(said, passes):
    bands = {"3.3/a": {"low": 0.70, "high": 0.76}, "3.3/b": {"low": -0.3, "high": 0.4}}
    assert faults.within_seeds(said, bands) is passes


@pytest.mark.fetched
def test_there_are_twenty_at_least_and_each_turned_its_page_red_most_through_its_record():
    runs = faults.EXPERIMENT.load()["runs"]
    assert len(runs) == len(faults.FAULTS) >= 20
    assert [r["fault"] for r in runs if not r["red"]] == []
    by_proof = ["labels at the last piece of a word", "a wrong I- becomes O"]  # which stands before the page's figures
    assert [(r["fault"], r["error"]) for r in runs if r["error"] != "BandError"] == [
        (f, "ProofError") for f in by_proof
    ]
