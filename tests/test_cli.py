"""The command line says what went wrong in words and with the right exit code, never with a traceback."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pyft import cli
from pyft.benchmarks import experiment, registry
from pyft.benchmarks.experiment import Experiment
from pyft.book import build, chapters, freshness, runner
from pyft.data import cards, fetch
from pyft.errors import PyftError


@pytest.fixture
def pyft(monkeypatch, capsys):
    """Run `pyft` with these arguments in this process: `(exit code, stdout, stderr)`."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pyft", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code, *capsys.readouterr()

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # Typer's stays otherwise
    handler = signal.getsignal(signal.SIGINT)
    yield run
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def called(monkeypatch):
    """What the commands asked of the modules, in order."""
    calls = []
    for module, name in [(runner, "run"), (runner, "calibrate"), (build, "build")]:
        monkeypatch.setattr(module, name, lambda *a, name=name, **k: calls.append((name, *a, *k.values())))
    monkeypatch.setattr(runner, "beside_each_other", lambda: 2)
    return calls


@pytest.mark.parametrize(
    "arguments",
    [["run", "1.7"], ["calibrate", "1.7", "--reason", "why"], ["fetch", "minilmm"]],
)
def test_an_unknown_name_is_one_line_and_exit_code_1(house, pyft, arguments, tmp_path, monkeypatch):
    monkeypatch.setenv("PYFT_HOME", str(tmp_path / "home"))
    house.chapter("1_1_a", "x = 1")
    code, out, err = pyft(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("\nerror: unknown ")
    assert err.strip().count("\n") == 0
    assert "Did you mean" in err


@pytest.mark.long
def test_as_a_program_it_prints_no_traceback():
    done = subprocess.run(
        [sys.executable, "-m", "pyft.cli", "run", "no-such-chapter"], capture_output=True, text=True, encoding="utf8"
    )
    assert done.returncode == 1
    assert "error: unknown chapter 'no-such-chapter'" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_the_text_of_a_pyft_error_is_printed_whole(pyft, monkeypatch):
    def fails(*arguments):
        raise PyftError("first line\n  second line")

    monkeypatch.setattr(runner, "run", fails)
    assert pyft("run") == (1, "", "\nerror: first line\n  second line\n")


def test_an_error_of_our_own_making_keeps_its_traceback(pyft, monkeypatch):
    def fails(*arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(runner, "run", fails)
    with pytest.raises(ZeroDivisionError):
        pyft("run")


def test_an_interrupt_says_how_to_go_on(pyft, monkeypatch):
    monkeypatch.setattr(runner, "run", lambda *arguments: signal.raise_signal(signal.SIGINT))
    code, _, err = pyft("run")
    assert code == 130
    assert "the same command goes on from here" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["runn"],
        ["run", "--fast"],
        ["calibrate"],
        ["calibrate", "6.1"],
        ["calibrate", "6.1", "--reason", "why", "--seeds", "1"],
        ["calibrate", "6.1", "--reason", "why", "--seeds", "many"],
    ],
)
def test_a_wrong_command_is_exit_code_2_and_runs_nothing(pyft, called, arguments):
    code, _, err = pyft(*arguments)
    assert code == 2
    assert "Traceback" not in err
    assert err.strip()
    assert called == []


@pytest.mark.parametrize("command", [[], ["run"], ["calibrate"], ["colab"]])
def test_help_is_there(pyft, command):
    code, out, _ = pyft(*command, "--help")
    assert code == 0
    assert "Usage: " in out


@pytest.mark.parametrize(
    "arguments,calls",
    [
        (["run"], [("run", (), False, 2)]),
        (["run", "6.1", "6.2", "--force"], [("run", ["6.1", "6.2"], True, 2)]),
        (["run", "--workers", "1"], [("run", (), False, 1)]),
        (["book"], [("run", 2), ("build",)]),
        (["book", "--no-run"], [("build",)]),
        (["calibrate", "6.1", "--reason", "why"], [("calibrate", "6.1", 5, "why", 2)]),
        (["calibrate", "6.1", "--reason", "why", "--seeds", "3"], [("calibrate", "6.1", 3, "why", 2)]),
    ],
)
def test_each_command_asks_for_what_it_says(pyft, called, arguments, calls):
    code, _, _ = pyft(*arguments)
    assert code == 0
    assert called == calls


