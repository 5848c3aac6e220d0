"""Two commands, a full disk and a killed process: what becomes of an output folder."""

import errno
import subprocess
import sys

import pytest
from own_files import reviews, table
from safetensors import SafetensorError
from typer.testing import CliRunner

from pyft.cli import app
from pyft.errors import PyftError
from pyft.finetune import output_lock, pipeline
from pyft.finetune.output_folder import MARK
from pyft.finetune.saved import SavedModel

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")
HOLDS = "from filelock import FileLock\nwith FileLock({!r}):\n    print('held', flush=True)\n    input()"


@pytest.fixture
def train(tiny_minilm):
    """A CSV of forty texts, in the folder of a tiny model that stands for MiniLM."""
    path = tiny_minilm / "train.csv"
    path.write_text(table(reviews()))
    return path


def finetune(train, out):
    task = "sequence-classification"
    options = {"--task": task, "--data": train, "--out": out, "--epochs": 1}
    return CliRunner().invoke(app, ["finetune", *(str(x) for pair in options.items() for x in pair)])


def test_a_second_command_says_at_once_which_folder_is_in_use(train, monkeypatch):
    out = train.parent / "out"
    monkeypatch.setattr(pipeline, "fine_tune", lambda *a: pytest.fail("it was trained"))
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS.format(str(train.parent / ".out.lock"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with other:
        assert other.stdout.readline() == "held\n"
        for name in (out, train.parent / "sub" / ".." / "out"):
            error = finetune(train, name).exception
            assert isinstance(error, PyftError)
            assert str(error).startswith(f"another pyft finetune is training into {name}: wait for it, or name another")
        other.communicate("\n")
    assert not out.exists()


def test_a_folder_is_free_again_after_an_error_and_after_success(train):
    out = train.parent / "new" / "out"
    good, bad = train.read_text(), "text,label\n,pos\n"
    for text, fails in ((bad, True), (good, False), (good, False)):
        train.write_text(text)
        found = finetune(train, out)
        assert bool(found.exception) == fails and (not fails or "empty" in str(found.exception))
    assert "holds this very run, finished" in found.output


def test_of_several_processes_the_first_holds_the_folder_for_all(tmp_path, monkeypatch):
    with output_lock.alone_in(tmp_path / "out"):
        monkeypatch.setattr(output_lock, "processes", lambda: (1, 2))
        with output_lock.alone_in(tmp_path / "out"):
            pass


def test_a_folder_beside_which_nothing_can_be_written_goes_without_a_lock(train):
    (train.parent / ".out.lock").mkdir()
    assert finetune(train, train.parent / "out").exit_code == 0
    error = finetune(train, train / "out").exception
    assert isinstance(error, PyftError) and str(error).startswith(f"cannot write in {train / 'out'}: ")


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("error", [FULL, SafetensorError("I/O error: No space left on device")])
def test_a_disk_that_fills_up_is_no_traceback_and_the_same_command_does_the_rest(train, error, monkeypatch):
    def full(*arguments):
        raise error

    out = train.parent / "out"
    with monkeypatch.context() as disk:
        disk.setattr(pipeline.lora_adapter, "take_out", full)  # where the weights are to be saved
        said = finetune(train, out).exception
    assert isinstance(said, PyftError)
    assert "No space left on device. If the disk is full, make room on it. What is kept: the run is kept in" in str(
        said
    )
    with monkeypatch.context() as disk:
        disk.setattr(pipeline, "write_report", full)
        said = finetune(train, out).exception
    assert isinstance(said, PyftError) and "What is kept: the model is trained and saved in" in str(said)
    assert finetune(train, out).exit_code == 0


def test_answers_that_cannot_be_written_are_no_traceback(train, monkeypatch):
    out, answers = train.parent / "out", train.parent / "answers.csv"
    assert finetune(train, out).exit_code == 0

    def full(path, text):
        raise FULL

    monkeypatch.setattr("pyft.finetune.predictions.write_atomically", full)
    said = CliRunner().invoke(app, ["predict", str(out), "--text", "good", "--out", str(answers)]).exception
    assert isinstance(said, PyftError)
    assert (
        str(said) == f"could not write {answers}: No space left on device. Make room, or name another file with --out."
    )
    assert SavedModel(out).answer(["good"]).found and not answers.exists()


def test_what_a_killed_process_was_saving_is_removed_from_a_run_s_folder_alone(train):
    out, mine = train.parent / "out", train.parent / "mine"
    assert finetune(train, out).exit_code == 0
    for folder in (out, mine):
        (folder / ".saving-a1b2").mkdir(parents=True)
        (folder / ".saving-a1b2" / "model.safetensors").touch()
    assert finetune(train, out).exit_code == 0
    assert (out / MARK).is_file() and not list(out.glob(".saving*"))
    assert "holds other files" in str(finetune(train, mine).exception)
    assert (mine / ".saving-a1b2" / "model.safetensors").is_file()
