"""What a reader's project must have is found where it is missing, and not asked for where it is there."""

import json

import pytest
from own_runs import RECIPE, WIDE, labelled_rows, run
from typer.testing import CliRunner

from pyft.cli import app
from pyft.course.projects import findings
from pyft.errors import PyftError


def missing(part, *arguments, **options):
    """The lines of what a check misses, and of what it tells."""
    found = list(findings(part, *arguments, **options))
    assert found
    return [f.line for f in found if f.holds is False], [f.line for f in found if f.holds is None]


@pytest.fixture
def test(tmp_path):
    return labelled_rows(tmp_path)


# --- part 2 -----------------------------------------------------------------------------------------------------------


def test_a_curve_is_made_of_runs_that_differ_in_their_labels_alone(tmp_path, test):
    folders = [run(tmp_path / f"n{n}", test, rows=n, data=f"d{n}") for n in (400, 50, 100)]
    lacks, told = missing("2", folders, test)
    assert lacks == []
    assert [line.split(":")[0] for line in told] == ["with 50 rows", "with 100 rows", "with 400 rows"]
    assert "model 90.0; TF-IDF 80.0; The model against TF-IDF: better" in told[0]


def test_a_curve_of_other_seeds_few_tests_or_close_sizes_is_none(tmp_path):
    test = labelled_rows(tmp_path, 60)
    folders = [run(tmp_path / "a", test, rows=100), run(tmp_path / "b", test, rows=150, seed=1)]
    assert missing("2", folders, test)[0] == [
        "60 test rows, at least 100 expected",
        "nothing but the labels differs: seed",
        "training rows: 100, 150; each at least twice those before, not 100 and 150",
    ]


def test_a_run_that_was_tested_on_another_file_is_refused(tmp_path, test):
    folders = [run(tmp_path / "a", test), run(tmp_path / "b", test)]
    marked = json.loads((tmp_path / "b" / "pyft-run.json").read_text())
    for digest, words in {None: "rows of its own training file", "0" * 64: "not the file that"}.items():
        marked["inputs"]["test"] = digest
        (tmp_path / "b" / "pyft-run.json").write_text(json.dumps(marked))
        with pytest.raises(PyftError, match=words):
            missing("2", folders, test)


@pytest.mark.parametrize(("finished", "words"), [(False, "not finished"), (None, "no whole run")])
def test_a_run_that_is_not_whole_is_refused(tmp_path, test, finished, words):
    folders = [run(tmp_path / "a", test), run(tmp_path / "b", test)]
    mark = tmp_path / "a" / "pyft-run.json"
    mark.write_text(json.dumps(json.loads(mark.read_text()) | {"finished": finished}) if finished is False else "{")
    with pytest.raises(PyftError, match=words):
        missing("2", folders, test)


# --- part 3 -----------------------------------------------------------------------------------------------------------


def pair(tmp_path, test, seeds=(0, 1, 2), more=(0, 1, 2), wrong=range(12), **changed):
    """Baseline runs with thirty errors, and changed ones with `wrong`."""
    before = [run(tmp_path / f"a{s}", test, range(s, 30 + s), seed=s) for s in seeds]
    return before + [run(tmp_path / f"b{s}", test, wrong, seed=s, recipe=RECIPE | changed) for s in more]


def test_a_trick_that_helps_is_called_better_and_one_that_does_nothing_is_not(tmp_path, test):
    lacks, (verdict,) = missing("3", pair(tmp_path, test, lr=3e-4), test)
    assert lacks == []
    assert verdict.startswith("the change is: better; +15 points of accuracy")


def test_a_trick_without_effect_is_a_null_result_and_a_project_all_the_same(tmp_path, test):
    lacks, (verdict,) = missing("3", pair(tmp_path, test, wrong=range(45, 75), lr=3e-4), test)
    assert lacks == []
    assert verdict.startswith("the change is: no difference shown;") and "four times in five" in verdict


def test_two_changes_other_seeds_and_too_few_are_missed(tmp_path, test):
    lacks, told = missing("3", pair(tmp_path, test, (0, 1), (0, 2), lr=3e-4, epochs=5), test)
    assert lacks == [
        "one thing is changed: epochs 5 in place of 3, lr 0.0003 in place of 0.0001",
        "the same seeds for both: [0, 1] and [0, 2]",
        "at least 3 seeds each",
    ]
    assert told == []