def test_status_says_what_is_fetched_run_and_built_and_exits_0(house, pyft, monkeypatch, tmp_path):
    monkeypatch.setenv("PYFT_HOME", str(tmp_path / "home"))
    house.chapter("1_1_a", "x = 1")
    house.chapter("1_2_b", "x = 1")
    chapter = chapters.chapters()["1.2"]
    key = freshness.key(chapter)
    house.edit(chapter.path, lambda n: n.metadata.update(pyft={"key": key}))

    code, out, err = pyft("status")
    lines = [line.split() for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert ["minilm", "not", "fetched"] in lines
    assert ["1.1", "stale:", "never", "run", "chapters/1_part/1_1_a.ipynb"] in lines
    assert ["1.2", "up", "to", "date", "chapters/1_part/1_2_b.ipynb"] in lines
    assert lines[-1] == ["not", "built:", "pyft", "book"]

    house.write("_build/html/index.html", "")
    assert pyft("status")[1].splitlines()[-1].strip() == str(house.root / "_build" / "html" / "index.html")


def test_cards_are_written_and_then_held_against_the_page(house, pyft, monkeypatch):
    monkeypatch.setattr(cards, "cards", lambda: "# Cards\n")
    assert pyft("cards") == (0, "[cards] book/data_cards.md\n", "")
    assert (house.root / "book" / "data_cards.md").read_text() == "# Cards\n"
    assert pyft("cards", "--check") == (0, "", "")
    page = house.write("book/data_cards.md", "# Old\n")
    code, _, err = pyft("cards", "--check")
    assert (code, page.read_text()) == (1, "# Old\n")
    assert "To remake it: pyft cards" in err


def test_an_architecture_that_cannot_be_prepared_is_answered(pyft):
    code, _, said = pyft("pretrain", "xlnett")
    assert code == 1 and "unknown prepared model 'xlnett'. Did you mean 'xlnet'?" in said


# --- measurements -----------------------------------------------------------------------------------------------------


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """A measurement of two runs in place of every other: what was asked of it."""
    asked = []

    class Asked(Experiment):
        def measure(self, *arguments):
            asked.append(arguments)
            return super().measure(tmp_path / "kept.json", again=arguments[3])

    one = Asked("one", lambda _: [(0,), (1,)], lambda n: {"n": n}, lambda n: {}, about="what it is")
    monkeypatch.setattr(registry, "experiments", lambda: {"one": "here:ONE"})
    monkeypatch.setattr(registry, "experiment", lambda name: one)
    monkeypatch.setattr(experiment, "results_folder", lambda: tmp_path)
    monkeypatch.setattr(experiment, "LOCKS", tmp_path / "locks")
    return asked


def test_a_measurement_is_asked_for_what_the_options_say(pyft, measured):
    assert pyft("bench", "one")[0] == pyft("bench", "one", "--out", "x.json", "--again")[0] == 0
    assert pyft("bench", "one", "--workers", "3", "--again-dirty")[0] in (0, 1)  # 1: this checkout is dirty
    assert pyft("bench", "one", "--scheduler", "tcp://here:1")[0] == 0
    assert measured == [
        (None, 1, None, None),
        (Path("x.json"), 1, None, "all"),
        (None, 3, None, "dirty"),
        (None, 1, "tcp://here:1", None),
    ]
    assert pyft("bench", "one", "--workers", "0")[0] == 2


def test_all_measurements_are_listed_with_how_many_runs_are_kept(pyft, measured, monkeypatch, tmp_path):
    monkeypatch.setattr(fetch, "problems", lambda artefact: [])
    experiment._write(tmp_path / "bench" / "one.json", {})
    assert pyft("bench") == (0, "one               0 of   2 runs kept   what it is\n", "")
    one = registry.experiment("one")
    Experiment.measure(one, tmp_path / "bench" / "one.json")
    assert pyft("bench")[1].splitlines()[-1] == "one               2 of   2 runs kept   what it is"
    monkeypatch.setattr(fetch, "problems", lambda artefact: ["not fetched"])
    assert pyft("bench") == (0, "one             not counted: pyft fetch   what it is\n", "")


def test_what_is_too_slow_fails_with_a_line_for_each(pyft, measured, monkeypatch):
    slow = replace(registry.experiment("one"), over_limit=lambda found: ["a is slow", f"{len(found['runs'])} runs"])
    monkeypatch.setattr(registry, "experiment", lambda name: slow)
    assert pyft("bench", "one")[::2] == (1, "\nerror: too slow:\n  a is slow\n  2 runs\n")


def test_a_measurement_that_there_is_not_is_answered(pyft):
    code, _, said = pyft("bench", "trick")
    assert (
        code == 1
        and "unknown experiment 'trick'. Did you mean 'tricks'? Known: across-languages, adaptation, answers," in said
    )


def test_a_console_of_another_encoding_shows_what_it_lacks_escaped():
    code = "import sys; from pyft import cli; cli.app = lambda: print('Прекрасно 👍'); cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=os.environ | {"PYTHONIOENCODING": "cp1252"}
    )
    assert done.returncode == 0 and b"Traceback" not in done.stderr
    assert done.stdout.startswith(rb"\u041f\u0440")


def test_a_measurement_that_cannot_be_kept_is_not_begun(pyft, monkeypatch, tmp_path):
    tiny = Experiment("tiny", lambda done: [(0,)], lambda n: pytest.fail("it was run"), lambda n: {})
    monkeypatch.setattr(registry, "experiment", lambda name: tiny)
    (tmp_path / "file").touch()
    code, _, err = pyft("bench", "tiny", "--out", str(tmp_path / "file" / "runs.json"))
    assert code == 1 and "Name another place" in err
