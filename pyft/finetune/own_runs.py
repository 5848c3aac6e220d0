"""Runs of `pyft finetune`, read again to be compared: what was asked for, what was found, and what is right."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft.data import from_files
from pyft.data.from_files import Layout
from pyft.data.splits import Drops, drop_duplicates
from pyft.errors import PyftError
from pyft.evaluation import ner
from pyft.finetune.output_folder import MARK, file_digest
from pyft.finetune.saved import read_card


@dataclass(frozen=True)
class OwnRun:
    """A finished run: its card, what was asked for with digests of the files, and its answers by the row's number."""

    folder: Path
    card: dict[str, Any]
    inputs: dict[str, Any]
    found: dict[str, Any]

    @property
    def task(self) -> str:
        """What the model was trained for."""
        return str(self.card["task"])


def read_run(folder: Path) -> OwnRun:
    """A run from its folder. Raises `PyftError` if it is not there, not finished, or was changed."""
    card = read_card(folder)
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf8"))
        lines = (folder / "test.jsonl").read_text(encoding="utf8").split("\n")  # a JSON text may hold other line ends
        rows = [json.loads(line) for line in lines if line]
        run = OwnRun(folder, card, dict(mark["inputs"]), {str(row["id"]): row["found"] for row in rows})
        finished = bool(mark["finished"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PyftError(
            f"{folder} is no whole run ({type(error).__name__}: {error}): expected {MARK} and test.jsonl, which `pyft "
            "finetune` writes. Train again into another folder."
        ) from error
    if not finished:
        raise PyftError(f"the run in {folder} is not finished: give the same `pyft finetune` again, and it goes on.")
    return run


def right_answers(run: OwnRun, test: Path) -> dict[str, Any]:
    """What is right for each test row of a run, by the row's number: a class, a number, or the tags of its words.

    Raises:
        PyftError: `test` is not the file that the run was tested on, or it cannot be read.
    """
    if run.inputs["test"] is None:
        raise PyftError(
            f"{run.folder} was tested on rows of its own training file. Put test rows into a file of their own, and "
            "train again into a new folder with --test FILE."
        )
    if file_digest(test) != run.inputs["test"]:
        raise PyftError(f"{test} is not the file that {run.folder} was tested on, or it was changed since.")
    rows = from_files.read(test, run.task, Layout(*run.inputs["columns"]))
    kept = drop_duplicates([row | {"id": str(i)} for i, row in enumerate(rows)], Drops())
    right = {row["id"]: list(y) if isinstance(y := row["label"], tuple) else y for row in kept}
    if right.keys() != run.found.keys():
        raise PyftError(f"{run.folder} answered other rows than {test} has now: train again into a new folder.")
    return right


def scores(runs: Sequence[OwnRun], right: Mapping[str, Any]) -> NDArray[np.float64]:
    """How well S runs answered each of N test rows, higher is better.

    Classes: right or wrong, (S, N). Ratings: minus the squared error, (S, N). Tags: entities right, found and true,
    (S, N, 3), as `verdicts.compare_f1` takes them.
    """
    y = list(right.values())
    found = [[run.found[i] for i in right] for run in runs]
    if runs[0].task == "token-classification":
        return np.array([ner.counts(y, z) for z in found], dtype=np.float64)
    if runs[0].task == "regression":
        return -((np.array(found, dtype=np.float64) - np.array(y, dtype=np.float64)) ** 2)
    return np.array([[a == b for a, b in zip(z, y, strict=True)] for z in found], dtype=np.float64)
