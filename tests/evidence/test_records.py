"""Records, results and benchmarks: what is kept, and that nothing is lost on disk."""

import json
import os

import numpy as np
import pytest
import torch
from small_evidence import NAN, put

from pyft import evidence, paths
from pyft.benchmarks import experiment
from pyft.errors import PyftError

# --- expect -----------------------------------------------------------------------------------------------------------


def test_the_evidence_of_an_installed_package_lies_in_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert paths.results_folder().parts[-2:] == ("pyft", "_results")


# --- record -----------------------------------------------------------------------------------------------------------


def test_record_keeps_figures_with_their_whole_provenance(checkout, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYFT_RECORD_TO", str(tmp_path / "records"))
    kept = evidence.record(
        "6.1",
        {"6.1/accuracy": np.float32(0.875)},
        seed=3,
        data={"movie-reviews": "abc"},
        model={"bert": "def"},
        predictions={"test": torch.tensor([1, 0, 1]), "score": np.array([0.123456, 1.0])},
    )
    path = tmp_path / "records" / "6.1" / "laptop" / "seed-3.json"
    assert json.loads(path.read_text(encoding="utf8")) == kept
    assert (kept["chapter"], kept["profile"], kept["seed"]) == ("6.1", "laptop", 3)
    assert kept["metrics"] == {"6.1/accuracy": 0.875}
    assert kept["predictions"] == {"test": [1, 0, 1], "score": [0.1235, 1.0]}
    origin = kept["provenance"]
    kinds = {"commit", "code", "versions", "hardware", "seconds", "peak_memory_mib", "data", "model"}
    assert set(origin) == kinds and origin["code"] is None  # this is no run of a page
    assert (origin["data"], origin["model"]) == ({"movie-reviews": "abc"}, {"bert": "def"})
    assert set(origin["versions"]) >= {"pyft-book", "python", "torch", "transformers", "datasets", "numpy"}
    assert origin["hardware"]["threads"] == torch.get_num_threads()
    assert origin["seconds"] > 0
    assert capsys.readouterr().out == "recorded: chapter 6.1, profile laptop, seed 3, 1 metrics\n"


def test_a_record_has_each_list_of_predictions_on_one_line(checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("PYFT_RECORD_TO", str(tmp_path))
    evidence.record("6.1", {"6.1/a": 1.0}, seed=0, predictions={"test": [1, 0, 1]})
    assert '"test": [1,0,1]' in (tmp_path / "6.1" / "laptop" / "seed-0.json").read_text()


@pytest.mark.parametrize("texts", [["two words"], ["a [1, 2] b", "c"], []])
def test_texts_survive_the_writing_of_lists_on_one_line(texts):
    kept = {"predictions": {"test": texts}, "cpu": "a [b c]"}
    assert json.loads(paths.dump(kept)) == kept


def test_a_record_goes_to_the_users_folder_unless_pyft_runs_the_page(checkout, tmp_path):
    evidence.record("6.1", {"6.1/a": 1.0}, seed=0, profile="gpu")
    assert (tmp_path / "home" / "results" / "6.1" / "gpu" / "seed-0.json").is_file()
    assert list(checkout.iterdir()) == []


@pytest.mark.parametrize("value", [NAN, float("inf"), np.float64("-inf")])
def test_record_refuses_what_is_no_number_and_writes_nothing(checkout, tmp_path, value):
    with pytest.raises(PyftError, match=r"chapter 6\.1: metrics must be finite numbers, found otherwise: 6\.1/b"):
        evidence.record("6.1", {"6.1/a": 0.5, "6.1/b": value}, seed=0)
    assert not (tmp_path / "home").exists()


def test_a_second_record_of_a_seed_replaces_the_first(checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("PYFT_RECORD_TO", str(tmp_path))
    for value in (0.5, 0.75):
        evidence.record("6.1", {"6.1/a": value}, seed=0)
    assert [r["metrics"]["6.1/a"] for r in evidence.results("6.1")] == [0.75]


# --- results, published figures and bands -----------------------------------------------------------------------------


def test_results_are_sorted_by_seed_as_numbers(checkout):
    for seed in (10, 2, 0):
        put(checkout, "6.1", seed, a=0.5)
    put(checkout, "6.1", 1, profile="gpu", a=0.5)
    assert [r["seed"] for r in evidence.results("6.1")] == [0, 2, 10]
    assert evidence.results("6.2") == []


def test_a_published_figure_is_found_by_name_or_the_names_are_listed(checkout):
    (checkout / "published.json").write_text(json.dumps({"vader_r": {"value": 0.451}}))
    assert evidence.published("vader_r") == 0.451
    with pytest.raises(PyftError, match=r"unknown published figure 'vader_x'\. Did you mean 'vader_r'"):
        evidence.published("vader_x")


# --- writing ----------------------------------------------------------------------------------------------------------


def test_writing_replaces_the_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    paths.write_atomically(path, "näu\n文\n")
    assert path.read_bytes() == "näu\n文\n".encode()  # the same bytes on Windows
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["write_text", "replace"])
def test_if_writing_fails_the_old_file_stays_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "a.json"
    path.write_text("old")

    def fails(self, *arguments, **options):
        self.touch()
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(type(path), step, fails)
        paths.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_being_written_bears_the_process_number_so_that_two_writers_do_not_meet(tmp_path, monkeypatch):
    seen = []
    real = type(tmp_path).replace
    monkeypatch.setattr(type(tmp_path), "replace", lambda self, to: seen.append(self.name) or real(self, to))
    paths.write_atomically(tmp_path / "a.json", "x")
    assert seen == [f".a.json.{os.getpid()}"]


# --- benchmarks -------------------------------------------------------------------------------------------------------


def test_a_benchmark_is_read_from_the_committed_evidence(checkout):
    (checkout / "bench").mkdir()
    (checkout / "bench" / "maths.json").write_text('{"attention": {"ratio": 1.1}}')
    assert experiment.bench("maths") == {"attention": {"ratio": 1.1}}
    with pytest.raises(PyftError, match=r"unknown benchmark 'math'\. Did you mean 'maths'\? Known: maths\."):
        experiment.bench("math")


def test_a_benchmark_before_any_was_made_is_an_error_too(checkout):
    with pytest.raises(PyftError, match="unknown benchmark 'maths'"):
        experiment.bench("maths")


def test_record_says_which_code_a_page_was_measured_by(tmp_path, monkeypatch):
    monkeypatch.setenv("PYFT_RECORD_TO", str(tmp_path))
    monkeypatch.setenv("PYFT_MEASURED_BY", "0123456789abcdef")
    assert evidence.record("6.1", {"6.1/a": 0.5}, seed=3)["provenance"]["code"] == "0123456789abcdef"
