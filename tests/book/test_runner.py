"""A chapter runs when, and only when, something that its outputs depend on changed; and a failure loses nothing."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from small_evidence import put
from small_package import only

from pyft import paths
from pyft.book import chapters, freshness, runner
from pyft.errors import PyftError
from pyft.evidence import bands, results

SETUP = ("import os", ["setup"])
PARAMETERS = ('PROFILE = "laptop"\nSEED = 0', ["parameters"])


def source_of(cell, source):
    return lambda n: n.cells[cell].update(source=source)


# --- running ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def executed(monkeypatch):
    """The numbers of the chapters that were executed, in order."""
    numbers, real = [], runner.execute
    monkeypatch.setattr(runner, "execute", lambda c, *a, **k: numbers.append(c.number) or real(c, *a, **k))
    return numbers


@pytest.fixture
def instead(monkeypatch):
    """Stand in for papermill, for what does not depend on a kernel: `instead(function of the notebook)`."""

    def use(work):
        def execute_notebook(source, scratch, parameters, **options):
            notebook = nbformat.read(source, as_version=4)
            work(notebook, parameters)
            nbformat.write(notebook, scratch)
            return notebook

        monkeypatch.setattr(runner.papermill, "execute_notebook", execute_notebook)

    return use


@pytest.mark.long
def test_a_run_keeps_what_finished_says_what_failed_and_goes_on_from_there(house, executed, capsys):
    """The one test that starts kernels: three of them."""
    house.chapter(
        "1_1_good",
        "# 1.1 Good 好",
        PARAMETERS,
        "import os, pathlib\n"
        "assert os.environ['TQDM_DISABLE'] == os.environ['HF_HUB_OFFLINE'] == '1'\n"
        "folder = pathlib.Path(os.environ['PYFT_RECORD_TO']) / '1.1' / 'laptop'\n"
        "folder.mkdir(parents=True)\n"
        "(folder / 'seed-0.json').write_text('{}')\n"
        "print(SEED, pathlib.Path('requirements.lock').read_text())",
    )
    failing = house.chapter("1_2_failing", "# 1.2 Failing 坏", "x = 0", "1 / x")
    source = failing.read_bytes()

    with pytest.raises(PyftError) as caught:
        runner.run()
    said = str(caught.value)
    assert "chapters/1_part/1_2_failing.ipynb, cell 2 (In [2]): ZeroDivisionError: division by zero" in said
    assert "    | 1 / x" in said
    assert "to go on from here: pyft run" in said
    assert executed == ["1.1", "1.2"]
    assert failing.read_bytes() == source
    good = only(["1.1"])
    assert [cell.execution_count for cell in good.read().cells[1:]] == [1, 2]
    assert good.read().cells[2].outputs[0].text == "0 numpy==1\n\n"
    assert set(good.read().metadata) == {"kernelspec", "language_info", "pyft"}
    assert freshness.changed(good) == []  # though the run itself wrote a record

    house.edit(failing, source_of(2, "1 / (x + 1)"))
    executed.clear()
    runner.run()
    assert executed == ["1.2"]

    stored = failing.read_bytes()
    runner.run()
    assert executed == ["1.2"]
    assert failing.read_bytes() == stored
    assert capsys.readouterr().out.endswith("[run] 1.1 is up to date\n[run] 1.2 is up to date\n")


def test_a_failing_cell_has_the_number_it_has_in_the_file_whatever_papermill_adds(house):
    path = house.chapter("1_1_toy", "# 1.1", ("SEED = 0", ["parameters"]), "1 / (SEED - 3)")
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    house.edit(path, lambda notebook: notebook.metadata.update(kernelspec=spec))
    (chapter,) = chapters.select([])
    with pytest.raises(PyftError, match=r"1_1_toy\.ipynb, cell 2 "):
        runner.execute(chapter, {"SEED": 3}, records=house.results)


def test_a_run_leaves_the_environment_as_it_was(house, instead, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "0")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    seen = {}
    instead(lambda notebook, parameters: seen.update(os.environ))
    house.chapter("1_1_a", "x = 1")
    runner.run()
    assert (seen["TQDM_DISABLE"], seen["HF_HUB_OFFLINE"]) == ("1", "1")
    assert seen["PYFT_RECORD_TO"] == str(house.results)
    assert os.environ["TQDM_DISABLE"] == "0"
    assert not {"HF_HUB_OFFLINE", "PYFT_RECORD_TO"} & set(os.environ)


def test_only_the_chapters_asked_for_run_and_force_runs_what_is_up_to_date(house, executed, instead, capsys):
    instead(lambda notebook, parameters: None)
    for name in ("1_1_a", "1_2_b"):
        house.chapter(name, "x = 1")
    runner.run(["1.2"])
    runner.run(["1.2"])
    assert executed == ["1.2"]
    runner.run(["1.2"], force=True)
    assert executed == ["1.2", "1.2"]
    assert "[run] 1.2 is to run (changed: forced)" in capsys.readouterr().out


def test_an_unknown_number_runs_nothing(house, executed, instead):
    instead(lambda notebook, parameters: None)
    house.chapter("1_1_a", "x = 1")
    with pytest.raises(PyftError, match="unknown chapter"):
        runner.run(["1.1", "1.7"])
    assert executed == []


def test_an_edit_made_during_the_run_is_kept_and_the_chapter_stays_stale(house, instead):
    path = house.chapter("1_1_a", "x = 1")
    instead(lambda notebook, parameters: house.edit(path, source_of(0, "x = 2")))
    with pytest.raises(PyftError, match="was edited while it ran; the edit is kept"):
        runner.run()
    assert only().read().cells[0].source == "x = 2"
    assert freshness.changed(only()) == ["never run"]


def test_code_edited_during_the_run_makes_the_chapter_stale_again(house, instead):
    house.chapter("1_1_a", "import pyft")
    instead(lambda notebook, parameters: house.write("pyft/__init__.py", "x = 2\n"))
    runner.run()
    assert freshness.changed(only()) == ["pyft"]


def test_an_output_that_may_not_be_kept_leaves_the_file_untouched(house, instead):
    path = house.chapter("1_1_a", "x = 1")
    source = path.read_bytes()
    instead(lambda n, parameters: n.cells[0].outputs.append(v4.new_output("stream", text="in /home/me/book\n")))
    with pytest.raises(PyftError, match=r"1_1_a\.ipynb, cell 0: its output holds the path /home/me"):
        runner.run()
    assert path.read_bytes() == source


def test_a_dead_kernel_is_named_with_its_chapter(house, instead):
    def dies(notebook, parameters):
        raise RuntimeError("Kernel died")

    house.chapter("1_1_a", "x = 1")
    instead(dies)
    with pytest.raises(PyftError, match=r"chapters/1_part/1_1_a\.ipynb: RuntimeError: Kernel died"):
        runner.run()


def test_calibrate_runs_every_seed_makes_the_bands_and_leaves_the_notebook_alone(house, instead, capsys):
    path = house.chapter("1_1_a", PARAMETERS)
    source = path.read_bytes()
    put(house.results, "6.3", 0, b=0.5)
    seen = []

    def work(notebook, parameters):
        assert os.environ["PYFT_CALIBRATING"] == "1"
        assert len(results("6.3")) == 1, "what other chapters have recorded is at hand"
        seed, threads = parameters["SEED"], os.environ["OMP_NUM_THREADS"]
        seen.append((seed, threads, os.environ.get("ATEN_CPU_CAPABILITY")))
        folder = Path(os.environ["PYFT_RECORD_TO"])
        put(folder, "1.1", seed, a=0.5 + seed / 100 + (threads == "2") / 1000, predictions={"p": [0.5], "q": [1, 0]})

    instead(work)
    runner.calibrate("1.1", seeds=3, reason="a test")
    assert seen == [(0, "1", None), (1, "1", None), (2, "1", None), (0, "2", None), (0, "1", "default")]
    made = bands.bands()["1.1/a"]
    assert (made["mean"], made["seeds"], made["tolerance"]) == (0.51, 3, 0.003)
    assert bands.bands()["1.1/answers.q"]["agree"] == 0.997
    assert path.read_bytes() == source
    assert not {"PYFT_CALIBRATING", "ATEN_CPU_CAPABILITY"} & set(os.environ)
    assert sorted(p.name for p in (house.results / "1.1" / "laptop").iterdir()) == [f"seed-{i}.json" for i in range(3)]
    low, high = made["low"], made["high"]
    said = f"[calibrate] 1.1/a: [{low:.4f}, {high:.4f}], the same seed elsewhere ± 0.003\n"
    assert said in capsys.readouterr().out


def test_no_band_is_made_of_some_of_the_runs(house, instead):
    house.chapter("1_1_a", PARAMETERS)

    def work(notebook, parameters):
        if parameters["SEED"] == 1:
            raise RuntimeError("Kernel died")

    instead(work)
    with pytest.raises(PyftError, match="Kernel died"):
        runner.calibrate("1.1", seeds=3, reason="a test")
    assert bands.bands() == {}


def test_calibrate_asks_for_the_reason_before_it_runs(house, executed):
    house.chapter("1_1_a", PARAMETERS)
    with pytest.raises(PyftError, match="with a reason only"):
        runner.calibrate("1.1", seeds=3, reason=" ")
    assert executed == []


# --- one at a time ----------------------------------------------------------------------------------------------------

HOLDER = """
import pathlib, sys, time
from filelock import FileLock
folder = pathlib.Path(sys.argv[1])
with FileLock(folder / "run.lock"):
    print("held", flush=True)
    while not (folder / "let go").exists():
        time.sleep(0.01)
    (folder / "gone").touch()
"""


def test_a_second_process_says_that_it_waits_and_waits(house, monkeypatch):
    said = []

    def say(line):
        said.append(line)
        (paths.BUILD / "let go").touch()

    monkeypatch.setattr(runner, "say", say)
    paths.BUILD.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", HOLDER, paths.BUILD], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "held\n"
        with runner.only_one("run"):
            assert (paths.BUILD / "gone").exists()
    assert said == ["[run] another pyft run is under way in this checkout; waiting for it"]


def test_the_lock_is_given_back_after_an_error(house, capsys):
    house.root.mkdir(exist_ok=True)
    with pytest.raises(KeyError), runner.only_one("run"):
        raise KeyError
    with runner.only_one("run"), runner.only_one("book"):  # two tasks do not wait for each other
        pass
    assert capsys.readouterr().out == ""
