"""The project of part 2: what pretraining is worth on a reader's own labels, at several numbers of them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from pyft.course.projects import Finding
from pyft.errors import PyftError
from pyft.finetune.own_runs import OwnRun, read_run, right_answers
from pyft.finetune.report import score_lines, test_lines

LEAST = 100  # test rows: with fewer the interval of an accuracy is about twenty points wide
STEP = 2  # times as many rows from one run to the next


def check(folders: Sequence[Path], test: Path) -> Iterator[Finding]:
    """Whether the runs differ in the number of training rows alone, so that their scores make a curve.

    Raises:
        PyftError: fewer than two folders, or one that holds no finished run on `test`.
    """
    if len(folders) < 2:
        raise PyftError(f"expected two folders or more, one for each number of labels, found {len(folders)}.")
    runs = sorted(map(read_run, folders), key=_rows)
    tested = {len(right_answers(run, test)) for run in runs}
    yield Finding(True, f"all runs were tested on {test}")
    yield Finding(min(tested) >= LEAST, f"{min(tested):,} test rows, at least {LEAST} expected")
    other = {name for run in runs for name in run.inputs if run.inputs[name] != runs[0].inputs.get(name)} - {"data"}
    yield Finding(not other, f"nothing but the labels differs{': ' * bool(other)}{', '.join(sorted(other))}")
    close = [f"{_rows(a):,} and {_rows(b):,}" for a, b in pairwise(runs) if _rows(b) < STEP * _rows(a)]
    sizes = ", ".join(f"{_rows(run):,}" for run in runs)
    yield Finding(
        not close,
        f"training rows: {sizes}; each at least twice those before" + (f", not {', '.join(close)}" if close else ""),
    )
    for run in runs:
        yield Finding(None, f"with {_rows(run):,} rows: {_told(run)}")


def _rows(run: OwnRun) -> int:
    return int(run.card["rows"]["train"])


def _told(run: OwnRun) -> str:
    """The main score of the model and its rivals, and the verdict of the paired test."""
    _, *lines = score_lines(run.card["scores"])
    return "; ".join([*(f"{name} {value}" for name, value, *_ in lines), *test_lines(run.task, run.card["scores"])])
