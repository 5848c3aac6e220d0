"""The project of part 6: a model on a reader's own data that is tested well enough, and whose errors somebody read."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyft.course.projects import Finding
from pyft.data.file_formats import read_file
from pyft.errors import PyftError
from pyft.finetune.own_runs import OwnRun, read_run, right_answers
from pyft.finetune.report import test_lines

WIDTH = 0.1  # of the interval of accuracy or F1; of a correlation twice that
READ = 10  # errors that are to be read, or all if there are fewer


def check(folders: Sequence[Path], test: Path, notes: Path) -> Iterator[Finding]:
    """Whether the test can carry a decision, and whether `notes` give a reason for real errors of the model.

    `notes` has the columns `row`, the number of a test row as the report has it, and `why`.

    Raises:
        PyftError: not one folder, or a folder or file that cannot be read.
    """
    if len(folders) != 1:
        raise PyftError(f"expected one folder, found {len(folders)}.")
    run = read_run(folders[0])
    right = right_answers(run, test)
    yield Finding(True, f"tested on a file of its own, {test}: {len(right):,} rows")
    yield _narrow(run)
    for line in run.card["warnings"]:
        yield Finding(None, f"look at this, or know why it may stay: {line}")
    if run.task == "regression":
        off = sorted(right, key=lambda i: -abs(run.found[i] - right[i]))
        wrong = off[: max(READ, len(off) // 10)]  # there is no right and wrong: the tenth that is furthest off
    else:
        wrong = [i for i in right if run.found[i] != right[i]]
    yield from _read(notes, wrong)
    for line in test_lines(run.task, run.card["scores"]):
        yield Finding(None, line)
    if not any(found.get("verdict") == "better" for found in run.card["scores"].values()):
        yield Finding(
            None, "not shown to be better than its simple rival: the rival is cheaper, so take it, or label more"
        )


def _narrow(run: OwnRun) -> Finding:
    """Whether the interval of the main score is narrow enough to decide by."""
    found: dict[str, Any] = run.card["scores"].get("model", {})
    low, high = found.get("interval") or (0.0, 1.0)
    most = 2 * WIDTH if run.task == "regression" else WIDTH
    times, unit = (1, "") if run.task == "regression" else (100, " points")
    width = f"the interval of the score is {times * (high - low):.2g}{unit} wide, at most {times * most:.2g} expected"
    return Finding(high - low <= most, width if high - low <= most else f"{width}: label more test rows")


def _read(notes: Path, wrong: Sequence[str]) -> Iterator[Finding]:
    """Whether the notes are of errors, enough of them, and say more than one thing."""
    reasons: dict[str, str] = {}
    for where, row in read_file(notes, ["row", "why"], words=False):
        if isinstance(row, str):
            raise PyftError(f"{notes}, {where}: {row}")
        reasons[str(row["row"]).strip()] = str(row["why"] or "").strip()
    none = [i for i in reasons if i not in wrong]
    of_errors = "every note is of a row that the model got wrong"
    yield Finding(not none, f"{of_errors}; not {', '.join(none)}" if none else of_errors)
    given = [why for i, why in reasons.items() if why and i in wrong]
    least = min(READ, len(wrong))
    yield Finding(
        len(given) >= least, f"{len(given)} errors have a reason, of {len(wrong):,}; at least {least} expected"
    )
    yield Finding(len(set(given)) > 1 or least < 2, "the reasons are not all the same")
