"""Evidence raises when it must, prints the same line on every machine, and loses nothing on disk."""

import inspect
import json
import os
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbformat.v4 import new_code_cell, new_output

from pyft import evidence, stats, symbols
from pyft.errors import PyftError
from pyft.evidence import BandError, ProofError

NAN = float("nan")


@pytest.fixture(autouse=True)
def empty_ledger(monkeypatch):
    monkeypatch.setattr(evidence, "_LEDGER", [])


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with a folder of evidence; its path."""
    folder = tmp_path / "book" / "results"
    folder.mkdir(parents=True)
    monkeypatch.setattr(evidence, "ROOT", tmp_path)
    for name in ("PYFT_RECORD_TO", "PYFT_CALIBRATING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYFT_HOME", str(tmp_path / "home"))
    return folder


def band(low, high, **more):
    return {"low": low, "high": high, "seeds": 5, "reason": "made for a test"} | more


@pytest.fixture
def bands(checkout):
    (checkout / "bands.json").write_text(json.dumps({"laptop": {"6.1/accuracy": band(0.8, 0.9)}}))


# --- prove ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ours,reference",
    [
        (1.0, 1.0),
        (torch.tensor([1.0, 2.0], requires_grad=True), np.array([1.0, 2.0])),
        ([[1, 2]], torch.tensor([[1, 2]])),
        (torch.tensor([1.0], dtype=torch.float16), 1.0 + np.zeros(1)),
        (1.0, 1.0 + 0.9e-6),
    ],
)
def test_prove_passes_on_what_is_equal_within_the_tolerance(ours, reference, capsys):
    evidence.prove("attention", ours, reference, tol=1e-6)
    assert capsys.readouterr().out == "proven: attention (within 1e-06)\n"
    assert evidence.ledger() == ["attention"]


@pytest.mark.parametrize(
    "ours,reference,said",
    [
        ([1.0, 2.0], [1.0, 2.001], "attention: largest difference 0.001, allowed 1e-06"),
        ([1.0, 2.001], [1.0, 2.0], "attention: largest difference 0.001"),
        (torch.zeros(2, 3), torch.zeros(3, 2), r"attention: shapes differ, ours \(2, 3\), reference \(3, 2\)"),
        (torch.zeros(2), torch.zeros(1), "shapes differ"),  # numpy would broadcast
        (1.0, [1.0], "shapes differ"),
        ([1.0, NAN], [1.0, 2.0], "largest difference nan"),
        ([NAN], [NAN], "largest difference nan"),
        ([float("inf")], [float("inf")], "largest difference nan"),
        ([], [], "attention: nothing to compare"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_prove_raises_on_anything_else_and_writes_nothing_down(ours, reference, said, capsys):
    with pytest.raises(ProofError, match=said):
        evidence.prove("attention", ours, reference, tol=1e-6)
    assert evidence.ledger() == []
    assert capsys.readouterr().out == ""


def test_the_ledger_keeps_the_order_and_cannot_be_changed_from_outside(capsys):
    for name in ("softmax", "attention"):
        evidence.prove(name, 1.0, 1.0, tol=0)
    evidence.ledger().append("never proven")
    assert evidence.ledger() == ["softmax", "attention"]


def test_proofs_and_bands_fail_as_assertions_do():
    assert issubclass(ProofError, AssertionError)
    assert issubclass(BandError, AssertionError)


# --- prove_all --------------------------------------------------------------------------------------------------------


def test_same_is_prove_without_its_line(capsys):
    evidence.same("attention", torch.ones(2), np.ones(2), tol=0)
    with pytest.raises(ProofError, match=r"attention: largest difference 0\.5, allowed 0\.1"):
        evidence.same("attention", 1.0, 1.5, tol=0.1)
    assert evidence.ledger() == [] and capsys.readouterr().out == ""


def test_a_family_is_one_line_and_one_entry_with_its_cases_counted_by_tolerance(capsys):
    cases = [("B = 1", 1.0, 1.0, 1e-5), ("B = 2", 2.0, 2.0, 1e-10), ("B = 3", torch.ones(3), np.ones(3), 1e-5)]
    evidence.prove_all("attention", iter(cases))
    assert capsys.readouterr().out == "proven: attention (1 cases within 1e-10, 2 cases within 1e-05)\n"
    assert evidence.ledger() == ["attention"]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    "ours,said", [(1.5, "largest difference 0.5, allowed 0.1"), ([1.0], "shapes differ"), (NAN, "difference nan")]
)
def test_one_case_that_fails_fails_the_family_and_is_named(place, ours, said, capsys):
    cases = [("B = 1", 1.0, 1.0, 0.1)] * 2
    cases.insert(place, ("B = 2", ours, 1.0, 0.1))
    with pytest.raises(ProofError, match=f"^attention, B = 2: .*{said}"):
        evidence.prove_all("attention", cases)
    assert evidence.ledger() == [] and capsys.readouterr().out == ""


def test_a_family_without_a_case_proves_nothing(capsys):
    with pytest.raises(ProofError, match="attention: no case to prove"):
        evidence.prove_all("attention", iter(()))
    assert evidence.ledger() == [] and capsys.readouterr().out == ""


def test_cases_after_one_that_failed_are_not_computed():
    def cases():
        yield "B = 1", 1.0, 2.0, 0.0
        pytest.fail("computed")

    with pytest.raises(ProofError, match="B = 1"):
        evidence.prove_all("attention", cases())


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


def test_a_profile_that_nobody_measured_passes_and_says_so(bands, capsys):
    evidence.expect("6.1/accuracy", 0.1234, profile="gpu")
    assert capsys.readouterr().out == "6.1/accuracy: no band measured yet for profile gpu\n"


@pytest.mark.parametrize("metric", ["6.1/accuracy", "6.1/new"])
def test_nothing_is_expected_while_the_band_is_being_measured(bands, metric, monkeypatch, capsys):
    monkeypatch.setenv("PYFT_CALIBRATING", "1")
    evidence.expect(metric, 0.1)
    assert capsys.readouterr().out == ""


def test_the_evidence_of_an_installed_package_lies_in_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "ROOT", tmp_path)
    assert evidence.results_folder().parts[-2:] == ("pyft", "_results")


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
    assert set(origin) == {"commit", "versions", "hardware", "seconds", "peak_memory_mib", "data", "model"}
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
    assert json.loads(evidence.dump(kept)) == kept


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


def test_outside_a_checkout_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert evidence._commit() == "unknown"


def test_a_commit_is_dirty_when_code_was_changed_and_not_when_a_run_was_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "ROOT", tmp_path)
    for name in ("pyft/a.py", "book/results/bench/a.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("1")
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "a")):
        evidence._git(*arguments)
    commit = evidence._commit()
    assert re.fullmatch("[0-9a-f]{12}", commit)
    (tmp_path / "book/results/bench/a.json").write_text("2")
    assert evidence._commit() == commit
    (tmp_path / "pyft/a.py").write_text("2")
    assert evidence._commit() == commit + "-dirty"


# --- results, published figures and bands -----------------------------------------------------------------------------


def put(folder, chapter, seed, profile="laptop", **metrics):
    path = folder / chapter / profile / f"seed-{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"seed": seed, "metrics": {f"{chapter}/{k}": v for k, v in metrics.items()}}))


def test_results_are_sorted_by_seed_as_numbers(checkout):
    for seed in (10, 2, 0):
        put(checkout, "6.1", seed, a=0.5)
    put(checkout, "6.1", 1, profile="gpu", a=0.5)
    assert [r["seed"] for r in evidence.results("6.1")] == [0, 2, 10]
    assert evidence.results("6.2") == []


def test_a_published_figure_is_found_by_name_or_the_names_are_told(checkout):
    (checkout / "published.json").write_text(json.dumps({"vader_r": {"value": 0.451}}))
    assert evidence.published("vader_r") == 0.451
    with pytest.raises(PyftError, match=r"unknown published figure 'vader_x'\. Did you mean 'vader_r'"):
        evidence.published("vader_x")


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
    assert evidence.bands() == made


def test_bands_of_other_chapters_and_profiles_are_kept_and_old_metrics_dropped(checkout):
    others = {"6.10/a": band(0, 1), "5.1/a": band(0, 1)}
    before = {"laptop": others | {"6.1/dropped": band(0, 1)}, "gpu": {"6.1/a": band(0.9, 1)}}
    (checkout / "bands.json").write_text(json.dumps(before))
    for seed in (0, 1):
        put(checkout, "6.1", seed, a=0.5)
    made = evidence.make_bands("6.1", "laptop", "new metrics")
    assert evidence.bands("laptop") == others | made
    assert evidence.bands("gpu") == before["gpu"]


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


def test_the_committed_bands_follow_from_the_numbers_beside_them():
    path = evidence.results_folder() / "bands.json"
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


# --- writing ----------------------------------------------------------------------------------------------------------


def test_writing_replaces_the_file_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    evidence.write_atomically(path, "näu\n文\n")
    assert path.read_bytes() == "näu\n文\n".encode()  # the same bytes on Windows
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["write_text", "replace"])
def test_if_writing_fails_the_old_file_stays_and_nothing_beside_it(tmp_path, monkeypatch, step):
    path = tmp_path / "a.json"
    path.write_text("old")

    def fails(self, *arguments, **options):
        self.touch()
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(type(path), step, fails)
        evidence.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_being_written_bears_the_process_number_so_that_two_writers_do_not_meet(tmp_path, monkeypatch):
    seen = []
    real = type(tmp_path).replace
    monkeypatch.setattr(type(tmp_path), "replace", lambda self, to: seen.append(self.name) or real(self, to))
    evidence.write_atomically(tmp_path / "a.json", "x")
    assert seen == [f".a.json.{os.getpid()}"]


# --- benchmarks -------------------------------------------------------------------------------------------------------


def test_a_benchmark_is_read_from_the_committed_evidence(checkout):
    (checkout / "bench").mkdir()
    (checkout / "bench" / "maths.json").write_text('{"attention": {"ratio": 1.1}}')
    assert evidence.bench("maths") == {"attention": {"ratio": 1.1}}
    with pytest.raises(PyftError, match=r"unknown benchmark 'math'\. Did you mean 'maths'\? Known: maths\."):
        evidence.bench("math")


def test_a_benchmark_before_any_was_made_is_an_error_too(checkout):
    with pytest.raises(PyftError, match="unknown benchmark 'maths'"):
        evidence.bench("maths")


def test_where_runs_come_from_is_said_in_words():
    def run(gpu, commit, threads=2):
        hardware = {"gpu": gpu, "threads": threads}
        return {"provenance": {"commit": commit, "versions": {"torch": "2.13.0"}, "hardware": hardware}}

    assert evidence.origin({"runs": [run("A GPU", "c1")] * 2}) == "A GPU; torch 2.13.0; commit c1"
    both = [run("A GPU", "c2"), run(None, "c1")]
    assert evidence.origin({"runs": both}) == "2 CPU threads and A GPU; torch 2.13.0; commit c1 and commit c2"
    assert evidence.origin({"runs": [run(None, "c1", 1)]}) == "1 CPU thread; torch 2.13.0; commit c1"


# --- show and glue ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shell():
    """IPython's display machinery, as in a kernel."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_show_displays_the_source_as_markdown(shell):
    with capture_output() as captured:
        evidence.show(stats.compare)
    (output,) = captured.outputs
    assert output.data["text/markdown"] == f"```python\n{inspect.getsource(stats.compare).rstrip()}\n```"


def test_symbols_displays_its_topics_table(shell):
    with capture_output() as captured:
        evidence.symbols("attention")
    (output,) = captured.outputs
    assert output.data["text/markdown"] == symbols.markdown("attention")
    with pytest.raises(PyftError, match="unknown table of symbols 'atention'"):
        evidence.symbols("atention")


def test_glue_writes_what_myst_nb_reads(shell):
    from myst_nb.ext.glue import extract_glue_data_cell
    from myst_nb.ext.glue import glue as reference

    with capture_output() as ours:
        evidence.glue(accuracy="86.4 %", model="MiniLM's")
    with capture_output() as theirs:
        reference("accuracy", "86.4 %", display=False)
        reference("model", "MiniLM's", display=False)
    as_cell = [SimpleNamespace(data=o.data, metadata=o.metadata) for o in ours.outputs]
    assert [vars(o) for o in as_cell] == [{"data": o.data, "metadata": o.metadata} for o in theirs.outputs]
    cell = new_code_cell(outputs=[new_output("display_data", **vars(o)) for o in as_cell])
    assert {k: v["data"]["text/plain"] for k, v in extract_glue_data_cell(cell)} == {
        "accuracy": "'86.4 %'",
        "model": '"MiniLM\'s"',
    }