def test_a_batch_size_that_brings_other_epochs_along_is_two_changes(tmp_path, test):
    lacks, _ = missing("3", pair(tmp_path, test, batch_size=32, epochs=6, patience=9), test)
    assert lacks == ["one thing is changed: epochs 6 in place of 3, batch_size 32 in place of 16"]


def test_one_recipe_is_no_comparison(tmp_path, test):
    with pytest.raises(PyftError, match="runs of two recipes, found 1"):
        missing("3", [run(tmp_path / f"a{s}", test, seed=s) for s in range(3)], test)


def test_ratings_and_tags_are_compared_in_their_own_way(tmp_path):
    rated, tagged = tmp_path / "rated.csv", tmp_path / "tagged.jsonl"
    rated.write_text("text,label\n" + "".join(f"film {i},{i % 5}\n" for i in range(40)))
    tagged.write_text(
        "".join(json.dumps({"tokens": ["in", f"town{i}"], "tags": ["O", "B-X"]}) + "\n" for i in range(40))
    )
    for task, path, off in (
        ("regression", rated, {str(i): i % 5 + 1 + i % 3 for i in range(40)}),
        ("token-classification", tagged, {str(i): ["O", "O"] for i in range(0, 40, 2)}),
    ):
        before = [run(tmp_path / f"{task}a{s}", path, seed=s, task=task, found=off) for s in range(3)]
        after = [run(tmp_path / f"{task}b{s}", path, seed=s, task=task, recipe=RECIPE | {"lr": 1}) for s in range(3)]
        lacks, (verdict,) = missing("3", before + after, path)
        assert lacks == []
        assert "the change is: better" in verdict


# --- part 6 -----------------------------------------------------------------------------------------------------------


def noted(folder, rows, why=("irony", "two subjects")):
    path = folder / "errors.csv"
    path.write_text("row,why\n" + "".join(f"{row},{why[i % len(why)]}\n" for i, row in enumerate(rows)))
    return path


def test_errors_that_were_read_are_enough(tmp_path, test):
    folder = run(tmp_path / "a", test, range(0, 40, 3))
    lacks, told = missing("6", [folder], test, notes=noted(tmp_path, range(0, 30, 3)))
    assert lacks == []
    assert told[0] == "look at this, or know why it may stay: few rows"


def test_rows_that_are_no_errors_one_reason_for_all_and_a_wide_interval_are_not(tmp_path, test):
    wide = {"model": WIDE | {"interval": [0.7, 0.95]}, "against TF-IDF": {"verdict": "no difference shown", "p": 0.3}}
    folder = run(tmp_path / "a", test, range(0, 40, 3), scores=wide)
    lacks, told = missing("6", [folder], test, notes=noted(tmp_path, [0, 3, 4], ["because"]))
    assert lacks == [
        "the interval of the score is 25 points wide, at most 10 expected: label more test rows",
        "every note is of a row that the model got wrong; not 4",
        "2 errors have a reason, of 14; at least 10 expected",
        "the reasons are not all the same",
    ]
    assert told[-1].startswith("not shown to be better than its simple rival")


def test_of_few_errors_all_are_to_be_read_and_an_empty_reason_is_none(tmp_path, test):
    folder = run(tmp_path / "a", test, [5, 7])
    assert missing("6", [folder], test, notes=noted(tmp_path, [5, 7]))[0] == []
    assert missing("6", [folder], test, notes=noted(tmp_path, [5, 7], ["irony", " "]))[0] == [
        "1 errors have a reason, of 2; at least 2 expected",
        "the reasons are not all the same",
    ]


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_holds_and_fails_for_what_is_missing(tmp_path, test):
    folder = run(tmp_path / "a", test, range(0, 40, 3))
    good, bad = noted(tmp_path, range(0, 30, 3)), ["check-project", "6", str(folder), "--test", str(test)]
    done = CliRunner().invoke(app, [*bad, "--notes", str(good)])
    assert done.exit_code == 0 and "project of part 6: done" in done.output
    good.write_text("row,why\n1,irony\n")
    done = CliRunner().invoke(app, [*bad, "--notes", str(good)])
    assert isinstance(done.exception, PyftError) and "3 things missing" in str(done.exception)
    assert "  MISSING  every note" in done.output


@pytest.mark.parametrize(
    ("part", "words"), [("4", "checked from Python"), ("7", "unknown part '7'"), ("6", "with --notes FILE")]
)
def test_a_part_without_such_a_check_is_answered(test, part, words):
    with pytest.raises(PyftError, match=words):
        list(findings(part, [], test))
    with pytest.raises(PyftError, match="without --notes"):
        list(findings("2", [], test, notes=test))
