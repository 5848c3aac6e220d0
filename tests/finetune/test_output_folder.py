"""Nothing that we did not write is written over or removed."""

import json

import pytest

from pyft.errors import PyftError
from pyft.finetune import checkpoint
from pyft.finetune.output_folder import CARD, MARK, RUN, OutputFolder, file_digest, kept

INPUTS = {"data": "a1", "seed": 0}


def begun(path, inputs=INPUTS):
    place = OutputFolder(path, inputs)
    place.check()
    place.begin()
    return place


@pytest.mark.parametrize("name", ["train.csv", "test.jsonl", "config.json", "run/notes.txt", CARD, ".hidden"])
def test_a_folder_that_holds_anything_else_is_refused_and_left_as_it_was(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(PyftError, match=r"holds .*, and nothing is written over\. Name a new folder with --out"):
        OutputFolder(tmp_path, INPUTS).check()
    assert path.read_text() == "mine" and not (tmp_path / MARK).exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(PyftError, match=r"a is no folder that can be read: .* Name another with --out"):
        OutputFolder(tmp_path / "a", INPUTS).check()
    with pytest.raises(PyftError, match=r"cannot write in .*a/b"):
        OutputFolder(tmp_path / "a" / "b", INPUTS).begin()


def test_a_new_an_empty_and_a_begun_folder_are_taken(tmp_path):
    (tmp_path / ".DS_Store").touch()
    for path in (tmp_path, tmp_path / "new" / "er"):
        begun(path).write("a.txt", "one")
        begun(path).write("a.txt", "two")  # the same run again
        assert (path / "a.txt").read_text() == "two"


def test_another_run_is_refused_and_what_differs_is_named(tmp_path):
    begun(tmp_path)
    said = "holds a run that was begun with another data, epochs. Name a new folder"
    with pytest.raises(PyftError, match=said):
        OutputFolder(tmp_path, {"data": "b2", "seed": 0, "epochs": 3}).check()


@pytest.mark.parametrize("mark", ["", "{", "[]", "{}", '{"inputs": 1, "wrote": [], "finished": false}', "\ud83d"])
def test_a_damaged_mark_is_an_error_of_ours(tmp_path, mark):
    (tmp_path / MARK).write_bytes(mark.encode("utf8", "surrogatepass"))
    with pytest.raises(PyftError, match=r"read"):
        OutputFolder(tmp_path, INPUTS).check()


def test_what_appeared_since_is_not_written_over(tmp_path):
    place = begun(tmp_path)
    (tmp_path / "test.jsonl").write_text("mine")
    (tmp_path / "config.json").write_text("mine")
    with pytest.raises(PyftError, match=r"test\.jsonl was not written by this run, and is not written over"):
        place.write("test.jsonl", "ours")
    with pytest.raises(PyftError, match=r"config\.json was not written by this run"), place.adding() as beside:
        (beside / "config.json").write_text("ours")
    assert {(tmp_path / name).read_text() for name in ("test.jsonl", "config.json")} == {"mine"}
    assert not list(tmp_path.glob(".saving*"))


def test_only_the_state_of_the_run_is_removed(tmp_path):
    place = begun(tmp_path)
    (tmp_path / RUN).mkdir()
    (tmp_path / RUN / checkpoint.NAME).touch()
    (tmp_path / RUN / "notes.txt").write_text("mine")
    place.finish()
    assert [path.name for path in (tmp_path / RUN).iterdir()] == ["notes.txt"]
    again = OutputFolder(tmp_path, INPUTS)
    again.check()
    assert again.finished


def test_what_is_kept_is_said_as_it_is(tmp_path):
    assert kept(tmp_path).startswith("nothing was saved yet")
    (tmp_path / RUN).mkdir()
    assert kept(tmp_path).startswith("nothing was saved yet")
    (tmp_path / RUN / checkpoint.NAME).touch()
    assert "as it was last saved, and the same command goes on from there" in kept(tmp_path)
    (tmp_path / CARD).touch()
    assert "the model is trained and saved" in kept(tmp_path)


def test_a_file_is_known_by_what_is_in_it(tmp_path):
    for name, text in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / name).write_text(text)
    a, b, c = (file_digest(tmp_path / name) for name in "abc")
    assert a == b != c and file_digest(None) is file_digest(tmp_path / "none") is None
    assert json.dumps(a)
