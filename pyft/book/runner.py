"""Run chapters through papermill, and keep what is stable of their outputs. What is up to date does not run again."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import papermill
from filelock import FileLock, Timeout
from papermill.exceptions import PapermillExecutionError

from pyft import paths
from pyft.book.chapters import Chapter, select
from pyft.book.cleaning import clean
from pyft.book.freshness import changed, key
from pyft.errors import PyftError
from pyft.evidence.bands import make_bands
from pyft.paths import results_folder, write_atomically

CELL_TIMEOUT = 1200  # seconds

# What a kernel runs under, here and in the tests: no progress bars, no chatter, no network for models, stable hashing.
QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_OFFLINE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONWARNINGS": "ignore:IProgress not found",  # tqdm misses a widget that we do not want
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


def say(line: str) -> None:
    """A plain line of progress, at once."""
    print(line, flush=True)


def run(numbers: Sequence[str] = (), force: bool = False) -> None:
    """Run, in place, the chapters whose key changed. One after the other; a failure keeps what had finished.

    Raises:
        PyftError: some chapters failed; names notebook, cell and error of each. The next run goes on from there.
    """
    failures = []
    with only_one("run"):
        for chapter in select(numbers):
            start = time.monotonic()
            try:
                why = changed(chapter) or (["forced"] if force else [])
                if not why:
                    say(f"[run] {chapter.number} is up to date")
                    continue
                say(f"[run] {chapter.number} runs now (changed: {', '.join(why)}) …")
                _run_in_place(chapter)
                say(f"[run] {chapter.number} done in {time.monotonic() - start:.0f} s")
            except PyftError as error:
                failures.append(str(error))
                say(f"[run] {chapter.number} failed after {time.monotonic() - start:.0f} s")
    if failures:
        raise PyftError("\n\n".join(failures) + "\n\nWhat had finished is kept; to go on from here: pyft run")


def _run_in_place(chapter: Chapter) -> None:
    before, source = key(chapter), chapter.path.read_bytes()
    done = execute(chapter, {}, records=results_folder())
    if chapter.path.read_bytes() != source:
        raise PyftError(
            f"{chapter.name} was edited while it ran; the edit is kept, the outputs are in {_scratch(chapter)}. "
            "Run again."
        )
    notebook = clean(done, chapter.name)
    after = key(chapter)  # the run wrote its own record: evidence counts as it is now, all else as it was at the start
    notebook.metadata["pyft"] = {"key": before | {"evidence": after["evidence"]}}
    write_atomically(chapter.path, nbformat.writes(notebook) + "\n")


def _scratch(chapter: Chapter) -> Path:
    return paths.BUILD / "run" / chapter.path.name


def execute(chapter: Chapter, parameters: dict[str, Any], records: Path) -> Any:
    """Execute a copy of the chapter under `_build/run` and return it; its records go to the folder `records`.

    Raises:
        PyftError: a cell failed, or the kernel died; names notebook, cell and error, and where the outputs lie.
    """
    scratch = _scratch(chapter)
    scratch.parent.mkdir(parents=True, exist_ok=True)
    with _environment(QUIET | {"PYFT_RECORD_TO": str(records)}):
        try:
            return papermill.execute_notebook(
                chapter.path,
                scratch,
                parameters,
                kernel_name="python3",
                progress_bar=sys.stderr.isatty(),
                cwd=paths.ROOT,
                start_timeout=120,
                execution_timeout=CELL_TIMEOUT,
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # it warns of its own sockets at every start
            )
        except PapermillExecutionError as error:
            index = error.cell_index - bool(parameters)  # papermill added a cell of its own for them
            raise PyftError(
                f"{chapter.name}, cell {index} (In [{error.exec_count}]): {error.ename}: {error.evalue}\n"
                f"{_indent(error.source)}\n  Its outputs so far: {scratch}"
            ) from error
        except Exception as error:  # a dead kernel, a timeout: nbclient has a class for each
            raise PyftError(
                f"{chapter.name}: {type(error).__name__}: {error}\n  Its outputs so far: {scratch}"
            ) from error


def _indent(source: str, most: int = 12) -> str:
    lines = source.splitlines()
    return "\n".join("    | " + line for line in lines[:most] + ["…"] * (len(lines) > most))


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    old = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in old.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def only_one(what: str) -> Iterator[None]:
    """Hold the checkout's lock for `what`; a second process says that it waits, and waits."""
    paths.BUILD.mkdir(exist_ok=True)
    lock = FileLock(paths.BUILD / f"{what}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"[{what}] another pyft {what} is under way in this checkout; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def calibrate(number: str, seeds: int, reason: str) -> None:
    """Run a chapter once a seed, keep the records, and make its bands from them. The notebook itself is not touched."""
    if not reason.strip():
        raise PyftError('a band is moved with a reason only: pyft calibrate CHAPTER --reason "why it moved"')
    (chapter,) = select([number])
    with only_one("run"), _environment({"PYFT_CALIBRATING": "1"}):
        for seed in range(seeds):
            start = time.monotonic()
            execute(chapter, {"SEED": seed}, records=results_folder())
            say(f"[calibrate] {number} seed {seed} done in {time.monotonic() - start:.0f} s")
    for metric, band in make_bands(number, "laptop", reason).items():
        say(f"[calibrate] {metric}: [{band['low']:.4f}, {band['high']:.4f}]")
