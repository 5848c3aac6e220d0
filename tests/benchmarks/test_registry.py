"""Every experiment is found by its name, and what is kept of it are the figures that were measured."""

import hashlib
import json
import subprocess
import sys
from importlib import import_module

import pytest

from pyft.benchmarks import experiment, registry
from pyft.benchmarks.experiment import bench
from pyft.errors import PyftError
from pyft.paths import results_folder

NAMES = [
    "across-languages", "adaptation", "answers", "chinese-labels", "classification", "efficient", "explanations",
    "fairness", "faults", "few-labels", "finetune", "flair", "four-bits", "history", "hyperparameters", "image-text",
    "latency", "maths", "models", "moves", "mutants", "name-lists", "names-across", "ner", "new-words", "news",
    "own-data", "privacy", "reviews", "scale", "sentiment", "shortcuts", "small-models", "transfer", "tricks",
]  # fmt: skip


@pytest.mark.long
def test_every_experiment_is_found_under_the_name_that_it_has():
    assert list(registry.experiments()) == NAMES
    for name, where in registry.experiments().items():
        module, attribute = where.split(":")
        found = registry.experiment(name)
        assert found is getattr(import_module(module), attribute)
        assert found.name == name and found.about and found.version >= 1


def test_the_list_imports_none_of_them():
    code = "import sys\nfrom pyft.benchmarks.registry import experiments\n"
    code += "print(len(experiments()), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(NAMES)), "False"]


def test_an_experiment_in_a_folder_is_found_and_a_name_is_given_once(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "PACKAGE", tmp_path / "pyft")
    source = 'EXPERIMENT = Experiment(\n    "{}", plan, run, depends, version=2\n)\n'
    for path, name in {"bench.py": "a", "course/ch7_1_tools/experiment.py": "b"}.items():
        (tmp_path / "pyft" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pyft" / path).write_text("# Experiment(x)\n" + source.format(name))
    assert registry.experiments() == {
        "a": "pyft.bench:EXPERIMENT",
        "b": "pyft.course.ch7_1_tools.experiment:EXPERIMENT",
    }
    (tmp_path / "pyft" / "other.py").write_text(source.format("a"))
    with pytest.raises(PyftError, match=r"two experiments are called 'a': pyft\.bench:EXPERIMENT and pyft\.other:"):
        registry.experiments()


def test_a_name_that_none_has_is_answered():
    with pytest.raises(PyftError, match=r"unknown experiment 'math'\. Did you mean 'maths'"):
        registry.experiment("math")


@pytest.fixture(scope="module", autouse=True)
def no_digest_of_another_test():
    """The corpora are the real ones in all tests here: each is read once, not once a test."""
    experiment._fingerprint.cache_clear()


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_every_experiment_is_kept_and_nothing_else():
    assert {path.stem for path in (results_folder() / "bench").glob("*.json")} == set(NAMES)


@pytest.mark.fetched
@pytest.mark.parametrize("name", NAMES)
def test_the_kept_runs_are_those_of_the_present_plan_code_data_and_weights(name):
    assert registry.experiment(name).load() == bench(name)


DIRTY: dict[str, int] = {}  # kept runs of code that was not committed, to be made again: --again-dirty


def test_kept_runs_are_of_code_that_was_committed():
    found = {name: sum(map(experiment.dirty, bench(name)["runs"])) for name in NAMES}
    assert {name: n for name, n in found.items() if n} == DIRTY


# Of the runs that these commits measured: how many there are, and a digest of their figures. They were kept in other
# forms and under other keys once, and must not change with either; who measures them again puts the new ones here.
COMMITS = {
    "02e943a39c70", "045c7c752247", "0482d8d5f3e3", "091e3fb0e2ec", "0b5e8da6be33", "0b8178e09389",
    "18a941139cd1", "1cf23a74e927", "23787f8b8e48", "2dbec86198fd", "2dc49b5be3b0", "2f1e58d02cfc",
    "33347569e6c3", "384d85325c40", "452736df6f3e", "530d533ba95a", "53f7d08d222c", "562511ada1c4",
    "56a65cd5a741", "6024d83e2354", "64d79466d610", "661c2375bc4c", "68e02dd1c298", "728610708083",
    "7d24ffcc51ed", "811c6252eb06", "812c96d3248c", "817a54b7276b", "83e99b28c3be", "8441ae1071ae",
    "8894f0f7b925", "919a54773a20", "9573e8d32909", "a83fae45268b", "a9c1ffe5ac44", "b14804c7fc67",
    "b20b97ae5150", "b794661677b1", "b7e533d4fc40", "b82b925c5ea4", "ba3c2965b1b7", "bd93637136a3",
    "bebc82a2110d", "c3a2a4d43ea9", "c57458791a6e", "c71b7f902f2d", "c78ac40dcaf5", "cde889811873",
    "d7c7f8c92400", "ec0ce71add45", "eeccb3b88d26", "fe299038bbf0",
}  # fmt: skip
FIGURES = {
    "across-languages": (18, "43a95b9c0b35174b"),
    "adaptation": (15, "02741b59d7f64c05"),
    "answers": (9, "651ca7d02c9039c7"),
    "chinese-labels": (42, "a50e52f3cf4c8b64"),
    "classification": (75, "573f7ae8d2215d45"),
    "efficient": (252, "dbf9996eda8b4ebc"),
    "explanations": (5, "8116452565ec2a54"),
    "fairness": (24, "ca2ede1296e5c34c"),
    "faults": (27, "0b0365f86dfb8da4"),
    "few-labels": (450, "308908cf9bbadfbf"),
    "finetune": (4, "f457c7ba0cf07ecd"),
    "flair": (10, "d901718a232bbbeb"),
    "four-bits": (50, "d2e30d26627067df"),
    "history": (33, "d05775a946512d33"),
    "hyperparameters": (192, "5130e679601c17b6"),
    "image-text": (120, "e0a7f2bdc6824ed5"),
    "latency": (1, "71a0f2c14a8f472b"),
    "maths": (4, "a65c729a426689cc"),
    "models": (60, "f4097b0329088f8e"),
    "moves": (66, "f62663ce59d23c1b"),
    "mutants": (65, "2b1ac263e6a5a714"),
    "name-lists": (40, "3053fb6c36a5ddc2"),
    "names-across": (13, "ff9a5082cbe70b03"),
    "ner": (45, "bde4af43c8ff72f3"),
    "new-words": (12, "bb1a0ab90cee8b14"),
    "news": (22, "7b188cc1418339fe"),
    "own-data": (63, "d6e6d5119f4b7cc7"),
    "privacy": (66, "85ffbe33639ec40e"),
    "reviews": (30, "eafa09a50800f08c"),
    "scale": (207, "86eda52fdea46a47"),
    "sentiment": (30, "08282589a5b90ec9"),
    "shortcuts": (20, "f23bc1e2d4793ea3"),
    "small-models": (25, "38d7832c985406ac"),
    "transfer": (128, "c6813731d48de1a4"),
    "tricks": (115, "1e90e320c7b5b399"),
}


def figures(runs):
    """What was measured, in the form in which it was first kept."""
    flat = []
    for r in runs:
        r = {k: v for k, v in r.items() if k not in ("key", "provenance", "split", "values", "what", "part", "size")}
        loops = r.pop("loops", {})
        flat += [r | {"who": who} | loop for who, loop in loops.items()] or [r]
    return sorted(json.dumps(r, sort_keys=True) for r in flat)


@pytest.mark.parametrize("name", NAMES)
def test_the_kept_figures_are_those_that_were_measured(name):
    runs = [r for r in bench(name)["runs"] if r["provenance"]["commit"] in COMMITS]
    text = "\n".join(figures(runs))
    assert (len(runs), hashlib.sha256(text.encode()).hexdigest()[:16]) == FIGURES[name]
